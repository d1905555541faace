//! `Vector`, spending samples where a coarse pass found something.

use crate::kernels::rays::focus::Focus as Kernel;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::program::{Fault, Focus as Command};
use quintet_protocol::tile::{CURSOR_WORDS, Cursor, TRANSMITTANCE_ONE};

/// Coarse weights and shares of a step, of some 50 instructions each; at least one ray.
const STEP_SHARES: usize = 1024;
/// Most pixels of a tile.
const PIXELS_MAX: u32 = 1 << 16;

/// Spending under way.
pub struct Focus {
    cursor: Words,
    weights: Words,
    shares: Words,
    marks: Words,
    accumulators: Words,
    kernel: Kernel,
    /// Weights of a ray.
    coarse: usize,
    accumulator_words: usize,
    /// The ray that is next.
    next: usize,
}

impl Focus {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.coarse, 4..=1024)?;
        in_range(0, c.fine, 2..=1024)?;
        in_range(1, c.pixels, 1..=PIXELS_MAX)?;
        in_range(2, c.padding, 1..=1 << 30)?;
        in_range(3, c.channels, 1..=16)?;
        let (pixels, coarse) = (c.pixels as usize, usize::from(c.coarse));
        let kernel = Kernel::new(c.spacing, [c.coarse.into(), c.fine.into()], c.padding);
        let accumulator_words = 1 + usize::from(c.channels);
        let job = Self {
            cursor: operands.read(c.cursor, CURSOR_WORDS)?,
            weights: operands.write(c.weights, pixels * coarse)?,
            shares: operands.write(c.shares, pixels * kernel.shares() as usize)?,
            marks: operands.write(c.marks, pixels)?,
            accumulators: operands.write(c.accumulators, pixels * accumulator_words)?,
            kernel,
            coarse,
            accumulator_words,
            next: 0,
        };
        let Self { cursor, weights, shares, marks, accumulators, .. } = &job;
        disjoint([cursor, weights, shares, marks, accumulators])?;
        Ok(job)
    }

    /// Shares written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let Self { cursor, weights, shares, marks, accumulators, .. } = self;
        let ranges = [cursor, weights, shares, marks, accumulators].map(|range| range.clone());
        let [cursor, weights, shares, marks, accumulators] = arena.get_disjoint_mut(ranges).ok()?;
        let cursor = Cursor::from_words(cursor.first_chunk()?);
        let per_ray = self.kernel.shares() as usize;
        let most = (STEP_SHARES / (self.coarse + per_ray)).max(1);
        let end = (self.next + most).min(cursor.pixels as usize).min(marks.len());
        let range = self.next..end;
        let rays = weights
            .chunks_exact_mut(self.coarse)
            .zip(shares.chunks_exact_mut(per_ray))
            .zip(accumulators.chunks_exact_mut(self.accumulator_words))
            .zip(marks)
            .skip(self.next)
            .take(range.len());
        for (((weights, shares), accumulator), mark) in rays {
            self.kernel.spend(weights, shares);
            weights.fill(0);
            accumulator.fill(0);
            if let Some(transmittance) = accumulator.first_mut() {
                *transmittance = TRANSMITTANCE_ONE;
            }
            *mark = 0;
        }
        self.next = end;
        Some(range.len() * per_ray).filter(|&items| items > 0)
    }
}
