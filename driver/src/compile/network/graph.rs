//! Who computes and who uses each tensor of a network, and which operators are wanted at all.

use crate::network::{Network, TensorId};

/// The edges of a network.
pub struct Graph {
    producers: Vec<Option<usize>>,
    users: Vec<Vec<usize>>,
    wanted: Vec<bool>,
    is_output: Vec<bool>,
}

impl Graph {
    /// Of what computes `outputs` from `inputs`.
    pub fn new(network: &Network, inputs: &[TensorId], outputs: &[TensorId]) -> Self {
        let tensors = network.tensors.len();
        let mut graph = Self {
            producers: vec![None; tensors],
            users: vec![Vec::new(); tensors],
            wanted: vec![false; network.nodes.len()],
            is_output: vec![false; tensors],
        };
        let mut needed = vec![false; tensors];
        for output in outputs {
            (needed[output.0], graph.is_output[output.0]) = (true, true);
        }
        for input in inputs {
            needed[input.0] = false;
        }
        for (number, node) in network.nodes.iter().enumerate().rev() {
            let given = inputs.contains(&node.output);
            if given || !needed[node.output.0] {
                continue;
            }
            graph.wanted[number] = true;
            graph.producers[node.output.0] = Some(number);
            for tensor in node.inputs.iter().flatten() {
                needed[tensor.0] = true;
                graph.users[tensor.0].push(number);
            }
        }
        graph
    }

    /// Whether an output depends on a node.
    pub fn is_wanted(&self, node: usize) -> bool {
        self.wanted[node]
    }

    /// The node that gives a tensor; none gives inputs and constants.
    pub fn producer(&self, tensor: TensorId) -> Option<usize> {
        self.producers[tensor.0]
    }

    /// The nodes that read a tensor; one that reads it twice comes twice.
    pub fn users(&self, tensor: TensorId) -> &[usize] {
        &self.users[tensor.0]
    }

    /// Whether a tensor is wanted after a run.
    pub fn is_output(&self, tensor: TensorId) -> bool {
        self.is_output[tensor.0]
    }

    /// The node that alone reads a tensor, which nobody else wants.
    pub fn only_user(&self, tensor: TensorId) -> Option<usize> {
        match self.users(tensor) {
            &[user] if !self.is_output(tensor) => Some(user),
            _ => None,
        }
    }
}
