//! `Gemm`, a dense layer: a block of rows is laid out in tiles, as many as the scratch holds, and
//! multiplied with blocks of channels, some of which make a step.

use crate::backend::{Step, Work};
use crate::kernels::dense::{Layer, ROWS_MAX, Rows, Target};
use crate::operands::{Operands, Words, disjoint, in_range};
use crate::software::rows::{self, Count};
use quintet_protocol::feature::{
    BLOCK_CHANNELS, Matrix, TILE_ROWS, block_words, dense_scratch_words, dense_words,
};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Dense as Command, Fault};

/// Products of a step, about: not much more than 100 000 instructions.
pub const STEP_PRODUCTS: usize = if cfg!(armv7em_dsp) { 1 << 16 } else { 1 << 15 };
/// What a block of channels costs beside its products.
pub const BLOCK_COST: usize = 256;
/// What a row costs to lay out, in products a column.
pub const LAY_OUT_COST: usize = 2;
/// Most columns of the input and of the output.
pub const COLUMNS_MAX: u16 = 1024;

/// A dense layer under way.
pub struct Dense {
    input: Words,
    weights: Words,
    scratch: Words,
    output: Words,
    count: Count,
    /// Columns of the input and of the output.
    matrices: [Matrix; 2],
    layer: Layer,
    /// Rows of a block.
    block: usize,
    /// First row of the block.
    row: usize,
    /// First channel that the block lacks; none while it is not laid out.
    channel: Option<usize>,
}

impl Dense {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(1, c.inputs, 4..=COLUMNS_MAX)?;
        in_range(1, c.inputs % 4, 0..=0)?;
        in_range(1, c.outputs, 1..=COLUMNS_MAX)?;
        in_range(4, c.least, i16::MIN..=c.greatest)?;
        let [inputs, outputs] = [c.inputs, c.outputs].map(usize::from);
        rows::columns(2, c.input_matrix, inputs)?;
        rows::columns(3, c.output_matrix, outputs)?;
        let capacity = c.capacity as usize;
        let scratch = operands.write_all(c.scratch, dense_scratch_words(inputs, 1))?;
        let tiles = scratch.len() / dense_scratch_words(inputs, 0) - 1;
        let short = STEP_PRODUCTS / (inputs * BLOCK_CHANNELS * TILE_ROWS);
        let job = Self {
            input: operands.read(c.input, c.input_matrix.words(capacity))?,
            weights: operands.read(c.weights, dense_words(inputs, outputs))?,
            scratch,
            output: operands.write(c.output, c.output_matrix.words(capacity))?,
            count: Count::new(operands, c.count, c.capacity)?,
            matrices: [c.input_matrix, c.output_matrix],
            layer: Layer { inputs, outputs, least: c.least, greatest: c.greatest },
            block: tiles.min(short).clamp(1, ROWS_MAX / TILE_ROWS) * TILE_ROWS,
            row: 0,
            channel: None,
        };
        let Self { input, weights, scratch, output, count, .. } = &job;
        disjoint([weights, scratch, output, count.place()])?;
        disjoint([scratch, input])?;
        // Every row is read before it is written, and none is that lies elsewhere.
        if input != output || c.input_matrix.stride != c.output_matrix.stride {
            disjoint([input, output])?;
        }
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let rows = self.count.rows(arena);
        if self.row >= rows {
            return Step::Done(None);
        }
        let (mut left, mut products) = (STEP_PRODUCTS, 0);
        while left > 0 && self.row < rows {
            let count = self.block.min(rows - self.row);
            let channel = match self.channel {
                Some(channel) => channel,
                None => {
                    if self.lay_out(arena, count).is_none() {
                        return Step::Done(None);
                    }
                    left = left.saturating_sub(count * self.layer.inputs * LAY_OUT_COST);
                    0
                }
            };
            let of_a_block = self.layer.products_of_a_block(count) + BLOCK_COST;
            let blocks = (left / of_a_block).max(1);
            left = left.saturating_sub(blocks * of_a_block);
            let end = self.layer.outputs.min(channel + blocks * BLOCK_CHANNELS);
            if self.multiply(arena, count, channel..end).is_none() {
                return Step::Done(None);
            }
            products += count * (end - channel) * self.layer.inputs;
            self.channel = Some(end);
            if end == self.layer.outputs {
                (self.row, self.channel) = (self.row + count, None);
            }
        }
        Step::Working(Work { phase: Phase::Multiply, items: products as u32 })
    }

    /// Lays out the block.
    fn lay_out(&mut self, arena: &mut [u32], count: usize) -> Option<()> {
        let ranges = [self.input.clone(), self.scratch.clone()];
        let [input, scratch] = arena.get_disjoint_mut(ranges).ok()?;
        let stride = usize::from(self.matrices[0].stride / 2);
        let first = self.row * stride + usize::from(self.matrices[0].first / 2);
        let words = input.get(first..).unwrap_or_default();
        self.layer.lay_out(&Rows { words, stride, count }, scratch);
        Some(())
    }

    /// Works out channels of the block.
    fn multiply(
        &mut self,
        arena: &mut [u32],
        count: usize,
        channels: core::ops::Range<usize>,
    ) -> Option<()> {
        let ranges = [self.weights.clone(), self.scratch.clone(), self.output.clone()];
        let [weights, scratch, output] = arena.get_disjoint_mut(ranges).ok()?;
        let matrix = self.matrices[1];
        let stride = usize::from(matrix.stride);
        let mut target = Target { out: rows::halves_mut(output, matrix, self.row), stride };
        let words = block_words(self.layer.inputs);
        let records = weights.chunks_exact(words).skip(channels.start / BLOCK_CHANNELS);
        for (channel, record) in channels.step_by(BLOCK_CHANNELS).zip(records) {
            self.layer.block(channel, record, scratch, count, &mut target);
        }
        Some(())
    }
}
