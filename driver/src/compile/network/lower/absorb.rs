//! What needs no command of its own: padding that becomes part of windows, and tensors that are
//! computed right where they are concatenated.

use std::collections::HashMap;

use super::super::graph::Graph;
use crate::network::{Network, Node, Operator, TensorId};

/// Padding of rows and columns, before and after.
pub type Padding = [[usize; 2]; 2];

/// What is absorbed by other operators.
pub struct Absorbed {
    padded: HashMap<TensorId, (TensorId, Padding)>,
    parts: HashMap<TensorId, (TensorId, usize)>,
}

impl Absorbed {
    /// Finds what can be.
    pub fn find(network: &Network, graph: &Graph) -> Self {
        let mut absorbed = Self { padded: HashMap::new(), parts: HashMap::new() };
        for (number, node) in network.nodes.iter().enumerate() {
            if !graph.is_wanted(number) {
                continue;
            }
            match &node.operator {
                Operator::Pad { .. } => absorbed.pad(network, graph, node),
                Operator::Concatenation { axis } => {
                    absorbed.concatenation(network, graph, node, *axis);
                }
                _ => {}
            }
        }
        absorbed
    }

    /// What a padded tensor is made of, if all who read it pad for themselves.
    pub fn padded(&self, tensor: TensorId) -> Option<(TensorId, Padding)> {
        self.padded.get(&tensor).copied()
    }

    /// The tensor that a tensor is to be written in, and at which of its bytes.
    pub fn part(&self, tensor: TensorId) -> Option<(TensorId, usize)> {
        self.parts.get(&tensor).copied()
    }

    /// Convolutions take what lies outside their picture for zeros: so does padding with zeros of
    /// rows and columns.
    fn pad(&mut self, network: &Network, graph: &Graph, node: &Node) {
        let Operator::Pad { amounts, value } = &node.operator else { return };
        let (&[[0, 0], rows, columns, [0, 0]], Some(&Some(source))) =
            (amounts.as_slice(), node.inputs.first())
        else {
            return;
        };
        let quantisation = network.tensor(source).quantisation.as_ref();
        let zero = quantisation.and_then(|it| it.of_tensor()).map(|(_, zero)| zero);
        let is_zero = value.is_none_or(|value| zero == Some(value.into()));
        let convolves = |&user: &usize| {
            let user = &network.nodes[user];
            matches!(user.operator, Operator::Conv2d(..) | Operator::DepthwiseConv2d(..))
                && user.inputs.first() == Some(&Some(node.output))
        };
        let same = network.tensor(node.output).quantisation.as_ref() == quantisation;
        let all = graph.users(node.output).iter().all(convolves);
        if is_zero && same && all && !graph.is_output(node.output) {
            self.padded.insert(node.output, (source, [rows, columns]));
        }
    }

    /// Along the outermost axis the parts lie one after another; each that begins at a word can be
    /// written there at once, if a command writes it and nobody else wants it elsewhere.
    fn concatenation(&mut self, network: &Network, graph: &Graph, node: &Node, axis: usize) {
        let whole = network.tensor(node.output);
        if whole.shape.iter().take(axis).any(|&length| length != 1) {
            return;
        }
        let mut offset = 0;
        for tensor in node.inputs.iter().flatten() {
            let part = network.tensor(*tensor);
            let is_computed = graph.producer(*tensor).is_some_and(|producer| {
                !matches!(network.nodes[producer].operator, Operator::Reshape)
            });
            let begins_at_word = [offset, part.len()].iter().all(|bytes| bytes.is_multiple_of(4));
            let once = graph.only_user(*tensor).is_some();
            if is_computed && begins_at_word && once && part.quantisation == whole.quantisation {
                self.parts.insert(*tensor, (node.output, offset));
            }
            offset += part.len();
        }
    }
}
