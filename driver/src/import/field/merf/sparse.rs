//! The sparse grid of a baked MERF scene: blocks in an atlas, and where each lies in it.
//!
//! A block has one entry more along each axis than its distance to the next one, which has these
//! entries too. A field's grid has no such indirection, so the blocks are spread out.

use super::CHANNELS;
use super::params::{Params, SIDE};
use super::pictures;
use crate::import::beside::Folder;
use crate::import::error::Fault;
use crate::scene::field::{Grid, Level};
use crate::scene::mesh::Texture;

/// Most numbers of a grid that is spread out: 1 GiB of them.
const NUMBERS_MAX: usize = 1 << 28;
/// Most entries along an axis of the atlas.
const ATLAS_MAX: usize = 4096;
/// Most entries of the atlas, each of eight bytes.
const ENTRIES_MAX: usize = 1 << 27;
/// Mark of a block that there is none of.
const NONE: u8 = 255;

/// The grid as it is stored.
pub(super) struct Sparse<'a> {
    params: &'a Params,
    /// Three bytes for each block, and a fourth without meaning: its place in the atlas.
    indices: Texture,
    /// Slices of the atlas.
    colors: Vec<Texture>,
    features: Vec<Texture>,
}

impl<'a> Sparse<'a> {
    pub(super) fn read(params: &'a Params, folder: Folder) -> Result<Self, Fault> {
        let blocks = params.sparse_grid_resolution / params.data_block_size;
        let name = "sparse_grid_block_indices.png";
        let indices = pictures::read(folder, name, [blocks, blocks * blocks])?;
        let Params { atlas_width, atlas_height, atlas_depth, slice_depth, .. } = *params;
        let sides = [atlas_width, atlas_height, atlas_depth];
        if sides.iter().any(|&side| side == 0 || side > ATLAS_MAX)
            || sides.iter().product::<usize>() > ENTRIES_MAX
            || slice_depth > atlas_depth
        {
            return Err(Fault::malformed("scene_params.json", "the atlas has an unusable size"));
        }
        let slices = |kind: &str| {
            let size = [atlas_width, atlas_height * slice_depth];
            let first = (0..atlas_depth / slice_depth).map(|slice| slice * slice_depth);
            first
                .map(|at| pictures::read(folder, &format!("sparse_grid_{kind}_{at:03}.png"), size))
                .collect::<Result<Vec<_>, _>>()
        };
        let (colors, features) = (slices("rgb_and_density")?, slices("features")?);
        Ok(Self { params, indices, colors, features })
    }

    /// Blocks along each axis.
    pub(super) fn blocks(&self) -> usize {
        self.params.sparse_grid_resolution / self.params.data_block_size
    }

    /// Whether there is a block, by its place in the grid.
    pub(super) fn has(&self, block: [usize; 3]) -> bool {
        self.index(block)[0] != NONE
    }

    fn index(&self, [x, y, z]: [usize; 3]) -> [u8; 3] {
        let at = 4 * (x + self.blocks() * (y + self.blocks() * z));
        [0, 1, 2].map(|axis| self.indices.rgba[at + axis])
    }

    /// The grid, cut to a box. Entries of no block are those of no density.
    pub(super) fn grid(&self, [least, greatest]: [[f64; 3]; 2]) -> Result<Grid, Fault> {
        let side = self.params.sparse_grid_resolution;
        let voxel = SIDE / side as f64;
        // The box is the same along each axis, and so are the entries.
        let place = |at: f64| (at + SIDE / 2.0) / voxel - 0.5;
        let first = place(least[0]).floor().max(0.0) as usize;
        let last = (place(greatest[0]).ceil() as usize).min(side - 1);
        let count = last + 1 - first;
        if count.pow(3) > NUMBERS_MAX / CHANNELS {
            let (size, limit) = ((count.pow(3) * CHANNELS) as u64, NUMBERS_MAX as u64);
            let what = "the number of the grid's numbers, spread out";
            return Err(Fault::TooLarge { what, size, limit });
        }
        let empty = self.params.numbers([0; CHANNELS]);
        let mut table = Vec::with_capacity(count.pow(3) * CHANNELS);
        for z in first..=last {
            for y in first..=last {
                for x in first..=last {
                    // Axes of the grid: x mirrored, z, y.
                    table.extend(self.entry([side - 1 - x, z, y])?.unwrap_or(empty));
                }
            }
        }
        let level = Level {
            scale: [0, 1, 2].map(|axis| (greatest[axis] - least[axis]) / voxel),
            offset: place(least[0]) - first as f64,
            resolution: [count; 3],
            first: 0,
            entries: count.pow(3),
            hashed: false,
            ceils: true,
        };
        Ok(Grid { features: CHANNELS, levels: vec![level], simplex: false, table })
    }

    /// An entry, of the first block that has it: on the edge of one, the block before may.
    fn entry(&self, at: [usize; 3]) -> Result<Option<[f32; CHANNELS]>, Fault> {
        let size = self.params.data_block_size;
        for corner in 0..8 {
            let before = [0, 1, 2].map(|axis| corner >> axis & 1);
            let is_there = |axis: usize| {
                before[axis] == 0 || (at[axis] >= size && at[axis].is_multiple_of(size))
            };
            if !(0..3).all(is_there) {
                continue;
            }
            let block = [0, 1, 2].map(|axis| at[axis] / size - before[axis]);
            let index = self.index(block);
            if index[0] != NONE {
                let within = [0, 1, 2].map(|axis| at[axis] - block[axis] * size);
                let place = |axis: usize| usize::from(index[axis]) * (size + 1) + within[axis];
                return self.texel([0, 1, 2].map(place)).map(Some);
            }
        }
        Ok(None)
    }

    fn texel(&self, [x, y, z]: [usize; 3]) -> Result<[f32; CHANNELS], Fault> {
        let Params { atlas_width, atlas_height, slice_depth, .. } = *self.params;
        let (slice, layer) = (z / slice_depth, z % slice_depth);
        let there = x < atlas_width && y < atlas_height;
        let (Some(colors), Some(features), true) =
            (self.colors.get(slice), self.features.get(slice), there)
        else {
            return Err(Fault::malformed("sparse_grid_block_indices.png", "leaves the atlas"));
        };
        let at = 4 * (x + atlas_width * (y + atlas_height * layer));
        let bytes = [&colors.rgba[at..at + 4], &features.rgba[at..at + 4]].concat();
        Ok(self.params.numbers(bytes.try_into().expect("two times four bytes")))
    }
}
