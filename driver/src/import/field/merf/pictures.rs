//! Pictures of a baked MERF scene, and its occupancy grids.

use super::params::{Params, SIDE};
use super::sparse::Sparse;
use crate::import::beside::Folder;
use crate::import::error::Fault;
use crate::input::image::decode_texture;
use crate::scene::field::Occupancy;
use crate::scene::mesh::Texture;

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

/// What a scene stores as cells of the box: one is occupied if any stored cell that it touches is, and
/// any of the sparse grid's blocks.
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
    // Stored cells, or blocks, that a cell along an axis touches; x is mirrored.
    let touched = |axis: usize, cell: usize, side: usize| {
        let width = (greatest[axis] - least[axis]) / CELLS as f64;
        let place = |cell: usize| (least[axis] + width * cell as f64 + SIDE / 2.0) / SIDE;
        let held = |at: f64| at.clamp(0.0, side as f64 - 1.0) as usize;
        let (first, last) = (place(cell) * side as f64, place(cell + 1) * side as f64);
        let (first, last) = (held(first.floor()), held(last.ceil() - 1.0));
        if axis == 0 { side - 1 - last..=side - 1 - first } else { first..=last }
    };
    let any = |[x, y, z]: [usize; 3], side: usize, is_set: &dyn Fn([usize; 3]) -> bool| {
        // Axes of the grids: x mirrored, z, y.
        let (xs, ys, zs) = (touched(0, x, side), touched(2, z, side), touched(1, y, side));
        zs.clone().any(|z| ys.clone().any(|y| xs.clone().any(|x| is_set([x, y, z]))))
    };
    let cell = |number: usize| {
        let cell = [1, CELLS, CELLS * CELLS].map(|step| number / step % CELLS);
        let in_stored = stored.as_ref().is_none_or(|(picture, side)| {
            any(cell, *side, &|[x, y, z]| picture.rgba[4 * (x + side * (y + side * z))] != 0)
        });
        in_stored && sparse.is_none_or(|it| any(cell, it.blocks(), &|block| it.has(block)))
    };
    let cells = (0..CELLS * CELLS * CELLS).map(cell).collect();
    Ok(Some(Occupancy { side: CELLS, cells }))
}
