//! What all lanes read: packed weights, and what normalisations do to each channel.

use super::Pass;
use super::lane::Lane;
use crate::kernels::matrix::Panels;
use crate::kernels::normalise::Clip;
use crate::network::{Activation, Network, Operation, State};

/// What is added to variances before their root is taken.
pub const EPSILON: f32 = 1e-3;

/// For one node.
#[derive(Debug)]
pub enum Prepared {
    /// Nothing.
    None,
    /// Weights, and their transpose.
    Weights(Panels, Panels),
    /// Of a normalisation.
    Normalise(Channels),
    /// Of an activation.
    Activate(Clip),
}

/// What a normalisation does to each channel.
#[derive(Debug)]
pub struct Channels {
    /// What follows it.
    pub clip: Clip,
    /// Scale and shift: the output is `x * scale + shift`.
    pub scale: Vec<f32>,
    /// See `scale`.
    pub shift: Vec<f32>,
    /// Factors of the gradient: that of `x` is `dz * scale + x * a + b`.
    pub a: Vec<f32>,
    /// See `a`.
    pub b: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
    inverse: Vec<f32>,
    is_batch: bool,
}

/// For all nodes.
#[derive(Debug)]
pub struct Shared {
    nodes: Vec<Prepared>,
}

impl Shared {
    /// For a network.
    pub fn new(network: &Network) -> Self {
        let prepared = |node: &crate::network::Node| match node.operation {
            Operation::Convolve { .. } | Operation::Dense { .. } => {
                Prepared::Weights(Panels::default(), Panels::default())
            }
            Operation::Normalise { .. } => {
                let zeros = || vec![0.0; node.shape.channels];
                Prepared::Normalise(Channels {
                    clip: Clip::NONE,
                    scale: zeros(),
                    shift: zeros(),
                    a: zeros(),
                    b: zeros(),
                    mean: zeros(),
                    variance: zeros(),
                    inverse: zeros(),
                    is_batch: false,
                })
            }
            Operation::Activate(activation) => Prepared::Activate(clip(activation, 0.0)),
            _ => Prepared::None,
        };
        Self { nodes: network.nodes.iter().map(prepared).collect() }
    }

    /// What a node needs.
    pub fn of(&self, node: usize) -> &Prepared {
        &self.nodes[node]
    }

    /// A normalisation's channels.
    pub fn channels(&self, node: usize) -> &Channels {
        match &self.nodes[node] {
            Prepared::Normalise(channels) => channels,
            other => unreachable!("node {node} is no normalisation but {other:?}"),
        }
    }

    fn channels_mut(&mut self, node: usize) -> &mut Channels {
        match &mut self.nodes[node] {
            Prepared::Normalise(channels) => channels,
            other => unreachable!("node {node} is no normalisation but {other:?}"),
        }
    }

    /// Packs weights, and sets up normalisations that do not wait for the batch's statistics.
    pub fn prepare(&mut self, network: &Network, state: &State, pass: Pass) {
        for (node, prepared) in network.nodes.iter().zip(&mut self.nodes) {
            match (&node.operation, prepared) {
                (
                    Operation::Convolve { weight, .. } | Operation::Dense { weight, .. },
                    Prepared::Weights(forward, backward),
                ) => {
                    let tensor = &network.tensors[*weight];
                    let columns = *tensor.shape.last().unwrap_or(&1);
                    let depth = tensor.elements() / columns;
                    let weights = &state.parameters[tensor.range()];
                    forward.pack(weights, depth, columns);
                    backward.pack_transposed(weights, depth, columns);
                }
                (
                    Operation::Normalise { tensors, statistics, activation, inserted },
                    Prepared::Normalise(channels),
                ) => {
                    let slope = if *inserted { pass.slope } else { 0.0 };
                    channels.clip = clip(*activation, slope);
                    channels.is_batch = pass.batch_statistics;
                    if !pass.batch_statistics {
                        let count = node.shape.channels;
                        let at = *statistics;
                        channels.mean.copy_from_slice(&state.statistics[at..at + count]);
                        let variance = &state.statistics[at + count..at + 2 * count];
                        channels.variance.copy_from_slice(variance);
                        channels.set(network, state, *tensors);
                    }
                }
                _ => {}
            }
        }
    }

    /// Sets up a normalisation by the batch's statistics, whose sums the lanes took.
    pub fn normalise(
        &mut self,
        network: &Network,
        state: &State,
        node: usize,
        lanes: &[Lane],
        samples: usize,
    ) {
        let described = &network.nodes[node];
        let Operation::Normalise { tensors, .. } = described.operation else { return };
        let count = (samples * described.shape.height * described.shape.width) as f64;
        let size = described.shape.channels;
        let channels = self.channels_mut(node);
        for channel in 0..size {
            let mean = total(lanes, node, channel) / count;
            let square = total(lanes, node, size + channel) / count;
            channels.mean[channel] = mean as f32;
            channels.variance[channel] = (square - mean * mean).max(0.0) as f32;
        }
        channels.set(network, state, tensors);
    }

    /// Takes a gradient through a normalisation's statistics, from the lanes' sums, and adds those
    /// of its own parameters to `gradient`.
    pub fn differentiate(
        &mut self,
        network: &Network,
        node: usize,
        lanes: &[Lane],
        samples: usize,
        gradient: &mut [f32],
    ) {
        let described = &network.nodes[node];
        let Operation::Normalise { tensors: [scale, shift], .. } = described.operation else {
            return;
        };
        let [scale, shift] = [scale, shift].map(|tensor| network.tensors[tensor].offset);
        let count = (samples * described.shape.height * described.shape.width) as f64;
        let size = described.shape.channels;
        let channels = self.channels_mut(node);
        for channel in 0..size {
            let sum = total(lanes, node, channel);
            let product = total(lanes, node, size + channel);
            let (mean, inverse) =
                (f64::from(channels.mean[channel]), f64::from(channels.inverse[channel]));
            let of_scale = inverse * (product - mean * sum);
            gradient[scale + channel] += of_scale as f32;
            gradient[shift + channel] += sum as f32;
            if channels.is_batch {
                let factor = f64::from(channels.scale[channel]);
                let a = -factor * inverse * of_scale / count;
                channels.a[channel] = a as f32;
                channels.b[channel] = (-factor * sum / count - a * mean) as f32;
            } else {
                (channels.a[channel], channels.b[channel]) = (0.0, 0.0);
            }
        }
    }

    /// Moves running statistics towards the batch's own.
    pub fn update(
        &self,
        node: usize,
        count: usize,
        momentum: f32,
        mean: &mut [f32],
        variance: &mut [f32],
    ) {
        let channels = self.channels(node);
        // The variance of a whole of which the batch is a sample.
        let correction = count as f32 / (count.max(2) - 1) as f32;
        for (running, batch) in mean.iter_mut().zip(&channels.mean) {
            *running += momentum * (batch - *running);
        }
        for (running, batch) in variance.iter_mut().zip(&channels.variance) {
            *running += momentum * (batch * correction - *running);
        }
    }
}

impl Channels {
    /// Scale and shift from means, variances and the two tensors.
    fn set(&mut self, network: &Network, state: &State, [scale, shift]: [usize; 2]) {
        let [gamma, beta] =
            [scale, shift].map(|tensor| &state.parameters[network.tensors[tensor].range()]);
        for channel in 0..gamma.len() {
            let inverse = 1.0 / libm::sqrtf(self.variance[channel] + EPSILON);
            self.inverse[channel] = inverse;
            self.scale[channel] = gamma[channel] * inverse;
            self.shift[channel] = beta[channel] - self.mean[channel] * self.scale[channel];
        }
    }
}

/// One of a node's sums over all lanes, in their order.
fn total(lanes: &[Lane], node: usize, at: usize) -> f64 {
    lanes.iter().map(|lane| f64::from(lane.sums(node)[at])).sum()
}

/// The numbers of an activation.
fn clip(activation: Activation, slope: f32) -> Clip {
    match activation {
        Activation::Linear => Clip::NONE,
        Activation::Relu => Clip { low: 0.0, slope, ..Clip::NONE },
        Activation::Relu6 => Clip { low: 0.0, high: 6.0, slope },
    }
}
