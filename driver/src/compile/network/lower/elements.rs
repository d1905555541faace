//! What works on each element by itself: sums, products, and functions of one byte.

use quintet_protocol::program::{Add, BufferId, ByteRange, Command, Lookup, Multiply};

use super::super::draft::Content;
use super::super::strided::{Strided, strides};
use super::{At, Lowering, PlanError};
use crate::network::tables::{add_scales, lookup, multiply_scale};
use crate::network::{Activation, TensorId};

/// Words in which a sum's inputs are tabulated.
const ADD_SCRATCH_WORDS: usize = 512;

/// An operand of a sum or a product.
struct Factor {
    buffer: BufferId,
    scale: f32,
    zero: i8,
    /// Elements after which it begins again.
    period: usize,
}

impl<'n> Lowering<'n> {
    pub(super) fn add(
        &mut self,
        at: At<'n>,
        activation: Activation,
        subtract: bool,
    ) -> Result<(), PlanError> {
        let [a, b] = self.factors(at, !subtract)?;
        let (of_output, _) = self.quantisation(at, at.node.output)?;
        let (output, bytes) = self.clamped(at, activation)?;
        let [scale_a, scale_b, scale_out] = add_scales(a.scale, b.scale, of_output);
        let command = Add {
            a: a.buffer,
            b: b.buffer,
            scratch: self.draft.scratch(ADD_SCRATCH_WORDS),
            output: self.create(output),
            count: self.network.tensor(output).len() as u32,
            period: b.period as u32,
            scale_a,
            scale_b,
            scale_out,
            bytes: ByteRange { zero_in: a.zero, ..bytes },
            zero_b: b.zero,
            subtract,
        };
        self.step(at, Command::Add(command));
        Ok(())
    }

    pub(super) fn multiply(&mut self, at: At<'n>, activation: Activation) -> Result<(), PlanError> {
        let [a, b] = self.factors(at, true)?;
        let (of_output, _) = self.quantisation(at, at.node.output)?;
        let (output, bytes) = self.clamped(at, activation)?;
        let command = Multiply {
            a: a.buffer,
            b: b.buffer,
            output: self.create(output),
            count: self.network.tensor(output).len() as u32,
            period: b.period as u32,
            scale: multiply_scale(a.scale, b.scale, of_output),
            bytes: ByteRange { zero_in: a.zero, ..bytes },
            zero_b: b.zero,
        };
        self.step(at, Command::Multiply(command));
        Ok(())
    }

    /// Both operands: the first has as many elements as the output. They change places for that, if
    /// they may.
    fn factors(&mut self, at: At<'n>, commutes: bool) -> Result<[Factor; 2], PlanError> {
        let tensors = [self.operand(at, 0)?, self.operand(at, 1)?];
        let count = self.network.tensor(at.node.output).len();
        let [mut a, mut b] = [self.factor(at, tensors[0])?, self.factor(at, tensors[1])?];
        if a.period != count && b.period == count && commutes {
            (a, b) = (b, a);
        }
        if a.period != count {
            a = self.repeated(at, tensors[0])?;
        }
        Ok([a, b])
    }

    /// An operand, which is repeated by a command of its own only if it does not simply begin again
    /// and again.
    fn factor(&mut self, at: At<'n>, tensor: TensorId) -> Result<Factor, PlanError> {
        let (shape, whole) = (self.shape(tensor), self.shape(at.node.output));
        let first = shape.iter().position(|&length| length != 1).unwrap_or(shape.len());
        if !whole.ends_with(&shape[first..]) {
            return self.repeated(at, tensor);
        }
        let (scale, zero) = self.quantisation(at, tensor)?;
        let buffer = self.value(at, tensor)?;
        Ok(Factor { buffer, scale, zero, period: self.network.tensor(tensor).len() })
    }

    /// An operand with all its repetitions.
    fn repeated(&mut self, at: At<'n>, tensor: TensorId) -> Result<Factor, PlanError> {
        let (scale, zero) = self.quantisation(at, tensor)?;
        let (shape, whole) = (self.shape(tensor), self.shape(at.node.output));
        let missing = whole.len().checked_sub(shape.len());
        let fits = missing.is_some_and(|missing| {
            shape.iter().zip(&whole[missing..]).all(|(&part, &whole)| part == whole || part == 1)
        });
        let Some(missing) = missing.filter(|_| fits) else {
            return Err(self.refuse(at, tensor, "a shape that cannot be repeated to the output's"));
        };
        let mut from = vec![0; whole.len()];
        for (axis, stride) in strides(shape).into_iter().enumerate() {
            from[missing + axis] = if shape[axis] == 1 { 0 } else { stride };
        }
        let (input, count) = (self.value(at, tensor)?, whole.iter().product());
        let buffer = self.draft.buffer("repeated", Content::Value, count);
        let copy = Strided::new(whole, (0, &from), (0, &strides(whole)));
        self.copy(at, tensor, copy, (input, buffer))?;
        Ok(Factor { buffer, scale, zero, period: count })
    }

    /// A function of one byte, with those that follow as part of the same table.
    pub(super) fn lookup(&mut self, at: At<'n>) -> Result<(), PlanError> {
        let input = self.operand(at, 0)?;
        let mut output = at.node.output;
        let mut table = self.table(at, input)?;
        while let Some(number) = self.graph.only_user(output) {
            let next = At { number, node: &self.network.nodes[number] };
            let Ok(then) = self.table(next, output) else { break };
            table = table.map(|byte| then[index(byte)]);
            self.done[number] = true;
            output = next.node.output;
        }
        let buffer = self.value(at, input)?;
        if (i8::MIN..=i8::MAX).all(|byte| table[index(byte)] == byte) {
            self.values.insert(output, buffer);
            return Ok(());
        }
        let to = self.create(output);
        self.map_bytes(at, &table, (buffer, to), self.network.tensor(output).len());
        Ok(())
    }

    /// Adds the command that replaces `count` bytes by their entries of a table.
    pub(super) fn map_bytes(
        &mut self,
        at: At<'n>,
        table: &[i8; 256],
        (input, output): (BufferId, BufferId),
        count: usize,
    ) {
        let table = self.draft.constant_bytes("table", table);
        self.step(at, Command::Lookup(Lookup { input, table, output, count: count as u32 }));
    }

    /// The table of a node that is a function of one byte.
    fn table(&self, at: At, input: TensorId) -> Result<[i8; 256], PlanError> {
        let of = |tensor| self.quantisation(at, tensor).map(|(scale, zero)| (scale, zero.into()));
        let (of_input, of_output) = (of(input)?, of(at.node.output)?);
        let none = || self.refuse(at, input, "what is no function of one byte");
        lookup(&at.node.operator, of_input, of_output).ok_or_else(none)
    }
}

/// Where a table has the entry of a byte.
fn index(byte: i8) -> usize {
    (i16::from(byte) + 128) as usize
}
