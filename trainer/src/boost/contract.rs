//! From the giant back to the network.

use super::expand::PARTS;
use crate::engine::EPSILON;
use crate::network::{Network, Operation, State};

/// A linear map of pixels, in f64: `y = x * weights + bias`, weights of inputs x outputs.
struct Linear {
    inputs: usize,
    outputs: usize,
    weights: Vec<f64>,
    bias: Vec<f64>,
}

/// The state of `network` that does what `giant` does when its inserted activations are linear and
/// its normalisations use running statistics: the same to rounding.
///
/// # Panics
/// When the giant was not made from the network.
#[must_use]
pub fn contract(network: &Network, giant: &Network, state: &State) -> State {
    let mut contracted = State {
        parameters: vec![0.0; network.parameters()],
        statistics: vec![0.0; network.statistics],
        ranges: Vec::new(),
    };
    for tensor in &network.tensors {
        if let Some(other) = giant.tensor(&tensor.name) {
            let values = &state.parameters[other.range()];
            contracted.parameters[tensor.range()].copy_from_slice(values);
        }
    }
    for node in &network.nodes {
        if let Operation::Normalise { statistics, .. } = node.operation {
            let from = statistics_of(giant, &node.name);
            let count = 2 * node.shape.channels;
            contracted.statistics[statistics..statistics + count]
                .copy_from_slice(&state.statistics[from..from + count]);
        }
    }
    for (number, node) in network.nodes.iter().enumerate() {
        let Operation::Convolve { weight, .. } = node.operation else { continue };
        let Some(product) = product(giant, state, &node.name) else { continue };
        let range = network.tensors[weight].range();
        for (value, sum) in contracted.parameters[range].iter_mut().zip(&product.weights) {
            // What is there is the shortcut's, or zero.
            *value = (f64::from(*value) + sum) as f32;
        }
        // The normalisation behind takes the bias up: it subtracts its mean.
        let behind = network.nodes.iter().find(|user| user.inputs.contains(&number));
        if let Some(Operation::Normalise { statistics, .. }) = behind.map(|user| &user.operation) {
            let means = &mut contracted.statistics[*statistics..];
            for (mean, bias) in means.iter_mut().zip(&product.bias) {
                *mean = (f64::from(*mean) - bias) as f32;
            }
        }
    }
    contracted
}

/// All that was inserted for one convolution, as one map.
fn product(giant: &Network, state: &State, name: &str) -> Option<Linear> {
    let [expand, depthwise, project] = PARTS.map(|part| format!("{name}{part}"));
    let first = normalised(matrix(giant, state, &expand)?, giant, state, &expand);
    let factors = &state.parameters[giant.tensor(&format!("{depthwise}/weight"))?.range()];
    let second = normalised(scaled(first, factors), giant, state, &depthwise);
    let third = matrix(giant, state, &project)?;
    Some(second.then(&third))
}

/// A pointwise convolution.
fn matrix(giant: &Network, state: &State, name: &str) -> Option<Linear> {
    let tensor = giant.tensor(&format!("{name}/weight"))?;
    let outputs = *tensor.shape.last()?;
    let inputs = tensor.elements() / outputs;
    let weights = state.parameters[tensor.range()].iter().map(|it| f64::from(*it)).collect();
    Some(Linear { inputs, outputs, weights, bias: vec![0.0; outputs] })
}

/// A map with a factor for each output.
fn scaled(mut map: Linear, factors: &[f32]) -> Linear {
    for row in map.weights.chunks_exact_mut(map.outputs) {
        row.iter_mut().zip(factors).for_each(|(weight, factor)| *weight *= f64::from(*factor));
    }
    map.bias.iter_mut().zip(factors).for_each(|(bias, factor)| *bias *= f64::from(*factor));
    map
}

/// A map with the normalisation behind it.
fn normalised(map: Linear, giant: &Network, state: &State, name: &str) -> Linear {
    let name = format!("{name}/norm");
    let tensor = |own: &str| {
        let tensor = giant.tensor(&format!("{name}/{own}")).expect("a normalisation has both");
        &state.parameters[tensor.range()]
    };
    let (scale, shift) = (tensor("scale"), tensor("shift"));
    let at = statistics_of(giant, &name);
    let (means, variances) = state.statistics[at..at + 2 * map.outputs].split_at(map.outputs);
    let factors: Vec<f64> = scale
        .iter()
        .zip(variances)
        .map(|(scale, variance)| {
            f64::from(*scale) / (f64::from(*variance) + f64::from(EPSILON)).sqrt()
        })
        .collect();
    let mut map = map;
    for row in map.weights.chunks_exact_mut(map.outputs) {
        row.iter_mut().zip(&factors).for_each(|(weight, factor)| *weight *= factor);
    }
    for (channel, bias) in map.bias.iter_mut().enumerate() {
        let centred = *bias - f64::from(means[channel]);
        *bias = centred * factors[channel] + f64::from(shift[channel]);
    }
    map
}

impl Linear {
    /// This, then another.
    fn then(&self, next: &Self) -> Self {
        let through = |row: &[f64]| {
            let mut sums = vec![0.0; next.outputs];
            for (factor, weights) in row.iter().zip(next.weights.chunks_exact(next.outputs)) {
                sums.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += factor * weight);
            }
            sums
        };
        let weights = self.weights.chunks_exact(self.outputs).flat_map(through).collect();
        let bias = through(&self.bias).iter().zip(&next.bias).map(|(a, b)| a + b).collect();
        Self { inputs: self.inputs, outputs: next.outputs, weights, bias }
    }
}

/// Where a normalisation's statistics begin.
fn statistics_of(network: &Network, name: &str) -> usize {
    let node = network.nodes.iter().find(|node| node.name == name);
    match node.map(|node| &node.operation) {
        Some(Operation::Normalise { statistics, .. }) => *statistics,
        _ => panic!("the giant has no normalisation {name}: it is another network's"),
    }
}
