//! Operators with weights: `Conv`, `Gemm`, `MatMul`.

use std::rc::Rc;

use super::build::{Bytes, Pending, Value};
use super::constant::{Constant, Elements, Kind};
use super::step::Step;
use super::window::{NHWC, window};
use crate::import::error::Fault;
use crate::network::{
    Activation, Data, Element, Operator, Problem, Quantisation, Tensor, TensorId,
};

/// `Conv`: weights `[channels out, channels in / group, rows, columns]`.
pub(super) fn conv(step: &mut Step) -> Result<(), Fault> {
    let (input, [height, width, channels]) = picture(step)?;
    let weights = step.constant(1)?;
    let &[outputs, depth, rows, columns] = &weights.shape[..] else {
        let wanted = "[channels out, channels in, rows, columns]".into();
        let found = weights.shape.clone();
        return Err(step.problem(1, Problem::Shape { found, wanted }));
    };
    let window = window(step, [rows, columns], [height, width])?;
    let (operator, order) = match usize::try_from(step.int("group", 1)) {
        Ok(1) => (Operator::Conv2d(window, Activation::None), [0, 2, 3, 1]),
        Ok(group) if group == channels && depth == 1 => {
            (Operator::DepthwiseConv2d(window, Activation::None), [1, 2, 3, 0])
        }
        _ => {
            let what = format!("a convolution in {} groups", step.int("group", 1));
            return Err(step.option(what, "Supported groups: one, or one for each input channel."));
        }
    };
    let [tall, wide] = super::window::positions(step, &window, [height, width])?;
    let (weights, scales) = filters(step, &weights.transposed(&order))?;
    let steps = bias_steps(step, input.id, &scales, outputs);
    let bias = match step.optional(2)? {
        Some(bias) => Some(biases(step, 2, &bias, &steps)?),
        None => None,
    };
    let inputs = vec![Some(input.id), Some(weights), bias];
    step.give_pending(operator, inputs, vec![1, tall, wide, outputs], NHWC.to_vec());
    Ok(())
}

/// The first input as a picture with its channels last: its rows, columns and channels.
pub(super) fn picture(step: &mut Step) -> Result<(Bytes, [usize; 3]), Fault> {
    let bytes = step.bytes(0)?;
    let shape = step.builder.graph_shape(&bytes);
    match shape[..] {
        [1, channels, rows, columns] => {
            let bytes = step.builder.arranged(&step.place, &bytes, &NHWC)?;
            Ok((bytes, [rows, columns, channels]))
        }
        _ => {
            let wanted = "[1, channels, rows, columns]".into();
            Err(step.problem(0, Problem::Shape { found: shape, wanted }))
        }
    }
}

/// `Gemm`: weights `[inputs, outputs]`, or the other way round with `transB`.
pub(super) fn gemm(step: &mut Step) -> Result<(), Fault> {
    let plain = step.float("alpha", 1.0) == 1.0 && step.float("beta", 1.0) == 1.0;
    if !plain || step.int("transA", 0) != 0 {
        return Err(step.option("alpha, beta or transA", "Supported: alpha 1, beta 1, transA 0."));
    }
    let turned = step.int("transB", 0) == 0;
    let bias = step.optional(2)?;
    connected(step, turned, bias.as_deref())
}

/// `MatMul` by constant weights.
pub(super) fn mat_mul(step: &mut Step) -> Result<(), Fault> {
    connected(step, true, None)
}

fn connected(step: &mut Step, turned: bool, bias: Option<&Constant>) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let weights = step.constant(1)?;
    if weights.shape.len() != 2 {
        let (found, wanted) = (weights.shape.clone(), "[inputs, outputs]".into());
        return Err(step.problem(1, Problem::Shape { found, wanted }));
    }
    let weights = if turned { weights.transposed(&[1, 0]) } else { (*weights).clone() };
    let (outputs, inputs) = (weights.shape[0], weights.shape[1]);
    let mut shape = step.builder.graph_shape(&bytes);
    if shape.len() < 2 || shape.last() != Some(&inputs) {
        let wanted = format!("[1, {inputs}]");
        return Err(step.problem(0, Problem::Shape { found: shape, wanted }));
    }
    let order: Vec<_> = (0..shape.len()).collect();
    let input = step.builder.arranged(&step.place, &bytes, &order)?;
    if let Some(last) = shape.last_mut() {
        *last = outputs;
    }
    let (weights, scales) = filters(step, &weights)?;
    let bias_steps = bias_steps(step, input.id, &scales, outputs);
    let bias = match bias {
        Some(bias) => Some(biases(step, 2, bias, &bias_steps)?),
        None => None,
    };
    let operator = Operator::FullyConnected(Activation::None);
    let inputs = vec![Some(input.id), Some(weights), bias];
    let pending = Pending::new(&step.place, operator, inputs, shape, order);
    step.give(Value::Pending(Rc::new(Pending { bias_steps, ..pending })));
    Ok(())
}

/// `Add` of a constant to a `MatMul` that waits: its bias. `None` if that is not what this is.
pub(super) fn with_bias(step: &mut Step) -> Result<Option<Pending>, Fault> {
    let (pending, constant, at) = match (step.value(0)?, step.value(1)?) {
        (Value::Pending(pending), Value::Constant(constant)) => (pending, constant, 1),
        (Value::Constant(constant), Value::Pending(pending)) => (pending, constant, 0),
        _ => return Ok(None),
    };
    let is_bare = matches!(pending.operator, Operator::FullyConnected(_))
        && matches!(pending.inputs[..], [_, _, None])
        && pending.clamp == [f32::NEG_INFINITY, f32::INFINITY];
    if !is_bare {
        return Ok(None);
    }
    let bias = biases(step, at, &constant, &pending.bias_steps)?;
    let mut pending = (*pending).clone();
    pending.inputs[2] = Some(bias);
    pending.place = step.place.clone();
    Ok(Some(pending))
}

/// Weights as a tensor, and their scales.
fn filters(step: &mut Step, weights: &Constant) -> Result<(TensorId, Vec<f32>), Fault> {
    let (Elements::Integers(integers, Kind::Int8), Some(scales)) =
        (&weights.elements, &weights.scales)
    else {
        return Err(step.floats(1));
    };
    let bytes = integers.iter().map(|&it| it as i8).collect();
    let quantisation = Quantisation {
        scales: scales.scales.clone(),
        zero_points: scales.zero_points.iter().map(|&zero| zero as i32).collect(),
        axis: scales.axis,
    };
    let name = step.name(1);
    let id = step.builder.constant_bytes(name, weights.shape.clone(), bytes, quantisation)?;
    Ok((id, scales.scales.clone()))
}

/// What a step of the bias of each output stands for.
fn bias_steps(step: &Step, input: TensorId, scales: &[f32], outputs: usize) -> Vec<f64> {
    let (scale, _) = step.builder.steps(input);
    let of = |at: usize| scales.get(at).or(scales.first()).copied().unwrap_or(1.0);
    (0..outputs).map(|at| f64::from(scale) * f64::from(of(at))).collect()
}

/// A bias as a tensor, in steps of input times weights, as its file mostly has it already.
fn biases(step: &mut Step, i: usize, bias: &Constant, steps: &[f64]) -> Result<TensorId, Fault> {
    let reals = bias.reals().unwrap_or_default();
    let one = reals.len() == 1;
    if !one && reals.len() != steps.len() {
        let (found, wanted) = (bias.shape.clone(), format!("[{}]", steps.len()));
        return Err(step.problem(i, Problem::Shape { found, wanted }));
    }
    let real = |at: usize| if one { reals[0] } else { reals[at] };
    // Saturates; a bias as large as that is refused with the network.
    let words = steps.iter().enumerate().map(|(at, step)| (real(at) / step).round() as i32);
    let words: Vec<i32> = words.collect();
    let tensor = Tensor {
        name: String::new(),
        shape: vec![words.len()],
        element: Element::Int32,
        quantisation: None,
        data: Some(Data::Int32(words)),
    };
    let name = step.name(i);
    step.builder.constant(name, tensor)
}
