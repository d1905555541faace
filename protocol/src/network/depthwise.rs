//! Depthwise convolutions: the layout of their weights, and of the lines that the device works on.
//!
//! The device lays out rows of the picture, channel by channel, as halves of words: a *line* is a
//! row of one channel as far as the windows of a row of outputs see it, padding included. The word
//! at `pair * lines + line` has columns `2 * pair` and `2 * pair + 1` of that line, the former
//! below; so what a window sees lies together, and a dual multiplication takes two columns of it.
//!
//! Where the device has no dual multiplication it rather copies rows as bytes, with their padding,
//! to where the lines would be: twice as many fit.
//!
//! A picture of one column is taken for one of one row, which has the same bytes. One row is worked
//! on in strips, so that its lines stay short.

use super::FINISH_WORDS;
use crate::program::Sliding;

/// Most outputs of a strip, even.
const STRIP: usize = 16;

/// A depthwise convolution as the device goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Depthwise {
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// Rows and columns of the input.
    pub input: [usize; 2],
    /// Rows and columns of the output.
    pub output: [usize; 2],
    /// Rows and columns of the window, without what a dilation puts between.
    pub kernel: [usize; 2],
    /// Rows and columns from one output to the next.
    pub stride: [usize; 2],
    /// Rows and columns from one element of the window to the next.
    pub dilation: [usize; 2],
    /// Rows of padding above the picture, and columns before it.
    pub pad: [usize; 2],
    /// Rows that a window spans: lines of a channel.
    pub lines: usize,
    /// Columns that a window spans.
    pub span: usize,
    /// Most outputs of a row that are worked on together.
    pub strip: usize,
    /// Words of a line.
    pub pairs: usize,
}

impl Depthwise {
    /// Of a convolution with these shapes.
    pub fn new(sliding: &Sliding) -> Self {
        let Sliding { input, output, .. } = *sliding;
        let mut it = Self {
            channels_in: usize::from(input[2]),
            channels_out: usize::from(output[2]),
            input: [input[0], input[1]].map(usize::from),
            output: [output[0], output[1]].map(usize::from),
            kernel: sliding.kernel.map(usize::from),
            stride: sliding.stride.map(usize::from),
            dilation: sliding.dilation.map(usize::from),
            pad: sliding.pad.map(usize::from),
            lines: 0,
            span: 0,
            strip: 0,
            pairs: 0,
        };
        if [it.input[1], it.output[1], it.kernel[1]] == [1; 3] && it.pad[1] == 0 {
            it.lay_down();
        }
        let spans = |side: usize| (it.kernel[side] - 1) * it.dilation[side] + 1;
        (it.lines, it.span) = (spans(0), spans(1));
        it.strip = if it.is_one_row() { it.output[1].min(STRIP) } else { it.output[1] };
        it.pairs = ((it.strip - 1) * it.stride[1] + it.span).div_ceil(2);
        it
    }

    /// Makes a column a row.
    fn lay_down(&mut self) {
        let Self { input, output, kernel, stride, dilation, pad, .. } = self;
        for sides in [input, output, kernel, stride, dilation, pad] {
            sides.swap(0, 1);
        }
    }

    /// Whether rows are worked on in strips.
    pub fn is_one_row(&self) -> bool {
        [self.input[0], self.output[0], self.kernel[0]] == [1; 3] && self.pad[0] == 0
    }

    /// Whether the window is one of 3x3 that the device has a way of its own for.
    pub fn is_three(&self) -> bool {
        self.kernel == [3; 2] && self.dilation == [1; 2] && self.stride[1] <= 2
    }

    /// Words for each line of the weights of windows that begin at an even column, and at an odd
    /// one.
    pub fn phase_words(&self) -> [usize; 2] {
        match self.is_three() {
            true => [1; 2],
            false => [self.span.div_ceil(2), (self.stride[1] % 2) * (self.span / 2 + 1)],
        }
    }

    /// Words of a channel's record. Saturates.
    pub fn record_words(&self) -> usize {
        let words: usize = self.phase_words().iter().sum();
        words.saturating_mul(self.lines).saturating_add(FINISH_WORDS)
    }

    /// Words of the lines of a channel. Saturates.
    pub fn channel_words(&self) -> usize {
        self.pairs.saturating_mul(self.lines)
    }

    /// Fills `record`, of [`Depthwise::record_words`], with what `weight` tells for each element of
    /// the window, row by row, and with the words of a [`super::Finish`].
    pub fn fill_record(
        &self,
        weight: impl Fn(usize) -> i8,
        finish: [u32; FINISH_WORDS],
        record: &mut [u32],
    ) {
        let half = |line: usize, column: Option<usize>| {
            let column = column.filter(|&column| column < self.span)?;
            let is_set =
                line.is_multiple_of(self.dilation[0]) && column.is_multiple_of(self.dilation[1]);
            let [row, column] = [line / self.dilation[0], column / self.dilation[1]];
            is_set.then(|| (i16::from(weight(row * self.kernel[1] + column)) * 2) as u16)
        };
        // Columns of the first words' higher halves.
        let firsts = if self.is_three() { [2, 1] } else { [1, 0] };
        let (weights, end) = record.split_at_mut(record.len() - FINISH_WORDS);
        end.copy_from_slice(&finish);
        let (even, odd) = weights.split_at_mut(self.phase_words()[0] * self.lines);
        for (words, first) in [even, odd].into_iter().zip(firsts) {
            for (at, word) in words.iter_mut().enumerate() {
                let (line, high) = (at % self.lines, at / self.lines * 2 + first);
                let halves = [half(line, high.checked_sub(1)), half(line, Some(high))];
                let [low, high] = halves.map(|half| u32::from(half.unwrap_or(0)));
                *word = low | high << 16;
            }
        }
    }
}

/// Words of the weights of a depthwise convolution: a record for each output channel. Saturates.
pub fn depthwise_words(sliding: &Sliding) -> usize {
    let it = Depthwise::new(sliding);
    it.record_words().saturating_mul(it.channels_out)
}

/// Words of scratch that a depthwise convolution needs: the lines of all input channels. Saturates.
pub fn depthwise_scratch_words(sliding: &Sliding) -> usize {
    let it = Depthwise::new(sliding);
    it.channel_words().saturating_mul(it.channels_in)
}
