//! Operators that reduce axes.

use super::reading::Reading;
use super::schema::ReducerOptions;
use super::slices;
use crate::import::error::Fault;
use crate::network::{Activation, Operator, Window};

/// `MEAN`: input, axes.
pub(super) fn mean(reading: &mut Reading) -> Result<(), Fault> {
    let keep = match reading.options::<ReducerOptions>()? {
        Some(options) => options.keep_dims()?.unwrap_or(false),
        None => false,
    };
    let axes = axes(reading)?;
    reading.unary(Operator::Mean { axes, keep })
}

/// `REDUCE_MAX`: input, axes, which lie side by side. A maximum over all that a window sees, in a
/// picture with a row for each index of these axes and those before.
pub(super) fn maximum(reading: &mut Reading) -> Result<(), Fault> {
    let axes = axes(reading)?;
    let adjacent = axes.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    let (Some(&first), Some(&last), true) = (axes.first(), axes.last(), adjacent) else {
        return Err(reading.option(format!("axes {axes:?}"), "The axes lie side by side."));
    };
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let shape = &reading.tensor(input).shape;
    let parts = [&shape[..first], &shape[first..=last], &shape[last + 1..]];
    let [groups, rows, channels] = parts.map(|axes| axes.iter().product::<usize>());
    let window = Window {
        kernel: [rows, 1],
        stride: [if groups > 1 { rows } else { 1 }, 1],
        dilation: [1; 2],
        pad: [[0; 2]; 2],
    };
    let picture = reading.reshape(input, vec![1, groups * rows, 1, channels])?;
    let reduced = reading.like(output, vec![1, groups, 1, channels])?;
    let operator = Operator::MaxPool2d(window, Activation::None);
    reading.push(operator, vec![Some(picture)], reduced);
    reading.push(Operator::Reshape, vec![Some(reduced)], output);
    Ok(())
}

/// The axes that are reduced, ascending.
fn axes(reading: &mut Reading) -> Result<Vec<usize>, Fault> {
    let input = reading.input(0)?;
    let count = reading.tensor(input).shape.len();
    let given = reading.integers(1)?;
    let axes = given.into_iter().map(|axis| slices::axis(reading, axis, count));
    let mut axes: Vec<usize> = axes.collect::<Result<_, _>>()?;
    axes.sort_unstable();
    axes.dedup();
    Ok(axes)
}
