//! Where in the unit box there is anything.

use quintet_protocol::ray::BLOCK_BITS;
use quintet_protocol::tile::POINT_BITS;

/// Cells of the unit box, as [`quintet_protocol::ray`] has them.
#[derive(Clone, Copy)]
pub struct Occupancy<'a> {
    words: &'a [u32],
    /// Binary logarithm of the cells along a side.
    bits: u32,
}

/// The empty surroundings of a point: the aligned cube of `mask + 1` that it is in, and `reach` more
/// on all sides, Q28.
#[derive(Clone, Copy)]
pub struct Empty {
    /// A power of two less one.
    pub mask: u32,
    /// A multiple of `mask + 1`.
    pub reach: u32,
}

impl<'a> Occupancy<'a> {
    /// `2^bits` cells along each side, `bits` from 2 to 8.
    pub fn new(words: &'a [u32], bits: u32) -> Self {
        Self { words, bits }
    }

    /// What is empty around a point of the box, Q28; none if its cell is occupied.
    #[inline(always)]
    pub fn around(&self, [x, y, z]: [u32; 3]) -> Option<Empty> {
        let (bits, shift) = (self.bits, POINT_BITS - self.bits);
        let cell = x >> shift | (y >> shift) << bits | (z >> shift) << (2 * bits);
        let word = self.words.get(cell as usize / 32).copied().unwrap_or_default();
        if word >> (cell % 32) & 1 != 0 {
            return None;
        }
        let (block_bits, block_shift) = (bits - BLOCK_BITS, shift + BLOCK_BITS);
        let block = x >> block_shift
            | (y >> block_shift) << block_bits
            | (z >> block_shift) << (2 * block_bits);
        let first = 1usize << (3 * bits - 5);
        let word = self.words.get(first + block as usize / 4).copied().unwrap_or_default();
        Some(match (word >> (block % 4 * 8)) & 0xFF {
            0 => Empty { mask: (1 << shift) - 1, reach: 0 },
            distance => {
                // As many blocks as there are along a side would be too many for a word.
                let free = (distance - 1) & ((1 << block_bits) - 1);
                Empty { mask: (1 << block_shift) - 1, reach: free << block_shift }
            }
        })
    }
}
