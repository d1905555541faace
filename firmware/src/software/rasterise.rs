//! `Geometry`, rasterising: bins splats by tile, as many tiles at a time as the bins hold, then draws
//! and hands out each tile.
//!
//! A tile's list has at most as many splats as there are, and the bins hold at least that many, so
//! every batch holds at least one tile and no scene can overflow: it only takes more batches.

use super::operands::{Operands, Words, disjoint, in_range};
use crate::backend::{PixelRun, Step, Work};
use crate::kernels::rasterise::{Accumulator, Tile};
use core::ops::Range;
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, SPLAT_WORDS};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, RasteriseGaussians};

/// Splats drawn, or looked at while binning, in one step.
const DRAW_STEP: usize = 64;
const BIN_STEP: usize = 4096;
/// Most splats, and most tiles, of a command.
const SPLATS_MAX: u32 = 1 << 24;

/// Rasterising under way.
pub struct Rasterise {
    splats: Words,
    order: Words,
    count: Words,
    bins: Words,
    tiles: Words,
    accumulators: Words,
    grid: Grid,
    frame: u16,
    background: [u8; 3],
    stage: Stage,
}

/// How the frame is cut into tiles.
#[derive(Clone, Copy)]
struct Grid {
    frame: [usize; 2],
    tile: [usize; 2],
    columns: usize,
    tiles: usize,
}

enum Stage {
    /// Counting the splats of every tile.
    Count { next: usize },
    /// Choosing the tiles of a batch, from the first that is not drawn yet.
    Batch { first: usize },
    /// Filling the batch's lists.
    Fill { batch: Range<usize>, next: usize },
    /// Drawing a tile of the batch: its list from `next` on, lists begin at `start` in the bins.
    Draw { batch: Range<usize>, start: usize, next: usize },
    /// Handing out a tile from this pixel on.
    Resolve { batch: Range<usize>, start: usize, row: usize, column: usize },
}

impl Grid {
    fn new(frame: [u16; 2], tile: [u16; 2]) -> Self {
        let (frame, tile) = (frame.map(usize::from), tile.map(usize::from));
        let columns = frame[0].div_ceil(tile[0]);
        Self { frame, tile, columns, tiles: columns * frame[1].div_ceil(tile[1]) }
    }

    /// First column and row of a tile, and its columns and rows.
    fn rectangle(&self, tile: usize) -> ([usize; 2], [usize; 2]) {
        let corner = [tile % self.columns * self.tile[0], tile / self.columns * self.tile[1]];
        let size = [0, 1].map(|axis| self.tile[axis].min(self.frame[axis] - corner[axis]));
        (corner, size)
    }

    /// Calls `f` with every tile of `within` that the splat's bounds touch.
    #[inline(always)]
    fn touched(&self, splat: &[u32; SPLAT_WORDS], within: &Range<usize>, mut f: impl FnMut(usize)) {
        let bounds = |word: u32, axis: usize| {
            let (first, end) = ((word & 0xFFFF) as usize, (word >> 16) as usize);
            let end = end.min(self.frame[axis]);
            first / self.tile[axis]..end.div_ceil(self.tile[axis])
        };
        let columns = bounds(splat[7], 0);
        for row in bounds(splat[6], 1) {
            for column in columns.clone() {
                let tile = row * self.columns + column;
                if within.contains(&tile) {
                    f(tile);
                }
            }
        }
    }
}

impl Rasterise {
    pub fn new(operands: &Operands, c: &RasteriseGaussians) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=SPLATS_MAX)?;
        let frame = operands.frame(c.frame)?;
        if frame.contains(&0) {
            return Err(Fault::WrongKind { buffer: c.frame });
        }
        in_range(1, c.tile_width, 1..=frame[0])?;
        in_range(1, c.tile_height, 1..=frame[1])?;
        let grid = Grid::new(frame, [c.tile_width, c.tile_height]);
        let capacity = c.capacity as usize;
        let pixels = grid.tile[0] * grid.tile[1];
        let job = Self {
            splats: operands.read(c.splats, capacity * SPLAT_WORDS)?,
            order: operands.read(c.order, capacity)?,
            count: operands.read(c.count, 1)?,
            bins: operands.write_all(c.bins, capacity)?,
            tiles: operands.write(c.tiles, grid.tiles)?,
            accumulators: operands.write(c.accumulators, pixels * ACCUMULATOR_WORDS)?,
            grid,
            frame: c.frame.0,
            background: c.background,
            stage: Stage::Count { next: 0 },
        };
        let Self { splats, order, count, bins, tiles, accumulators, .. } = &job;
        disjoint([splats, order, count, bins, tiles, accumulators])?;
        Ok(job)
    }

    pub fn step(&mut self, arena: &mut [u32], staging: &mut [u8]) -> Step {
        let ranges = [
            self.splats.clone(),
            self.order.clone(),
            self.count.clone(),
            self.bins.clone(),
            self.tiles.clone(),
            self.accumulators.clone(),
        ];
        let Ok([splats, order, count, bins, tiles, accumulators]) = arena.get_disjoint_mut(ranges)
        else {
            return Step::Done;
        };
        let splats = splats.as_chunks::<SPLAT_WORDS>().0;
        let count = count.first().map_or(0, |&count| count as usize).min(order.len());
        let memory = Memory { splats, order: &order[..count], bins, tiles };
        let pixels = accumulators.as_chunks_mut::<ACCUMULATOR_WORDS>().0;
        let stage = core::mem::replace(&mut self.stage, Stage::Count { next: 0 });
        let (stage, step) = match stage {
            Stage::Count { next } => memory.count(&self.grid, next),
            Stage::Batch { first } if first >= self.grid.tiles => {
                self.stage = Stage::Batch { first };
                return Step::Done;
            }
            Stage::Batch { first } => memory.batch(&self.grid, first),
            Stage::Fill { batch, next } => memory.fill(&self.grid, batch, next),
            Stage::Draw { batch, start, next } => {
                memory.draw(self.tile(batch.start, pixels), batch, start, next)
            }
            Stage::Resolve { batch, start, row, column } => {
                let tile = self.tile(batch.start, pixels);
                self.resolve(tile, &memory, batch, [start, row, column], staging)
            }
        };
        self.stage = stage;
        step
    }

    /// The tile of that number over the accumulators.
    fn tile<'a>(&self, tile: usize, pixels: &'a mut [Accumulator]) -> Tile<'a> {
        let ([x, y], [width, height]) = self.grid.rectangle(tile);
        let pixels = pixels.get_mut(..width * height).unwrap_or_default();
        let [x, y, width, height] = [x, y, width, height].map(|v| v as i32);
        Tile { x, y, width, height, pixels }
    }

    /// Resolves as many pixels as the staging buffer takes: whole rows, or a part of one.
    fn resolve(
        &self,
        tile: Tile,
        memory: &Memory,
        batch: Range<usize>,
        [start, row, column]: [usize; 3],
        staging: &mut [u8],
    ) -> (Stage, Step) {
        let (width, height) = (tile.width as usize, tile.height as usize);
        let room = (staging.len() / 3).max(1);
        let columns = room.min(width - column);
        let rows = if columns == width { (room / width).min(height - row) } else { 1 };
        let bytes = (rows * columns * 3).min(staging.len());
        for (k, out) in staging[..bytes].chunks_mut(columns * 3).enumerate() {
            tile.resolve((row + k) * width + column, self.background, out);
        }
        let run = PixelRun {
            buffer: self.frame,
            x: (tile.x as usize + column) as u16,
            y: (tile.y as usize + row) as u16,
            width: columns as u16,
            bytes,
        };
        let (row, column) =
            if column + columns < width { (row, column + columns) } else { (row + rows, 0) };
        let stage = if row < height {
            Stage::Resolve { batch, start, row, column }
        } else {
            memory.after(batch)
        };
        let work = Work { phase: Phase::Resolve, items: (rows * columns) as u32 };
        (stage, Step::Pixels(work, run))
    }
}

/// The operands of one step.
struct Memory<'a> {
    splats: &'a [[u32; SPLAT_WORDS]],
    order: &'a [u32],
    bins: &'a mut [u32],
    /// While counting: splats by tile. While a batch is filled or drawn: where its tiles' lists end.
    tiles: &'a mut [u32],
}

fn bin_step(stage: Stage, items: usize) -> (Stage, Step) {
    (stage, Step::Working(Work { phase: Phase::Bin, items: items as u32 }))
}

impl Memory<'_> {
    fn count(self, grid: &Grid, next: usize) -> (Stage, Step) {
        if next == 0 {
            self.tiles.fill(0);
        }
        let end = (next + BIN_STEP).min(self.order.len());
        let mut pairs = 0;
        for &number in self.order.get(next..end).unwrap_or_default() {
            let Some(splat) = self.splats.get(number as usize) else { continue };
            grid.touched(splat, &(0..grid.tiles), |tile| {
                if let Some(count) = self.tiles.get_mut(tile) {
                    *count = count.wrapping_add(1);
                    pairs += 1;
                }
            });
        }
        let done = end >= self.order.len();
        bin_step(if done { Stage::Batch { first: 0 } } else { Stage::Count { next: end } }, pairs)
    }

    /// Takes tiles while their lists fit the bins, and turns their counts into where lists start.
    fn batch(self, grid: &Grid, first: usize) -> (Stage, Step) {
        let (mut end, mut used) = (first, 0usize);
        for count in self.tiles.get_mut(first..grid.tiles).unwrap_or_default() {
            // A tile's count is at most the number of splats, so the first always fits.
            let next = used.saturating_add(*count as usize);
            if next > self.bins.len() && end > first {
                break;
            }
            *count = used as u32;
            used = next;
            end += 1;
        }
        bin_step(Stage::Fill { batch: first..end.max(first + 1), next: 0 }, 0)
    }

    fn fill(self, grid: &Grid, batch: Range<usize>, next: usize) -> (Stage, Step) {
        let end = (next + BIN_STEP).min(self.order.len());
        for &number in self.order.get(next..end).unwrap_or_default() {
            let Some(splat) = self.splats.get(number as usize) else { continue };
            grid.touched(splat, &batch, |tile| {
                let Some(cursor) = self.tiles.get_mut(tile) else { return };
                if let Some(slot) = self.bins.get_mut(*cursor as usize) {
                    *slot = number;
                }
                *cursor = cursor.wrapping_add(1);
            });
        }
        let done = end >= self.order.len();
        let stage = if done {
            Stage::Draw { batch, start: 0, next: 0 }
        } else {
            Stage::Fill { batch, next: end }
        };
        bin_step(stage, 0)
    }

    fn draw(self, mut tile: Tile, batch: Range<usize>, start: usize, next: usize) -> (Stage, Step) {
        if next == start {
            tile.clear();
        }
        let end = self.tiles.get(batch.start).map_or(0, |&end| end as usize).min(self.bins.len());
        let stop = (next + DRAW_STEP).min(end);
        let mut visited = 0;
        for &number in self.bins.get(next..stop).unwrap_or_default() {
            if let Some(splat) = self.splats.get(number as usize) {
                visited += tile.draw(splat);
            }
        }
        let stage = if stop < end {
            Stage::Draw { batch, start, next: stop }
        } else {
            Stage::Resolve { batch, start, row: 0, column: 0 }
        };
        (stage, Step::Working(Work { phase: Phase::Rasterise, items: visited }))
    }

    /// What follows a finished tile: the next of the batch, or the next batch.
    fn after(&self, batch: Range<usize>) -> Stage {
        let end = self.tiles.get(batch.start).map_or(0, |&end| end as usize);
        let rest = batch.start + 1..batch.end;
        if rest.is_empty() {
            Stage::Batch { first: batch.end }
        } else {
            Stage::Draw { batch: rest, start: end, next: end }
        }
    }
}
