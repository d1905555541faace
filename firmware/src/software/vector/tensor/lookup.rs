//! `Vector`, functions of one byte: the input is brought to where the output goes, and each byte is
//! looked up there.

use super::{bring, same_or_disjoint};
use crate::kernels::elementwise::look_up;
use crate::operands::{Operands, Words, disjoint, words};
use quintet_protocol::program::{Fault, Lookup as Command};

/// Bytes of a step, some five instructions each.
const STEP_BYTES: usize = 16 << 10;
/// Words of a table.
const TABLE_WORDS: usize = 64;

/// Looking up under way.
pub struct Lookup {
    input: Words,
    table: Words,
    output: Words,
    count: usize,
    next: usize,
}

impl Lookup {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let input = operands.read(c.input, words(c.count.into()))?;
        let table = operands.read(c.table, TABLE_WORDS)?;
        let output = operands.write(c.output, words(c.count.into()))?;
        same_or_disjoint(&input, &output)?;
        disjoint([&table, &output])?;
        Ok(Self { input, table, output, count: c.count as usize, next: 0 })
    }

    /// Bytes written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let (from, end) = (self.next, self.count.min(self.next + STEP_BYTES));
        if from == end {
            return None;
        }
        bring(arena, [&self.input, &self.output], from..end)?;
        let [output, table] =
            arena.get_disjoint_mut([self.output.clone(), self.table.clone()]).ok()?;
        let bytes: &mut [u8] = bytemuck::cast_slice_mut(output);
        look_up(bytes.get_mut(from..end)?, bytemuck::cast_slice(table).first_chunk()?);
        self.next = end;
        Some(end - from)
    }
}
