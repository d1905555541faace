//! `Vector`, Softmax: each row is brought to where the output goes, and worked on there three
//! times, a long row in pieces: its greatest byte is found, exponentials are summed up, each is
//! divided.

use super::{bring, same_or_disjoint};
use crate::kernels::softmax::Exponential;
use crate::operands::{Operands, Words, in_range, words};
use quintet_protocol::program::{Fault, Softmax as Command};

/// Bytes of a step, each of them once in each stage: some 100 instructions.
const STEP_BYTES: usize = 1024;

/// Softmax under way.
pub struct Softmax {
    input: Words,
    output: Words,
    exponential: Exponential,
    columns: usize,
    /// Bytes of all rows.
    count: usize,
    /// Where the row begins that is worked on.
    row: usize,
    stage: Stage,
    /// The byte that is next in this stage.
    next: usize,
    /// Of the row, so far.
    greatest: i8,
    /// Of the row, so far, Q12.19.
    sum: i32,
}

/// What is done with a row.
#[derive(Clone, Copy)]
enum Stage {
    Greatest,
    Sum,
    Divide,
}

impl Softmax {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(2, c.scale.multiplier, 0..=i32::MAX)?;
        in_range(3, c.scale.shift, 0..=30)?;
        in_range(4, c.least_difference, i32::MIN..=-1)?;
        let [left, _] = c.scale.shifts();
        let (multiplier, least_difference) = (c.scale.multiplier, c.least_difference);
        let count = u64::from(c.rows) * u64::from(c.columns);
        let input = operands.read(c.input, words(count))?;
        let output = operands.write(c.output, words(count))?;
        same_or_disjoint(&input, &output)?;
        Ok(Self {
            input,
            output,
            exponential: Exponential { multiplier, left, least_difference },
            columns: c.columns as usize,
            count: count as usize,
            row: 0,
            stage: Stage::Greatest,
            next: 0,
            greatest: i8::MIN,
            sum: 0,
        })
    }

    /// Bytes written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        if self.row == self.count {
            return None;
        }
        let (mut items, mut left) = (0, STEP_BYTES);
        while left > 0 && self.row < self.count {
            let end = (self.row + self.columns).min(self.next + left);
            left -= end - self.next;
            items += self.piece(arena, end)?;
        }
        Some(items)
    }

    /// Works on the row up to byte `end`. Bytes written.
    fn piece(&mut self, arena: &mut [u32], end: usize) -> Option<usize> {
        let range = self.next..end;
        if let Stage::Greatest = self.stage {
            bring(arena, [&self.input, &self.output], range.clone())?;
        }
        let output: &mut [u8] = bytemuck::cast_slice_mut(arena.get_mut(self.output.clone())?);
        let bytes = output.get_mut(range)?;
        let items = match self.stage {
            Stage::Greatest => {
                let bytes = bytes.iter().map(|&byte| byte as i8);
                self.greatest = bytes.fold(self.greatest, i8::max);
                0
            }
            Stage::Sum => {
                self.sum = self.exponential.add(self.sum, bytes, self.greatest);
                0
            }
            Stage::Divide => {
                self.exponential.divide(self.sum, bytes, self.greatest);
                bytes.len()
            }
        };
        self.next = end;
        if end == self.row + self.columns {
            self.turn();
        }
        Some(items)
    }

    /// Goes on to the next stage, or to the next row.
    fn turn(&mut self) {
        self.stage = match self.stage {
            Stage::Greatest => Stage::Sum,
            Stage::Sum => Stage::Divide,
            Stage::Divide => {
                self.row += self.columns;
                (self.greatest, self.sum) = (i8::MIN, 0);
                Stage::Greatest
            }
        };
        self.next = self.row;
    }
}
