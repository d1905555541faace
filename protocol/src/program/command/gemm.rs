//! The commands that multiply matrices: convolutions of 8-bit pictures, and fully connected layers,
//! which are convolutions of a picture of one pixel (or of a column of them, for a batch).
//!
//! Layouts of weights and of what turns a sum into a byte: [`crate::network`].

use super::super::BufferId;
use super::record::Record;
use super::sliding::{SLIDING_PARAMETERS, Sliding};

/// Convolves a picture: every output channel is a sum over the window and all input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolve {
    /// Signed bytes, `[rows, columns, channels]`.
    pub input: BufferId,
    /// A record for each pair of output channels, constant, or streamed in pages of whole records.
    pub weights: BufferId,
    /// Where windows are laid out side by side: room for at least one tile of
    /// [`crate::network::TILE_PIXELS`]; with more the device works on more pixels at a time. It may
    /// be any number where [`crate::network::convolve_scratch_least`] is zero.
    pub scratch: BufferId,
    /// Signed bytes, `[rows, columns, channels]`, written. It may overlap the input, unless there
    /// is no scratch, or weights come in more than one page. Pixels are worked on in their order,
    /// one or more at a time, all of whose windows are read before any of their outputs is written.
    pub output: BufferId,
    /// Parameters 0 to 5: the shapes. A column has 64 KiB at most: see [`crate::network`].
    pub sliding: Sliding,
    /// Parameters 6 and 7.
    pub bytes: ByteRange,
    /// Parameter 8: the number of the first page of this layer; zero unless streamed.
    pub first_page: u32,
    /// Parameter 9, low half: pairs of channels in a page (the last page may have fewer); zero
    /// unless streamed.
    pub page_pairs: u16,
    /// Parameter 9, high half: whether the second channel of each pair is not one of the output's,
    /// 0 or 1: see [`crate::network`].
    pub unpaired: bool,
}

/// Convolves each channel of a picture by itself. Output channel `i * multiplier + j` is the `j`-th
/// of input channel `i`; the multiplier is the quotient of output and input channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvolveDepthwise {
    /// Signed bytes, `[rows, columns, channels]`.
    pub input: BufferId,
    /// Records of weights, constant.
    pub weights: BufferId,
    /// Where the device lays out what it works on: see [`crate::network`].
    pub scratch: BufferId,
    /// Signed bytes, `[rows, columns, channels]`, written. It may overlap the input.
    pub output: BufferId,
    /// Parameters 0 to 5: the shapes.
    pub sliding: Sliding,
    /// Parameters 6 and 7.
    pub bytes: ByteRange,
}

/// What bytes of input and output stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// First parameter, lowest byte: the input byte that stands for zero; padding has it.
    pub zero_in: i8,
    /// First parameter, second byte: the output byte that stands for zero.
    pub zero_out: i8,
    /// Second parameter, lowest byte: least output byte.
    pub least: i8,
    /// Second parameter, second byte: greatest output byte, at least `least`.
    pub greatest: i8,
}

impl ByteRange {
    /// Reads two parameters from `first` on.
    pub(super) fn parse(r: &Record, first: u8) -> Self {
        let ([zero_in, zero_out], [least, greatest]) = (r.byte_pair(first), r.byte_pair(first + 1));
        r.require(first + 1, least <= greatest);
        Self { zero_in, zero_out, least, greatest }
    }

    /// The two parameters.
    pub(super) fn parameters(&self) -> [u32; 2] {
        let word = |low: i8, high: i8| u32::from_le_bytes([low as u8, high as u8, 0, 0]);
        [word(self.zero_in, self.zero_out), word(self.least, self.greatest)]
    }
}

impl Convolve {
    pub(super) fn parse(r: &Record) -> Self {
        let [page_pairs, unpaired] = r.pair(9);
        r.require(9, unpaired <= 1);
        Self {
            input: r.buffer(0),
            weights: r.buffer(1),
            scratch: r.buffer(2),
            output: r.buffer(3),
            sliding: Sliding::parse(r),
            bytes: ByteRange::parse(r, 6),
            first_page: r.parameters[8],
            page_pairs,
            unpaired: unpaired == 1,
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { input, weights, scratch, output, .. } = *self;
        let mut parameters = [0; SLIDING_PARAMETERS + 4];
        parameters[..6].copy_from_slice(&self.sliding.parameters());
        parameters[6..8].copy_from_slice(&self.bytes.parameters());
        parameters[8] = self.first_page;
        parameters[9] = u32::from(self.page_pairs) | u32::from(self.unpaired) << 16;
        Record::new([input, weights, scratch, output], parameters)
    }
}

impl ConvolveDepthwise {
    pub(super) fn parse(r: &Record) -> Self {
        Self {
            input: r.buffer(0),
            weights: r.buffer(1),
            scratch: r.buffer(2),
            output: r.buffer(3),
            sliding: Sliding::parse(r),
            bytes: ByteRange::parse(r, 6),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { input, weights, scratch, output, .. } = *self;
        let mut parameters = [0; SLIDING_PARAMETERS + 2];
        parameters[..6].copy_from_slice(&self.sliding.parameters());
        parameters[6..].copy_from_slice(&self.bytes.parameters());
        Record::new([input, weights, scratch, output], parameters)
    }
}
