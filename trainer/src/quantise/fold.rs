//! Folds batch normalisations into the layers before them, in doubles (Jacob et al. 2018,
//! section 3.2), with their running statistics.

use super::QuantiseError;
use crate::engine::EPSILON;
use crate::network::{Activation, Builder, Network, Node, Operation, Role, State};

/// The same network without normalisations: every layer has a bias, and what was a normalisation
/// with an activation is that activation. Its outputs are those of
/// [`Pass::INFER`](crate::engine::Pass::INFER), to float rounding.
///
/// # Errors
/// [`QuantiseError::Normalisation`].
pub fn fold(network: &Network, state: &State) -> Result<(Network, State), QuantiseError> {
    let mut folding = Folding {
        from: (network, state),
        builder: Builder::new(network.input()),
        parameters: Vec::new(),
        values: vec![0],
    };
    for node in network.nodes.iter().skip(1) {
        let value = folding.node(node)?;
        folding.values.push(value);
    }
    let mut folded = folding.builder.finish();
    folded.ranges = network.ranges;
    let parameters = folding.parameters.into_iter().map(|number| number as f32).collect();
    Ok((folded, State { parameters, statistics: Vec::new(), ranges: state.ranges.clone() }))
}

struct Folding<'a> {
    from: (&'a Network, &'a State),
    builder: Builder,
    parameters: Vec<f64>,
    /// Of each node so far, the value that it became.
    values: Vec<usize>,
}

impl Folding<'_> {
    /// What a node becomes.
    fn node(&mut self, node: &Node) -> Result<usize, QuantiseError> {
        let operation = match &node.operation {
            Operation::Convolve { window, weight, bias } => {
                let (weight, bias) = self.layer(node, *weight, *bias);
                Operation::Convolve { window: *window, weight, bias }
            }
            Operation::Depthwise { window, weight, bias } => {
                let (weight, bias) = self.layer(node, *weight, *bias);
                Operation::Depthwise { window: *window, weight, bias }
            }
            Operation::Dense { weight, bias } => {
                let (weight, bias) = self.layer(node, *weight, *bias);
                Operation::Dense { weight, bias }
            }
            Operation::Normalise { tensors, statistics, activation, .. } => {
                let layer = self.normalise(node, *tensors, *statistics)?;
                if *activation == Activation::Linear {
                    return Ok(layer);
                }
                Operation::Activate(*activation)
            }
            other => other.clone(),
        };
        let inputs = node.inputs.iter().map(|input| self.values[*input]).collect();
        Ok(self.builder.push(&node.name, operation, inputs, node.shape))
    }

    /// Takes a layer's tensors over; it gets a bias if it has none.
    fn layer(&mut self, node: &Node, weight: usize, bias: Option<usize>) -> (usize, Option<usize>) {
        let (network, state) = self.from;
        let tensor = &network.tensors[weight];
        let numbers =
            |range: std::ops::Range<usize>| state.parameters[range].iter().copied().map(f64::from);
        self.parameters.extend(numbers(tensor.range()));
        match bias {
            Some(bias) => self.parameters.extend(numbers(network.tensors[bias].range())),
            None => self.parameters.extend(std::iter::repeat_n(0.0, node.shape.channels)),
        }
        let weight = self.builder.tensor(&node.name, "weight", Role::Weight, tensor.shape.clone());
        let bias = self.builder.tensor(&node.name, "bias", Role::Bias, vec![node.shape.channels]);
        (weight, Some(bias))
    }

    /// Folds a normalisation into the layer before it, which is told.
    fn normalise(
        &mut self,
        node: &Node,
        [scale, shift]: [usize; 2],
        statistics: usize,
    ) -> Result<usize, QuantiseError> {
        let (network, state) = self.from;
        let layer = self.values[node.inputs[0]];
        let folded = self.builder.network();
        let tensors = folded.nodes[layer].layer_tensors();
        let (Some((weight, bias)), 1) = (tensors, network.readers(node.inputs[0])) else {
            return Err(QuantiseError::Normalisation { node: node.name.clone() });
        };
        let [weight, bias] = [weight, bias].map(|tensor| folded.tensors[tensor].range());
        let channels = node.shape.channels;
        let [gamma, beta] =
            [scale, shift].map(|tensor| &state.parameters[network.tensors[tensor].range()]);
        let (mean, variance) =
            state.statistics[statistics..statistics + 2 * channels].split_at(channels);
        let factors: Vec<f64> = (0..channels)
            .map(|at| {
                let variance = f64::from(variance[at]) + f64::from(EPSILON);
                f64::from(gamma[at]) / libm::sqrt(variance)
            })
            .collect();
        for weights in self.parameters[weight].chunks_exact_mut(channels) {
            weights.iter_mut().zip(&factors).for_each(|(weight, factor)| *weight *= factor);
        }
        for (channel, bias) in self.parameters[bias].iter_mut().enumerate() {
            let centred = *bias - f64::from(mean[channel]);
            *bias = centred * factors[channel] + f64::from(beta[channel]);
        }
        Ok(layer)
    }
}
