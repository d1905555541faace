//! How a frame is cut into tiles, or regions, which are numbered row by row.

use crate::kernels::rasterise::{Accumulator, Tile};
use crate::kernels::window::Region;
use crate::operands::in_range;
use quintet_protocol::program::Fault;
use quintet_protocol::tile::{FRAME_SIDE_MAX, TILE_SIDE_MAX};

/// How the frame is cut into tiles.
#[derive(Clone, Copy)]
pub struct Grid {
    pub frame: [usize; 2],
    pub tile: [usize; 2],
    pub columns: usize,
    pub tiles: usize,
}

impl Grid {
    /// Checks the sides of frame and tile; `parameter` is the one that the tile's stand in.
    pub fn new(frame: [u16; 2], tile: [u16; 2], parameter: u8) -> Result<Self, Fault> {
        for axis in [0, 1] {
            in_range(parameter, frame[axis], 1..=FRAME_SIDE_MAX)?;
            in_range(parameter, tile[axis], 1..=frame[axis].min(TILE_SIDE_MAX))?;
        }
        let (frame, tile) = (frame.map(usize::from), tile.map(usize::from));
        let columns = frame[0].div_ceil(tile[0]);
        Ok(Self { frame, tile, columns, tiles: columns * frame[1].div_ceil(tile[1]) })
    }

    /// Pixels of the largest tile.
    pub fn pixels(&self) -> usize {
        self.tile[0] * self.tile[1]
    }

    /// First column and row of a tile, and its columns and rows. Of a tile that there is not: none.
    pub fn rectangle(&self, tile: usize) -> ([usize; 2], [usize; 2]) {
        let corner = [tile % self.columns * self.tile[0], tile / self.columns * self.tile[1]];
        let size =
            [0, 1].map(|axis| self.tile[axis].min(self.frame[axis].saturating_sub(corner[axis])));
        (corner, size)
    }

    /// The tile of that number over the accumulators.
    pub fn tile<'a>(&self, tile: usize, pixels: &'a mut [Accumulator]) -> Tile<'a> {
        let ([x, y], [width, height]) = self.rectangle(tile);
        let pixels = pixels.get_mut(..width * height).unwrap_or_default();
        let [x, y, width, height] = [x, y, width, height].map(|v| v as i32);
        Tile { x, y, width, height, pixels }
    }

    /// The rectangle of a tile as a region.
    pub fn region(&self, tile: usize) -> Region {
        let (corner, size) = self.rectangle(tile);
        let [columns, rows] =
            [0, 1].map(|axis| [corner[axis] as u16, (corner[axis] + size[axis]) as u16]);
        Region { rows, columns }
    }

    /// The first tile from number `from` on that a rectangle touches, if any.
    pub fn next_touched(&self, from: usize, rows: [u16; 2], columns: [u16; 2]) -> Option<usize> {
        if rows[0] >= rows[1] || columns[0] >= columns[1] {
            return None;
        }
        let cells = |pair: [u16; 2], side: usize| {
            [usize::from(pair[0]) / side, usize::from(pair[1] - 1) / side]
        };
        let ([top, bottom], [left, right]) =
            (cells(rows, self.tile[1].max(1)), cells(columns, self.tile[0].max(1)));
        let (row, column) = (from / self.columns, from % self.columns);
        let next = match row {
            _ if row < top => top * self.columns + left,
            _ if column <= left => row * self.columns + left,
            _ if column <= right => from,
            _ => (row + 1) * self.columns + left,
        };
        (next / self.columns <= bottom && next < self.tiles).then_some(next)
    }
}
