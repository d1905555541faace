//! The planes of a baked MERF scene, cut to the inner box.
//!
//! Plane `i` is over the two other axes of the grid, the first of them along columns.

use super::CHANNELS;
use super::params::Params;
use super::pictures;
use crate::import::beside::Folder;
use crate::import::error::Fault;
use crate::scene::field::{Factor, Factors};

/// Axes of the world along columns and rows of each plane, in the grid's order: x mirrored, z, y.
const AXES: [[usize; 2]; 3] = [[2, 1], [0, 1], [0, 2]];

/// Three planes that are added.
pub(super) fn read(params: &Params, folder: Folder) -> Result<Factors, Fault> {
    let side = params.triplane_resolution;
    let mut planes = Vec::new();
    for (number, axes) in AXES.iter().enumerate() {
        let name = format!("plane_rgb_and_density_{number}.png");
        let colors = pictures::read(folder, &name, [side; 2])?;
        let name = format!("plane_features_{number}.png");
        let features = pictures::read(folder, &name, [side; 2])?;
        // From the last entry before the inner box to the first after it.
        let inner = side / 4 - 1..3 * side / 4 + 1;
        let mirrored = |axis: usize, at: usize| if axis == 0 { side - 1 - at } else { at };
        let mut table = Vec::with_capacity(inner.len().pow(2) * CHANNELS);
        for row in inner.clone() {
            for column in inner.clone() {
                let texel = mirrored(axes[0], column) + side * mirrored(axes[1], row);
                let bytes = [&colors.rgba[4 * texel..][..4], &features.rgba[4 * texel..][..4]];
                let bytes = bytes.concat().try_into().expect("two times four bytes");
                table.extend(params.numbers(bytes));
            }
        }
        let resolution = vec![inner.len(); 2];
        planes.push(Factor { axes: axes.to_vec(), resolution, table });
    }
    Ok(Factors { features: CHANNELS, groups: vec![planes], product: false })
}
