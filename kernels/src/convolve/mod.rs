//! `Gemm`: convolutions. What windows see is laid out as columns; records of weights are multiplied
//! with four columns at a time, or with one.
//!
//! Layouts of columns and records: [`quintet_protocol::network`]. A *tile* is four columns as
//! halves, ready for dual multiplications: for every word of weights, which belong to two bytes of
//! a column, there are four words, one a pixel, with the same two bytes of its column.
//!
//! ```text
//! word 8g + p      bytes 4g and 4g + 2 of pixel p
//!      8g + 4 + p  bytes 4g + 1 and 4g + 3
//! ```

#[cfg(armv7em_dsp)]
mod armv7em;
mod expand;
mod multiply;
#[cfg(riscv32m)]
mod riscv32m;
mod windows;

#[cfg(armv7em_dsp)]
use armv7em as assembly;
pub use multiply::{Channels, Target, columns, tiles};
use quintet_protocol::network::TILE_PIXELS;
#[cfg(riscv32m)]
use riscv32m as assembly;
pub use windows::Windows;

/// Words of a tile that belong to four bytes of each of its columns: a *group*.
const GROUP_WORDS: usize = 2 * TILE_PIXELS;
/// A group.
type Group = [u32; GROUP_WORDS];
