//! `Gemm`, depthwise: every channel of a picture is convolved by itself.
//!
//! Rows are laid out channel by channel, so that two neighbouring columns are the halves of a word, and
//! then convolved line by line: on Armv7E-M one instruction multiplies and sums two columns.

mod lines;
mod three;
mod windows;

use super::finish::FinishWords;
use quintet_protocol::network::{Depthwise, FINISH_WORDS, SHORT_RIGHT};
use quintet_protocol::program::ByteRange;

pub use lines::Row;

/// What is the same for all outputs of a row.
pub struct Convolver<'a> {
    /// The shapes.
    pub shape: &'a Depthwise,
    /// What bytes of the output stand for.
    pub range: ByteRange,
    /// The line of the window's first row, where lines take turns: see [`Depthwise::is_three`].
    pub first_line: usize,
    /// Whether all records pass [`all_short`].
    pub all_short: bool,
}

/// Whether the finishes of all records are short: then assembly may read them.
pub fn all_short(records: &[u32], shape: &Depthwise) -> bool {
    let finishes = records.chunks_exact(shape.record_words().max(1)).map(|record| record.last());
    finishes.flatten().all(|shifts| SHORT_RIGHT.contains(shifts))
}

/// Some outputs of a row: as many pixels as fit `bytes`, which begins at the first channel wanted.
pub struct Outputs<'a> {
    /// From the first channel of the first pixel on.
    pub bytes: &'a mut [u8],
    /// Channels of the picture.
    pub channels: usize,
    /// Number of pixels.
    pub columns: usize,
}

impl Outputs<'_> {
    /// The bytes of a channel.
    fn channel(&mut self, number: usize) -> impl Iterator<Item = &mut u8> {
        let bytes = self.bytes.get_mut(number..).unwrap_or_default();
        bytes.iter_mut().step_by(self.channels.max(1)).take(self.columns)
    }
}

impl Convolver<'_> {
    /// Convolves the lines of channels from output channel `first` on, one for each of `records`.
    /// `lines` has those of all input channels.
    #[inline(always)]
    pub fn convolve(&self, lines: &[u32], first: usize, records: &[u32], outputs: &mut Outputs) {
        #[cfg(armv7em_dsp)]
        if self.convolve_by_assembly(lines, first, records, outputs) {
            return;
        }
        self.convolve_portable(lines, first, records, outputs);
    }

    /// By assembly, which serves common shapes; returns whether it did.
    #[cfg(armv7em_dsp)]
    fn convolve_by_assembly(
        &self,
        lines: &[u32],
        first: usize,
        records: &[u32],
        outputs: &mut Outputs,
    ) -> bool {
        let lines = lines.get(first * self.shape.channel_words()..).unwrap_or_default();
        self.three_by_assembly(lines, records, outputs)
    }

    /// In portable Rust: what every other version must equal bit for bit.
    pub fn convolve_portable(
        &self,
        lines: &[u32],
        first: usize,
        records: &[u32],
        outputs: &mut Outputs,
    ) {
        let shape = self.shape;
        let multiplier = (shape.channels_out / shape.channels_in).max(1);
        let words = shape.channel_words();
        for (channel, record) in records.chunks_exact(shape.record_words()).enumerate() {
            let Some((weights, finish)) = record.split_last_chunk::<FINISH_WORDS>() else { return };
            let start = (first + channel) / multiplier * words;
            let Some(lines) = lines.get(start..start + words) else { return };
            let line = Line { lines: bytemuck::cast_slice(lines), weights, finish };
            match shape.is_three() {
                true if shape.stride[1] == 1 => self.three(&line, outputs.channel(channel)),
                true => self.three_by_two(&line, outputs.channel(channel)),
                false => self.windows(&line, outputs.channel(channel)),
            }
        }
    }
}

/// The lines of a channel and its record.
struct Line<'a> {
    /// Halves of the words.
    lines: &'a [i16],
    weights: &'a [u32],
    finish: &'a FinishWords,
}
