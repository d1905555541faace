//! Shapes that operators give, from those of their inputs.

use super::{MAX_ELEMENTS, Operator, Window};

/// Most axes of a tensor.
pub const MAX_AXES: usize = 8;

/// What may be the shape of an operator's output.
///
/// `output` is the shape that the file gives it: where an operator's options leave the size open
/// (`RESHAPE`, `STRIDED_SLICE`, `RESIZE_NEAREST_NEIGHBOR`, whether `FULLY_CONNECTED` keeps its
/// axes), it is checked and given back. Inputs are as many as the operator has, without those that
/// may be left out.
///
/// # Errors
///
/// If there is no output for such inputs.
pub(super) fn output_shape(
    operator: &Operator,
    inputs: &[&[usize]],
    output: &[usize],
) -> Result<Vec<usize>, Misfit> {
    let input = inputs[0];
    match operator {
        Operator::Conv2d(window, _) => convolved(window, input, inputs[1]),
        Operator::DepthwiseConv2d(window, _) => depthwise(window, input, inputs[1]),
        Operator::AveragePool2d(window, _) | Operator::MaxPool2d(window, _) => {
            pooled(window, input)
        }
        Operator::FullyConnected(_) => connected(input, inputs[1], output),
        Operator::Add(_) | Operator::Sub(_) | Operator::Mul(_) => broadcast(input, inputs[1]),
        Operator::Mean { axes, keep } => averaged(input, axes, *keep),
        Operator::Reshape => reshaped(input, output),
        Operator::Pad { amounts, .. } => padded(input, amounts),
        Operator::Concatenation { axis } => concatenated(inputs, *axis),
        Operator::StridedSlice { begin, strides } => sliced(input, begin, strides, output),
        Operator::Transpose { order } => transposed(input, order),
        Operator::ResizeNearest { .. } => resized(input, output),
        Operator::Softmax { .. } | Operator::LogSoftmax if input.is_empty() => {
            Err(misfit(0, "one of at least one axis"))
        }
        Operator::Softmax { .. }
        | Operator::Logistic
        | Operator::Tanh
        | Operator::Clamp(_)
        | Operator::LeakyRelu { .. }
        | Operator::HardSwish
        | Operator::Quantize
        | Operator::Dequantize
        | Operator::LogSoftmax => Ok(input.to_vec()),
    }
}

/// What [`output_shape`] is, before anything is checked: none if it cannot be told.
pub(crate) fn inferred_shape(
    operator: &Operator,
    inputs: &[&[usize]],
    output: &[usize],
) -> Option<Vec<usize>> {
    let whole = |shape: &[usize]| {
        let elements = shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length));
        elements.is_some_and(|elements| (1..=MAX_ELEMENTS).contains(&elements))
    };
    if inputs.is_empty() || !inputs.iter().all(|shape| whole(shape)) || !whole(output) {
        return None;
    }
    output_shape(operator, inputs, output).ok().filter(|shape| whole(shape))
}

/// An input whose shape does not fit.
#[derive(Debug, PartialEq)]
pub(super) struct Misfit {
    /// Which one.
    pub input: usize,
    /// What would fit, in words.
    pub wanted: String,
}

fn misfit(input: usize, wanted: impl Into<String>) -> Misfit {
    Misfit { input, wanted: wanted.into() }
}

/// Rows, columns and channels of a picture.
fn picture(input: &[usize]) -> Result<[usize; 3], Misfit> {
    match *input {
        [1, rows, columns, channels] => Ok([rows, columns, channels]),
        _ => Err(misfit(0, "[1, rows, columns, channels]")),
    }
}

/// Positions of a window along rows and columns.
fn positions(window: &Window, input: [usize; 2]) -> Option<[usize; 2]> {
    let along = |axis: usize| -> Option<usize> {
        let reach = window.dilation[axis].checked_mul(window.kernel[axis].checked_sub(1)?)?;
        let [before, after] = window.pad[axis];
        let length = input[axis].checked_add(before)?.checked_add(after)?;
        Some(length.checked_sub(reach.checked_add(1)?)?.checked_div(window.stride[axis])? + 1)
    };
    window.dilation.iter().all(|&dilation| dilation > 0).then_some(())?;
    Some([along(0)?, along(1)?])
}

fn slid(window: &Window, input: &[usize], channels: usize) -> Result<Vec<usize>, Misfit> {
    let [rows, columns, _] = picture(input)?;
    match positions(window, [rows, columns]) {
        Some([rows, columns]) => Ok(vec![1, rows, columns, channels]),
        None => Err(misfit(0, format!("one that {window:?} fits into"))),
    }
}

fn convolved(window: &Window, input: &[usize], weights: &[usize]) -> Result<Vec<usize>, Misfit> {
    let [.., channels] = picture(input)?;
    match *weights {
        [outputs, rows, columns, depth] if window.kernel == [rows, columns] => {
            if depth != channels {
                return Err(misfit(0, format!("one of {depth} channels, as the weights are")));
            }
            slid(window, input, outputs)
        }
        _ => Err(misfit(1, "[channels out, rows, columns, channels in]")),
    }
}

fn depthwise(window: &Window, input: &[usize], weights: &[usize]) -> Result<Vec<usize>, Misfit> {
    let [.., channels] = picture(input)?;
    match *weights {
        [1, rows, columns, outputs] if window.kernel == [rows, columns] => {
            if outputs % channels != 0 {
                return Err(misfit(
                    0,
                    format!("one of channels that divide the {outputs} of the output"),
                ));
            }
            slid(window, input, outputs)
        }
        _ => Err(misfit(1, "[1, rows, columns, channels out]")),
    }
}

fn pooled(window: &Window, input: &[usize]) -> Result<Vec<usize>, Misfit> {
    let [.., channels] = picture(input)?;
    // Then no window lies in the padding alone.
    let inside = |axis: usize| window.pad[axis].iter().all(|&pad| pad < window.kernel[axis]);
    if window.dilation != [1, 1] || !inside(0) || !inside(1) {
        return Err(misfit(0, format!("one that {window:?} fits into")));
    }
    slid(window, input, channels)
}

fn connected(input: &[usize], weights: &[usize], output: &[usize]) -> Result<Vec<usize>, Misfit> {
    let &[outputs, inputs] = weights else {
        return Err(misfit(1, "[outputs, inputs]"));
    };
    let elements: usize = input.iter().product();
    if !elements.is_multiple_of(inputs) {
        return Err(misfit(0, format!("one of a multiple of {inputs} elements")));
    }
    let kept = input.last() == Some(&inputs) && output.len() == input.len();
    let rows: Vec<usize> =
        if kept { input[..input.len() - 1].to_vec() } else { vec![elements / inputs] };
    Ok([&rows[..], &[outputs]].concat())
}

/// The shape of two tensors, each repeated along the axes where it has length 1 or none.
fn broadcast(a: &[usize], b: &[usize]) -> Result<Vec<usize>, Misfit> {
    let axes = a.len().max(b.len());
    let length = |shape: &[usize], axis: usize| match (axis + shape.len()).checked_sub(axes) {
        Some(own) => shape[own],
        None => 1,
    };
    let common = |axis| match (length(a, axis), length(b, axis)) {
        (one, other) | (other, one) if one == 1 || one == other => Some(other),
        _ => None,
    };
    let all: Option<Vec<usize>> = (0..axes).map(common).collect();
    all.ok_or_else(|| misfit(0, format!("one that fits {b:?}")))
}

fn averaged(input: &[usize], axes: &[usize], keep: bool) -> Result<Vec<usize>, Misfit> {
    let ascending = axes.windows(2).all(|pair| pair[0] < pair[1]);
    if !ascending || axes.last().is_none_or(|&last| last >= input.len()) {
        return Err(misfit(0, format!("one with the axes {axes:?}")));
    }
    let along = |(axis, &length): (usize, &usize)| match (axes.contains(&axis), keep) {
        (false, _) => Some(length),
        (true, true) => Some(1),
        (true, false) => None,
    };
    Ok(input.iter().enumerate().filter_map(along).collect())
}

fn reshaped(input: &[usize], output: &[usize]) -> Result<Vec<usize>, Misfit> {
    let elements: usize = output.iter().product();
    if input.iter().product::<usize>() != elements {
        return Err(misfit(0, format!("one of the {elements} elements of the output")));
    }
    Ok(output.to_vec())
}

fn padded(input: &[usize], amounts: &[[usize; 2]]) -> Result<Vec<usize>, Misfit> {
    let along = |(&length, &[before, after]): (&usize, &[usize; 2])| {
        length.checked_add(before)?.checked_add(after)
    };
    let lengths: Option<Vec<usize>> = input.iter().zip(amounts).map(along).collect();
    match lengths {
        Some(lengths) if input.len() == amounts.len() => Ok(lengths),
        _ => Err(misfit(0, format!("one that padding of {amounts:?} fits"))),
    }
}

fn concatenated(inputs: &[&[usize]], axis: usize) -> Result<Vec<usize>, Misfit> {
    let mut output = inputs[0].to_vec();
    if axis >= output.len() {
        return Err(misfit(0, format!("one with axis {axis}")));
    }
    for (i, input) in inputs.iter().enumerate().skip(1) {
        let same = |other: usize| other == axis || input[other] == output[other];
        if input.len() != output.len() || !(0..output.len()).all(same) {
            return Err(misfit(i, format!("{output:?} with any length along axis {axis}")));
        }
        output[axis] = output[axis].saturating_add(input[axis]);
    }
    Ok(output)
}

fn sliced(
    input: &[usize],
    begin: &[usize],
    strides: &[isize],
    output: &[usize],
) -> Result<Vec<usize>, Misfit> {
    let axes = [begin.len(), strides.len(), output.len()];
    let inside = |axis: usize| -> Option<()> {
        let steps = isize::try_from(output[axis].checked_sub(1)?).ok()?;
        let last = begin[axis].checked_add_signed(strides[axis].checked_mul(steps)?)?;
        (strides[axis] != 0 && begin[axis].max(last) < input[axis]).then_some(())
    };
    if axes != [input.len(); 3] || (0..input.len()).any(|axis| inside(axis).is_none()) {
        let slice = format!("{output:?} elements from {begin:?} in steps of {strides:?}");
        return Err(misfit(0, format!("one that has {slice}")));
    }
    Ok(output.to_vec())
}

fn transposed(input: &[usize], order: &[usize]) -> Result<Vec<usize>, Misfit> {
    let mut axes = order.to_vec();
    axes.sort_unstable();
    if !axes.iter().copied().eq(0..input.len()) {
        return Err(misfit(0, format!("one whose axes {order:?} orders")));
    }
    Ok(order.iter().map(|&axis| input[axis]).collect())
}

fn resized(input: &[usize], output: &[usize]) -> Result<Vec<usize>, Misfit> {
    let [.., channels] = picture(input)?;
    let length = |axis: usize| output.get(axis).copied().unwrap_or(1);
    Ok(vec![1, length(1), length(2), channels])
}
