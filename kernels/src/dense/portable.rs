//! Blocks of channels times tiles in portable Rust: what every other version must equal bit for
//! bit.
//!
//! A tile is four rows one after another, and widened weights are four channels one after another,
//! so that all that is left is inner products of halves, which compilers make the best of.

use super::{Block, Target, finished};
use quintet_protocol::feature::{BLOCK_CHANNELS, BLOCK_HEADER_WORDS, TILE_ROWS};

/// Lays out four rows.
pub fn lay_out(rows: [&[u32]; TILE_ROWS], tile: &mut [u32]) {
    let places = tile.chunks_exact_mut((tile.len() / TILE_ROWS).max(1));
    for (place, row) in places.zip(rows) {
        place.copy_from_slice(row);
    }
}

/// Widens the weights of a block.
pub fn widen(record: &[u32], wide: &mut [u32]) {
    let weights: &[[i8; 8]] =
        bytemuck::cast_slice(record.get(BLOCK_HEADER_WORDS..).unwrap_or_default());
    let wide: &mut [[i16; 2]] = bytemuck::cast_slice_mut(wide);
    let columns = (wide.len() / BLOCK_CHANNELS).max(1);
    for (channel, wide) in wide.chunks_exact_mut(columns).enumerate() {
        // Bytes of a, b, a, b, c, d, c, d.
        let first = channel / 2 * 4 + channel % 2;
        for (wide, weights) in wide.iter_mut().zip(weights) {
            *wide = [weights[first], weights[first + 2]].map(i16::from);
        }
    }
}

/// Works out a block of channels of the rows of tiles.
pub fn multiply(block: &Block<'_>, target: &mut Target<'_>) {
    let Some(header) = block.record.first_chunk::<BLOCK_HEADER_WORDS>() else { return };
    let (biases, multipliers) = header.split_at(BLOCK_CHANNELS);
    let (layer, channels) = (block.layer, block.channels);
    let (rows, wide): (&[i16], &[i16]) =
        (bytemuck::cast_slice(block.tiles), bytemuck::cast_slice(block.wide));
    for (row, out) in rows.chunks_exact(layer.inputs).zip(target.out.chunks_mut(target.stride)) {
        let weights = wide.chunks_exact(layer.inputs).zip(biases.iter().zip(multipliers));
        for (out, (weights, (&bias, &multiplier))) in out.iter_mut().zip(weights).take(channels) {
            let sum = inner_product(row, weights).wrapping_add(bias as i32);
            *out = finished(layer, sum, multiplier as i32);
        }
    }
}

/// Sum of products, wrapping.
#[inline(always)]
fn inner_product(a: &[i16], b: &[i16]) -> i32 {
    let products = a.iter().zip(b).map(|(&a, &b)| i32::from(a).wrapping_mul(i32::from(b)));
    products.fold(0, i32::wrapping_add)
}
