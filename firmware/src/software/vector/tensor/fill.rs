//! `Vector`, filling.

use crate::operands::{Operands, Words, words};
use quintet_protocol::program::{Fault, Fill as Command};

/// Bytes of a step.
const STEP_BYTES: usize = 128 << 10;

/// Filling under way.
pub struct Fill {
    output: Words,
    count: usize,
    value: u8,
    next: usize,
}

impl Fill {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let output = operands.write(c.output, words(c.count.into()))?;
        Ok(Self { output, count: c.count as usize, value: c.value as u8, next: 0 })
    }

    /// Bytes written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let (from, end) = (self.next, self.count.min(self.next + STEP_BYTES));
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(arena.get_mut(self.output.clone())?);
        bytes.get_mut(from..end)?.fill(self.value);
        self.next = end;
        Some(end - from).filter(|&items| items > 0)
    }
}
