//! What makes one byte of many: pooling, means, softmax.

use quintet_protocol::program::{ByteRange, Command, Pool, Reduce, Softmax};

use super::super::draft::Content;
use super::super::strided::{Strided, strides};
use super::{At, Lowering, PlanError};
use crate::network::tables::{reduce_scale, softmax_parameters};
use crate::network::{Activation, Window};

/// Scale and zero point that a softmax has in TFLite.
const SOFTMAX_OUTPUT: (f32, i8) = (1.0 / 256.0, -128);

/// Scales of a pool's input and output that TFLite takes for the same.
const SCALE_TOLERANCE: f32 = 1e-6;

impl<'n> Lowering<'n> {
    pub(super) fn pool(
        &mut self,
        at: At<'n>,
        window: &Window,
        activation: Activation,
        greatest: bool,
    ) -> Result<(), PlanError> {
        let input = self.operand(at, 0)?;
        let ((from, zero_in), (to, zero_out)) =
            (self.quantisation(at, input)?, self.quantisation(at, at.node.output)?);
        if (from - to).abs() > SCALE_TOLERANCE || zero_in != zero_out {
            return Err(self.refuse(at, at.node.output, "another scale than that of the input"));
        }
        let (output, bytes) = self.clamped(at, activation)?;
        let sliding = self.sliding(at, window, input, output)?;
        let bytes = ByteRange { zero_in: 0, zero_out: 0, ..bytes };
        let (input, output) = (self.value(at, input)?, self.create(output));
        self.step(at, Command::Pool(Pool { input, output, sliding, bytes, greatest }));
        Ok(())
    }

    pub(super) fn mean(&mut self, at: At<'n>, axes: &[usize]) -> Result<(), PlanError> {
        let input = self.operand(at, 0)?;
        let (scale_in, zero_in) = self.quantisation(at, input)?;
        let (scale_out, _) = self.quantisation(at, at.node.output)?;
        let shape = self.shape(input);
        let (mut outer, mut reduced, mut inner) = (1, 1, 1);
        // Axes of one element are of no account; those that are averaged must lie together.
        let mut split = false;
        for (axis, &length) in shape.iter().enumerate().filter(|(_, length)| **length != 1) {
            match axes.contains(&axis) {
                true if inner > 1 => split = true,
                true => reduced *= length,
                false if reduced > 1 => inner *= length,
                false => outer *= length,
            }
        }
        let mut buffer = self.value(at, input)?;
        if split {
            let kept = (0..shape.len()).filter(|axis| !axes.contains(axis));
            let order: Vec<usize> = kept.chain(axes.iter().copied()).collect();
            let gathered: Vec<usize> = order.iter().map(|&axis| shape[axis]).collect();
            let from: Vec<i64> = order.iter().map(|&axis| strides(shape)[axis]).collect();
            let copy = Strided::new(&gathered, (0, &from), (0, &strides(&gathered)));
            let count = shape.iter().product();
            let to = self.draft.buffer("gathered", Content::Value, count);
            self.copy(at, input, copy, (buffer, to))?;
            reduced = axes.iter().map(|&axis| shape[axis]).product();
            (buffer, outer, inner) = (to, count / reduced.max(1), 1);
        }
        let (output, bytes) = self.clamped(at, Activation::None)?;
        let command = Reduce {
            input: buffer,
            output: self.create(output),
            outer: outer as u32,
            reduced: reduced as u32,
            inner: inner as u32,
            scale: reduce_scale(scale_in, scale_out, reduced),
            bytes: ByteRange { zero_in, ..bytes },
        };
        self.step(at, Command::Reduce(command));
        Ok(())
    }

    pub(super) fn softmax(&mut self, at: At<'n>, beta: f32) -> Result<(), PlanError> {
        let (input, output) = (self.operand(at, 0)?, at.node.output);
        if self.quantisation(at, output)? != SOFTMAX_OUTPUT {
            return Err(self.refuse(at, output, "a scale or zero point other than 1/256 and -128"));
        }
        let columns = self.shape(input).last().copied().unwrap_or(1);
        let (scale_in, _) = self.quantisation(at, input)?;
        let (scale, least_difference) = softmax_parameters(scale_in, beta);
        let command = Softmax {
            input: self.value(at, input)?,
            output: self.create(output),
            rows: (self.network.tensor(input).len() / columns.max(1)) as u32,
            columns: columns as u32,
            scale,
            least_difference,
        };
        self.step(at, Command::Softmax(command));
        Ok(())
    }
}
