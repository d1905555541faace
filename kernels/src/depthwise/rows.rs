//! Rows of a picture copied with their padding.

use quintet_protocol::copy;
use quintet_protocol::network::Depthwise;

/// A part of a row of the picture, and of its padding.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Bytes of the pixels, channels innermost.
    pub pixels: &'a [u8],
    /// Channels of the picture.
    pub channels: usize,
    /// Columns of padding before the pixels.
    pub before: usize,
    /// What padding is filled with.
    pub padding: i8,
}

impl Row<'_> {
    /// Copies the pixels between their padding, which fills what is left of `bytes`.
    #[inline(never)]
    pub fn copy(&self, bytes: &mut [u8]) {
        let before = bytes.len().min(self.before * self.channels);
        let Some((before, rest)) = bytes.split_at_mut_checked(before) else { return };
        let count = rest.len().min(self.pixels.len());
        let Some((pixels, after)) = rest.split_at_mut_checked(count) else { return };
        before.fill(self.padding as u8);
        copy(self.pixels, pixels);
        after.fill(self.padding as u8);
    }
}

/// Columns of a row that is laid out.
pub fn row_columns(shape: &Depthwise) -> usize {
    2 * shape.pairs
}

/// Most rows of outputs for which the rows that they see fit the lines of all channels: bytes take
/// half of what halves of words do.
pub fn rows_at_once(shape: &Depthwise) -> usize {
    shape.lines / shape.stride[0].max(1) + 1
}
