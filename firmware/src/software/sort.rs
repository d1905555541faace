//! `Sort`: counting is one step, each of the two scatters another, and breaking ties.

use crate::backend::{Step, Work};
use crate::kernels::sort;
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, Sort as Command};

/// Most keys: with 30 instructions a key, a step stays below a second on a 100 MHz core.
const KEYS_MAX: u32 = 1 << 24;

/// Sorting under way.
pub struct Sort {
    keys: Words,
    count: Words,
    order: Words,
    scratch: Words,
    histogram: Words,
    digit_bits: u32,
    ties: bool,
    next: Stage,
}

enum Stage {
    Count,
    Low,
    High,
    Ties,
    Done,
}

impl Sort {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(0, c.capacity, 1..=KEYS_MAX)?;
        in_range(1, c.digit_bits, 4..=12)?;
        let capacity = c.capacity as usize;
        let job = Self {
            keys: operands.read(c.keys, capacity << u32::from(c.ties))?,
            count: operands.read(c.count, 1)?,
            order: operands.write(c.order, capacity)?,
            scratch: operands.write(c.scratch, capacity)?,
            histogram: operands.write(c.histogram, 2 << c.digit_bits)?,
            digit_bits: u32::from(c.digit_bits),
            ties: c.ties,
            next: Stage::Count,
        };
        let Self { keys, count, order, scratch, histogram, .. } = &job;
        disjoint([keys, count, order, scratch, histogram])?;
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let ranges = [
            self.keys.clone(),
            self.count.clone(),
            self.order.clone(),
            self.scratch.clone(),
            self.histogram.clone(),
        ];
        let Ok([keys, count, order, scratch, histogram]) = arena.get_disjoint_mut(ranges) else {
            return Step::Done(None);
        };
        let count = count.first().map_or(0, |&count| count as usize).min(order.len());
        let (keys, seconds) = keys.split_at(order.len());
        let keys = &keys[..count];
        let (low, high) = histogram.split_at_mut(histogram.len() / 2);
        let items = match self.next {
            Stage::Count => {
                sort::count(keys, self.digit_bits, low, high);
                self.next = Stage::Low;
                count
            }
            Stage::Low => {
                sort::scatter_low(keys, self.digit_bits, low, scratch);
                self.next = Stage::High;
                0
            }
            Stage::High => {
                let numbers = scratch.get(..count).unwrap_or_default();
                sort::scatter_high(keys, self.digit_bits, high, numbers, order);
                self.next = if self.ties { Stage::Ties } else { Stage::Done };
                0
            }
            Stage::Ties => {
                sort::break_ties(keys, seconds, self.digit_bits, &mut order[..count]);
                self.next = Stage::Done;
                0
            }
            Stage::Done => return Step::Done(None),
        };
        Step::Working(Work { phase: Phase::Sort, items: items as u32 })
    }
}
