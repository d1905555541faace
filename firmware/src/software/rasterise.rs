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

/// A step ends after this many splats, or when it has touched this many pixels or tiles: about a
/// quarter of a million instructions, but for one splat that covers more than that by itself.
const STEP_SPLATS: usize = 2048;
const STEP_TOUCHES: u32 = 16_384;
/// Most splats of a command.
const SPLATS_MAX: u32 = 1 << 24;
/// Largest side of a frame and of a tile; the kernel holds a tile's columns below 4096.
const SIDE_MAX: u16 = 4096;
const TILE_SIDE_MAX: u16 = 2048;

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

    /// Calls `f` with every tile that the splat's bounds touch.
    #[inline(always)]
    fn touched(&self, splat: &[u32; SPLAT_WORDS], mut f: impl FnMut(usize)) {
        let [top, bottom] = self.bounds(splat[6], 1);
        if self.columns == 1 {
            // Most plans have one column of tiles, and most splats touch one tile.
            let mut tile = top;
            while tile < bottom {
                f(tile);
                tile += 1;
            }
            return;
        }
        let [left, right] = self.bounds(splat[7], 0);
        for row in top..bottom {
            for column in left..right {
                f(row * self.columns + column);
            }
        }
    }

    /// First tile along an axis that a pair of first pixel and one past the last touches, and one
    /// past the last.
    #[inline(always)]
    fn bounds(&self, pair: u32, axis: usize) -> [usize; 2] {
        let (first, end) = ((pair & 0xFFFF) as usize, (pair >> 16) as usize);
        // A tile has at least one column and row; the splat's bounds may be anything.
        let side = self.tile[axis].max(1);
        let end = end.min(self.frame[axis]);
        if first < end { [first / side, (end - 1) / side + 1] } else { [0, 0] }
    }
}

impl Rasterise {
    pub fn new(operands: &Operands, c: &RasteriseGaussians) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=SPLATS_MAX)?;
        let frame = operands.frame(c.frame)?;
        if frame.contains(&0) {
            return Err(Fault::WrongKind { buffer: c.frame });
        }
        if frame.iter().any(|&side| side > SIDE_MAX) {
            return Err(Fault::WrongKind { buffer: c.frame });
        }
        in_range(1, c.tile_width, 1..=frame[0].min(TILE_SIDE_MAX))?;
        in_range(1, c.tile_height, 1..=frame[1].min(TILE_SIDE_MAX))?;
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

fn bin_step(stage: Stage, pairs: u32) -> (Stage, Step) {
    (stage, Step::Working(Work { phase: Phase::Bin, items: pairs }))
}

/// The number at a place of the order, and its splat; none past the end. A number of no splat stands
/// for an empty one.
#[inline(always)]
fn splat_at<'a>(
    splats: &'a [[u32; SPLAT_WORDS]],
    order: &[u32],
    place: usize,
) -> Option<(u32, &'a [u32; SPLAT_WORDS])> {
    let number = *order.get(place)?;
    Some((number, splats.get(number as usize).unwrap_or(&[0; SPLAT_WORDS])))
}

impl Memory<'_> {
    #[inline(never)]
    fn count(self, grid: &Grid, next: usize) -> (Stage, Step) {
        let Self { splats, order, tiles, .. } = self;
        if next == 0 {
            tiles.fill(0);
        }
        let (mut place, mut pairs) = (next, 0);
        while pairs < STEP_TOUCHES && place < next + STEP_SPLATS {
            let Some((_, splat)) = splat_at(splats, order, place) else {
                return bin_step(Stage::Batch { first: 0 }, pairs);
            };
            grid.touched(splat, |tile| {
                if let Some(count) = tiles.get_mut(tile) {
                    *count = count.wrapping_add(1);
                }
                pairs += 1;
            });
            place += 1;
        }
        bin_step(Stage::Count { next: place }, pairs)
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

    #[inline(never)]
    fn fill(self, grid: &Grid, batch: Range<usize>, next: usize) -> (Stage, Step) {
        let Self { splats, order, bins, tiles } = self;
        let (mut place, mut touches) = (next, 0);
        while touches < STEP_TOUCHES && place < next + STEP_SPLATS {
            let Some((number, splat)) = splat_at(splats, order, place) else {
                return bin_step(Stage::Draw { batch, start: 0, next: 0 }, 0);
            };
            grid.touched(splat, |tile| {
                touches += 1;
                if !batch.contains(&tile) {
                    return;
                }
                let Some(cursor) = tiles.get_mut(tile) else { return };
                if let Some(slot) = bins.get_mut(*cursor as usize) {
                    *slot = number;
                }
                *cursor = cursor.wrapping_add(1);
            });
            place += 1;
        }
        bin_step(Stage::Fill { batch, next: place }, 0)
    }

    fn draw(self, mut tile: Tile, batch: Range<usize>, start: usize, next: usize) -> (Stage, Step) {
        if next == start {
            tile.clear();
        }
        let end = self.tiles.get(batch.start).map_or(0, |&end| end as usize).min(self.bins.len());
        let (mut place, mut visited) = (next, 0);
        while place < end && place < next + STEP_SPLATS && visited < STEP_TOUCHES {
            let number = self.bins.get(place).map_or(0, |&number| number as usize);
            if let Some(splat) = self.splats.get(number) {
                visited += tile.draw(splat);
            }
            place += 1;
        }
        let stage = if place < end {
            Stage::Draw { batch, start, next: place }
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
