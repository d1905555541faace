//! The numbers that a network starts with.

use super::{Network, Operation, Role, State};
use crate::random::Random;

impl Network {
    /// Weights drawn from a normal distribution of variance 2 / fan-in (He et al. 2015), scales of
    /// one, biases and shifts of zero. The last layer's variance is 1 / fan-in, since no activation
    /// follows it.
    #[must_use]
    pub fn initialise(&self, seed: u64) -> State {
        let mut parameters = vec![0.0; self.parameters()];
        let last = self.tensors.iter().rposition(|tensor| tensor.role == Role::Weight);
        for (number, tensor) in self.tensors.iter().enumerate() {
            let values = &mut parameters[tensor.range()];
            match tensor.role {
                Role::Scale => values.fill(1.0),
                Role::Bias | Role::Shift => {}
                Role::Weight => {
                    let fan_in = self.fan_in(number);
                    let gain = if Some(number) == last { 1.0 } else { 2.0 };
                    let deviation = libm::sqrtf(gain / fan_in as f32);
                    let mut random = Random::new(&[seed, number as u64]);
                    values.iter_mut().for_each(|value| *value = deviation * random.normal());
                }
            }
        }
        let mut statistics = vec![0.0; self.statistics];
        for node in &self.nodes {
            if let Operation::Normalise { statistics: at, .. } = node.operation {
                statistics[at + node.shape.channels..at + 2 * node.shape.channels].fill(1.0);
            }
        }
        State { parameters, statistics, ranges: vec![[-1.0, 1.0]; self.ranges] }
    }

    /// Products in each output of the layer with this weight tensor.
    fn fan_in(&self, number: usize) -> usize {
        let shape = &self.tensors[number].shape;
        let is_depthwise = self.nodes.iter().any(|node| {
            matches!(node.operation, Operation::Depthwise { weight, .. } if weight == number)
        });
        let inputs = shape[..shape.len() - 1].iter().product::<usize>();
        // A depthwise layer's weights are taps x channels: there, too, what is not the output.
        debug_assert!(!is_depthwise || shape.len() == 3);
        inputs.max(1)
    }
}
