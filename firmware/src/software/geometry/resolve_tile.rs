//! `Geometry`, resolving: the accumulators of a tile, whatever was drawn there, become pixels.

use super::cursor::{PIXELS_MAX, tile};
use super::resolve::{Next, Target};
use crate::backend::Step;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::gaussian::ACCUMULATOR_WORDS;
use quintet_protocol::program::{Fault, ResolveTile as Command};
use quintet_protocol::tile::CURSOR_WORDS;

/// Resolving under way.
pub struct ResolveTile {
    cursor: Words,
    accumulators: Words,
    frame: [u16; 2],
    target: Target,
    next: Option<Next>,
}

impl ResolveTile {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=PIXELS_MAX)?;
        let words = c.capacity as usize * ACCUMULATOR_WORDS;
        let job = Self {
            cursor: operands.read(c.cursor, CURSOR_WORDS)?,
            accumulators: operands.read(c.accumulators, words)?,
            frame: operands.frame(c.frame)?,
            target: Target { frame: c.frame.0, background: c.background },
            next: Some(Next::FIRST),
        };
        disjoint([&job.cursor, &job.accumulators])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32], staging: &mut [u8]) -> Step {
        let ranges = [self.cursor.clone(), self.accumulators.clone()];
        let Ok([cursor, accumulators]) = arena.get_disjoint_mut(ranges) else {
            return Step::Done(None);
        };
        let tile = tile(cursor, accumulators.as_chunks_mut::<ACCUMULATOR_WORDS>().0);
        let [width, height] = self.frame.map(i32::from);
        // Pixels beside the frame are not for the driver.
        let fits = tile.x + tile.width <= width && tile.y + tile.height <= height;
        let Some(next) = self.next.filter(|_| fits && tile.height > 0) else {
            return Step::Done(None);
        };
        let (next, step) = next.resolve(&tile, &self.target, staging);
        self.next = next;
        step
    }
}
