//! Windows of the network to those of commands, which have narrower fields.

use quintet_protocol::program::Sliding;

use super::absorb::Padding;
use super::{At, Lowering, PlanError};
use crate::network::{TensorId, Window};

impl Lowering<'_> {
    /// The source of a convolution, and its window with the padding that it absorbs.
    pub(super) fn padded(&self, source: TensorId, window: &Window) -> (TensorId, Window) {
        let Some((source, padding)) = self.absorbed.padded(source) else {
            return (source, *window);
        };
        (source, Window { pad: sum(window.pad, padding), ..*window })
    }

    /// The shape of what slides over a picture.
    pub(super) fn sliding(
        &self,
        at: At,
        window: &Window,
        input: TensorId,
        output: TensorId,
    ) -> Result<Sliding, PlanError> {
        let picture = |tensor| match *self.shape(tensor) {
            [1, rows, columns, channels] => half_words([rows, columns, channels])
                .ok_or_else(|| self.refuse(at, tensor, "a side longer than 65 535")),
            [batch, _, _, _] => Err(self.refuse(at, tensor, format!("a batch of {batch}"))),
            _ => Err(self.refuse(at, tensor, "what is no picture of four axes")),
        };
        let Window { kernel, stride, dilation, pad } = *window;
        let bytes = |[down, across]: [usize; 2]| -> Option<[u8; 2]> {
            Some([down.try_into().ok()?, across.try_into().ok()?])
        };
        let too_large = || self.refuse(at, input, "a window that is so large, or moves so far,");
        Ok(Sliding {
            input: picture(input)?,
            output: picture(output)?,
            kernel: half_words(kernel).ok_or_else(too_large)?,
            stride: bytes(stride).ok_or_else(too_large)?,
            dilation: bytes(dilation).ok_or_else(too_large)?,
            pad: half_words([pad[0][0], pad[1][0]]).ok_or_else(too_large)?,
        })
    }
}

fn half_words<const N: usize>(sides: [usize; N]) -> Option<[u16; N]> {
    let mut halves = [0; N];
    for (half, side) in halves.iter_mut().zip(sides) {
        *half = u16::try_from(side).ok()?;
    }
    Some(halves)
}

fn sum(a: Padding, b: Padding) -> Padding {
    [0, 1].map(|axis| [0, 1].map(|end| a[axis][end] + b[axis][end]))
}
