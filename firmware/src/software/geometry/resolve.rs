//! Finished tiles leave: as many pixels a step as the staging buffer takes.

use crate::backend::{PixelRun, Step, Work};
use crate::kernels::rasterise::Tile;
use quintet_protocol::message::Phase;

/// The first pixel of a tile that is not handed out yet.
#[derive(Clone, Copy)]
pub struct Next {
    row: usize,
    column: usize,
}

/// What every tile of a command has in common.
#[derive(Clone, Copy)]
pub struct Target {
    /// The frame buffer's number.
    pub frame: u16,
    pub background: [u8; 3],
}

impl Next {
    /// The first of all.
    pub const FIRST: Self = Self { row: 0, column: 0 };

    /// Resolves as many pixels as the staging buffer takes: whole rows, or a part of one. Returns
    /// where to go on, if there is more.
    pub fn resolve(self, tile: &Tile, target: &Target, staging: &mut [u8]) -> (Option<Self>, Step) {
        let Self { row, column } = self;
        let (width, height) = (tile.width as usize, tile.height as usize);
        let room = (staging.len() / 3).max(1);
        let columns = room.min(width - column);
        let rows = if columns == width { (room / width).min(height - row) } else { 1 };
        let bytes = (rows * columns * 3).min(staging.len());
        for (k, out) in staging[..bytes].chunks_mut(columns * 3).enumerate() {
            tile.resolve((row + k) * width + column, target.background, out);
        }
        let run = PixelRun {
            buffer: target.frame,
            x: (tile.x as usize + column) as u16,
            y: (tile.y as usize + row) as u16,
            width: columns as u16,
            bytes,
        };
        let (row, column) =
            if column + columns < width { (row, column + columns) } else { (row + rows, 0) };
        let next = (row < height).then_some(Self { row, column });
        let work = Work { phase: Phase::Resolve, items: (rows * columns) as u32 };
        (next, Step::Pixels(work, run))
    }
}
