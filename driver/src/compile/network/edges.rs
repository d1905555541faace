//! The edges of a network: floats are quantised, and come back, by the driver, so that the device
//! sees nothing but bytes.

use super::PlanError;
use crate::infer::Port;
use crate::network::{Element, Network, NetworkError, Node, Operator, Problem, Tensor, TensorId};

/// An input or output of a network, and the tensor of bytes that stands for it in the device.
pub struct Edge {
    /// What the user sees.
    pub port: Port,
    /// What the device sees.
    pub tensor: TensorId,
}

/// The inputs of a network: floats that are quantised, or bytes.
pub fn inputs(network: &Network) -> Result<Vec<Edge>, PlanError> {
    let edge = |&id: &TensorId| {
        let tensor = match network.tensor(id).element {
            Element::Float32 => quantised(network, id)?,
            _ => Some(id),
        };
        edge(network, id, tensor, false)
    };
    network.inputs.iter().map(edge).collect()
}

/// What the floats of an input are quantised to, once.
fn quantised(network: &Network, input: TensorId) -> Result<Option<TensorId>, PlanError> {
    let its = |node: &&Node| {
        node.operator == Operator::Quantize && node.inputs.first() == Some(&Some(input))
    };
    let mut all = network.nodes.iter().filter(its).map(|node| node.output);
    match (all.next(), all.next()) {
        (first, None) => Ok(first),
        _ => Err(refuse(
            network.tensor(input),
            "a float that is quantised several times",
            "one that is quantised once",
        )),
    }
}

/// The outputs of a network: bytes, or floats that come of them, perhaps by a `LOG_SOFTMAX`.
pub fn outputs(network: &Network) -> Result<Vec<Edge>, PlanError> {
    let edge = |&id: &TensorId| {
        if network.tensor(id).element != Element::Float32 {
            return edge(network, id, Some(id), false);
        }
        let softmax = source(network, id, &Operator::LogSoftmax);
        let bytes = source(network, softmax.unwrap_or(id), &Operator::Dequantize);
        edge(network, id, bytes, softmax.is_some())
    };
    network.outputs.iter().map(edge).collect()
}

/// What such an operator made a tensor of.
fn source(network: &Network, id: TensorId, operator: &Operator) -> Option<TensorId> {
    let node = network.nodes.iter().find(|node| node.output == id && node.operator == *operator)?;
    node.inputs.first().copied().flatten()
}

fn edge(
    network: &Network,
    id: TensorId,
    tensor: Option<TensorId>,
    log_softmax: bool,
) -> Result<Edge, PlanError> {
    let it = network.tensor(id);
    let wanted = "one that is quantised by one scale";
    let tensor = tensor.ok_or_else(|| refuse(it, "a float that is not quantised", wanted))?;
    let bytes = network.tensor(tensor);
    let quantisation = bytes.quantisation.as_ref().and_then(|it| it.of_tensor());
    let of_bytes = quantisation.filter(|_| bytes.element == Element::Int8);
    let of_bytes = of_bytes.ok_or_else(|| refuse(it, "no byte of one scale", wanted))?;
    let element = if network.unsigned.contains(&id) { Element::Uint8 } else { it.element };
    let port = Port::new(it.name.clone(), it.shape.clone(), element, of_bytes);
    let port = Port { log_softmax, ..port };
    Ok(Edge { port, tensor })
}

/// The refusal of an input or output.
pub fn refuse(tensor: &Tensor, found: &'static str, wanted: &'static str) -> PlanError {
    let problem = Problem::Role { found, wanted };
    NetworkError { operator: None, tensor: Some(tensor.name.clone()), problem }.into()
}
