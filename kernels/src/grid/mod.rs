//! `CombinedGrid` and `DecomposedGrid`: features at points, interpolated between the entries of
//! grids.
//!
//! Layouts and arithmetic: [`quintet_protocol::grid`]. Work goes level by level over a block of
//! points, so that what a level has to say stays in registers. Weights of the corners of a cell are
//! Q16 and sum to one exactly, however they are rounded: a constant grid is constant.

#[cfg(armv7em_dsp)]
mod armv7em;
mod axis;
mod cells;
mod corners;
pub mod factors;
mod index;
pub mod level;
mod unit;

use quintet_protocol::grid::COORDINATE_BITS;
use quintet_protocol::tile::POINT_WORDS;

/// A point: three words, Q28 of the unit box, or two and the number of a level.
pub type Point = [u32; POINT_WORDS];

/// Rows that are written.
pub struct Rows<'a> {
    /// From the first column that is written on.
    pub halves: &'a mut [i16],
    /// Halves from row to row, at least one.
    pub stride: usize,
}

/// One as a weight.
const ONE: u32 = 1 << COORDINATE_BITS;

/// The fraction of a place among entries.
#[inline(always)]
fn fraction(place: i32) -> u32 {
    place as u32 & (ONE - 1)
}

/// `value * multiplier / 2^32`, rounded, ties up.
#[inline(always)]
fn scaled(value: i32, multiplier: i32) -> i32 {
    ((i64::from(value) * i64::from(multiplier) + (1 << 31)) >> 32) as i32
}

/// Writes numbers to a row, or adds them to what is there.
#[inline(always)]
fn put(row: &mut [i16], numbers: impl Iterator<Item = i32>, adds: bool) {
    let pairs = row.iter_mut().zip(numbers);
    if adds {
        pairs.for_each(|(place, number)| *place = place.saturating_add(number as i16));
    } else {
        pairs.for_each(|(place, number)| *place = number as i16);
    }
}
