//! What moves bytes and computes nothing.

use quintet_protocol::program::{BufferId, Command, Copy, Fill, Resize};

use super::super::strided::{Strided, strides};
use super::{At, Lowering, PlanError};
use crate::network::TensorId;
use crate::network::tables::resize_map;

/// Copies so many bytes.
pub fn dense_copy(input: BufferId, output: BufferId, bytes: usize) -> Command {
    let (counts, run, strides) = ([1; 3], bytes as u32, [0; 3]);
    let (from_strides, to_strides) = (strides, strides);
    Command::Copy(Copy { input, output, counts, run, from: 0, from_strides, to: 0, to_strides })
}

impl<'n> Lowering<'n> {
    /// Adds the commands of a copy because of a tensor.
    pub(super) fn copy(
        &mut self,
        at: At<'n>,
        tensor: TensorId,
        copy: Strided,
        (input, output): (BufferId, BufferId),
    ) -> Result<(), PlanError> {
        let commands = copy.commands(input, output);
        let commands =
            commands.ok_or_else(|| self.refuse(at, tensor, "bytes strewn over so many places"))?;
        for command in commands {
            self.step(at, Command::Copy(command));
        }
        Ok(())
    }

    /// The same bytes under another shape.
    pub(super) fn reshape(&mut self, at: At<'n>) -> Result<(), PlanError> {
        let buffer = self.operand(at, 0).and_then(|input| self.value(at, input))?;
        self.values.insert(at.node.output, buffer);
        Ok(())
    }

    pub(super) fn pad(
        &mut self,
        at: At<'n>,
        amounts: &[[usize; 2]],
        value: Option<i8>,
    ) -> Result<(), PlanError> {
        if self.absorbed.padded(at.node.output).is_some() {
            return Ok(());
        }
        let (input, output) = (self.operand(at, 0)?, at.node.output);
        let value = match value {
            Some(value) => value,
            None => self.quantisation(at, input)?.1,
        };
        let buffers = (self.value(at, input)?, self.create(output));
        let count = self.network.tensor(output).len() as u32;
        self.step(at, Command::Fill(Fill { output: buffers.1, count, value }));
        let (shape, to) = (self.shape(input), strides(self.shape(output)));
        let first = amounts.iter().zip(&to).map(|([before, _], stride)| *before as i64 * stride);
        let copy = Strided::new(shape, (0, &strides(shape)), (first.sum(), &to));
        self.copy(at, input, copy, buffers)
    }

    /// Parts that were not written where they belong are copied there.
    pub(super) fn concatenate(&mut self, at: At<'n>, axis: usize) -> Result<(), PlanError> {
        let whole = self.create(at.node.output);
        let to = strides(self.shape(at.node.output));
        let mut first = 0;
        for which in 0..at.node.inputs.len() {
            let tensor = self.operand(at, which)?;
            let shape = self.shape(tensor);
            let part = self.value(at, tensor)?;
            if self.draft.at(part).within != Some((whole, first as usize)) {
                let copy = Strided::new(shape, (0, &strides(shape)), (first, &to));
                self.copy(at, tensor, copy, (part, whole))?;
            }
            first += to[axis] * shape[axis] as i64;
        }
        Ok(())
    }

    pub(super) fn slice(
        &mut self,
        at: At<'n>,
        begin: &[usize],
        steps: &[isize],
    ) -> Result<(), PlanError> {
        let (input, output) = (self.operand(at, 0)?, at.node.output);
        let (shape, to) = (self.shape(output), strides(self.shape(output)));
        let mut from = strides(self.shape(input));
        let first = begin.iter().zip(&from).map(|(&begin, stride)| begin as i64 * stride).sum();
        for (stride, &step) in from.iter_mut().zip(steps) {
            *stride *= step as i64;
        }
        if [shape.len(), begin.len(), steps.len()] != [from.len(); 3] {
            return Err(self.refuse(at, output, "axes that are taken away or added"));
        }
        let buffers = (self.value(at, input)?, self.create(output));
        self.copy(at, input, Strided::new(shape, (first, &from), (0, &to)), buffers)
    }

    pub(super) fn transpose(&mut self, at: At<'n>, order: &[usize]) -> Result<(), PlanError> {
        let (input, output) = (self.operand(at, 0)?, at.node.output);
        let (shape, of_input) = (self.shape(output), strides(self.shape(input)));
        let from: Vec<i64> = order.iter().map(|&axis| of_input[axis]).collect();
        let buffers = (self.value(at, input)?, self.create(output));
        self.copy(at, input, Strided::new(shape, (0, &from), (0, &strides(shape))), buffers)
    }

    pub(super) fn resize(
        &mut self,
        at: At<'n>,
        align_corners: bool,
        half_pixel_centers: bool,
    ) -> Result<(), PlanError> {
        let (input, output) = (self.operand(at, 0)?, at.node.output);
        let picture = |tensor| match *self.shape(tensor) {
            [1, rows, columns, channels] => Ok([rows, columns, channels]),
            _ => Err(self.refuse(at, tensor, "what is no single picture of four axes")),
        };
        let ([rows, columns, channels], [rows_out, columns_out, _]) =
            (picture(input)?, picture(output)?);
        let sides = [rows, columns, channels, rows_out, columns_out];
        if sides.iter().any(|&side| side > usize::from(u16::MAX)) {
            return Err(self.refuse(at, output, "a side longer than 65 535"));
        }
        let along = |from, to| resize_map(from, to, align_corners, half_pixel_centers);
        let map = [along(rows, rows_out), along(columns, columns_out)].concat();
        let word = |pair: &[u16]| {
            u32::from(pair[0]) | u32::from(pair.get(1).copied().unwrap_or_default()) << 16
        };
        let command = Resize {
            input: self.value(at, input)?,
            map: self.draft.constant("map", map.chunks(2).map(word).collect()),
            output: self.create(output),
            input_shape: [rows, columns, channels].map(|side| side as u16),
            output_size: [rows_out, columns_out].map(|side| side as u16),
        };
        self.step(at, Command::Resize(command));
        Ok(())
    }
}
