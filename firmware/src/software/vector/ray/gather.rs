//! `Vector`, Gather: rows, or columns of them, are copied to rows that a list wants them in.

use crate::operands::{Operands, Words, disjoint, in_range};
use crate::software::rows::{self, Count};
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{Fault, Gather as Command};

/// Words of a step, with [`ROW_WORDS`] more for each row.
const STEP_WORDS: usize = 16 << 10;
/// What a row costs beside its words.
const ROW_WORDS: usize = 16;

/// Gathering under way.
pub struct Gather {
    input: Words,
    /// Empty where rows stay in their order.
    list: Words,
    output: Words,
    count: Count,
    matrices: [Matrix; 2],
    /// Words that are copied of a row.
    width: usize,
    /// Rows of the input.
    rows: usize,
    list_first: usize,
    list_stride: usize,
    /// The next row.
    row: usize,
}

impl Gather {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(1, c.rows, 1..=1 << 16)?;
        in_range(2, c.columns % 2, 0..=0)?;
        in_range(2, c.list_stride, 1..=16)?;
        in_range(2, c.list_first, 0..=c.list_stride - 1)?;
        let columns = usize::from(c.columns);
        rows::columns(3, c.input_matrix, columns)?;
        rows::columns(4, c.output_matrix, columns)?;
        let capacity = c.capacity as usize;
        let list_stride = usize::from(c.list_stride);
        let list = match c.list {
            Some(id) => operands.read(id, capacity.saturating_mul(list_stride))?,
            None => 0..0,
        };
        let job = Self {
            input: operands.read(c.input, c.input_matrix.words(c.rows as usize))?,
            list,
            output: operands.write(c.output, c.output_matrix.words(capacity))?,
            count: Count::new(operands, c.count, c.capacity)?,
            matrices: [c.input_matrix, c.output_matrix],
            width: columns / 2,
            rows: c.rows as usize,
            list_first: c.list_first.into(),
            list_stride,
            row: 0,
        };
        let Self { input, list, output, count, .. } = &job;
        for other in [input, list, count.place()] {
            disjoint([output, other])?;
        }
        Ok(job)
    }

    /// Rows written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let left = self.count.rows(arena).checked_sub(self.row).filter(|&left| left > 0)?;
        let rows = left.min(STEP_WORDS / (ROW_WORDS + self.width)).max(1);
        for row in self.row..self.row + rows {
            let entry = self.list.start + row * self.list_stride + self.list_first;
            let source = match self.list.is_empty() {
                true => row,
                false => *arena.get(entry)? as usize & 0xFFFF,
            };
            let from = place(&self.input, self.matrices[0], source.min(self.rows - 1));
            let to = place(&self.output, self.matrices[1], row);
            if from + self.width > arena.len() || to + self.width > arena.len() {
                return None;
            }
            arena.copy_within(from..from + self.width, to);
        }
        self.row += rows;
        Some(rows)
    }
}

/// The word where a row's columns begin.
fn place(words: &Words, matrix: Matrix, row: usize) -> usize {
    words.start + (row * usize::from(matrix.stride) + usize::from(matrix.first)) / 2
}
