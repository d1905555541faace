//! Layout of the weights of networks in the arena, and the arithmetic that turns sums into bytes.
//!
//! Tensors are signed bytes, channels innermost, of a single sample. A byte `b` stands for the real
//! number `scale * (b - zero)`. Weights have no zero point.
//!
//! # Requantisation
//!
//! A sum is scaled as in TFLite's reference kernels, by a [`Scale`], rounding twice:
//!
//! ```text
//! left(x)   x << max(shift, 0)
//! high(x)   (x * multiplier + 2^30) >> 31                          half up
//! right(x)  x / 2^max(-shift, 0), rounded to nearest                half away from zero
//! scale(x)  right(high(left(x)))
//! ```
//!
//! # Weights of a convolution
//!
//! What a window sees is a *column* of bytes: for each of its rows, top to bottom, the *runs* of
//! bytes that lie together in the picture, each padded to a multiple of four. A run is a whole row
//! of the window, `kernel[1] * channels` bytes, or with a dilation across, each of its elements by
//! itself. Padding may have any value: its weights are zero. A column is a multiple of four bytes
//! long.
//!
//! Output channels come in pairs, `2i` and `2i + 1`; an odd last one is paired with zeros. Each
//! pair has a *record*:
//!
//! ```text
//! words 0..4   finish of the first channel: see [`Finish`]
//!       4..8   finish of the second
//!       8..    for each four bytes of the column two words: of bytes 0 and 2, then of bytes 1 and 3
//! ```
//!
//! A word of weights holds two halves, the lower one for the first of its two bytes; a half is
//! `first + 256 * second`, a signed number, where `first` and `second` are the weights of the
//! pair's channels. So one dual multiplication by the half as it is gives `sum_first + 256 *
//! sum_second`, and one by its sign-extended low byte gives `sum_first`: half of the unpacking is
//! never done, and the second channel's sum is the difference of the two, shifted right by 8.
//!
//! That is exact as long as `sum_second`, without its bias, lies within 24 bits, whatever the
//! bytes, and every half within 16. Where it may not, the whole layer is *unpaired*: there each
//! channel is the first one of its own pair, and the second, of zeros, is not one of the output's.
//!
//! # Weights of a depthwise convolution
//!
//! Each output channel has a record: weights, then its [`Finish`]. Weights are halves of words and
//! twice what they are, so that a sum is twice what it is. [`Depthwise`] says what a *line* and a
//! *window that is laid down* are; a window spans `lines` of them and `span` columns, where a
//! dilation puts zeros in between.
//!
//! ```text
//! even     for each two columns of the window a word for each line: (0, 1), (2, 3), .. to the last
//! odd      the same, a column later: (none, 0), (1, 2), ..; left out if the stride across is even
//! finish   4 words
//! ```
//!
//! What is not a column of the window is zero. A window of 3x3 that is not dilated, with a stride
//! across of 1 or 2, has a record of 10 words: columns (1, 2) of the three lines, columns (0, 1),
//! the finish.

mod depthwise;

use crate::program::Sliding;

pub use depthwise::{Depthwise, depthwise_scratch_words, depthwise_words};

/// Pixels that a convolution works on together.
pub const TILE_PIXELS: usize = 4;
/// Words of a record of a pair of channels before its weights.
pub const PAIR_HEADER_WORDS: usize = 2 * FINISH_WORDS;
/// Words of a [`Finish`].
pub const FINISH_WORDS: usize = 4;

/// How many runs each row of a window has, and the bytes of one, without padding. Saturates.
pub fn runs(sliding: &Sliding) -> [usize; 2] {
    let Sliding { input: [.., channels], kernel: [_, columns], dilation: [_, across], .. } =
        *sliding;
    let (columns, channels) = (usize::from(columns), usize::from(channels));
    if across > 1 { [columns, channels] } else { [1, columns.saturating_mul(channels)] }
}

/// Bytes of a column, a multiple of four. Saturates.
pub fn column_bytes(sliding: &Sliding) -> usize {
    let [count, bytes] = runs(sliding);
    let count = count.saturating_mul(usize::from(sliding.kernel[0]));
    count.saturating_mul(bytes.div_ceil(4).saturating_mul(4)) & !3
}

/// Words of the record of a pair of channels. Saturates.
pub fn pair_words(sliding: &Sliding) -> usize {
    PAIR_HEADER_WORDS.saturating_add(column_bytes(sliding) / 2)
}

/// Words of scratch in which a tile of a convolution is laid out: its bytes as halves. Saturates.
pub fn convolve_tile_words(sliding: &Sliding) -> usize {
    column_bytes(sliding).saturating_mul(TILE_PIXELS) / 2
}

/// Least words of scratch that a convolution takes. None are needed where the only column is the
/// input as it lies there, as in a fully connected layer; then the output must not overlap the
/// input.
pub fn convolve_scratch_least(sliding: &Sliding) -> usize {
    if is_one_column(sliding) { 0 } else { convolve_tile_words(sliding) }
}

/// Words of scratch that a convolution makes good use of: with more it is hardly faster.
pub fn convolve_scratch_words(sliding: &Sliding) -> usize {
    /// Bytes of the columns of a block, about: enough for what a block costs by itself not to
    /// count.
    const BLOCK_BYTES: usize = 1 << 11;
    let [rows, columns, _] = sliding.output.map(usize::from);
    let tiles = (rows * columns / TILE_PIXELS).min(BLOCK_BYTES / column_bytes(sliding));
    convolve_scratch_least(sliding).saturating_mul(tiles.max(1))
}

/// Whether there is one output pixel, and its column is the whole input as it lies there.
fn is_one_column(sliding: &Sliding) -> bool {
    let Sliding { input: [rows, columns, channels], kernel, dilation, .. } = *sliding;
    let row_bytes = usize::from(columns) * usize::from(channels);
    sliding.output[..2] == [1, 1]
        && kernel == [rows, columns]
        && sliding.pad == [0, 0]
        && (dilation[0] == 1 || rows == 1)
        && (dilation[1] == 1 || columns == 1)
        && (row_bytes % 4 == 0 || rows == 1)
}

/// A factor: a multiplier of 31 fraction bits and a power of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    /// Q31, from 2^30 on, or zero.
    pub multiplier: i32,
    /// Bits to the left; negative to the right. -31..=30.
    pub shift: i8,
}

/// How a channel's sum becomes a byte.
///
/// ```text
/// word 0  twice the bias, which includes what the input's zero point adds to every sum
///      1  multiplier, Q31
///      2  offset: the output's zero point << right, plus 1 << (right - 1); or the zero point alone
///      3  byte 0: right, bits to shift to the right, 0..=31; byte 1: left, bits to shift to the left
/// ```
///
/// With `left` zero and `right` from 1 to 22, the byte is `clamp((high32(2 * sum + word 0,
/// multiplier) + offset - (1 if 2 * sum + word 0 is negative)) >> right)` where `high32(a, b)` is
/// `(a * b + 2^31) >> 32`: the two roundings of [`Scale`], in few instructions. Otherwise it is
/// worked out as [`Scale`] says, from half of word 0, and word 2 is the zero point alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// What is added to the sum, `|sum + bias| < 2^30`.
    pub bias: i32,
    /// What the sum is scaled by.
    pub scale: Scale,
}

/// Least and greatest [`Finish`] shift to the right that the short form serves.
pub const SHORT_RIGHT: core::ops::RangeInclusive<u32> = 1..=22;

impl Scale {
    /// Bits to shift to the left before, and to the right after the multiplication.
    pub fn shifts(&self) -> [u32; 2] {
        [u32::from(self.shift.max(0) as u8), u32::from(self.shift.min(0).unsigned_abs())]
    }
}

impl Finish {
    /// Whether the short form serves.
    pub fn is_short(&self) -> bool {
        let [left, right] = self.shifts();
        left == 0 && SHORT_RIGHT.contains(&right)
    }

    /// As of the scale; zero is zero however it is shifted, so there the short form can serve.
    fn shifts(&self) -> [u32; 2] {
        if self.scale.multiplier == 0 { [0, 1] } else { self.scale.shifts() }
    }

    /// The four words, for outputs whose zero point is `zero_out`.
    pub fn to_words(&self, zero_out: i8) -> [u32; FINISH_WORDS] {
        let [left, right] = self.shifts();
        let zero = i32::from(zero_out);
        let offset = if self.is_short() { (zero << right) + (1 << (right - 1)) } else { zero };
        let bias = self.bias.wrapping_mul(2);
        [bias as u32, self.scale.multiplier as u32, offset as u32, right | left << 8]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTWISE: Sliding = Sliding {
        input: [4, 4, 6],
        output: [4, 4, 8],
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [0, 0],
    };

    #[test]
    fn columns_are_runs_of_whole_words() {
        assert_eq!((column_bytes(&POINTWISE), pair_words(&POINTWISE)), (8, 8 + 4));
        let window = Sliding { kernel: [3, 3], input: [4, 4, 3], ..POINTWISE };
        assert_eq!(column_bytes(&window), 3 * 12);
        assert_eq!(column_bytes(&Sliding { dilation: [2, 1], ..window }), 3 * 12);
        assert_eq!(column_bytes(&Sliding { dilation: [1, 2], ..window }), 3 * 3 * 4);
    }

    #[test]
    fn only_an_input_that_is_the_column_needs_no_scratch() {
        assert_eq!(convolve_scratch_least(&POINTWISE), 8 * 4 / 2);
        let connected = Sliding { input: [1, 1, 6], output: [1, 1, 8], ..POINTWISE };
        assert_eq!(convolve_scratch_least(&connected), 0);
        let whole = Sliding { kernel: [4, 4], output: [1, 1, 8], ..POINTWISE };
        assert_eq!(convolve_scratch_least(&whole), 0);
        for other in [
            Sliding { pad: [1, 0], ..whole },
            Sliding { output: [1, 2, 8], ..whole },
            Sliding { kernel: [4, 3], ..whole },
            Sliding { dilation: [1, 2], ..whole },
            // Rows that are no whole words lie elsewhere in a column.
            Sliding { input: [4, 3, 6], kernel: [4, 3], ..whole },
        ] {
            assert_eq!(convolve_scratch_least(&other), convolve_tile_words(&other), "{other:?}");
        }
    }

    #[test]
    fn sizes_of_hostile_shapes_saturate() {
        let most = u16::MAX;
        let huge = Sliding { input: [most; 3], kernel: [most; 2], ..POINTWISE };
        assert!(column_bytes(&huge) >= 1 << 31);
        assert!(pair_words(&huge) >= 1 << 30 && convolve_scratch_words(&huge) >= 1 << 30);
    }
}
