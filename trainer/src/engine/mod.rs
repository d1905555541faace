//! Runs networks forward and backward on batches.
//!
//! A batch is split into lanes of [`LANE`] samples. Between two normalisations, where all lanes
//! have to meet, a lane goes through all nodes by itself, so that what one node wrote is still in
//! the cache when the next reads it. Lanes run on as many threads as there are; what they sum up is
//! added in their order, so results do not depend on the number of threads.

mod lane;
mod schedule;
mod shared;

use rayon::prelude::*;

use crate::network::{Network, Operation, State};
use lane::Lane;
use schedule::Schedule;
pub use shared::EPSILON;
use shared::Shared;

/// Samples of a lane.
pub const LANE: usize = 16;

/// How a batch is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pass {
    /// Whether normalisations use the batch's own means and variances, not the running ones.
    pub batch_statistics: bool,
    /// The slope of activations that NetBooster inserted, 0..=1.
    pub slope: f32,
}

impl Pass {
    /// For training.
    pub const TRAIN: Self = Self { batch_statistics: true, slope: 0.0 };
    /// For inference.
    pub const INFER: Self = Self { batch_statistics: false, slope: 0.0 };
}

/// The values and gradients of a batch that runs through a network.
#[derive(Debug)]
pub struct Engine {
    schedule: Schedule,
    shared: Shared,
    /// As many as any batch has needed yet: making them anew costs more than running them.
    lanes: Vec<Lane>,
    samples: usize,
}

impl Engine {
    /// For batches of a network.
    #[must_use]
    pub fn new(network: &Network) -> Self {
        let (schedule, shared) = (Schedule::new(network), Shared::new(network));
        Self { schedule, shared, lanes: Vec::new(), samples: 0 }
    }

    /// Fills the input with `samples` samples: `fill` is called with each one's number.
    pub fn load(
        &mut self,
        network: &Network,
        samples: usize,
        fill: impl Fn(usize, &mut [f32]) + Sync,
    ) {
        let elements = network.input().elements();
        self.samples = samples;
        let count = self.lanes.len().max(samples.div_ceil(LANE));
        self.lanes.resize_with(count, || Lane::new(network));
        let lanes = &mut self.lanes[..samples.div_ceil(LANE)];
        lanes.par_iter_mut().enumerate().for_each(|(number, lane)| {
            let first = number * LANE;
            let input = lane.load((samples - first).min(LANE), elements);
            for (sample, input) in input.chunks_exact_mut(elements).enumerate() {
                fill(first + sample, input);
            }
        });
    }

    /// Runs the batch that was loaded; its outputs are at [`Engine::outputs`].
    pub fn forward(&mut self, network: &Network, state: &State, pass: Pass) {
        self.shared.prepare(network, state, pass);
        let lanes = &mut self.lanes[..self.samples.div_ceil(LANE)];
        if !pass.batch_statistics {
            let (shared, nodes) = (&self.shared, 0..network.nodes.len());
            lanes.par_iter_mut().for_each(|lane| {
                lane.forward(network, state, shared, nodes.clone());
            });
            return;
        }
        for segment in &self.schedule.forward {
            let shared = &self.shared;
            lanes.par_iter_mut().for_each(|lane| {
                lane.forward(network, state, shared, segment.nodes.clone());
                segment.sums.iter().for_each(|node| lane.moments(network, *node));
            });
            for node in &segment.sums {
                self.shared.normalise(network, state, *node, lanes, self.samples);
            }
        }
    }

    /// Those of the batch.
    fn lanes(&self) -> &[Lane] {
        &self.lanes[..self.samples.div_ceil(LANE)]
    }

    /// The last node's value: samples x elements.
    #[must_use]
    pub fn outputs(&self) -> Vec<f32> {
        self.lanes().iter().flat_map(|lane| lane.output().iter().copied()).collect()
    }

    /// A node's value: samples x elements.
    #[must_use]
    pub fn value(&self, node: usize) -> Vec<f32> {
        self.lanes().iter().flat_map(|lane| lane.value(node).iter().copied()).collect()
    }

    /// Least and greatest number of a node's value.
    #[must_use]
    pub fn extent(&self, node: usize) -> [f32; 2] {
        let values = self.lanes().iter().flat_map(|lane| lane.value(node));
        values.fold([f32::INFINITY, f32::NEG_INFINITY], |[least, greatest], &value| {
            [least.min(value), greatest.max(value)]
        })
    }

    /// Adds to `gradient` that of the parameters, from that of the outputs (samples x elements).
    /// The batch has been run by [`Engine::forward`].
    ///
    /// # Panics
    /// When lengths do not match.
    pub fn backward(
        &mut self,
        network: &Network,
        state: &State,
        outputs: &[f32],
        gradient: &mut [f32],
    ) {
        let elements = network.output().elements();
        assert_eq!(outputs.len(), self.samples * elements);
        let lanes = &mut self.lanes[..self.samples.div_ceil(LANE)];
        let mut rest = outputs;
        for lane in &mut *lanes {
            let (own, others) = rest.split_at(lane.samples() * elements);
            lane.begin_backward(network, own);
            rest = others;
        }
        for segment in &self.schedule.backward {
            let shared = &self.shared;
            lanes.par_iter_mut().for_each(|lane| {
                lane.backward(network, state, shared, segment.nodes.clone());
                segment.sums.iter().for_each(|node| lane.backward_sums(network, shared, *node));
            });
            for node in &segment.sums {
                self.shared.differentiate(network, *node, lanes, self.samples, gradient);
            }
        }
        for lane in lanes {
            lane.add_gradient(gradient);
        }
    }

    /// The gradient of the input that [`Engine::backward`] found is not kept; this is that of the
    /// batch's own means and variances, as weights of a running average with `momentum`.
    pub fn update_statistics(&self, network: &Network, momentum: f32, statistics: &mut [f32]) {
        for (number, node) in network.nodes.iter().enumerate() {
            if let Operation::Normalise { statistics: at, .. } = node.operation {
                let channels = node.shape.channels;
                let count = self.samples * node.shape.height * node.shape.width;
                let running = &mut statistics[at..at + 2 * channels];
                let (mean, variance) = running.split_at_mut(channels);
                self.shared.update(number, count, momentum, mean, variance);
            }
        }
    }
}
