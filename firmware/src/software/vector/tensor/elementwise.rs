//! `Vector`, sums and products: one input is brought to where the output goes, and the other is
//! worked into it.

use super::{bring, same_or_disjoint};
#[cfg(feature = "multiply")]
use crate::kernels::elementwise::multiply;
#[cfg(feature = "add")]
use crate::kernels::elementwise::{ScaledBytes, add, tabulate};
use crate::kernels::to_byte::ToByte;
use crate::operands::{Operands, Words, words};
#[cfg(feature = "add")]
use quintet_protocol::network::Scale;
#[cfg(feature = "add")]
use quintet_protocol::program::Add;
#[cfg(feature = "multiply")]
use quintet_protocol::program::Multiply;
use quintet_protocol::program::{BufferId, Fault};

/// Bytes of a step, some fifteen instructions each.
const STEP_BYTES: usize = 4096;
/// Words of a table.
#[cfg(feature = "add")]
const TABLE_WORDS: usize = 256;

/// A sum or a product under way.
pub struct Elementwise {
    pair: Pair,
    kind: Kind,
    to: ToByte,
    next: usize,
}

/// What is worked on.
struct Pair {
    /// The input that is brought to the output's place.
    first: Words,
    /// The input that is worked into it.
    second: Words,
    output: Words,
    count: usize,
    /// Bytes of `second`.
    period: usize,
    /// Whether `first` is the command's second input.
    swapped: bool,
}

/// What is done; inputs in the order of [`Pair`].
enum Kind {
    #[cfg(feature = "add")]
    Add { scratch: Words, scales: [Scale; 2], zeros: [i8; 2] },
    #[cfg(feature = "multiply")]
    Multiply { zeros: [i8; 2] },
}

impl Elementwise {
    #[cfg(feature = "add")]
    #[inline(never)]
    pub fn add(operands: &Operands, c: &Add) -> Result<Self, Fault> {
        let pair = Pair::new(operands, [c.a, c.b, c.output], c.count, c.period)?;
        let scratch = operands.write(c.scratch, 2 * TABLE_WORDS);
        for other in [&pair.first, &pair.second, &pair.output] {
            operands.disjoint([&scratch, other]);
        }
        // TFLite subtracts by negating the factor, which is to say that ties are rounded down
        // there.
        let sign = if c.subtract { -1 } else { 1 };
        let scale_b = Scale { multiplier: c.scale_b.multiplier.wrapping_mul(sign), ..c.scale_b };
        let scales = pair.in_order([c.scale_a, scale_b]);
        let zeros = pair.in_order([c.bytes.zero_in, c.zero_b]);
        let kind = Kind::Add { scratch, scales, zeros };
        Ok(Self { pair, kind, to: ToByte::new(c.scale_out, &c.bytes), next: 0 })
    }

    #[cfg(feature = "multiply")]
    #[inline(never)]
    pub fn multiply(operands: &Operands, c: &Multiply) -> Result<Self, Fault> {
        let pair = Pair::new(operands, [c.a, c.b, c.output], c.count, c.period)?;
        let kind = Kind::Multiply { zeros: pair.in_order([c.bytes.zero_in, c.zero_b]) };
        Ok(Self { pair, kind, to: ToByte::new(c.scale, &c.bytes), next: 0 })
    }

    /// Bytes written; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let Self { pair, kind, to, next } = self;
        let (from, end) = (*next, pair.count.min(*next + STEP_BYTES));
        if from == end {
            return None;
        }
        bring(arena, [&pair.first, &pair.output], from..end)?;
        match kind {
            #[cfg(feature = "add")]
            Kind::Add { scratch, scales, zeros } => {
                let ranges = [pair.output.clone(), pair.second.clone(), scratch.clone()];
                let [output, second, tables] = arena.get_disjoint_mut(ranges).ok()?;
                let ([first_table, second_table], _) = tables.as_chunks_mut::<TABLE_WORDS>() else {
                    return None;
                };
                if from == 0 {
                    tabulate(first_table, scales[0], zeros[0]);
                    tabulate(second_table, scales[1], zeros[1]);
                }
                let tables: [&ScaledBytes; 2] = [first_table, second_table];
                pair.each_run(from..end, output, second, |a, b| add(a, b, tables, to));
            }
            #[cfg(feature = "multiply")]
            Kind::Multiply { zeros } => {
                let ranges = [pair.output.clone(), pair.second.clone()];
                let [output, second] = arena.get_disjoint_mut(ranges).ok()?;
                pair.each_run(from..end, output, second, |a, b| multiply(a, b, *zeros, to));
            }
        }
        *next = end;
        Some(end - from)
    }
}

impl Pair {
    /// `ids` are those of both inputs and the output.
    fn new(
        operands: &Operands,
        ids: [BufferId; 3],
        count: u32,
        period: u32,
    ) -> Result<Self, Fault> {
        if !count.is_multiple_of(period) {
            return Err(Fault::OutOfRange { parameter: 1 });
        }
        let a = operands.read(ids[0], words(count.into()));
        let b = operands.read(ids[1], words(period.into()));
        let output = operands.write(ids[2], words(count.into()));
        let swapped = b == output;
        let [first, second] = if swapped { [b, a] } else { [a, b] };
        same_or_disjoint(operands, &first, &output);
        operands.disjoint([&second, &output]);
        let (count, period) = (count as usize, period as usize);
        let period = if swapped { count } else { period };
        Ok(Self { first, second, output, count, period, swapped })
    }

    /// What belongs to both inputs, in the order in which they are worked on.
    fn in_order<T>(&self, [a, b]: [T; 2]) -> [T; 2] {
        if self.swapped { [b, a] } else { [a, b] }
    }

    /// Hands out bytes of the output in runs with those of the second input that they meet.
    fn each_run(
        &self,
        range: core::ops::Range<usize>,
        output: &mut [u32],
        second: &[u32],
        mut work: impl FnMut(&mut [u8], &[u8]),
    ) {
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let second = bytemuck::cast_slice(second).get(..self.period).unwrap_or_default();
        let mut left = output.get_mut(range.clone()).unwrap_or_default();
        let mut run = second.get(range.start % self.period.max(1)..).unwrap_or_default();
        while !run.is_empty() {
            let Some((bytes, rest)) = left.split_at_mut_checked(left.len().min(run.len())) else {
                return;
            };
            if bytes.is_empty() {
                return;
            }
            work(bytes, run);
            (left, run) = (rest, second);
        }
    }
}
