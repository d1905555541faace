//! A depthwise convolution in lines, on Armv7E-M: a block has one row of outputs, and shares lines
//! with the one before.

use super::{ConvolveDepthwise, Part, Stage};
use crate::kernels::depthwise::lines;

/// Channels that are laid out together.
const TOGETHER: usize = 4;

impl ConvolveDepthwise {
    /// Whether it is worked out in lines.
    pub(super) fn is_by_lines(&mut self, arena: &[u32]) -> bool {
        let records = arena.get(self.weights.clone()).unwrap_or_default();
        *self.by_lines.get_or_insert_with(|| lines::serves(&self.shape, records))
    }

    /// Lays out channels from `first` on, about `words`; returns how many words that was.
    pub(super) fn lay_out_lines(&mut self, arena: &mut [u32], first: usize, words: usize) -> usize {
        let shape = &self.shape;
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
        let Some(lines) = scratch.get_mut(channels.start * each..channels.end * each) else {
            return each;
        };
        let kept = self.kept_lines();
        if !shape.is_three() && kept > 0 {
            lines.copy_within(shape.stride[0].., 0);
        }
        for line in kept..shape.lines {
            let Part { before, pixels } = self.part(line, 0, 2 * shape.pairs);
            let bytes = pixels.start * shape.channels_in + first..pixels.end * shape.channels_in;
            let line = lines::Line {
                pixels: input.get(bytes).unwrap_or_default(),
                channels: shape.channels_in,
                before,
                columns: pixels.len(),
                padding: self.range.zero_in,
                pairs: shape.pairs,
                lines: shape.lines,
                line: (self.first_line() + line) % shape.lines,
            };
            line.lay_out(lines);
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

    /// The line of a window's first row.
    fn first_line(&self) -> usize {
        if self.shape.is_three() { self.row * self.shape.stride[0] % self.shape.lines } else { 0 }
    }

    /// As [`Self::convolve`].
    pub(super) fn convolve_lines(
        &mut self,
        arena: &mut [u32],
        first: usize,
        words: usize,
        outputs: &mut usize,
    ) -> usize {
        let (shape, first_line) = (&self.shape, self.first_line());
        let columns = shape.strip.min(shape.output[1] - self.column);
        let each = shape.record_words() * columns;
        let channels = first..(first + (words / each).max(1)).min(shape.channels_out);
        let pixel = self.row * shape.output[1] + self.column;
        self.stage = Stage::Convolve(channels.end);
        if channels.end == shape.channels_out {
            self.next_block(1);
        }
        let shape = &self.shape;
        let ranges = [self.scratch.clone(), self.weights.clone(), self.output.clone()];
        let Ok([laid, records, output]) = arena.get_disjoint_mut(ranges) else { return each };
        let of_channels = first * shape.record_words()..channels.end * shape.record_words();
        let records = records.get(of_channels).unwrap_or_default();
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let bytes = pixel * shape.channels_out + first..(pixel + columns) * shape.channels_out;
        let bytes = output.get_mut(bytes).unwrap_or_default();
        let mut row = lines::Outputs { bytes, channels: shape.channels_out, columns };
        let convolver = lines::Convolver { shape, range: self.range, first_line };
        let laid = laid.get(first * shape.channel_words()..).unwrap_or_default();
        convolver.convolve(laid, records, &mut row);
        *outputs += channels.len() * columns;
        channels.len() * each
    }
}
