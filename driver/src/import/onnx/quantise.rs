//! `QuantizeLinear` and `DequantizeLinear`: what bytes stand for.

use std::rc::Rc;

use super::build::{Builder, Bytes, NO_FLOATS, Place, Steps, Value, of_tensor, short};
use super::constant::{Elements, Kind, Scales};
use super::proto::data_type;
use super::step::Step;
use crate::import::error::Fault;
use crate::network::{Element, NetworkError, Node, Operator, Problem, TensorId};

/// `QuantizeLinear`.
pub(super) fn quantize(step: &mut Step) -> Result<(), Fault> {
    let (scales, kind) = scales(step)?;
    if let Value::Constant(constant) = step.value(0)? {
        step.builder.charge(constant.elements.len())?;
        let quantised = (*constant).clone().quantised(&scales, kind);
        let quantised = quantised.ok_or_else(|| misfit(step, "scales that do not fit it"))?;
        step.give(Value::Constant(Rc::new(quantised)));
        return Ok(());
    }
    let steps = steps_of(step, &scales, kind)?;
    let bytes = match step.value(0)? {
        Value::Pending(pending) => step.builder.settle(&pending, steps)?,
        Value::Real(Bytes { id, order }) => {
            let id = step.builder.rescaled(&step.place, id, steps)?;
            Bytes { id, order }
        }
        Value::Floats(id) => {
            let shape = step.builder.shape(id).to_vec();
            let order = (0..shape.len()).collect();
            let inputs = vec![Some(id)];
            let id = step.builder.emit(&step.place, Operator::Quantize, inputs, shape, steps)?;
            Bytes { id, order }
        }
        Value::Quantised(..) | Value::Constant(_) => return Err(step.floats(0)),
    };
    step.give(Value::Quantised(bytes, kind));
    Ok(())
}

/// `DequantizeLinear`.
pub(super) fn dequantize(step: &mut Step) -> Result<(), Fault> {
    let (scales, _) = scales(step)?;
    match step.value(0)? {
        Value::Constant(constant) => {
            step.builder.charge(constant.elements.len())?;
            let real = (*constant).clone().dequantised(scales);
            let real = real.ok_or_else(|| misfit(step, "scales that do not fit it"))?;
            step.give(Value::Constant(Rc::new(real)));
        }
        Value::Quantised(bytes, kind) => {
            let steps = steps_of(step, &scales, kind)?;
            let tensor = &mut step.builder.network.tensors[bytes.id.0];
            let known = tensor.quantisation.get_or_insert_with(|| of_tensor(steps));
            if known.of_tensor() != Some(steps) {
                return Err(misfit(step, "a scale or zero point other than it was quantised with"));
            }
            step.give(Value::Real(bytes));
        }
        _ => return Err(step.floats(0)),
    }
    Ok(())
}

/// A graph's output: floats as TFLite's `DEQUANTIZE` gives them, or the bytes.
pub(super) fn output(builder: &mut Builder, name: &str) -> Result<(), Fault> {
    let place = Place { output: name.into(), ..Place::default() };
    let id = match builder.values.get(name).cloned() {
        Some(Value::Quantised(bytes, kind)) => {
            let id = plain(builder, &place, &bytes)?;
            builder.network.unsigned.extend((kind == Kind::Uint8).then_some(id));
            id
        }
        Some(Value::Real(bytes)) => {
            let id = plain(builder, &place, &bytes)?;
            let shape = builder.shape(id).to_vec();
            let output = builder.tensor(&place, Element::Float32, shape, None)?;
            let index = builder.network.nodes.last().map_or(0, |node| node.index);
            let inputs = vec![Some(id)];
            let operator = Operator::Dequantize;
            builder.network.nodes.push(Node { index, operator, inputs, output });
            output
        }
        Some(Value::Pending(pending)) => {
            let problem = Problem::Option {
                what: "an output of floats that are not quantised".into(),
                supported: NO_FLOATS,
            };
            return Err(pending.place.fault(Some(name), problem));
        }
        Some(Value::Constant(_) | Value::Floats(_)) | None => {
            let problem = Problem::Role { found: "not computed", wanted: "a computed output" };
            let tensor = Some(short(name));
            return Err(NetworkError { operator: None, tensor, problem }.into());
        }
    };
    builder.network.outputs.push(id);
    Ok(())
}

/// Bytes with their axes as the graph has them.
fn plain(builder: &mut Builder, place: &Place, bytes: &Bytes) -> Result<TensorId, Fault> {
    let order: Vec<_> = (0..bytes.order.len()).collect();
    Ok(builder.arranged(place, bytes, &order)?.id)
}

/// Scales and zero points of the operator, and the type of integers that these say.
fn scales(step: &Step) -> Result<(Scales, Kind), Fault> {
    let reals = step.constant(1)?.reals();
    let reals = reals.ok_or_else(|| misfit(step, "a scale that is no float"))?;
    let scales: Vec<_> = reals.into_iter().map(|real| real as f32).collect();
    let (zero_points, kind) = match step.optional(2)? {
        Some(zero) => match &zero.elements {
            Elements::Integers(zeros, kind) => (zeros.clone(), *kind),
            Elements::Reals(_) => return Err(misfit(step, "a zero point that is no integer")),
        },
        None => {
            let unsigned = step.int("output_dtype", data_type::UINT8.into());
            let signed = unsigned == i64::from(data_type::INT8);
            (vec![0; scales.len()], if signed { Kind::Int8 } else { Kind::Uint8 })
        }
    };
    // Counts only where there are several scales.
    let axis = match step.value(0)? {
        Value::Constant(constant) if scales.len() > 1 => {
            step.axis(step.int("axis", 1), constant.shape.len())?
        }
        _ => 0,
    };
    Ok((Scales { scales, zero_points, axis }, kind))
}

/// Scale and zero point of computed bytes, which are signed here.
fn steps_of(step: &mut Step, scales: &Scales, kind: Kind) -> Result<Steps, Fault> {
    let (&[scale], &[zero]) = (&scales.scales[..], &scales.zero_points[..]) else {
        return Err(misfit(step, "several scales of something computed"));
    };
    let zero = match kind {
        Kind::Int8 => Some(zero),
        Kind::Uint8 => {
            step.builder.unsigned = true;
            Some(zero - 128)
        }
        Kind::Wider => None,
    };
    let zero = zero.and_then(|zero| i8::try_from(zero).ok());
    match zero {
        Some(zero) if scale.is_normal() && scale > 0.0 => Ok((scale, zero.into())),
        Some(_) => Err(misfit(step, "a scale that is not positive")),
        None => Err(misfit(step, "elements that are neither int8 nor uint8")),
    }
}

fn misfit(step: &Step, found: &str) -> Fault {
    let wanted = "a positive scale and a zero point of a byte";
    step.problem(0, Problem::Quantisation { found: found.into(), wanted })
}
