//! `Geometry`, rasterising a window: the splats that are ready onto its region, whose accumulators
//! stay where they are until the last of them is drawn. The splats that are not move to the front.

use super::grid::Grid;
use super::resolve::{Next, Target};
use crate::backend::{Step, Work};
use crate::kernels::rasterise::Tile;
use crate::kernels::window::Store;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::{ACCUMULATOR_WORDS, SPLAT_WORDS};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, RasteriseWindow as Command};
use quintet_protocol::window::{LAST_KEY, Place, WINDOW_WORDS, Window};

/// A step ends after this many splats or pixels, as in [`super::rasterise`].
const STEP_SPLATS: usize = 2048;
const STEP_PIXELS: u32 = 16_384;
/// Most splats of a window.
const SPLATS_MAX: u32 = 1 << 16;

/// Rasterising under way.
pub struct RasteriseWindow {
    splats: Words,
    keys: Words,
    order: Words,
    window: Words,
    accumulators: Words,
    grid: Grid,
    target: Target,
    stage: Stage,
}

#[derive(Clone, Copy)]
enum Stage {
    /// Drawing splats, from this place of the order on.
    Draw {
        next: usize,
    },
    /// Handing out the finished region.
    Resolve(Next),
    /// Moving what was not ready to the front, and on to the next window.
    Follow,
    Done,
}

impl RasteriseWindow {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=SPLATS_MAX)?;
        let grid = Grid::new(operands.frame(c.frame)?, [c.region_width, c.region_height], 1)?;
        let capacity = c.capacity as usize;
        let job = Self {
            splats: operands.write(c.splats, capacity * SPLAT_WORDS)?,
            keys: operands.write(c.keys, 2 * capacity)?,
            order: operands.read(c.order, capacity)?,
            window: operands.write(c.window, WINDOW_WORDS)?,
            accumulators: operands.write(c.accumulators, grid.pixels() * ACCUMULATOR_WORDS)?,
            grid,
            target: Target { frame: c.frame.0, background: c.background },
            stage: Stage::Draw { next: 0 },
        };
        let Self { splats, keys, order, window, accumulators, .. } = &job;
        disjoint([splats, keys, order, window, accumulators])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32], staging: &mut [u8]) -> Step {
        let ranges = [&self.splats, &self.keys, &self.order, &self.window, &self.accumulators];
        let Ok([splats, keys, order, words, accumulators]) =
            arena.get_disjoint_mut(ranges.map(Words::clone))
        else {
            return Step::Done(None);
        };
        let mut window = Window::from_words(&words.first_chunk().copied().unwrap_or_default());
        let region = window.region as usize;
        if region >= self.grid.tiles {
            // Only where something else has written to the window.
            words.fill(0);
            return Step::Done(None);
        }
        let mut store = Store::new(splats, keys);
        let pixels = accumulators.as_chunks_mut::<ACCUMULATOR_WORDS>().0;
        let mut tile = self.grid.tile(region, pixels);
        match self.stage {
            Stage::Draw { next } => {
                if next == 0 && window.blank {
                    tile.clear();
                }
                let order = order.get(..window.count as usize).unwrap_or_default();
                let (next, visited) = draw(&mut tile, &store, order, next, window.ready);
                self.stage = match next {
                    Some(next) => Stage::Draw { next },
                    None if is_last(&window) => Stage::Resolve(Next::FIRST),
                    None => Stage::Follow,
                };
                Step::Working(Work { phase: Phase::Rasterise, items: visited })
            }
            Stage::Resolve(next) => {
                let (next, step) = next.resolve(&tile, &self.target, staging);
                self.stage = next.map_or(Stage::Follow, Stage::Resolve);
                step
            }
            Stage::Follow => {
                let ready = window.ready;
                let left = store.retain(window.count as usize, |place| place.key >= ready);
                follow(&mut window, left as u32, self.grid.tiles);
                words.copy_from_slice(&window.to_words());
                self.stage = Stage::Done;
                Step::Working(Work { phase: Phase::Rasterise, items: 0 })
            }
            Stage::Done => Step::Done(None),
        }
    }
}

/// Draws the splats of lesser keys than `ready`, from a place of the order on. Returns where to go
/// on, if there are more, and how many pixels were visited.
fn draw(
    tile: &mut Tile,
    store: &Store,
    order: &[u32],
    next: usize,
    ready: u32,
) -> (Option<usize>, u32) {
    let mut visited = 0;
    for (place, &number) in order.iter().enumerate().skip(next) {
        if place == next + STEP_SPLATS || visited >= STEP_PIXELS {
            return (Some(place), visited);
        }
        let number = number as usize;
        let (Some(splat), Some(&key)) = (store.splats.get(number), store.keys.get(number)) else {
            continue;
        };
        if key >= ready {
            break;
        }
        visited += tile.draw(splat);
    }
    (None, visited)
}

/// Whether nothing is left to draw in a window's region.
fn is_last(window: &Window) -> bool {
    window.ready == LAST_KEY && window.end == Place::LAST
}

/// Makes a window the one that comes after it, with `left` splats that stay.
fn follow(window: &mut Window, left: u32, regions: usize) {
    if is_last(window) {
        let next = window.region + 1;
        *window = Window { more: (next as usize) < regions, ..Window::of_region(next) };
    } else if window.ready == LAST_KEY {
        let (first, region) = (window.end, window.region);
        *window = Window { first, blank: false, ..Window::of_region(region) };
    } else {
        (window.count, window.blank) = (left, false);
    }
}
