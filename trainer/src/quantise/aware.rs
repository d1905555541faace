//! Networks that round as int8 ones do: for calibration, and for quantisation-aware training
//! (Jacob et al. 2018, section 3), whose steps run with the weights of [`rounded`] and move the
//! floats behind them.

use super::{QuantiseError, calibrate, round, weights};
use crate::network::{Network, Node, Operation, State};

/// A network with a rounding behind every value that is a tensor of the int8 network.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounded {
    /// The network. Its tensors are those of the network that it was made of, so that their
    /// parameters are the same vector.
    pub network: Network,
    /// Of each range, the node of the network that it was made of whose values it has to hold.
    pub sources: Vec<usize>,
}

/// Puts roundings into a network without normalisations: behind layers and sums, or behind the
/// activation that follows these. A pool has the range of what it reads, as TFLite's kernels want.
/// Behind the input there is none, since its bytes are what a network is trained with.
///
/// # Errors
/// When there are normalisations or roundings in it, or activations that cannot be fused.
pub fn with_roundings(folded: &Network) -> Result<Rounded, QuantiseError> {
    let mut rounding = Rounding { nodes: Vec::new(), values: Vec::new(), sources: Vec::new() };
    for (number, node) in folded.nodes.iter().enumerate() {
        let name = || node.name.clone();
        let inputs = node.inputs.iter().map(|input| rounding.values[*input]).collect();
        rounding.nodes.push(Node { inputs, ..node.clone() });
        rounding.values.push(rounding.nodes.len() - 1);
        match node.operation {
            Operation::Input => {}
            Operation::AveragePool(_) => {
                let source = node.inputs[0];
                let range = match rounding.range_of(rounding.values[source]) {
                    Some(range) => range,
                    None => rounding.new_range(source),
                };
                rounding.push(node, range);
            }
            Operation::Convolve { .. }
            | Operation::Depthwise { .. }
            | Operation::Dense { .. }
            | Operation::Add => {
                // What its activation makes of it is the tensor.
                if folded.fused_activation(number).is_none() {
                    let range = rounding.new_range(number);
                    rounding.push(node, range);
                }
            }
            Operation::Activate(_) => {
                if folded.fused_activation(node.inputs[0]) != Some(number) {
                    return Err(QuantiseError::Activation { node: name() });
                }
                let range = rounding.new_range(number);
                rounding.push(node, range);
            }
            Operation::Normalise { .. } => {
                return Err(QuantiseError::Normalisation { node: name() });
            }
            Operation::Round { .. } => return Err(QuantiseError::Rounded { node: name() }),
        }
    }
    let Rounding { nodes, sources, .. } = rounding;
    let network = Network { nodes, ranges: sources.len(), ..folded.clone() };
    Ok(Rounded { network, sources })
}

struct Rounding {
    nodes: Vec<Node>,
    /// Of each node so far, the value that its readers read now.
    values: Vec<usize>,
    sources: Vec<usize>,
}

impl Rounding {
    fn new_range(&mut self, source: usize) -> usize {
        self.sources.push(source);
        self.sources.len() - 1
    }

    fn range_of(&self, value: usize) -> Option<usize> {
        match self.nodes[value].operation {
            Operation::Round { range } => Some(range),
            _ => None,
        }
    }

    /// Rounds the last value.
    fn push(&mut self, node: &Node, range: usize) {
        let last = self.nodes.len() - 1;
        let name = format!("{}/round", node.name);
        let operation = Operation::Round { range };
        self.nodes.push(Node { name, operation, inputs: vec![last], shape: node.shape });
        if let Some(value) = self.values.last_mut() {
            *value = last + 1;
        }
    }
}

/// Scale and zero point of the tensor that a value is: of the input, or of a rounding.
#[must_use]
pub fn affine_of(network: &Network, state: &State, value: usize) -> Option<(f32, i32)> {
    match network.nodes[value].operation {
        Operation::Input => Some(round::affine(calibrate::INPUT)),
        Operation::Round { range } => Some(round::affine(state.ranges[range])),
        _ => None,
    }
}

/// The state with weights and biases as the device has them: a step of training runs forward and
/// backward with these, and moves the floats of `state` by the gradient (straight-through).
///
/// # Errors
/// [`QuantiseError::Unrounded`], when the network is not one of [`with_roundings`].
pub fn rounded(network: &Network, state: &State) -> Result<State, QuantiseError> {
    let mut rounded = state.clone();
    for node in &network.nodes {
        if let Some((weight, bias)) = node.layer_tensors() {
            let layer = weights::of(network, state, node)?;
            let [weight, bias] = [weight, bias].map(|tensor| network.tensors[tensor].range());
            layer.write_weights(&mut rounded.parameters[weight]);
            layer.write_bias(&mut rounded.parameters[bias]);
        }
    }
    Ok(rounded)
}
