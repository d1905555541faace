//! Operators on each element by itself: sums, products, activations.

use std::rc::Rc;

use super::build::{Bytes, Pending, Steps, Value, of_tensor};
use super::constant::Constant;
use super::step::Step;
use super::weighted;
use crate::import::error::Fault;
use crate::network::{Operator, Problem, TensorId};

/// `Add`, `Sub` and `Mul`. An `Add` of constants to a `MatMul` is its bias.
pub(super) fn arithmetic(step: &mut Step, operator: Operator) -> Result<(), Fault> {
    if let Operator::Add(_) = operator
        && let Some(biased) = weighted::with_bias(step)?
    {
        step.give(Value::Pending(Rc::new(biased)));
        return Ok(());
    }
    let values = [step.value(0)?, step.value(1)?];
    let ranks = [rank(step, 0)?, rank(step, 1)?];
    let rank = ranks[0].max(ranks[1]);
    // The order of the first that has one; the other follows.
    let mut order = None;
    let mut inputs = [None, None];
    for (i, value) in values.iter().enumerate() {
        if !matches!(value, Value::Constant(_)) {
            let bytes = step.bytes(i)?;
            let bytes = with_rank(step, bytes, rank)?;
            let order = order.get_or_insert_with(|| bytes.order.clone());
            inputs[i] = Some(step.builder.arranged(&step.place, &bytes, order)?.id);
        }
    }
    let Some(order) = order else {
        let wanted = "an operator with an input that is not";
        return Err(step.problem(0, Problem::Role { found: "constant", wanted }));
    };
    for (i, value) in values.iter().enumerate() {
        if let Value::Constant(constant) = value {
            inputs[i] = Some(constant_input(step, i, constant, &order)?);
        }
    }
    let [a, b] = [0, 1].map(|i| inputs[i].map(|id| step.builder.shape(id).to_vec()));
    let shape = broadcast(&a.unwrap_or_default(), &b.unwrap_or_default()).ok_or_else(|| {
        let found = ranks.to_vec();
        step.problem(1, Problem::Shape { found, wanted: "one that fits the other input".into() })
    })?;
    step.give_pending(operator, inputs.to_vec(), shape, order);
    Ok(())
}

fn rank(step: &mut Step, i: usize) -> Result<usize, Fault> {
    match step.value(i)? {
        Value::Constant(constant) => Ok(constant.shape.len()),
        _ => Ok(step.bytes(i)?.order.len()),
    }
}

/// Bytes with axes of length 1 before their own.
fn with_rank(step: &mut Step, bytes: Bytes, rank: usize) -> Result<Bytes, Fault> {
    let missing = rank - bytes.order.len();
    if missing == 0 {
        return Ok(bytes);
    }
    let shape = [vec![1; missing], step.builder.shape(bytes.id).to_vec()].concat();
    let id = step.builder.move_bytes(&step.place, Operator::Reshape, bytes.id, shape)?;
    let own = bytes.order.iter().map(|axis| axis + missing);
    Ok(Bytes { id, order: (0..missing).chain(own).collect() })
}

/// A constant as a tensor of bytes whose axes lie in that order.
fn constant_input(
    step: &mut Step,
    i: usize,
    constant: &Constant,
    order: &[usize],
) -> Result<TensorId, Fault> {
    let mut constant = constant.clone();
    let missing = order.len() - constant.shape.len();
    constant.shape = [vec![1; missing], constant.shape].concat();
    if let Some(scales) = constant.scales.as_mut() {
        scales.axis += missing;
    }
    let constant = constant.transposed(order);
    let Some((bytes, scale, zero)) = constant.bytes() else {
        let found = "integers".into();
        return Err(step.problem(i, Problem::Element { found, wanted: "float or int8" }));
    };
    let name = step.name(i);
    step.builder.constant_bytes(name, constant.shape, bytes, of_tensor((scale, zero)))
}

/// The shape of two tensors of one rank, each repeated along the axes where it has length 1.
fn broadcast(a: &[usize], b: &[usize]) -> Option<Vec<usize>> {
    let common = |(&a, &b): (&usize, &usize)| match (a, b) {
        (1, other) | (other, 1) => Some(other),
        _ => (a == b).then_some(a),
    };
    a.iter().zip(b).map(common).collect()
}

/// `LeakyRelu` and `HardSwish`, which wait for their output's quantisation.
pub(super) fn unary(step: &mut Step, operator: Operator) -> Result<(), Fault> {
    let waiting = waiting(step, operator)?;
    step.give(Value::Pending(Rc::new(waiting)));
    Ok(())
}

/// An operator of the first input alone.
fn waiting(step: &mut Step, operator: Operator) -> Result<Pending, Fault> {
    let Bytes { id, order } = step.bytes(0)?;
    let shape = step.builder.shape(id).to_vec();
    Ok(Pending::new(&step.place, operator, vec![Some(id)], shape, order))
}

/// `Sigmoid` and `Tanh`, whose output's quantisation TFLite prescribes.
pub(super) fn fixed(step: &mut Step, operator: Operator, steps: Steps) -> Result<(), Fault> {
    let bytes = step.bytes(0)?;
    let shape = step.builder.shape(bytes.id).to_vec();
    let id = step.builder.emit(&step.place, operator, vec![Some(bytes.id)], shape, steps)?;
    step.give_real(id, bytes.order);
    Ok(())
}

/// `Relu`.
pub(super) fn relu(step: &mut Step) -> Result<(), Fault> {
    clamp(step, [0.0, f32::INFINITY])
}

/// `Clip`: its ends are attributes, or inputs since version 11.
pub(super) fn clip(step: &mut Step) -> Result<(), Fault> {
    let end = |step: &Step, i: usize, name: &str, default: f32| -> Result<f32, Fault> {
        match step.optional(i)? {
            Some(end) => match end.reals().as_deref() {
                Some(&[real]) => Ok(real as f32),
                _ => {
                    let (found, wanted) = (end.shape.clone(), "a float".into());
                    Err(step.problem(i, Problem::Shape { found, wanted }))
                }
            },
            None => Ok(step.float(name, default)),
        }
    };
    let low = end(step, 1, "min", f32::NEG_INFINITY)?;
    let high = end(step, 2, "max", f32::INFINITY)?;
    clamp(step, [low, high])
}

/// A clamp becomes part of an operator that waits; of bytes it is one that waits itself.
fn clamp(step: &mut Step, [low, high]: [f32; 2]) -> Result<(), Fault> {
    let mut pending = match step.value(0)? {
        Value::Pending(pending) => (*pending).clone(),
        _ => waiting(step, Operator::Quantize)?,
    };
    let [least, most] = pending.clamp;
    pending.clamp = [least.max(low).min(high), most.min(high).max(low)];
    step.give(Value::Pending(Rc::new(pending)));
    Ok(())
}
