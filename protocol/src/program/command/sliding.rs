//! The shape of what slides a window over a picture: convolutions and pooling.

use super::record::{Record, pack};

/// A window that slides over a picture of `[rows, columns, channels]`, row by row, channels
/// innermost.
///
/// The output at `(y, x)` sees the rows `y * stride[0] - pad[0] + i * dilation[0]` for `i` below
/// `kernel[0]`, and the columns likewise; what lies outside the picture is padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// Parameters 0 and 1, low half: rows, columns and channels of the input, not zero.
    pub input: [u16; 3],
    /// Parameters 2 and 1, high half: rows, columns and channels of the output, not zero.
    pub output: [u16; 3],
    /// Parameter 3: rows and columns of the window, not zero.
    pub kernel: [u16; 2],
    /// Parameter 4, the two low bytes: rows and columns from one output to the next, not zero.
    pub stride: [u8; 2],
    /// Parameter 4, the two high bytes: rows and columns from one element of the window to the
    /// next, not zero.
    pub dilation: [u8; 2],
    /// Parameter 5: rows of padding above the picture, and columns before it.
    pub pad: [u16; 2],
}

/// Parameters that a [`Sliding`] takes.
pub(super) const SLIDING_PARAMETERS: usize = 6;

impl Sliding {
    /// Reads parameters 0 to 5.
    pub(super) fn parse(r: &Record) -> Self {
        let ([rows, columns], [channels, channels_out]) = (r.pair(0), r.pair(1));
        let [rows_out, columns_out] = r.pair(2);
        let [down, across, dilation_down, dilation_across] = r.parameters[4].to_le_bytes();
        let sliding = Self {
            input: [rows, columns, channels],
            output: [rows_out, columns_out, channels_out],
            kernel: r.pair(3),
            stride: [down, across],
            dilation: [dilation_down, dilation_across],
            pad: r.pair(5),
        };
        if let Some(parameter) = sliding.zero() {
            r.require(parameter, false);
        }
        sliding
    }

    /// The first parameter with a zero that must not be.
    fn zero(&self) -> Option<u8> {
        let Self { input, output, kernel, stride, dilation, .. } = self;
        let zeros = [
            (0, input[..2].contains(&0)),
            (1, input[2] == 0 || output[2] == 0),
            (2, output[..2].contains(&0)),
            (3, kernel.contains(&0)),
            (4, stride.contains(&0) || dilation.contains(&0)),
        ];
        zeros.iter().find(|(_, is_zero)| *is_zero).map(|&(parameter, _)| parameter)
    }

    /// Parameters 0 to 5.
    pub(super) fn parameters(&self) -> [u32; SLIDING_PARAMETERS] {
        let Self { input, output, kernel, stride, dilation, pad } = *self;
        [
            pack([input[0], input[1]]),
            pack([input[2], output[2]]),
            pack([output[0], output[1]]),
            pack(kernel),
            u32::from_le_bytes([stride[0], stride[1], dilation[0], dilation[1]]),
            pack(pad),
        ]
    }

    /// Bytes of the input.
    pub fn input_bytes(&self) -> usize {
        bytes(self.input)
    }

    /// Bytes of the output.
    pub fn output_bytes(&self) -> usize {
        bytes(self.output)
    }
}

fn bytes(shape: [u16; 3]) -> usize {
    // The largest is below 2^48; where `usize` has 32 bits, no arena holds what saturates.
    shape.iter().fold(1, |product: usize, &side| product.saturating_mul(usize::from(side)))
}
