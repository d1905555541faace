//! Instant-NGP's density grid: which cells of the box there is anything in (`testbed_nerf.cu`,
//! `grid_to_bitfield`).
//!
//! Cascade `k` has 128^3 cells about the middle of the unit cube, `2^k` wide, in Morton order: the
//! bits of x, y and z in turn, x lowest. The last cascade is as large as the box, and so are the
//! cells here; a cell is occupied if it is in any cascade.

use super::msgpack::Value;
use crate::import::bytes::{half, u16_at};
use crate::import::error::Fault;
use crate::scene::field::Occupancy;

/// Cells along each axis of a cascade.
const SIDE: usize = 128;
const CELLS: usize = SIDE * SIDE * SIDE;
/// Optical thickness of a step from which a cell is occupied, unless the mean is less.
const THICKNESS: f32 = 0.01;

/// The occupied cells of a box of that side; none if the snapshot was never trained.
pub(super) fn occupancy(snapshot: &Value, side: f64) -> Result<Option<Occupancy>, Fault> {
    const PART: &str = "density_grid_binary";
    let Some(bytes) = snapshot.binary(PART).filter(|bytes| !bytes.is_empty()) else {
        return Ok(None);
    };
    let cascades = side.log2() as usize + 1;
    let size = snapshot.number("density_grid_size").unwrap_or(SIDE as f64);
    if size != SIDE as f64 || bytes.len() != 2 * CELLS * cascades {
        let reason = format!("{} bytes are not {cascades} times 128^3 halves", bytes.len());
        return Err(Fault::malformed(PART, reason));
    }
    let thickness = |cell: usize| half(u16_at(bytes, cell));
    let sum: f64 = (0..CELLS).map(|cell| f64::from(thickness(cell).max(0.0))).sum();
    let least = THICKNESS.min((sum / CELLS as f64) as f32);
    let mut cells = vec![false; CELLS];
    for cascade in 0..cascades {
        // Cells of a finer cascade are smaller by a power of two, and lie about the same middle.
        let shift = cascades - 1 - cascade;
        let start = (SIDE - (SIDE >> shift)) / 2;
        for cell in (0..CELLS).filter(|&cell| thickness(cascade * CELLS + cell) > least) {
            let [x, y, z] = [0, 1, 2].map(|axis| start + (unmorton(cell >> axis) >> shift));
            cells[x + SIDE * (y + SIDE * z)] = true;
        }
    }
    Ok(Some(Occupancy { side: SIDE, cells }))
}

/// Every third bit of a number, from the lowest.
fn unmorton(number: usize) -> usize {
    (0..7).fold(0, |bits, bit| bits | (number >> (3 * bit) & 1) << bit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_finer_cascades_lie_about_the_middle() {
        let mut bytes = vec![0; 2 * 2 * CELLS];
        // 0.25, in cell (1, 2, 0) of the finer cascade and (127, 0, 1) of the coarser.
        for cell in [0b010_001, CELLS + 0b001_001_001_001_001_001_101] {
            bytes[2 * cell..2 * cell + 2].copy_from_slice(&0x3400u16.to_le_bytes());
        }
        let snapshot = Value::Map(vec![("density_grid_binary", Value::Binary(&bytes))]);
        let occupancy = occupancy(&snapshot, 2.0).unwrap().unwrap();
        let set: Vec<usize> = (0..CELLS).filter(|&cell| occupancy.cells[cell]).collect();
        assert_eq!(set, [127 + SIDE * SIDE, 32 + SIDE * (33 + SIDE * 32)]);
        assert!(super::occupancy(&snapshot, 1.0).is_err());
    }
}
