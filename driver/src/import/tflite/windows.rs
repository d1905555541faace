//! Operators with a window: its size, steps and padding from the options and shapes.

use super::reading::Reading;
use super::schema::{Conv2dOptions, DepthwiseConv2dOptions, Pool2dOptions};
use crate::import::error::Fault;
use crate::network::{Activation, Operator, TensorId, Window, inferred_shape};

/// `CONV_2D`.
pub(super) fn convolution(reading: &mut Reading) -> Result<(), Fault> {
    let options: Conv2dOptions = required(reading)?;
    let stride = [options.stride_h()?, options.stride_w()?];
    let dilation = [options.dilation_h()?, options.dilation_w()?];
    let activation = reading.activation(options.activation()?)?;
    weighted(reading, options.padding()?, stride, dilation, activation, Operator::Conv2d)
}

/// `DEPTHWISE_CONV_2D`.
pub(super) fn depthwise(reading: &mut Reading) -> Result<(), Fault> {
    let options: DepthwiseConv2dOptions = required(reading)?;
    let stride = [options.stride_h()?, options.stride_w()?];
    let dilation = [options.dilation_h()?, options.dilation_w()?];
    let activation = reading.activation(options.activation()?)?;
    weighted(reading, options.padding()?, stride, dilation, activation, Operator::DepthwiseConv2d)
}

/// `AVERAGE_POOL_2D`.
pub(super) fn average(reading: &mut Reading) -> Result<(), Fault> {
    pool(reading, Operator::AveragePool2d)
}

/// `MAX_POOL_2D`.
pub(super) fn maximum(reading: &mut Reading) -> Result<(), Fault> {
    pool(reading, Operator::MaxPool2d)
}

fn weighted(
    reading: &mut Reading,
    padding: Option<i8>,
    stride: [Option<i32>; 2],
    dilation: [Option<i32>; 2],
    activation: Activation,
    operator: fn(Window, Activation) -> Operator,
) -> Result<(), Fault> {
    let (input, weights) = (reading.input(0)?, reading.input(1)?);
    let inputs = vec![Some(input), Some(weights), reading.optional(2)?];
    let output = reading.output(0)?;
    let &[_, rows, columns, _] = &reading.tensor(weights).shape[..] else {
        return Err(reading.malformed("weights of other than four axes"));
    };
    let window = Window {
        kernel: [rows, columns],
        stride: sizes(reading, "stride", stride.map(|it| it.unwrap_or(0)))?,
        dilation: sizes(reading, "dilation", dilation.map(|it| it.unwrap_or(1)))?,
        pad: [[0; 2]; 2],
    };
    let window = with_padding(reading, window, padding, input)?;
    if let &[samples, 1, columns, channels] = &reading.tensor(input).shape[..]
        && (samples > 1 && rows == 1 && reading.is_open(input))
    {
        // Of a single sample some operator made several, of one row each: the rows of a picture.
        let picture = reading.reshape(input, vec![1, samples, columns, channels])?;
        let window = Window { stride: [1, window.stride[1]], ..window };
        return in_rows(reading, operator(window, activation), (picture, inputs), output);
    }
    reading.push(operator(window, activation), inputs, output);
    Ok(())
}

/// A convolution of a picture whose rows are samples.
fn in_rows(
    reading: &mut Reading,
    operator: Operator,
    (picture, mut inputs): (TensorId, Vec<Option<TensorId>>),
    output: TensorId,
) -> Result<(), Fault> {
    inputs[0] = Some(picture);
    let shapes = inputs.iter().flatten().map(|&id| &reading.tensor(id).shape[..]);
    let shape = inferred_shape(&operator, &shapes.collect::<Vec<_>>(), &[1]);
    let Some(&[_, samples, columns, channels]) = shape.as_deref() else {
        return Err(reading.malformed("a window that does not fit its input"));
    };
    let rows = reading.like(output, vec![1, samples, columns, channels])?;
    reading.push(operator, inputs, rows);
    reading.settle(output, &[samples, 1, columns, channels]);
    reading.push(Operator::Reshape, vec![Some(rows)], output);
    Ok(())
}

fn pool(reading: &mut Reading, operator: fn(Window, Activation) -> Operator) -> Result<(), Fault> {
    let options: Pool2dOptions = required(reading)?;
    let activation = reading.activation(options.activation()?)?;
    let kernel = [options.filter_h()?, options.filter_w()?].map(|it| it.unwrap_or(0));
    let stride = [options.stride_h()?, options.stride_w()?].map(|it| it.unwrap_or(0));
    let window = Window {
        kernel: sizes(reading, "filter", kernel)?,
        stride: sizes(reading, "stride", stride)?,
        dilation: [1; 2],
        pad: [[0; 2]; 2],
    };
    let input = reading.input(0)?;
    let window = with_padding(reading, window, options.padding()?, input)?;
    reading.unary(operator(window, activation))
}

/// The options of an operator that has some.
pub(super) fn required<'a, T: planus::TableRead<'a>>(
    reading: &Reading<'a, '_>,
) -> Result<T, Fault> {
    reading.options()?.ok_or_else(|| reading.malformed("it has no options"))
}

/// Sizes that are positive; `what` they are is for messages.
pub(super) fn sizes(reading: &Reading, what: &str, sizes: [i32; 2]) -> Result<[usize; 2], Fault> {
    let size = |size| match usize::try_from(size) {
        Ok(size @ 1..) => Ok(size),
        _ => Err(reading.malformed(format!("a {what} of {size}"))),
    };
    Ok([size(sizes[0])?, size(sizes[1])?])
}

/// The window with the padding of a picture.
fn with_padding(
    reading: &Reading,
    window: Window,
    option: Option<i8>,
    input: TensorId,
) -> Result<Window, Fault> {
    let &[_, rows, columns, _] = &reading.tensor(input).shape[..] else {
        return Err(reading.malformed("an input of other than four axes"));
    };
    Ok(Window { pad: padding(reading, &window, option, [rows, columns])?, ..window })
}

/// The padding that an option stands for: `SAME` (0) keeps the size, divided by the stride and
/// rounded up, an odd element coming after; `VALID` (1) is none.
pub(super) fn padding(
    reading: &Reading,
    window: &Window,
    option: Option<i8>,
    size: [usize; 2],
) -> Result<[[usize; 2]; 2], Fault> {
    const SAME: i8 = 0;
    const VALID: i8 = 1;
    match option.unwrap_or(SAME) {
        VALID => Ok([[0; 2]; 2]),
        SAME => Ok([0, 1].map(|axis| same(window, axis, size[axis]))),
        other => Err(reading.malformed(format!("padding {other}"))),
    }
}

/// Padding before and after. Sizes come from 31 bits each, so that products stay below 2^63.
fn same(window: &Window, axis: usize, length: usize) -> [usize; 2] {
    let stride = window.stride[axis];
    let reach = (window.kernel[axis].saturating_sub(1)) * window.dilation[axis] + 1;
    let outputs = length.div_ceil(stride).max(1);
    let padding = ((outputs - 1) * stride + reach).saturating_sub(length);
    [padding / 2, padding - padding / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: usize, stride: usize, dilation: usize) -> Window {
        let [kernel, stride, dilation] = [[kernel; 2], [stride; 2], [dilation; 2]];
        Window { kernel, stride, dilation, pad: [[0; 2]; 2] }
    }

    #[test]
    fn an_odd_element_of_padding_comes_after() {
        assert_eq!(same(&window(3, 2, 1), 0, 96), [0, 1]);
        assert_eq!(same(&window(3, 1, 1), 0, 96), [1, 1]);
        assert_eq!(same(&window(4, 1, 1), 1, 9), [1, 2]);
        assert_eq!(same(&window(3, 1, 2), 1, 9), [2, 2]);
        assert_eq!(same(&window(1, 2, 1), 0, 9), [0, 0]);
        assert_eq!(same(&window(2, 3, 1), 0, 9), [0, 0]);
    }
}
