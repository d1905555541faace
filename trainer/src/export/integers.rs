//! A quantised network as devices have it: int8 tensors and TFLite's operators between them.

use quintet_driver::network::{
    self as int8, Data, Element, Operator, Quantisation, Tensor, TensorId,
};

use super::ExportError;
use crate::network::{Activation, Network, Node, Operation, Padding, Shape, State, Window};
use crate::quantise::weights::LayerWeights;
use crate::quantise::{QuantiseError, aware, weights};

/// What an exported network ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Its own last value.
    #[default]
    Logits,
    /// The softmax of that.
    Softmax,
}

/// The network of whole numbers that a network with roundings stands for: see
/// [`quantise`](crate::quantise::quantise).
///
/// # Errors
/// When the network is not quantised, or no device takes it.
pub fn integers(
    network: &Network,
    state: &State,
    ending: Ending,
) -> Result<int8::Network, ExportError> {
    let values = vec![None; network.nodes.len()];
    let mut making = Making { from: (network, state), made: int8::Network::default(), values };
    for (number, node) in network.nodes.iter().enumerate() {
        making.node(number, node)?;
    }
    let last = network.nodes.len().saturating_sub(1);
    let mut output = making.value(last, last)?;
    if ending == Ending::Softmax {
        output = making.softmax(output);
    }
    making.made.outputs = vec![output];
    making.made.check()?;
    Ok(making.made)
}

struct Making<'a> {
    from: (&'a Network, &'a State),
    made: int8::Network,
    /// Of each value, its tensor; values that are one tensor have the same.
    values: Vec<Option<TensorId>>,
}

impl Making<'_> {
    fn node(&mut self, number: usize, node: &Node) -> Result<(), ExportError> {
        match &node.operation {
            Operation::Input => {
                let is_vector = node.shape.pixels() == [1, 1] && self.is_of_dense_layers(number);
                let shape = if is_vector { vector(node.shape) } else { picture(node.shape) };
                let input = self.activation(&node.name, shape, (number, number))?;
                self.values[number] = Some(input);
                self.made.inputs = vec![input];
                Ok(())
            }
            Operation::Convolve { window, .. } => {
                let layer = self.layer(node)?;
                let inputs = node.shape.channels;
                let input = self.picture(number)?;
                let [rows, columns] = window.kernel;
                let taps = layer.weights.len() / inputs;
                let shape = vec![inputs, rows, columns, taps / (rows * columns)];
                let parameters = self.parameters(node, transposed(&layer), shape, 0);
                let operator = |activation| Operator::Conv2d(window_of(window), activation);
                self.finish(number, operator, input, parameters, picture(node.shape))
            }
            Operation::Depthwise { window, .. } => {
                let layer = self.layer(node)?;
                let input = self.picture(number)?;
                let [rows, columns] = window.kernel;
                let shape = vec![1, rows, columns, node.shape.channels];
                let parameters = self.parameters(node, layer, shape, 3);
                let operator =
                    |activation| Operator::DepthwiseConv2d(window_of(window), activation);
                self.finish(number, operator, input, parameters, picture(node.shape))
            }
            Operation::Dense { .. } => {
                let layer = self.layer(node)?;
                let input = self.vector(number)?;
                let outputs = node.shape.channels;
                let shape = vec![outputs, layer.weights.len() / outputs];
                let parameters = self.parameters(node, transposed(&layer), shape, 0);
                self.finish(number, Operator::FullyConnected, input, parameters, vector(node.shape))
            }
            Operation::Add => {
                let input = self.value(number, node.inputs[0])?;
                let other = self.value(number, node.inputs[1])?;
                let shape = self.made.tensor(input).shape.clone();
                self.finish(number, Operator::Add, input, vec![other], shape)
            }
            Operation::AveragePool(window) => {
                let input = self.picture(number)?;
                let operator = |activation| Operator::AveragePool2d(window_of(window), activation);
                self.finish(number, operator, input, Vec::new(), picture(node.shape))
            }
            // They are a part of what is before them.
            Operation::Activate(_) | Operation::Round { .. } => match self.values[number] {
                Some(_) => Ok(()),
                None => Err(self.unrounded(number)),
            },
            Operation::Normalise { .. } => {
                Err(QuantiseError::Normalisation { node: node.name.clone() }.into())
            }
        }
    }

    /// Makes the output of a node, which is rounded behind it or behind its activation, and the
    /// operator that gives it.
    fn finish(
        &mut self,
        number: usize,
        operator: impl FnOnce(int8::Activation) -> Operator,
        input: TensorId,
        others: Vec<TensorId>,
        shape: Vec<usize>,
    ) -> Result<(), ExportError> {
        let (network, _) = self.from;
        let activated = network.fused_activation(number);
        let last = activated.unwrap_or(number);
        let is_rounding = |node: &Node| {
            matches!(node.operation, Operation::Round { .. }) && node.inputs == [last]
        };
        let rounding = network.nodes.iter().position(is_rounding);
        let rounding = rounding.filter(|_| network.readers(last) == 1);
        let rounding = rounding.ok_or_else(|| self.unrounded(last))?;
        let output = self.activation(&network.nodes[last].name, shape, (rounding, last))?;
        let activation = match activated.map(|it| &network.nodes[it].operation) {
            Some(Operation::Activate(Activation::Relu)) => int8::Activation::Relu,
            Some(Operation::Activate(Activation::Relu6)) => int8::Activation::Relu6,
            _ => int8::Activation::None,
        };
        let inputs = [&[input], &others[..]].concat();
        self.operate(operator(activation), &inputs, output);
        for value in [number, last, rounding] {
            self.values[value] = Some(output);
        }
        Ok(())
    }

    fn softmax(&mut self, input: TensorId) -> TensorId {
        let shape = self.made.tensor(input).shape.clone();
        // What TFLite's kernel gives.
        let quantisation = of_tensor((1.0 / 256.0, i32::from(i8::MIN)));
        let output = self.tensor("softmax", shape, Element::Int8, quantisation, None);
        self.operate(Operator::Softmax { beta: 1.0 }, &[input], output);
        output
    }

    fn operate(&mut self, operator: Operator, inputs: &[TensorId], output: TensorId) {
        let index = self.made.nodes.len();
        let inputs = inputs.iter().copied().map(Some).collect();
        self.made.nodes.push(int8::Node { index, operator, inputs, output });
    }

    /// The tensor of a value, which node `reader` reads.
    fn value(&self, reader: usize, value: usize) -> Result<TensorId, ExportError> {
        self.values[value].ok_or_else(|| self.unrounded(reader))
    }

    /// The input of a node as rows, columns and channels.
    fn picture(&mut self, number: usize) -> Result<TensorId, ExportError> {
        let (network, _) = self.from;
        let from = network.nodes[number].inputs[0];
        let input = self.value(number, from)?;
        Ok(self.reshaped(input, picture(network.nodes[from].shape)))
    }

    /// The input of a node as a vector.
    fn vector(&mut self, number: usize) -> Result<TensorId, ExportError> {
        let (network, _) = self.from;
        let from = network.nodes[number].inputs[0];
        let input = self.value(number, from)?;
        Ok(self.reshaped(input, vector(network.nodes[from].shape)))
    }

    fn reshaped(&mut self, input: TensorId, shape: Vec<usize>) -> TensorId {
        let Tensor { name, shape: own, quantisation, .. } = self.made.tensor(input).clone();
        if own == shape {
            return input;
        }
        let output = self.tensor(&format!("{name}/flat"), shape, Element::Int8, quantisation, None);
        self.operate(Operator::Reshape, &[input], output);
        output
    }

    fn layer(&self, node: &Node) -> Result<LayerWeights, QuantiseError> {
        let (network, state) = self.from;
        weights::of(network, state, node)
    }

    /// The tensors of weights and bias.
    fn parameters(
        &mut self,
        node: &Node,
        layer: LayerWeights,
        shape: Vec<usize>,
        axis: usize,
    ) -> Vec<TensorId> {
        let along = |scales: Vec<f32>, axis| {
            Some(Quantisation { zero_points: vec![0; scales.len()], scales, axis })
        };
        let channels = vec![layer.bias.len()];
        let (weights, bias) = (Data::Int8(layer.weights), Data::Int32(layer.bias));
        let (of_weights, of_bias) = (along(layer.scales, axis), along(layer.bias_scales, 0));
        let name = |part: &str| format!("{}/{part}", node.name);
        vec![
            self.tensor(&name("weight"), shape, Element::Int8, of_weights, Some(weights)),
            self.tensor(&name("bias"), channels, Element::Int32, of_bias, Some(bias)),
        ]
    }

    /// A tensor that is computed, with the range of a rounding or of the input.
    fn activation(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        (rounding, value): (usize, usize),
    ) -> Result<TensorId, ExportError> {
        let (network, state) = self.from;
        let affine = aware::affine_of(network, state, rounding);
        let affine = affine.ok_or_else(|| self.unrounded(value))?;
        Ok(self.tensor(name, shape, Element::Int8, of_tensor(affine), None))
    }

    fn tensor(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        element: Element,
        quantisation: Option<Quantisation>,
        data: Option<Data>,
    ) -> TensorId {
        self.made.tensors.push(Tensor {
            name: name.to_owned(),
            shape,
            element,
            quantisation,
            data,
        });
        TensorId(self.made.tensors.len() - 1)
    }

    fn is_of_dense_layers(&self, value: usize) -> bool {
        let mut readers = self.from.0.nodes.iter().filter(|node| node.inputs.contains(&value));
        readers.all(|node| matches!(node.operation, Operation::Dense { .. }))
    }

    fn unrounded(&self, number: usize) -> ExportError {
        QuantiseError::Unrounded { node: self.from.0.nodes[number].name.clone() }.into()
    }
}

fn vector(shape: Shape) -> Vec<usize> {
    vec![1, shape.elements()]
}

fn picture(shape: Shape) -> Vec<usize> {
    vec![1, shape.height, shape.width, shape.channels]
}

fn of_tensor((scale, zero): (f32, i32)) -> Option<Quantisation> {
    Some(Quantisation { scales: vec![scale], zero_points: vec![zero], axis: 0 })
}

/// Weights with their output channels first, not last.
fn transposed(layer: &LayerWeights) -> LayerWeights {
    let columns = layer.bias.len();
    let column = |first| layer.weights[first..].iter().step_by(columns).copied();
    LayerWeights { weights: (0..columns).flat_map(column).collect(), ..layer.clone() }
}

fn window_of(window: &Window) -> int8::Window {
    let pad = |axis: usize| match window.padding {
        Padding::Valid => [0, 0],
        Padding::Same => {
            let reach = (window.output[axis] - 1) * window.stride[axis] + window.kernel[axis];
            let before = window.before[axis];
            [before, reach.saturating_sub(window.input[axis]) - before]
        }
    };
    let Window { kernel, stride, .. } = *window;
    int8::Window { kernel, stride, dilation: [1, 1], pad: [pad(0), pad(1)] }
}
