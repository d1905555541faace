//! `Gemm`, depthwise: every channel of a picture is convolved by itself.
//!
//! Rows of the picture are copied with their padding, so that no window goes beyond an edge, and
//! each channel is then convolved for some rows of outputs: in portable Rust, or on RV32IM in
//! assembly. On Armv7E-M, where one instruction multiplies and sums two halves of words, rows are
//! rather laid out channel by channel, in `lines`.

#[cfg(armv7em_dsp)]
pub mod lines;
#[cfg(all(riscv32m, target_feature = "c"))]
mod riscv32;
mod rows;
mod windows;

use quintet_protocol::network::Depthwise;
use quintet_protocol::program::ByteRange;

pub use rows::{Row, row_columns, rows_at_once};

/// What is the same for all outputs.
pub struct Convolver<'a> {
    /// The shapes.
    pub shape: &'a Depthwise,
    /// What bytes of the output stand for.
    pub range: ByteRange,
}

/// Some outputs of some rows.
pub struct Outputs<'a> {
    /// From the first pixel on.
    pub bytes: &'a mut [u8],
    /// Channels of the picture.
    pub channels: usize,
    /// Number of pixels of a row.
    pub columns: usize,
    /// Bytes from a row to the next.
    pub row_bytes: usize,
    /// Number of rows.
    pub rows: usize,
}

impl Convolver<'_> {
    /// Convolves the rows laid out for the outputs, channels from `first` on, one for each of
    /// `records`.
    #[inline(never)]
    pub fn convolve(&self, laid: &[i8], first: usize, records: &[u32], outputs: &mut Outputs) {
        #[cfg(all(riscv32m, target_feature = "c"))]
        if self.convolve_by_assembly(laid, first, records, outputs) {
            return;
        }
        self.windows(laid, first, records, outputs);
    }

    /// Bytes of a row as it is laid out.
    fn row_bytes(&self) -> usize {
        row_columns(self.shape) * self.shape.channels_in
    }
}
