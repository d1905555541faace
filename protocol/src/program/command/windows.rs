//! The commands that draw Gaussians in windows: a part of the frame, and of the depth, at a time.
//!
//! ```text
//! BoundChunks                      what each chunk can touch; the first window
//! Sort                             chunks from front to back
//! loop: ProjectWindow              pulls the next chunks, until there is no more room for splats
//!       Sort                       splats from front to back
//!       RasteriseWindow            blends those that no later chunk can have one in front of; after
//!                                  a region's last one hands its pixels out
//!       Repeat                     until there is no next window
//! ```
//!
//! So neither the Gaussians nor their splats need to fit the arena. Layouts: [`crate::window`].

use super::super::BufferId;
use super::record::{Record, pack, pack_color};

/// Finds the rectangle and the depths that each chunk's splats can lie in, and makes the window the
/// first one of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoundChunks {
    /// Chunk headers, constant.
    pub chunks: BufferId,
    /// The camera, input.
    pub camera: BufferId,
    /// Bounds of the chunks, written.
    pub bounds: BufferId,
    /// Least depth keys of the chunks, written: a word each.
    pub keys: BufferId,
    /// The window, written.
    pub window: BufferId,
    /// Parameter 0: number of chunks.
    pub chunk_count: u32,
    /// Parameter 1, low half: columns of the frame, 1..=4096.
    pub width: u16,
    /// Parameter 1, high half: rows of the frame, 1..=4096.
    pub height: u16,
}

/// Projects the Gaussians of the next chunks that meet the window, and keeps the splats that lie in
/// it, until there is no more room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectWindow {
    /// Chunk headers, constant.
    pub chunks: BufferId,
    /// A page for each chunk, streamed: its Gaussians, then their spherical-harmonic coefficients.
    pub pages: BufferId,
    /// The camera, input.
    pub camera: BufferId,
    /// Bounds of the chunks, written: made exact for those that are projected.
    pub bounds: BufferId,
    /// Numbers of the chunks in ascending order of their least depth keys, a word each.
    pub order: BufferId,
    /// The window, written.
    pub window: BufferId,
    /// Splats, written.
    pub splats: BufferId,
    /// Depth keys of the splats, written: a word each, and after `capacity` of them a second word
    /// each, the Gaussian's number in the scene, which orders splats of one key.
    pub keys: BufferId,
    /// Parameter 0: number of chunks.
    pub chunk_count: u32,
    /// Parameter 1: splats that there is room for, at least 1024.
    pub capacity: u32,
    /// Parameters 2 and 3: frame and regions.
    pub grid: RegionGrid,
    /// Parameter 4: degree of the spherical harmonics, 0..=3.
    pub degree: u8,
}

/// Blends the splats that are ready onto the window's region and keeps the others for the next
/// window; after the last one of a region its pixels leave the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RasteriseWindow {
    /// Splats as [`ProjectWindow`] writes them; written, as those that stay move to the front.
    pub splats: BufferId,
    /// Their keys, two words each; written.
    pub keys: BufferId,
    /// Numbers of splats, front to back, a word each.
    pub order: BufferId,
    /// The window, written.
    pub window: BufferId,
    /// Accumulators of a region: 4 words a pixel. They keep their contents from window to window.
    pub accumulators: BufferId,
    /// The picture, a frame.
    pub frame: BufferId,
    /// Parameter 0: splats that there is room for.
    pub capacity: u32,
    /// Parameter 1, low half: columns of a region, 1..=width and at most 2048.
    pub region_width: u16,
    /// Parameter 1, high half: rows of a region, 1..=height and at most 2048.
    pub region_height: u16,
    /// Parameter 2: background colour behind everything, `r | g << 8 | b << 16`.
    pub background: [u8; 3],
}

/// How a frame is cut into regions, which are numbered row by row. Two parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegionGrid {
    /// Columns and rows of the frame, 1..=4096 each.
    pub frame: [u16; 2],
    /// Columns and rows of a region, 1..=2048 each and not more than the frame's.
    pub region: [u16; 2],
}

impl RegionGrid {
    fn parse(r: &Record, parameter: usize) -> Self {
        Self { frame: r.pair(parameter), region: r.pair(parameter + 1) }
    }
}

impl BoundChunks {
    pub(super) fn parse(r: &Record) -> Self {
        let [width, height] = r.pair(1);
        Self {
            chunks: r.buffer(0),
            camera: r.buffer(1),
            bounds: r.buffer(2),
            keys: r.buffer(3),
            window: r.buffer(4),
            chunk_count: r.parameters[0],
            width,
            height,
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { chunks, camera, bounds, keys, window, chunk_count, width, height } = *self;
        let operands = [chunks, camera, bounds, keys, window];
        Record::new(operands, [chunk_count, pack([width, height])])
    }
}

impl ProjectWindow {
    pub(super) fn parse(r: &Record) -> Self {
        Self {
            chunks: r.buffer(0),
            pages: r.buffer(1),
            camera: r.buffer(2),
            bounds: r.buffer(3),
            order: r.buffer(4),
            window: r.buffer(5),
            splats: r.buffer(6),
            keys: r.buffer(7),
            chunk_count: r.parameters[0],
            capacity: r.parameters[1],
            grid: RegionGrid::parse(r, 2),
            degree: r.byte(4),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { chunks, pages, camera, bounds, order, window, splats, keys, .. } = *self;
        let [frame, region] = [self.grid.frame, self.grid.region].map(pack);
        Record::new(
            [chunks, pages, camera, bounds, order, window, splats, keys],
            [self.chunk_count, self.capacity, frame, region, u32::from(self.degree)],
        )
    }
}

impl RasteriseWindow {
    pub(super) fn parse(r: &Record) -> Self {
        let [region_width, region_height] = r.pair(1);
        Self {
            splats: r.buffer(0),
            keys: r.buffer(1),
            order: r.buffer(2),
            window: r.buffer(3),
            accumulators: r.buffer(4),
            frame: r.buffer(5),
            capacity: r.parameters[0],
            region_width,
            region_height,
            background: r.color(2),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { splats, keys, order, window, accumulators, frame, .. } = *self;
        let region = pack([self.region_width, self.region_height]);
        Record::new(
            [splats, keys, order, window, accumulators, frame],
            [self.capacity, region, pack_color(self.background)],
        )
    }
}
