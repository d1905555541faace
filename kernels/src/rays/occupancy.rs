//! Where in the unit box there is anything.

use quintet_protocol::ray::BLOCK_BITS;
use quintet_protocol::tile::POINT_BITS;

/// Cells of the unit box, as [`quintet_protocol::ray`] has them.
#[derive(Clone, Copy)]
pub struct Occupancy<'a> {
    /// Distances of blocks.
    distances: &'a [u8],
    /// Bits of cells, 64 a block.
    cells: &'a [u32],
    /// Binary logarithm of the blocks along a side.
    bits: u32,
}

/// The empty surroundings of a point: the aligned cube of `mask + 1` that it is in, and `reach`
/// more on all sides, Q28.
#[derive(Clone, Copy)]
pub struct Empty {
    /// A power of two less one.
    pub mask: u32,
    /// A multiple of `mask + 1`.
    pub reach: u32,
}

impl<'a> Occupancy<'a> {
    /// `2^bits` cells along each side, `bits` from 2 to 8; none if there are not words for them.
    pub fn new(words: &'a [u32], bits: u32) -> Option<Self> {
        let bits = bits.checked_sub(BLOCK_BITS)?;
        let (cells, distances) = words.split_at_checked(2 << (3 * bits))?;
        let distances = bytemuck::cast_slice(distances);
        Some(Self { distances, cells, bits })
    }

    /// What is empty around a point of the box, Q28; none if its cell is occupied. All its bits are
    /// set in `flip` along axes along which it is mirrored, none along others.
    #[inline(always)]
    pub fn around(&self, mirrored: [u32; 3], flip: [u32; 3]) -> Option<Empty> {
        let (bits, shift) = (self.bits, POINT_BITS - self.bits);
        let [x, y, z] = [0, 1, 2].map(|k| mirrored[k] ^ flip[k]);
        let block = x >> shift | (y >> shift) << bits | (z >> shift) << (2 * bits);
        let distance = u32::from(self.distances.get(block as usize).copied().unwrap_or_default());
        if distance > 0 {
            return Some(Empty { mask: (1 << shift) - 1, reach: (distance - 1) << shift });
        }
        let shift = shift - BLOCK_BITS;
        let inner = |at: u32| (at >> shift) & ((1 << BLOCK_BITS) - 1);
        let cell = inner(x) | inner(y) << 2 | inner(z) << 4;
        let word = self.cells.get((block << 1 | cell >> 5) as usize).copied().unwrap_or_default();
        match word >> (cell % 32) & 1 {
            0 => Some(Empty { mask: (1 << shift) - 1, reach: 0 }),
            _ => None,
        }
    }
}
