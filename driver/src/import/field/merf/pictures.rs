//! Pictures of a baked MERF scene, and its occupancy grids.

use super::params::{Params, SIDE};
use super::sparse::Sparse;
use crate::import::beside::Folder;
use crate::import::error::Fault;
use crate::input::image::decode_texture;
use crate::scene::field::Occupancy;
use crate::scene::mesh::Texture;
use std::ops::RangeInclusive;

/// Cells along each axis of the occupancy that comes out.
const CELLS: usize = 128;
/// By how much a voxel of an occupancy grid is larger than the finest grid's, finest first.
const FACTORS: [usize; 5] = [8, 16, 32, 64, 128];

/// Reads a picture of that size.
pub(super) fn read(folder: Folder, name: &str, size: [usize; 2]) -> Result<Texture, Fault> {
    let file = folder.read("pictures", name)?;
    let picture =
        decode_texture(&file).map_err(|error| Fault::malformed(name, error.to_string()))?;
    match [picture.width, picture.height] == size {
        true => Ok(picture),
        false => {
            let [width, height] = size;
            let reason = format!("{} x {}, not {width} x {height}", picture.width, picture.height);
            Err(Fault::malformed(name, reason))
        }
    }
}

/// What a scene stores as cells of the box: one is occupied if any stored cell that it touches is,
/// and any of the sparse grid's blocks.
pub(super) fn occupancy(
    params: &Params,
    folder: Folder,
    [least, greatest]: [[f64; 3]; 2],
    sparse: Option<&Sparse>,
) -> Result<Option<Occupancy>, Fault> {
    let finest = (SIDE / params.voxel()) as usize;
    let whole = FACTORS.iter().filter(|&&factor| finest.is_multiple_of(factor));
    let stored = whole
        .map(|factor| (format!("occupancy_grid_{factor}.png"), finest / factor))
        .find(|(name, _)| folder.0.is_some_and(|folder| folder.join(name).is_file()));
    let stored = match stored {
        Some((name, side)) => Some((read(folder, &name, [side, side * side])?, side)),
        None => None,
    };
    if stored.is_none() && sparse.is_none() {
        return Ok(None);
    }
    let touched = |side: usize| -> [Vec<RangeInclusive<usize>>; 3] {
        [0, 1, 2].map(|axis| {
            let ends = [least[axis], greatest[axis]];
            (0..CELLS).map(|cell| touched(ends, axis == 0, cell, side)).collect()
        })
    };
    let of_stored = touched(stored.as_ref().map_or(1, |(_, side)| *side));
    let of_blocks = touched(sparse.map_or(1, Sparse::blocks));
    let any = |of: &[Vec<RangeInclusive<usize>>; 3], cell: [usize; 3], is_set: IsSet| {
        // Axes of the grids: x mirrored, z, y.
        let [xs, zs, ys] = [0, 1, 2].map(|axis| &of[axis][cell[axis]]);
        zs.clone().any(|z| ys.clone().any(|y| xs.clone().any(|x| is_set([x, y, z]))))
    };
    let cell = |number: usize| {
        let cell = [1, CELLS, CELLS * CELLS].map(|step| number / step % CELLS);
        let in_stored = stored.as_ref().is_none_or(|(picture, side)| {
            let is_set = |[x, y, z]: [usize; 3]| picture.rgba[4 * (x + side * (y + side * z))] != 0;
            any(&of_stored, cell, &is_set)
        });
        in_stored && sparse.is_none_or(|it| any(&of_blocks, cell, &|block| it.has(block)))
    };
    let cells = (0..CELLS * CELLS * CELLS).map(cell).collect();
    Ok(Some(Occupancy { side: CELLS, cells }))
}

/// Whether there is anything in a stored cell.
type IsSet<'a> = &'a dyn Fn([usize; 3]) -> bool;

/// Of `side` stored cells along an axis those that a cell of the box touches.
fn touched(
    [least, greatest]: [f64; 2],
    mirrored: bool,
    cell: usize,
    side: usize,
) -> RangeInclusive<usize> {
    let width = (greatest - least) / CELLS as f64;
    let place = |cell: usize| (least + width * cell as f64 + SIDE / 2.0) / SIDE * side as f64;
    let held = |at: f64| at.clamp(0.0, side as f64 - 1.0) as usize;
    let (first, last) = (held(place(cell).floor()), held(place(cell + 1).ceil() - 1.0));
    if mirrored { side - 1 - last..=side - 1 - first } else { first..=last }
}
