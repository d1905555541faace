//! The commands that draw Gaussians which all lie in the arena.

use super::super::BufferId;
use super::record::{NONE, Record, pack, pack_color};

/// Projects Gaussians to screen-space splats (EWA, INRIA kernel), front of the camera only, and
/// evaluates their colours. Layouts: [`crate::gaussian`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectGaussians {
    /// Chunk headers, constant.
    pub chunks: BufferId,
    /// Gaussians, constant.
    pub gaussians: BufferId,
    /// Spherical-harmonic coefficients, constant; none for degree 0.
    pub harmonics: Option<BufferId>,
    /// The camera, input.
    pub camera: BufferId,
    /// Splats, written: room for every Gaussian.
    pub splats: BufferId,
    /// Depth keys of the splats, written: a word each.
    pub keys: BufferId,
    /// Number of splats, written: one word.
    pub count: BufferId,
    /// Parameter 0: number of chunks.
    pub chunk_count: u32,
    /// Parameter 1: number of Gaussians in all chunks.
    pub gaussian_count: u32,
    /// Parameter 2: degree of the spherical harmonics, 0..=3.
    pub degree: u8,
    /// Parameter 3, low half: columns of the frame, 1..=4096.
    pub width: u16,
    /// Parameter 3, high half: rows of the frame, 1..=4096.
    pub height: u16,
}

/// Blends splats in the given order into a frame, tile by tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RasteriseGaussians {
    /// Splats as [`ProjectGaussians`] writes them.
    pub splats: BufferId,
    /// Numbers of splats, front to back, a word each.
    pub order: BufferId,
    /// One word: how many numbers there are.
    pub count: BufferId,
    /// Splat numbers by tile: room for at least `capacity` words. More room, fewer passes.
    pub bins: BufferId,
    /// One word a tile, and one more.
    pub tiles: BufferId,
    /// Accumulators of one tile: 4 words a pixel.
    pub accumulators: BufferId,
    /// The picture, a frame.
    pub frame: BufferId,
    /// Parameter 0: most splats there can be.
    pub capacity: u32,
    /// Parameter 1, low half: columns of a tile, 1..=width and at most 2048.
    pub tile_width: u16,
    /// Parameter 1, high half: rows of a tile, 1..=height and at most 2048.
    pub tile_height: u16,
    /// Parameter 2: background colour behind everything, `r | g << 8 | b << 16`.
    pub background: [u8; 3],
}

impl ProjectGaussians {
    pub(super) fn parse(r: &Record) -> Self {
        let [width, height] = r.pair(3);
        Self {
            chunks: r.buffer(0),
            gaussians: r.buffer(1),
            camera: r.buffer(2),
            splats: r.buffer(3),
            keys: r.buffer(4),
            count: r.buffer(5),
            harmonics: r.optional(6),
            chunk_count: r.parameters[0],
            gaussian_count: r.parameters[1],
            degree: r.byte(2),
            width,
            height,
        }
    }

    pub(super) fn record(&self) -> Record {
        let harmonics = self.harmonics.unwrap_or(BufferId(NONE));
        let Self { chunks, gaussians, camera, splats, keys, count, .. } = *self;
        let size = pack([self.width, self.height]);
        Record::new(
            [chunks, gaussians, camera, splats, keys, count, harmonics],
            [self.chunk_count, self.gaussian_count, u32::from(self.degree), size],
        )
    }
}

impl RasteriseGaussians {
    pub(super) fn parse(r: &Record) -> Self {
        let [tile_width, tile_height] = r.pair(1);
        Self {
            splats: r.buffer(0),
            order: r.buffer(1),
            count: r.buffer(2),
            bins: r.buffer(3),
            tiles: r.buffer(4),
            accumulators: r.buffer(5),
            frame: r.buffer(6),
            capacity: r.parameters[0],
            tile_width,
            tile_height,
            background: r.color(2),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { splats, order, count, bins, tiles, accumulators, frame, .. } = *self;
        let tile = pack([self.tile_width, self.tile_height]);
        Record::new(
            [splats, order, count, bins, tiles, accumulators, frame],
            [self.capacity, tile, pack_color(self.background)],
        )
    }
}
