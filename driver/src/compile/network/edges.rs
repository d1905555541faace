//! The edges of a network: floats are quantised and come back by the driver, so that the device sees
//! nothing but bytes.

use super::NetworkError;
use crate::infer::Port;
use crate::network::{Element, Network, Operator, TensorId};

/// An input or output of a network, and the tensor of bytes that stands for it in the device.
pub struct Edge {
    /// What the user sees.
    pub port: Port,
    /// What the device sees.
    pub tensor: TensorId,
}

/// The inputs of a network. Whoever quantises floats does it all in the same way.
pub fn inputs(network: &Network) -> Result<Vec<Edge>, NetworkError> {
    let edge = |&id: &TensorId| {
        let mut quantised = network.nodes.iter().filter(|node| {
            matches!(node.operator, Operator::Quantize) && node.inputs.first() == Some(&Some(id))
        });
        let tensor = match network.tensor(id).element {
            Element::Float32 => quantised.next().map(|node| node.output),
            _ => Some(id),
        };
        edge(network, id, tensor, "an input")
    };
    network.inputs.iter().map(edge).collect()
}

/// The outputs of a network.
pub fn outputs(network: &Network) -> Result<Vec<Edge>, NetworkError> {
    let edge = |&id: &TensorId| {
        let node = network.nodes.iter().find(|node| node.output == id);
        let tensor = match network.tensor(id).element {
            Element::Float32 => node
                .filter(|node| matches!(node.operator, Operator::Dequantize))
                .and_then(|node| node.inputs.first().copied().flatten()),
            _ => Some(id),
        };
        edge(network, id, tensor, "an output")
    };
    network.outputs.iter().map(edge).collect()
}

fn edge(
    network: &Network,
    id: TensorId,
    tensor: Option<TensorId>,
    role: &'static str,
) -> Result<Edge, NetworkError> {
    let it = network.tensor(id);
    let refuse =
        |reason: &str| NetworkError::Edge { tensor: it.name.clone(), role, reason: reason.into() };
    let tensor = tensor.ok_or_else(|| refuse("its floats are not those of bytes"))?;
    let bytes = network.tensor(tensor);
    if bytes.element != Element::Int8 {
        return Err(refuse("it is of neither signed bytes nor floats"));
    }
    let quantisation = bytes.quantisation.as_ref().and_then(|it| it.of_tensor());
    let (scale, zero_point) =
        quantisation.ok_or_else(|| refuse("it has not one scale and one zero point"))?;
    let (name, shape, element) = (it.name.clone(), it.shape.clone(), it.element);
    let port = Port { name, shape, element, scale, zero_point, offset: 0 };
    Ok(Edge { port, tensor })
}
