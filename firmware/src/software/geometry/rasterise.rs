//! `Geometry`, rasterising: bins splats by tile, as many tiles at a time as the bins hold, then
//! draws and hands out each tile.
//!
//! A tile's list has at most as many splats as there are, and the bins hold at least that many, so
//! every batch holds at least one tile and no scene can overflow: it only takes more batches.

use super::grid::Grid;
use super::resolve::{Next, Target};
use crate::backend::{Step, Work};
use crate::kernels::rasterise::Tile;
use crate::operands::{Operands, Words, disjoint, in_range};
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

/// Rasterising under way.
pub struct Rasterise {
    splats: Words,
    order: Words,
    count: Words,
    bins: Words,
    tiles: Words,
    accumulators: Words,
    grid: Grid,
    target: Target,
    stage: Stage,
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
    Resolve { batch: Range<usize>, start: usize, next: Next },
}

impl Grid {
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
    #[inline(never)]
    pub fn new(operands: &Operands, c: &RasteriseGaussians) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=SPLATS_MAX)?;
        let frame = operands.frame(c.frame)?;
        let grid = Grid::new(frame, [c.tile_width, c.tile_height], 1)?;
        let capacity = c.capacity as usize;
        let job = Self {
            splats: operands.read(c.splats, capacity * SPLAT_WORDS)?,
            order: operands.read(c.order, capacity)?,
            count: operands.read(c.count, 1)?,
            bins: operands.write_all(c.bins, capacity)?,
            tiles: operands.write(c.tiles, grid.tiles)?,
            accumulators: operands.write(c.accumulators, grid.pixels() * ACCUMULATOR_WORDS)?,
            grid,
            target: Target { frame: c.frame.0, background: c.background },
            stage: Stage::Count { next: 0 },
        };
        let Self { splats, order, count, bins, tiles, accumulators, .. } = &job;
        disjoint([splats, order, count, bins, tiles, accumulators])?;
        Ok(job)
    }

    #[inline(never)]
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
            return Step::Done(None);
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
                return Step::Done(None);
            }
            Stage::Batch { first } => memory.batch(&self.grid, first),
            Stage::Fill { batch, next } => memory.fill(&self.grid, batch, next),
            Stage::Draw { batch, start, next } => {
                memory.draw(self.grid.tile(batch.start, pixels), batch, start, next)
            }
            Stage::Resolve { batch, start, next } => {
                let tile = self.grid.tile(batch.start, pixels);
                match next.resolve(&tile, &self.target, staging) {
                    (Some(next), step) => (Stage::Resolve { batch, start, next }, step),
                    (None, step) => (memory.after(batch), step),
                }
            }
        };
        self.stage = stage;
        step
    }
}

/// The operands of one step.
struct Memory<'a> {
    splats: &'a [[u32; SPLAT_WORDS]],
    order: &'a [u32],
    bins: &'a mut [u32],
    /// While counting: splats by tile. While a batch is filled or drawn: where its tiles' lists
    /// end.
    tiles: &'a mut [u32],
}

fn bin_step(stage: Stage, pairs: u32) -> (Stage, Step) {
    (stage, Step::Working(Work { phase: Phase::Bin, items: pairs }))
}

/// The number at a place of the order, and its splat; none past the end. A number of no splat
/// stands for an empty one.
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
            Stage::Resolve { batch, start, next: Next::FIRST }
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
