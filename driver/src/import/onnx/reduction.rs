//! Operators that take together what lies near, or along axes: pools, means, `Softmax`.

use super::build::Steps;
use super::step::Step;
use super::weighted::picture;
use super::window::{NHWC, pair, positions, window};
use crate::import::error::Fault;
use crate::network::{Activation, Operator, Problem};

/// Version of the operators' set from which `Softmax` is over one axis.
const SOFTMAX_OF_AN_AXIS: i64 = 13;

/// What TFLite's `SOFTMAX` and `LOGISTIC` give.
pub(super) const PROBABILITIES: Steps = (1.0 / 256.0, -128);

/// `MaxPool` and `AveragePool`.
pub(super) fn pool(step: &mut Step, max: bool) -> Result<(), Fault> {
    let (input, [rows, columns, channels]) = picture(step)?;
    if step.ints("kernel_shape").is_none() {
        return Err(step.option("a pool without a kernel", "Supported: two lengths."));
    }
    let window = window(step, pair(step, "kernel_shape", 1)?, [rows, columns])?;
    let [tall, wide] = positions(step, &window, [rows, columns])?;
    let rest = |axis: usize, input: usize, outputs: usize| {
        let [before, after] = window.pad[axis];
        input + before + after > (outputs - 1) * window.stride[axis] + window.kernel[axis]
    };
    if step.int("ceil_mode", 0) != 0 && (rest(0, rows, tall) || rest(1, columns, wide)) {
        return Err(
            step.option("ceil_mode", "Supported: windows that lie within the padded input.")
        );
    }
    if !max && step.int("count_include_pad", 0) != 0 && window.pad != [[0; 2]; 2] {
        return Err(step.option("count_include_pad", "Supported: averages without the padding."));
    }
    let operator = match max {
        true => Operator::MaxPool2d(window, Activation::None),
        false => Operator::AveragePool2d(window, Activation::None),
    };
    let shape = vec![1, tall, wide, channels];
    let id = step.builder.move_bytes(&step.place, operator, input.id, shape)?;
    step.give_real(id, NHWC.to_vec());
    Ok(())
}

/// `GlobalAveragePool`: the mean of all rows and columns.
pub(super) fn global_average(step: &mut Step) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let axes: Vec<i64> = (2..bytes.order.len() as i64).collect();
    mean_of(step, &axes, true)
}

/// `ReduceMean`; its axes are an attribute, or an input since version 18.
pub(super) fn mean(step: &mut Step) -> Result<(), Fault> {
    let rank = step.bytes(0)?.order.len() as i64;
    let axes = match step.list(1)? {
        Some(axes) => Some(axes),
        None => step.ints("axes").map(<[i64]>::to_vec),
    };
    let keep = step.int("keepdims", 1) != 0;
    match axes {
        Some(axes) => mean_of(step, &axes, keep),
        None => mean_of(step, &(0..rank).collect::<Vec<_>>(), keep),
    }
}

fn mean_of(step: &mut Step, axes: &[i64], keep: bool) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let rank = bytes.order.len();
    let axes: Result<Vec<_>, _> = axes.iter().map(|&axis| step.axis(axis, rank)).collect();
    let axes = axes?;
    // The device averages rows and columns together, channels last.
    let bytes = match rank {
        4 => step.builder.arranged(&step.place, &bytes, &NHWC)?,
        _ => bytes,
    };
    let gone = |at: &usize| axes.contains(&bytes.order[*at]);
    let input_shape = step.builder.shape(bytes.id).to_vec();
    let averaged: Vec<_> = (0..rank).filter(gone).collect();
    let (shape, order) = if keep {
        let length = |at: usize| if gone(&at) { 1 } else { input_shape[at] };
        ((0..rank).map(length).collect(), bytes.order.clone())
    } else {
        let left: Vec<_> = (0..rank).filter(|at| !gone(at)).collect();
        let number = |at: &usize| {
            let axis = bytes.order[*at];
            axis - axes.iter().filter(|&&other| other < axis).count()
        };
        let shape = left.iter().map(|&at| input_shape[at]).collect();
        (shape, left.iter().map(number).collect())
    };
    let operator = Operator::Mean { axes: averaged, keep };
    step.give_pending(operator, vec![Some(bytes.id)], shape, order);
    Ok(())
}

/// `Softmax` over one axis.
pub(super) fn softmax(step: &mut Step) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let rank = bytes.order.len();
    let shape = step.builder.graph_shape(&bytes);
    let of_an_axis = step.builder.opset >= SOFTMAX_OF_AN_AXIS;
    let axis = step.axis(step.int("axis", if of_an_axis { -1 } else { 1 }), rank)?;
    // Before, all axes from that one on were taken together.
    if !of_an_axis && shape[axis + 1..].iter().any(|&length| length != 1) {
        let wanted = "one whose later axes have length 1".into();
        return Err(step.problem(0, Problem::Shape { found: shape, wanted }));
    }
    let last = (0..rank).filter(|&at| at != axis).chain([axis]);
    let bytes = step.builder.arranged(&step.place, &bytes, &last.collect::<Vec<_>>())?;
    let shape = step.builder.shape(bytes.id).to_vec();
    let operator = Operator::Softmax { beta: 1.0 };
    let inputs = vec![Some(bytes.id)];
    let id = step.builder.emit(&step.place, operator, inputs, shape, PROBABILITIES)?;
    step.give_real(id, bytes.order);
    Ok(())
}
