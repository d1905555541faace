//! On Armv7E-M rows of the picture are laid out channel by channel, so that two neighbouring
//! columns are the halves of a word: see [`quintet_protocol::network::Depthwise`]. One instruction
//! multiplies and sums both.

mod lay_out;
mod three;
mod windows;

use quintet_protocol::network::{Depthwise, SHORT_RIGHT};
use quintet_protocol::program::ByteRange;

pub use lay_out::Line;

/// What is the same for all outputs of a row.
pub struct Convolver<'a> {
    /// The shapes.
    pub shape: &'a Depthwise,
    /// What bytes of the output stand for.
    pub range: ByteRange,
    /// The line of the window's first row, where lines take turns: see [`Depthwise::is_three`].
    pub first_line: usize,
}

/// Some outputs of a row.
pub struct Outputs<'a> {
    /// From the first channel wanted of the first pixel to the last channel of the last one.
    pub bytes: &'a mut [u8],
    /// Channels of the picture.
    pub channels: usize,
    /// Number of pixels.
    pub columns: usize,
}

/// Whether a convolution with these records is worked out so: one output channel for each of the
/// input, all of them with a short finish.
#[inline(never)]
pub fn serves(shape: &Depthwise, records: &[u32]) -> bool {
    let finishes = records.chunks_exact(shape.record_words()).map(|record| record.last());
    shape.channels_in == shape.channels_out
        && finishes.flatten().all(|shifts| SHORT_RIGHT.contains(shifts))
}

impl Convolver<'_> {
    /// Convolves the lines of consecutive channels, as many as there are `records`; only where
    /// [`serves`] says so.
    #[inline(never)]
    pub fn convolve(&self, lines: &[u32], records: &[u32], outputs: &mut Outputs) {
        let is_done = match self.shape.is_three() {
            true => self.three(lines, records, outputs),
            false => self.windows(lines, records, outputs),
        };
        debug_assert!(is_done, "lines, records and outputs are as long as the shapes say");
        if is_done {
            self.clamp(outputs, records.len() / self.shape.record_words());
        }
    }

    /// Holds outputs to the range, if that is not all bytes.
    fn clamp(&self, outputs: &mut Outputs, channels: usize) {
        let (least, greatest) = (self.range.least, self.range.greatest);
        if (least, greatest) == (i8::MIN, i8::MAX) {
            return;
        }
        for pixel in outputs.bytes.chunks_mut(outputs.channels) {
            for byte in pixel.iter_mut().take(channels) {
                *byte = (*byte as i8).clamp(least, greatest) as u8;
            }
        }
    }
}
