//! `Gemm`: dense layers over rows of halves. Rows are laid out in tiles, and blocks of four
//! channels are multiplied with a tile at a time.
//!
//! Layout of weights and the rounding: [`quintet_protocol::feature`]. Of a layer's scratch the
//! first `2 * inputs` words are for the weights of a block, widened to halves; the rest is for
//! tiles. What lies in either is the core's own business, as it never leaves the command.

#[cfg(armv7em_dsp)]
mod armv7em;
#[cfg(any(armv7em_dsp, riscv32m))]
mod interleave;
#[cfg(not(any(armv7em_dsp, riscv32m)))]
mod portable;
#[cfg(riscv32m)]
mod riscv32m;

#[cfg(armv7em_dsp)]
use armv7em as core_own;
#[cfg(not(any(armv7em_dsp, riscv32m)))]
use portable as core_own;
use quintet_protocol::feature::{BLOCK_CHANNELS, TILE_ROWS};
#[cfg(riscv32m)]
use riscv32m as core_own;

/// Most rows that are multiplied with a block of channels at a time.
pub const ROWS_MAX: usize = 64;

/// What is known of a layer.
#[derive(Clone, Copy, Debug)]
pub struct Layer {
    /// Columns of the input, a multiple of 4, not zero.
    pub inputs: usize,
    /// Columns of the output.
    pub outputs: usize,
    /// Least value of an output.
    pub least: i16,
    /// Greatest value of an output, not below the least one.
    pub greatest: i16,
}

/// Rows of halves.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// From the first column of the first row on, two halves a word.
    pub words: &'a [u32],
    /// Words from row to row.
    pub stride: usize,
    /// How many.
    pub count: usize,
}

/// Where results go.
#[derive(Debug)]
pub struct Target<'a> {
    /// From the first row of the block on, its first column.
    pub out: &'a mut [i16],
    /// Halves from row to row; even.
    pub stride: usize,
}

impl<'a> Rows<'a> {
    /// `width` words of row number `row`, or of the last one after it.
    fn row(&self, row: usize, width: usize) -> &'a [u32] {
        let first = row.min(self.count.saturating_sub(1)) * self.stride;
        self.words.get(first..first + width).unwrap_or_default()
    }
}

impl Layer {
    /// Words of a tile.
    pub fn tile_words(&self) -> usize {
        self.inputs / 2 * TILE_ROWS
    }

    /// Words of a block's weights, widened.
    pub fn wide_words(&self) -> usize {
        self.inputs / 2 * BLOCK_CHANNELS
    }

    /// Products of a block of channels with so many rows, those that fill it up included.
    pub fn products_of_a_block(&self, rows: usize) -> usize {
        rows.next_multiple_of(TILE_ROWS) * self.inputs * BLOCK_CHANNELS
    }

    /// Lays out rows as tiles, the last one filled up.
    #[inline(never)]
    pub fn lay_out(&self, rows: &Rows<'_>, scratch: &mut [u32]) {
        let tiles = scratch.get_mut(self.wide_words()..).unwrap_or_default();
        let tiles = tiles.chunks_exact_mut(self.tile_words());
        for (tile, first) in tiles.zip((0..rows.count).step_by(TILE_ROWS)) {
            let four = [0, 1, 2, 3].map(|row| rows.row(first + row, self.inputs / 2));
            core_own::lay_out(four, tile);
        }
    }

    /// Works out a block of channels, from number `channel` on, of so many rows that are laid out,
    /// at most [`ROWS_MAX`].
    #[inline(never)]
    pub fn block(
        &self,
        channel: usize,
        record: &[u32],
        scratch: &mut [u32],
        rows: usize,
        target: &mut Target<'_>,
    ) {
        let count = rows.div_ceil(TILE_ROWS);
        let Some((wide, tiles)) = scratch.split_at_mut_checked(self.wide_words()) else { return };
        let Some(tiles) = tiles.get(..count * self.tile_words()) else { return };
        core_own::widen(record, wide);
        let channels = BLOCK_CHANNELS.min(self.outputs.saturating_sub(channel));
        let block = Block { layer: self, record, wide, tiles, channels };
        let out = target.out.get_mut(channel..).unwrap_or_default();
        if channels == BLOCK_CHANNELS && rows.is_multiple_of(TILE_ROWS) {
            return core_own::multiply(&block, &mut Target { out, ..*target });
        }
        let mut results = [0; ROWS_MAX * BLOCK_CHANNELS];
        let mut apart = Target { out: &mut results, stride: BLOCK_CHANNELS };
        core_own::multiply(&block, &mut apart);
        let results = results.as_chunks::<BLOCK_CHANNELS>().0.iter().take(rows);
        for (out, results) in out.chunks_mut(target.stride).zip(results) {
            for (out, result) in out.iter_mut().zip(results).take(channels) {
                *out = *result;
            }
        }
    }
}

/// A block of channels and the tiles that it is multiplied with.
struct Block<'a> {
    layer: &'a Layer,
    /// Biases, multipliers and weights.
    record: &'a [u32],
    /// The weights, as the core wants them.
    wide: &'a [u32],
    /// Whole tiles.
    tiles: &'a [u32],
    /// How many channels are wanted, from the first on.
    channels: usize,
}

/// What becomes of a sum with its bias.
#[inline(always)]
#[cfg(not(any(armv7em_dsp, riscv32m)))]
fn finished(layer: &Layer, sum: i32, multiplier: i32) -> i16 {
    let product = i64::from(sum) * i64::from(multiplier) + (1 << 31);
    let [least, greatest] = [layer.least, layer.greatest].map(i32::from);
    ((product >> 32) as i32).max(least).min(greatest) as i16
}
