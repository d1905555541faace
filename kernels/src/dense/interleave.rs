//! Four rows as a tile of the kernels in assembly.
//!
//! ```text
//! word 4i + r   columns 2i and 2i + 1 of row r
//! ```

use quintet_protocol::feature::TILE_ROWS;

/// Lays out four rows of as many words.
pub fn lay_out([a, b, c, d]: [&[u32]; TILE_ROWS], tile: &mut [u32]) {
    let words = a.iter().zip(b).zip(c.iter().zip(d));
    for (place, ((a, b), (c, d))) in tile.as_chunks_mut::<TILE_ROWS>().0.iter_mut().zip(words) {
        *place = [*a, *b, *c, *d];
    }
}
