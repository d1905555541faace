//! Layout of features: what encodings write, dense layers read and write, and compositing reads.
//!
//! A [`Matrix`] is a range of columns of the rows of a buffer; rows are signed halves, one row for
//! each sample, fragment or ray. Its numbers are fixed point with a power of two that the driver
//! chooses for each matrix; no command needs to know it, but [`Waves`](crate::program::Waves) and
//! [`Harmonics`](crate::program::Harmonics) write Q14.
//!
//! **Dense layers.** Weights are signed bytes. They lie in records of [`BLOCK_CHANNELS`] channels,
//! the last one filled up with zeros, `a` to `d`; a column of the input is a number `0..inputs`:
//!
//! ```text
//! record, 8 + inputs words
//! 0..4        biases of a to d, added to their sums
//! 4..8        multipliers of a to d, 0..2^31
//! 8 + 2i      bytes a[2i], b[2i], a[2i + 1], b[2i + 1]
//! 9 + 2i      bytes c[2i], d[2i], c[2i + 1], d[2i + 1]
//! ```
//!
//! A result is `floor(((bias + sum(weight * input)) * multiplier + 2^31) / 2^32)`, rounded half up,
//! held to the command's range. Sums are of 32 bits and wrap; a driver that wants none to wrap sees
//! to it that `|bias| + 2^15 * sum(|weight|)` stays below 2^31.
//!
//! A perceptron's layers are told by records, each for columns of the work rows:
//!
//! ```text
//! layer, 4 words
//! 0  inputs | outputs << 16
//! 1  first column of the input | first column of the output << 16, even ones
//! 2  least | greatest << 16 of the output, signed
//! 3  first word of the layer's records in the weights
//! ```
//!
//! **Waves.** Angles are in turns, 2^32 for a whole one, so that they wrap by themselves. Each of
//! `n` coordinates has its own factor: the sides of a box may differ.
//!
//! ```text
//! frequency, 1 + 2n words
//! 0        shift to the right, 0..=31
//! 1 + 2k   factor of coordinate k, signed: angle = ((coordinate * factor) >> shift) + offset
//! 2 + 2k   offset of coordinate k: what its angle is at zero
//! ```
//!
//! A row has first, if they are included, the coordinates themselves; then for each frequency the
//! sines of all coordinates and the cosines of all (NeRF, section 5.1, and its code).
//!
//! **Harmonics.** Real ones, degree after degree, each from order `-degree` to `degree`, all with
//! positive signs, as nerfstudio has them; of a direction `x, y, z` of length 1:
//!
//! ```text
//! 0  0.28209479                         9  0.59004359 y (3xx - yy)
//! 1  0.48860251 y                      10  2.89061144 x y z
//! 2  0.48860251 z                      11  0.45704580 y (5zz - 1)
//! 3  0.48860251 x                      12  0.37317633 z (5zz - 3)
//! 4  1.09254843 x y                    13  0.45704580 x (5zz - 1)
//! 5  1.09254843 y z                    14  1.44530572 z (xx - yy)
//! 6  0.94617470 zz - 0.31539157        15  0.59004359 x (xx - 3yy)
//! 7  1.09254843 x z
//! 8  0.54627422 (xx - yy)
//! ```
//!
//! tiny-cuda-nn has the same ones, but numbers 1, 3, 5, 7, 9, 11, 13 and 15 negative: an importer
//! turns the signs of the weights that they meet.

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

    /// Whether its rows have so many columns.
    pub const fn has(&self, columns: usize) -> bool {
        self.first as usize + columns <= self.stride as usize
    }
}

/// Fraction bits of sines and cosines.
pub const WAVE_BITS: i32 = 14;
/// Fraction bits of harmonics.
pub const HARMONIC_BITS: i32 = 14;
/// Channels of a record of weights.
pub const BLOCK_CHANNELS: usize = 4;
/// Words of a record before its weights.
pub const BLOCK_HEADER_WORDS: usize = 2 * BLOCK_CHANNELS;
/// Rows that are multiplied together.
pub const TILE_ROWS: usize = 4;

/// Words of a record of weights.
pub const fn block_words(inputs: usize) -> usize {
    BLOCK_HEADER_WORDS + inputs
}

/// Words of the weights of a dense layer; `inputs` is a multiple of 4.
pub const fn dense_words(inputs: usize, outputs: usize) -> usize {
    outputs.div_ceil(BLOCK_CHANNELS) * block_words(inputs)
}

/// Words that a dense layer works in so as to take `rows` rows at a time, rounded up to tiles; a
/// command needs those of one tile. More rows, up to 64, are less work.
pub const fn dense_scratch_words(inputs: usize, rows: usize) -> usize {
    // Rows of halves, and a block of weights widened to halves.
    2 * inputs * (rows.div_ceil(TILE_ROWS) + 1)
}

/// Words that a perceptron works in so as to take blocks of `rows` rows, rounded up to tiles:
/// `stride` halves each, and what its widest layer works in. A command needs those of one tile.
/// More rows, up to 64, are less work.
pub const fn perceptron_scratch_words(stride: usize, widest: usize, rows: usize) -> usize {
    let rows = rows.next_multiple_of(TILE_ROWS);
    rows * (stride / 2) + dense_scratch_words(widest, rows)
}

/// Words of a [`LayerRecord`].
pub const LAYER_WORDS: usize = 4;

/// A layer of a perceptron.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerRecord {
    /// How many columns of the work rows it reads, a multiple of 4.
    pub inputs: u16,
    /// How many it writes.
    pub outputs: u16,
    /// The first one that it reads, even.
    pub input: u16,
    /// The first one that it writes, even.
    pub output: u16,
    /// Least value of an output; 0 for a RELU.
    pub least: i16,
    /// Greatest value of an output.
    pub greatest: i16,
    /// First word of its records in the buffer of weights.
    pub weights: u32,
}

impl LayerRecord {
    /// Reads a record.
    pub fn from_words(w: &[u32; LAYER_WORDS]) -> Self {
        let pair = |word: u32| [word as u16, (word >> 16) as u16];
        let ([inputs, outputs], [input, output]) = (pair(w[0]), pair(w[1]));
        let [least, greatest] = pair(w[2]).map(|half| half as i16);
        Self { inputs, outputs, input, output, least, greatest, weights: w[3] }
    }

    /// Writes a record.
    pub fn to_words(&self) -> [u32; LAYER_WORDS] {
        let pair = |[low, high]: [u16; 2]| u32::from(low) | u32::from(high) << 16;
        let range = [self.least, self.greatest].map(|half| half as u16);
        let columns = [self.input, self.output];
        [pair([self.inputs, self.outputs]), pair(columns), pair(range), self.weights]
    }
}

/// Words of a frequency of waves.
pub const fn wave_words(coordinates: usize) -> usize {
    1 + 2 * coordinates
}

/// Columns of waves.
pub const fn wave_columns(coordinates: usize, frequencies: usize, includes_input: bool) -> usize {
    coordinates * (2 * frequencies + includes_input as usize)
}
