//! `TRANSPOSE_CONV`: a convolution of the input with zeros between its pixels, with the weights
//! turned round. The sums are the very same, and so are the bytes.
//!
//! Source: `TransposeConv` in TFLite's `kernels/internal/reference/integer_ops/transpose_conv.h`,
//! and `ComputePaddingHeightWidth` in `kernels/padding.h` of the output.

use super::reading::Reading;
use super::schema::TransposeConvOptions;
use super::windows::{padding, required, sizes};
use crate::import::error::Fault;
use crate::network::{Data, Operator, TensorId, Window};

/// Inputs: shape of the output, weights `[channels out, rows, columns, channels in]`, input, bias.
pub(super) fn convolution(reading: &mut Reading) -> Result<(), Fault> {
    let options: TransposeConvOptions = required(reading)?;
    let stride = [options.stride_h()?, options.stride_w()?].map(|it| it.unwrap_or(0));
    let stride = sizes(reading, "stride", stride)?;
    let activation = reading.activation(options.activation()?)?;
    let (weights, input, output) = (reading.input(1)?, reading.input(2)?, reading.output(0)?);
    let shape = |id: TensorId| <[usize; 4]>::try_from(&reading.tensor(id).shape[..]).ok();
    let shapes = (shape(weights), shape(input), shape(output));
    let (Some([_, high, wide, _]), Some(from), Some(to)) = shapes else {
        return Err(reading.malformed("tensors of other than four axes"));
    };
    let mut window = Window { kernel: [high, wide], stride, dilation: [1; 2], pad: [[0; 2]; 2] };
    let cut = padding(reading, &window, options.padding()?, [to[1], to[2]])?;
    for axis in 0..2 {
        // What the zeros behind the last pixel do not reach is padding.
        let spread = from[axis + 1].saturating_mul(stride[axis]);
        let before = window.kernel[axis].checked_sub(1 + cut[axis][0]);
        let after = (to[axis + 1] + cut[axis][0]).checked_sub(spread);
        let (Some(before), Some(after)) = (before, after) else {
            let what = format!("{to:?} of {from:?} in steps of {stride:?}");
            return Err(reading.option(what, "The output has all that each step gives."));
        };
        window.pad[axis] = [before, after];
    }
    window.stride = [1; 2];
    let spread = spread(reading, input, from, stride)?;
    let turned = turned(reading, weights)?;
    let inputs = vec![Some(spread), Some(turned), reading.optional(3)?];
    reading.push(Operator::Conv2d(window, activation), inputs, output);
    Ok(())
}

/// A picture with zeros behind each row and column.
fn spread(
    reading: &mut Reading,
    input: TensorId,
    [batch, rows, columns, channels]: [usize; 4],
    [down, across]: [usize; 2],
) -> Result<TensorId, Fault> {
    if [down, across] == [1; 2] {
        return Ok(input);
    }
    let apart = reading.reshape(input, vec![batch, rows, 1, columns, 1, channels])?;
    let padded = reading.like(input, vec![batch, rows, down, columns, across, channels])?;
    let mut amounts = vec![[0; 2]; 6];
    (amounts[2][1], amounts[4][1]) = (down - 1, across - 1);
    reading.push(Operator::Pad { amounts, value: None }, vec![Some(apart)], padded);
    let [rows, columns] = [rows.saturating_mul(down), columns.saturating_mul(across)];
    reading.reshape(padded, vec![batch, rows, columns, channels])
}

/// Weights with rows and columns in reverse.
fn turned(reading: &mut Reading, weights: TensorId) -> Result<TensorId, Fault> {
    let mut tensor = reading.tensor(weights).clone();
    let (Some(Data::Int8(bytes)), &[_, rows, columns, channels]) =
        (&mut tensor.data, &tensor.shape[..])
    else {
        return Err(reading.option("computed weights", "Weights are constant bytes."));
    };
    for window in bytes.chunks_exact_mut((rows * columns * channels).max(1)) {
        window.reverse();
        window.chunks_exact_mut(channels.max(1)).for_each(<[i8]>::reverse);
    }
    reading.add(tensor)
}
