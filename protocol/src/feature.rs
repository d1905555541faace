//! Layout of features: what encodings write, dense layers read and write, and compositing reads.
//!
//! A [`Matrix`] is a range of columns of the rows of a buffer; rows are signed halves, one row for
//! each sample, fragment or ray. Its numbers are fixed point with a power of two that the driver
//! chooses for each matrix; no command needs to know it.

/// Columns of the rows of a buffer: features that several commands write side by side need no
/// copying to be one layer's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// Halves from row to row; even.
    pub stride: u16,
    /// First of its columns; even.
    pub first: u16,
}

impl Matrix {
    /// Words that `rows` rows take.
    pub const fn words(&self, rows: usize) -> usize {
        rows.saturating_mul(self.stride as usize / 2)
    }
}
