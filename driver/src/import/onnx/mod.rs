//! ONNX: a protocol buffer of a graph, with `QuantizeLinear` and `DequantizeLinear` around each
//! operator ("QDQ"), as ONNX Runtime's `quantize_static` and PyTorch's exporter write it.
//!
//! Format: `onnx/onnx.proto3`; operators: `onnx/docs/Operators.md`. Weights are int8 with zero
//! point 0, a scale for each output channel or one; activations int8 or uint8 with one scale; the
//! batch is 1.
//!
//! The network computes in integers, as TFLite does: each operator rounds once, to its output's
//! scale. ONNX Runtime may compute such a graph in floats, and may leave quantisations out, so that
//! its outputs can differ by a step for each operator on the way. What TFLite's kernels prescribe
//! besides costs a step more: `Softmax`, `Sigmoid` and `Tanh` give steps of their own, and averages
//! are taken in the steps of their input; both are rescaled then.

mod build;
mod constant;
mod movement;
mod pointwise;
mod proto;
mod quantise;
mod reduction;
mod step;
mod weighted;
mod window;

use std::rc::Rc;

use prost::Message;

use super::ImportedNetwork;
use super::error::Fault;
use crate::network::{Activation, Element, NetworkError, Operator, Problem};
use build::{Builder, Bytes, Place, Value};
use constant::{Constant, Kind};
use proto::data_type;
use step::Step;

/// Most bytes of a file: parsing takes some fifty times as much.
const BYTES_MAX: usize = 64 << 20;
/// What TFLite's `TANH` gives.
const TANH: build::Steps = (1.0 / 128.0, 0);

/// The operators that are imported, for messages.
const OPERATORS: &str = "QuantizeLinear, DequantizeLinear, Conv, Gemm, MatMul, Add, Sub, Mul, Relu, \
    Clip, LeakyRelu, HardSwish, Sigmoid, Tanh, Softmax, MaxPool, AveragePool, GlobalAveragePool, \
    ReduceMean, Reshape, Flatten, Squeeze, Unsqueeze, Transpose, Concat, Slice, Pad, Resize, Identity, \
    Dropout, Constant";

/// Whether a file without a mark begins as ONNX files do: with a version below 128, then the name
/// of its producer, the version of that, or the graph.
pub(super) fn plausible(data: &[u8]) -> bool {
    matches!(data, [0x08, 1..128, 0x12 | 0x1A | 0x3A, ..])
}

/// Imports a file's content.
pub(super) fn import(data: &[u8]) -> Result<ImportedNetwork, Fault> {
    if data.len() > BYTES_MAX {
        let what = format!("an ONNX file of {} bytes, more than {BYTES_MAX},", data.len());
        return Err(Fault::unsupported(what, "Choose a smaller network."));
    }
    let model = proto::Model::decode(data)
        .map_err(|error| Fault::malformed("the protocol buffer", error.to_string()))?;
    let graph =
        model.graph.ok_or_else(|| Fault::malformed("the model", "there is no graph in it"))?;
    let opset = model.opsets.iter().find(|it| it.domain.is_empty() || it.domain == "ai.onnx");
    let opset =
        opset.ok_or_else(|| Fault::malformed("the model", "it names no set of operators"))?;
    let mut builder = Builder::new(opset.version);
    for tensor in &graph.initializers {
        let constant = Constant::read(tensor)?;
        builder.values.insert(tensor.name.clone(), Value::Constant(Rc::new(constant)));
    }
    for input in &graph.inputs {
        // Files of version 3 and before list initialisers as well.
        if !builder.values.contains_key(&input.name) {
            given(&mut builder, input)?;
        }
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        read(&mut Step::new(node, index, &mut builder))?;
    }
    for output in &graph.outputs {
        quantise::output(&mut builder, &output.name)?;
    }
    let mut notes = Vec::new();
    if builder.unsigned {
        notes.push("Unsigned bytes are taken as signed ones, less 128.".into());
    }
    builder.network.check()?;
    Ok(ImportedNetwork { format: "ONNX", network: builder.network, notes })
}

/// An input of the graph.
fn given(builder: &mut Builder, input: &proto::ValueInfo) -> Result<(), Fault> {
    let name = &input.name;
    let place = Place { output: name.clone(), ..Place::default() };
    let about = |problem| -> Fault {
        NetworkError { operator: None, tensor: Some(build::short(name)), problem }.into()
    };
    let kind = input.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
    let kind = kind.ok_or_else(|| Fault::malformed("an input", "it is no tensor"))?;
    let axes = kind.shape.iter().flat_map(|shape| &shape.axes);
    let lengths = axes.enumerate().map(|(at, axis)| match (axis.length, at) {
        (1.., _) => usize::try_from(axis.length).ok(),
        // A batch of any size is run one by one.
        (_, 0) => Some(1),
        _ => None,
    });
    let Some(shape) = lengths.collect::<Option<Vec<_>>>().filter(|shape| !shape.is_empty()) else {
        let what = "an input without a fixed shape".into();
        let supported = "Export the network with the lengths of all axes but the first fixed.";
        return Err(about(Problem::Option { what, supported }));
    };
    let order = (0..shape.len()).collect();
    let value = match kind.element {
        data_type::FLOAT => Value::Floats(builder.tensor(&place, Element::Float32, shape, None)?),
        data_type::INT8 | data_type::UINT8 => {
            let id = builder.tensor(&place, Element::Int8, shape, None)?;
            let unsigned = kind.element == data_type::UINT8;
            builder.network.unsigned.extend(unsigned.then_some(id));
            Value::Quantised(Bytes { id, order }, if unsigned { Kind::Uint8 } else { Kind::Int8 })
        }
        other => {
            let found = data_type::name(other);
            return Err(about(Problem::Element { found, wanted: "float, int8 or uint8" }));
        }
    };
    if let Value::Floats(id) | Value::Quantised(Bytes { id, .. }, _) = value {
        builder.network.inputs.push(id);
    }
    builder.values.insert(name.clone(), value);
    Ok(())
}

/// Reads one operator of the graph.
fn read(step: &mut Step) -> Result<(), Fault> {
    let domain = step.node.domain.as_str();
    if !matches!(domain, "" | "ai.onnx" | "com.microsoft") {
        return Err(unknown(step));
    }
    let plain = Activation::None;
    match step.node.operator.as_str() {
        "QuantizeLinear" => quantise::quantize(step),
        "DequantizeLinear" => quantise::dequantize(step),
        _ if domain == "com.microsoft" => Err(unknown(step)),
        "Conv" => weighted::conv(step),
        "Gemm" => weighted::gemm(step),
        "MatMul" => weighted::mat_mul(step),
        "Add" => pointwise::arithmetic(step, Operator::Add(plain)),
        "Sub" => pointwise::arithmetic(step, Operator::Sub(plain)),
        "Mul" => pointwise::arithmetic(step, Operator::Mul(plain)),
        "Relu" => pointwise::relu(step),
        "Clip" => pointwise::clip(step),
        "LeakyRelu" => {
            let alpha = step.float("alpha", 0.01);
            pointwise::unary(step, Operator::LeakyRelu { alpha })
        }
        "HardSwish" => pointwise::unary(step, Operator::HardSwish),
        "Sigmoid" => pointwise::fixed(step, Operator::Logistic, reduction::PROBABILITIES),
        "Tanh" => pointwise::fixed(step, Operator::Tanh, TANH),
        "Softmax" => reduction::softmax(step),
        "MaxPool" => reduction::pool(step, true),
        "AveragePool" => reduction::pool(step, false),
        "GlobalAveragePool" => reduction::global_average(step),
        "ReduceMean" => reduction::mean(step),
        "Reshape" => movement::reshape(step),
        "Flatten" => movement::flatten(step),
        "Squeeze" => movement::squeeze(step, false),
        "Unsqueeze" => movement::squeeze(step, true),
        "Transpose" => movement::transpose(step),
        "Concat" => movement::concat(step),
        "Slice" => movement::slice(step),
        "Pad" => movement::pad(step),
        "Resize" => movement::resize(step),
        // Dropout drops nothing once a network is trained.
        "Identity" | "Dropout" => {
            let value = step.value(0)?;
            step.give(value);
            Ok(())
        }
        "Constant" => match step.tensor("value") {
            Some(tensor) => {
                let constant = Constant::read(tensor)?;
                step.give(Value::Constant(Rc::new(constant)));
                Ok(())
            }
            None => Err(step.option("a constant that is no tensor", "Supported: value.")),
        },
        _ => Err(unknown(step)),
    }
}

fn unknown(step: &Step) -> Fault {
    step.place.fault(Some(&step.place.output), Problem::Operator { supported: OPERATORS.into() })
}
