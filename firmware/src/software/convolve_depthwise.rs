//! `Gemm`, depthwise: rows are laid out, then convolved, some channels at a time.

use crate::backend::{Step, Work};
use crate::kernels::depthwise::{Convolver, Outputs, Row, all_short};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::message::Phase;
use quintet_protocol::network::{Depthwise, depthwise_scratch_words, depthwise_words};
use quintet_protocol::program::{ByteRange, ConvolveDepthwise as Command, Fault};

/// Words laid out and multiplied in a step: a few instructions each.
const STEP_WORDS: usize = 1 << 15;
/// Channels that are laid out together.
const TOGETHER: usize = 4;
/// Most words of a channel's lines: what a step cannot do less of than `TOGETHER`.
const LINES_MAX: usize = 1 << 15;
/// Most words that a row of a channel's outputs multiplies: what a step cannot do less than.
const PRODUCTS_MAX: usize = 1 << 17;

/// A depthwise convolution under way.
pub struct ConvolveDepthwise {
    input: Words,
    weights: Words,
    scratch: Words,
    output: Words,
    shape: Depthwise,
    range: ByteRange,
    /// Whether all records are known to be short; before the first step it is not known.
    all_short: Option<bool>,
    /// Row of outputs.
    row: usize,
    /// First column of the strip.
    column: usize,
    stage: Stage,
}

/// What is done next of a strip.
#[derive(Clone, Copy)]
enum Stage {
    /// The lines of the input's channels from that one on are laid out.
    LayOut(usize),
    /// The output's channels from that one on are convolved.
    Convolve(usize),
}

impl ConvolveDepthwise {
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let shape = Depthwise::new(&c.sliding);
        if !shape.channels_out.is_multiple_of(shape.channels_in) {
            return Err(Fault::OutOfRange { parameter: 1 });
        }
        in_range(3, shape.channel_words(), 1..=LINES_MAX)?;
        in_range(3, shape.record_words(), 1..=PRODUCTS_MAX / shape.strip)?;
        let job = Self {
            input: operands.read(c.input, c.sliding.input_bytes().div_ceil(4))?,
            weights: operands.read(c.weights, depthwise_words(&c.sliding))?,
            scratch: operands.write(c.scratch, depthwise_scratch_words(&c.sliding))?,
            output: operands.write(c.output, c.sliding.output_bytes().div_ceil(4))?,
            stage: Stage::LayOut(0),
            shape,
            range: c.bytes,
            all_short: None,
            row: 0,
            column: 0,
        };
        let Self { input, weights, scratch, output, .. } = &job;
        disjoint([input, weights, scratch])?;
        disjoint([output, weights, scratch])?;
        Ok(job)
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let (mut done, mut outputs) = (0, 0);
        while done < STEP_WORDS && self.row < self.shape.output[0] {
            done += match self.stage {
                Stage::LayOut(channel) => self.lay_out(arena, channel, STEP_WORDS - done),
                Stage::Convolve(channel) => {
                    self.convolve(arena, channel, STEP_WORDS - done, &mut outputs)
                }
            };
        }
        if done == 0 {
            return Step::Done;
        }
        let items = outputs * self.shape.kernel[0] * self.shape.kernel[1];
        Step::Working(Work { phase: Phase::Multiply, items: items as u32 })
    }

    /// Lays out channels from `first` on, about `words`; returns how many words that was.
    fn lay_out(&mut self, arena: &mut [u32], first: usize, words: usize) -> usize {
        let shape = self.shape;
        let each = shape.channel_words();
        let count = (words / each / TOGETHER * TOGETHER).max(TOGETHER);
        let channels = first..(first + count).min(shape.channels_in);
        self.stage = match channels.end == shape.channels_in {
            true => Stage::Convolve(0),
            false => Stage::LayOut(channels.end),
        };
        let ranges = [self.input.clone(), self.scratch.clone()];
        let Ok([input, scratch]) = arena.get_disjoint_mut(ranges) else { return each };
        let input: &[u8] = bytemuck::cast_slice(input);
        let lines = channels.start * each..channels.end * each;
        let Some(lines) = scratch.get_mut(lines) else { return each };
        let kept = self.kept_lines();
        if !shape.is_three() && kept > 0 {
            lines.copy_within(shape.stride[0].., 0);
        }
        for line in kept..shape.lines {
            let row = self.row_of_line(input, line, channels.start);
            row.lay_out(lines);
        }
        channels.len() * each
    }

    /// Lines that the strip shares with the one before.
    fn kept_lines(&self) -> usize {
        match self.row {
            0 => 0,
            _ => self.shape.lines.saturating_sub(self.shape.stride[0]),
        }
    }

    /// What a line has of the input, from channel `first` on.
    fn row_of_line<'a>(&self, input: &'a [u8], line: usize, first: usize) -> Row<'a> {
        let shape = &self.shape;
        let start = self.column * shape.stride[1];
        let before = shape.pad[1].saturating_sub(start).min(2 * shape.pairs);
        let column = start.saturating_sub(shape.pad[1]).min(shape.input[1]);
        let row = (self.row * shape.stride[0] + line).checked_sub(shape.pad[0]);
        let (pixel, columns) = match row.filter(|&row| row < shape.input[0]) {
            Some(row) => {
                let columns = (shape.input[1] - column).min(2 * shape.pairs - before);
                (row * shape.input[1] + column, columns)
            }
            None => (0, 0),
        };
        let bytes = pixel * shape.channels_in + first..(pixel + columns) * shape.channels_in;
        Row {
            pixels: input.get(bytes).unwrap_or_default(),
            channels: shape.channels_in,
            before,
            columns,
            padding: self.range.zero_in,
            pairs: shape.pairs,
            lines: shape.lines,
            line: if shape.is_three() { (self.first_line() + line) % shape.lines } else { line },
        }
    }

    /// The line of a window's first row.
    fn first_line(&self) -> usize {
        if self.shape.is_three() { self.row * self.shape.stride[0] % self.shape.lines } else { 0 }
    }

    /// Convolves channels from `first` on, about `words` of products; returns how many words that was,
    /// and adds to `outputs` how many outputs.
    fn convolve(
        &mut self,
        arena: &mut [u32],
        first: usize,
        words: usize,
        outputs: &mut usize,
    ) -> usize {
        let shape = self.shape;
        let columns = shape.strip.min(shape.output[1] - self.column);
        let each = shape.record_words() * columns;
        let channels = first..(first + (words / each).max(1)).min(shape.channels_out);
        let first_pixel = self.row * shape.output[1] + self.column;
        let first_line = self.first_line();
        self.stage = Stage::Convolve(channels.end);
        if channels.end == shape.channels_out {
            self.next_strip();
        }
        let ranges = [self.scratch.clone(), self.weights.clone(), self.output.clone()];
        let Ok([lines, records, output]) = arena.get_disjoint_mut(ranges) else { return each };
        let all_short = *self.all_short.get_or_insert_with(|| all_short(records, &shape));
        let convolver = Convolver { shape: &shape, range: self.range, first_line, all_short };
        let of_channels = first * shape.record_words()..channels.end * shape.record_words();
        let records = records.get(of_channels).unwrap_or_default();
        let bytes =
            first_pixel * shape.channels_out + first..(first_pixel + columns) * shape.channels_out;
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let bytes = output.get_mut(bytes).unwrap_or_default();
        let mut row = Outputs { bytes, channels: shape.channels_out, columns };
        convolver.convolve(lines, first, records, &mut row);
        *outputs += channels.len() * columns;
        channels.len() * each
    }

    /// Goes on to the next outputs of the row, or to the next row.
    fn next_strip(&mut self) {
        self.stage = Stage::LayOut(0);
        self.column += self.shape.strip;
        if self.column >= self.shape.output[1] {
            (self.row, self.column) = (self.row + 1, 0);
        }
    }
}
