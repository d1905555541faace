//! Occupied cells, and how far off they are from where there are none.

use crate::scene::field::Occupancy;
use quintet_protocol::ray::BLOCK_BITS;

/// Least and greatest binary logarithm of the cells along a side.
const BITS: [u32; 2] = [BLOCK_BITS, 8];

/// An occupancy grid, ready to place in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedOccupancy {
    /// Bits of cells, then bytes of blocks.
    pub words: Vec<u32>,
    /// Binary logarithm of the cells along a side.
    pub bits: u8,
}

/// An occupancy grid as a device takes it. Sides become powers of two, up to 256: a cell of the
/// device is occupied if any is that it has a part of.
pub fn occupancy(given: &Occupancy) -> QuantisedOccupancy {
    let bits = given.side.next_power_of_two().trailing_zeros().clamp(BITS[0], BITS[1]);
    let cells = resampled(given, 1 << bits);
    let blocks = distances(&cells, bits);
    let mut words = vec![0; cells.len() / 32];
    for (number, _) in cells.iter().enumerate().filter(|(_, occupied)| **occupied) {
        let at = position(number, 1 << bits);
        let block = place(at.map(|at| at >> BLOCK_BITS), 1 << (bits - BLOCK_BITS));
        let cell = place(at.map(|at| at % (1 << BLOCK_BITS)), 1 << BLOCK_BITS);
        words[2 * block + cell / 32] |= 1 << (cell % 32);
    }
    words.extend(blocks.chunks(4).map(|bytes| {
        bytes
            .iter()
            .enumerate()
            .fold(0, |word, (place, &byte)| word | u32::from(byte) << (8 * place))
    }));
    QuantisedOccupancy { words, bits: bits as u8 }
}

/// The number of a place in a cube of that side.
fn place([x, y, z]: [usize; 3], side: usize) -> usize {
    x + side * (y + side * z)
}

/// The place of a number.
fn position(number: usize, side: usize) -> [usize; 3] {
    [1, side, side * side].map(|step| number / step % side)
}

/// The cells of a grid of `side` cells along each side.
fn resampled(given: &Occupancy, side: usize) -> Vec<bool> {
    let mut cells = vec![false; side.pow(3)];
    // Cells that have a part of a given one, along any axis.
    let covered = |at: usize| at * side / given.side..((at + 1) * side).div_ceil(given.side);
    for (number, _) in given.cells.iter().enumerate().filter(|(_, occupied)| **occupied) {
        let [x, y, z] = position(number, given.side).map(covered);
        for z in z {
            for y in y.clone() {
                cells[place([0, y, z], side)..][x.clone()].fill(true);
            }
        }
    }
    cells
}

/// Distance of each block to the nearest one with an occupied cell, in blocks, the greatest of the
/// three directions.
fn distances(cells: &[bool], bits: u32) -> Vec<u8> {
    let (side, blocks) = (1usize << bits, 1usize << (bits - BLOCK_BITS));
    let mut distances = vec![blocks as u8; blocks.pow(3)];
    for (number, _) in cells.iter().enumerate().filter(|(_, occupied)| **occupied) {
        distances[place(position(number, side).map(|at| at >> BLOCK_BITS), blocks)] = 0;
    }
    // A step lets what has been reached spread by a block along each axis, one after another, and
    // so to all neighbours.
    for step in 1..blocks as u8 {
        for axis in 0..3 {
            let stride = blocks.pow(axis);
            let before = distances.clone();
            for (number, distance) in distances.iter_mut().enumerate() {
                let at = number / stride % blocks;
                let reached = |next: usize| before[next] <= step;
                let low = at > 0 && reached(number - stride);
                let high = at + 1 < blocks && reached(number + stride);
                if *distance > step && (low || high) {
                    *distance = step;
                }
            }
        }
    }
    distances
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(side: usize, occupied: &[usize]) -> Occupancy {
        let mut cells = vec![false; side.pow(3)];
        occupied.iter().for_each(|&cell| cells[cell] = true);
        Occupancy { side, cells }
    }

    #[test]
    fn distances_are_the_greatest_of_the_three_directions() {
        let side = 32;
        let occupied = [5 + side * (9 + side * 30), 31];
        let found = distances(&grid(side, &occupied).cells, 5);
        let blocks = [[1, 2, 7], [7, 0, 0]];
        for (number, &found) in found.iter().enumerate() {
            let at = [number % 8, number / 8 % 8, number / 64];
            let distance = |block: &[usize; 3]| (0..3).map(|k| at[k].abs_diff(block[k])).max();
            assert_eq!(
                Some(usize::from(found)),
                blocks.iter().filter_map(distance).min(),
                "{at:?}"
            );
        }
    }

    #[test]
    fn cells_of_other_sides_cover_what_they_have_a_part_of() {
        let found = occupancy(&grid(3, &[1]));
        assert_eq!(found.bits, 2);
        // The middle third of a row of four cells, in the first third of the other axes.
        let rows = 0b0110 | 0b0110 << 4;
        assert_eq!(found.words, [rows | rows << 16, 0, 0]);
    }

    #[test]
    fn cells_are_numbered_block_by_block() {
        // The fourth cell of the second block, and the first cell of the block above the first.
        let found = occupancy(&grid(8, &[7, 4 * 8]));
        assert_eq!(found.words[..6], [0, 0, 1 << 3, 0, 1, 0]);
        assert_eq!(found.words[16..], [0x0100_0001, 0x0101_0101]);
    }

    #[test]
    fn an_empty_grid_is_as_far_off_as_it_has_blocks() {
        let found = occupancy(&grid(8, &[]));
        assert_eq!(found.words[..16], [0; 16]);
        assert_eq!(found.words[16..], [0x0202_0202; 2]);
    }
}
