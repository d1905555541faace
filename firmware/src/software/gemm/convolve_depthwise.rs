//! `Gemm`, depthwise: rows are laid out, then convolved, some channels at a time.
//!
//! What is written never goes before what was read for it: all that a block of outputs sees is laid
//! out before the first of them is written.

#[cfg(armv7em_dsp)]
mod lines;

use crate::backend::{Step, Work};
use crate::kernels::depthwise::{Convolver, Outputs, Row, row_columns, rows_at_once};
use crate::operands::{Operands, Words, in_range};
use core::ops::Range;
use quintet_protocol::message::Phase;
use quintet_protocol::network::{Depthwise, depthwise_scratch_words, depthwise_words};
use quintet_protocol::program::{ByteRange, ConvolveDepthwise as Command, Fault};

/// Words laid out and multiplied in a step: a few instructions each.
const STEP_WORDS: usize = 1 << 15;
/// Most words of a channel's lines: a step lays out those of a few channels at least.
const LINES_MAX: usize = 1 << 15;
/// Most words that the outputs of a channel's block multiply: what a step cannot do less than.
const PRODUCTS_MAX: usize = 1 << 17;

/// A depthwise convolution under way.
pub struct ConvolveDepthwise {
    input: Words,
    weights: Words,
    scratch: Words,
    output: Words,
    shape: Depthwise,
    range: ByteRange,
    /// Whether it is worked out in lines; before the first step it is not known.
    #[cfg(armv7em_dsp)]
    by_lines: Option<bool>,
    /// First row of outputs of the block.
    row: usize,
    /// First column of the block.
    column: usize,
    stage: Stage,
}

/// What is done next of a block: some rows of outputs, or a strip of one.
#[derive(Clone, Copy)]
enum Stage {
    /// The rows are laid out, from that pixel on, counted row by row with their padding; in lines,
    /// from that channel on.
    LayOut(usize),
    /// The output's channels from that one on are convolved.
    Convolve(usize),
}

/// A part of a row as windows see it.
struct Part {
    /// Columns of padding.
    before: usize,
    /// The picture's pixels after those.
    pixels: Range<usize>,
}

impl ConvolveDepthwise {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let shape = Depthwise::new(&c.sliding);
        if !shape.channels_out.is_multiple_of(shape.channels_in) {
            return Err(Fault::OutOfRange { parameter: 1 });
        }
        in_range(3, shape.channel_words(), 1..=LINES_MAX)?;
        in_range(3, shape.record_words(), 1..=PRODUCTS_MAX / shape.strip.max(1))?;
        let job = Self {
            input: operands.read(c.input, c.sliding.input_bytes().div_ceil(4)),
            weights: operands.read(c.weights, depthwise_words(&c.sliding)),
            scratch: operands.write(c.scratch, depthwise_scratch_words(&c.sliding)),
            output: operands.write(c.output, c.sliding.output_bytes().div_ceil(4)),
            stage: Stage::LayOut(0),
            shape,
            range: c.bytes,
            #[cfg(armv7em_dsp)]
            by_lines: None,
            row: 0,
            column: 0,
        };
        let Self { input, weights, scratch, output, .. } = &job;
        operands.disjoint([input, weights, scratch]);
        operands.disjoint([output, weights, scratch]);
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let (mut done, mut outputs) = (0, 0);
        while done < STEP_WORDS && self.row < self.shape.output[0] {
            let words = STEP_WORDS - done;
            #[cfg(armv7em_dsp)]
            if self.is_by_lines(arena) {
                done += match self.stage {
                    Stage::LayOut(channel) => self.lay_out_lines(arena, channel, words),
                    Stage::Convolve(channel) => {
                        self.convolve_lines(arena, channel, words, &mut outputs)
                    }
                };
                continue;
            }
            done += match self.stage {
                Stage::LayOut(pixel) => self.lay_out(arena, pixel, words),
                Stage::Convolve(channel) => self.convolve(arena, channel, words, &mut outputs),
            };
        }
        if done == 0 {
            return Step::Done(None);
        }
        let items = outputs * self.shape.kernel[0] * self.shape.kernel[1];
        Step::Working(Work { phase: Phase::Multiply, items: items as u32 })
    }

    /// Rows of outputs of the block.
    fn rows(&self) -> usize {
        let words = self.shape.record_words() * self.shape.strip;
        let most = rows_at_once(&self.shape).min(PRODUCTS_MAX / words.max(1)).max(1);
        most.min(self.shape.output[0] - self.row)
    }

    /// Lays out pixels from number `first` on, about `words` and no more than a row; returns how
    /// many words that was.
    fn lay_out(&mut self, arena: &mut [u32], first: usize, words: usize) -> usize {
        let (shape, columns) = (&self.shape, row_columns(&self.shape).max(1));
        let line = first / columns;
        let from = first % columns;
        let count = (words * 4 / shape.channels_in.max(1)).min(columns - from).max(1);
        let lines = (self.rows() - 1) * shape.stride[0] + shape.lines;
        self.stage = match first + count == lines * columns {
            true => Stage::Convolve(0),
            false => Stage::LayOut(first + count),
        };
        let done = (count * shape.channels_in).div_ceil(4);
        let ranges = [self.input.clone(), self.scratch.clone()];
        let Ok([input, scratch]) = arena.get_disjoint_mut(ranges) else { return done };
        let (input, laid): (&[u8], &mut [u8]) =
            (bytemuck::cast_slice(input), bytemuck::cast_slice_mut(scratch));
        let place = first * shape.channels_in..(first + count) * shape.channels_in;
        let Part { before, pixels } = self.part(line, from, count);
        let pixels = pixels.start * shape.channels_in..pixels.end * shape.channels_in;
        let row = Row {
            pixels: input.get(pixels).unwrap_or_default(),
            channels: shape.channels_in,
            before,
            padding: self.range.zero_in,
        };
        row.copy(laid.get_mut(place).unwrap_or_default());
        done
    }

    /// What the block's line number `line` has of the picture, `count` columns from number `from`
    /// on.
    fn part(&self, line: usize, from: usize, count: usize) -> Part {
        let shape = &self.shape;
        let start = self.column * shape.stride[1] + from;
        let before = shape.pad[1].saturating_sub(start).min(count);
        let column = start.saturating_sub(shape.pad[1]).min(shape.input[1]);
        let row = (self.row * shape.stride[0] + line).checked_sub(shape.pad[0]);
        let pixels = row.filter(|&row| row < shape.input[0]).map_or(0..0, |row| {
            let first = row * shape.input[1] + column;
            first..first + (shape.input[1] - column).min(count - before)
        });
        Part { before, pixels }
    }

    /// Convolves channels from `first` on, about `words` of products; returns how many words that
    /// was, and adds to `outputs` how many outputs.
    fn convolve(
        &mut self,
        arena: &mut [u32],
        first: usize,
        words: usize,
        outputs: &mut usize,
    ) -> usize {
        let (shape, rows) = (&self.shape, self.rows());
        let columns = shape.strip.min(shape.output[1] - self.column);
        let each = shape.record_words() * columns * rows;
        let channels = first..(first + (words / each.max(1)).max(1)).min(shape.channels_out);
        let pixel = self.row * shape.output[1] + self.column;
        self.stage = Stage::Convolve(channels.end);
        if channels.end == shape.channels_out {
            self.next_block(rows);
        }
        let shape = &self.shape;
        let ranges = [self.scratch.clone(), self.weights.clone(), self.output.clone()];
        let Ok([laid, records, output]) = arena.get_disjoint_mut(ranges) else { return each };
        let of_channels = first * shape.record_words()..channels.end * shape.record_words();
        let records = records.get(of_channels).unwrap_or_default();
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let mut block = Outputs {
            bytes: output.get_mut(pixel * shape.channels_out..).unwrap_or_default(),
            channels: shape.channels_out,
            columns,
            row_bytes: shape.output[1] * shape.channels_out,
            rows,
        };
        let convolver = Convolver { shape, range: self.range };
        convolver.convolve(bytemuck::cast_slice(laid), first, records, &mut block);
        *outputs += channels.len() * columns * rows;
        channels.len() * each
    }

    /// Goes on to the next outputs of the row, or to the rows after so many.
    fn next_block(&mut self, rows: usize) {
        self.stage = Stage::LayOut(0);
        self.column += self.shape.strip;
        if self.column >= self.shape.output[1] {
            (self.row, self.column) = (self.row + rows, 0);
        }
    }
}
