//! A few samples of a batch, on their way through all nodes and back.

use std::ops::Range;

use super::shared::{Prepared, Shared};
use crate::kernels::frame::Frame;
use crate::kernels::{depthwise, matrix, normalise, patches, pool};
use crate::network::{Network, Operation, State, Window};
use crate::quantise::round;

/// Values, gradients and sums of a lane.
#[derive(Debug)]
pub struct Lane {
    samples: usize,
    /// Of each node.
    values: Vec<Vec<f32>>,
    /// Of each node's value; empty where there is none yet.
    gradients: Vec<Vec<f32>>,
    /// Of all parameters but those of normalisations.
    gradient: Vec<f32>,
    /// Of each normalisation: twice its channels.
    sums: Vec<Vec<f32>>,
    /// Buffers to use again where one of the same length is needed: those that grow are cleared by
    /// the system, page by page.
    pool: Vec<Vec<f32>>,
    /// Of the convolution that is being computed.
    frame: Frame,
    rows: Vec<f32>,
}

impl Lane {
    /// For a network.
    pub fn new(network: &Network) -> Self {
        let count = network.nodes.len();
        let empty = || vec![Vec::new(); count];
        let (values, gradients, sums) = (empty(), empty(), empty());
        let (gradient, pool, rows) = (Vec::new(), Vec::new(), Vec::new());
        let frame = Frame::default();
        Self { samples: 0, values, gradients, gradient, sums, pool, frame, rows }
    }

    /// Samples of this lane.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The input of that many samples, to be filled.
    pub fn load(&mut self, samples: usize, elements: usize) -> &mut [f32] {
        if samples != self.samples {
            self.pool.clear();
        }
        self.samples = samples;
        self.values[0].resize(samples * elements, 0.0);
        &mut self.values[0]
    }

    /// The last node's value.
    pub fn output(&self) -> &[f32] {
        self.values.last().map_or(&[], Vec::as_slice)
    }

    /// A node's value.
    pub fn value(&self, node: usize) -> &[f32] {
        &self.values[node]
    }

    /// A normalisation's sums.
    pub fn sums(&self, node: usize) -> &[f32] {
        &self.sums[node]
    }

    /// Adds the gradient of all parameters but those of normalisations.
    pub fn add_gradient(&self, gradient: &mut [f32]) {
        for (sum, own) in gradient.iter_mut().zip(&self.gradient) {
            *sum += own;
        }
    }

    /// Computes the values of some nodes.
    pub fn forward(
        &mut self,
        network: &Network,
        state: &State,
        shared: &Shared,
        nodes: Range<usize>,
    ) {
        for number in nodes {
            let node = &network.nodes[number];
            if node.operation == Operation::Input {
                continue;
            }
            let mut y = std::mem::take(&mut self.values[number]);
            y.resize(self.samples * node.shape.elements(), 0.0);
            let from = node.inputs[0];
            let x = &self.values[from];
            let input = network.nodes[from].shape;
            let tensor = |tensor: usize| &state.parameters[network.tensors[tensor].range()];
            match (&node.operation, shared.of(number)) {
                (Operation::Convolve { window, bias, .. }, Prepared::Weights(weights, _)) => {
                    let bias = bias.map(tensor);
                    if window.is_pointwise() {
                        matrix::multiply(x, weights, bias, &mut y);
                    } else {
                        let Self { frame, rows, .. } = self;
                        frame.reset(window, input.channels);
                        let pictures = x.chunks_exact(input.elements());
                        for (x, y) in pictures.zip(y.chunks_exact_mut(node.shape.elements())) {
                            patches::gather(x, window, input.channels, frame, rows);
                            matrix::multiply(rows, weights, bias, y);
                        }
                    }
                }
                (Operation::Dense { bias, .. }, Prepared::Weights(weights, _)) => {
                    matrix::multiply(x, weights, bias.map(tensor), &mut y);
                }
                (Operation::Depthwise { window, weight, bias }, _) => {
                    let (weights, bias) = (tensor(*weight), bias.map(tensor));
                    depthwise::convolve(x, weights, bias, window, &mut self.frame, &mut y);
                }
                (Operation::Normalise { .. }, Prepared::Normalise(it)) => {
                    normalise::apply(x, &it.scale, &it.shift, it.clip, &mut y);
                }
                (Operation::Activate(_), Prepared::Activate(clip)) => {
                    normalise::activate(x, *clip, &mut y);
                }
                (Operation::Add, _) => {
                    let other = &self.values[node.inputs[1]];
                    for ((y, one), other) in y.iter_mut().zip(x).zip(other) {
                        *y = one + other;
                    }
                }
                (Operation::AveragePool(window), _) => {
                    let pictures = x.chunks_exact(input.elements());
                    for (x, y) in pictures.zip(y.chunks_exact_mut(node.shape.elements())) {
                        pool::average(x, window, input.channels, y);
                    }
                }
                (Operation::Round { range }, _) => round::apply(x, state.ranges[*range], &mut y),
                (operation, prepared) => {
                    unreachable!("{operation:?} is prepared as {prepared:?}")
                }
            }
            self.values[number] = y;
        }
    }

    /// Takes the sums of a normalisation's input.
    pub fn moments(&mut self, network: &Network, node: usize) {
        let described = &network.nodes[node];
        let channels = described.shape.channels;
        let sums = zeroed(&mut self.sums[node], 2 * channels);
        normalise::moments(&self.values[described.inputs[0]], channels, sums);
    }

    /// Starts the way back with the gradient of the output.
    pub fn begin_backward(&mut self, network: &Network, output: &[f32]) {
        zeroed(&mut self.gradient, network.parameters());
        for gradient in &mut self.gradients {
            self.pool.extend(Some(std::mem::take(gradient)).filter(|it| !it.is_empty()));
        }
        let mut last = self.take(output.len());
        last.copy_from_slice(output);
        if let Some(gradient) = self.gradients.last_mut() {
            *gradient = last;
        }
    }

    /// Takes the sums of the gradient that a normalisation's activation lets through.
    pub fn backward_sums(&mut self, network: &Network, shared: &Shared, node: usize) {
        let described = &network.nodes[node];
        let it = shared.channels(node);
        let x = &self.values[described.inputs[0]];
        let sums = zeroed(&mut self.sums[node], 2 * described.shape.channels);
        let dy = &self.gradients[node];
        normalise::backward_sums(x, &it.scale, &it.shift, it.clip, dy, sums);
    }

    /// Takes gradients back through some nodes, from last to first.
    pub fn backward(
        &mut self,
        network: &Network,
        state: &State,
        shared: &Shared,
        nodes: Range<usize>,
    ) {
        for number in nodes.rev() {
            let node = &network.nodes[number];
            if node.operation == Operation::Input {
                continue;
            }
            let dy = std::mem::take(&mut self.gradients[number]);
            if dy.is_empty() {
                // Nothing that follows depends on it.
                continue;
            }
            self.back_through(network, state, shared, number, dy);
        }
    }

    fn back_through(
        &mut self,
        network: &Network,
        state: &State,
        shared: &Shared,
        number: usize,
        mut dy: Vec<f32>,
    ) {
        let node = &network.nodes[number];
        let from = node.inputs[0];
        let input = network.nodes[from].shape;
        let is_needed = network.nodes[from].operation != Operation::Input;
        let channels = node.shape.channels;
        match (&node.operation, shared.of(number)) {
            (Operation::Convolve { window, weight, bias }, Prepared::Weights(_, transposed)) => {
                self.weigh(network, (*weight, *bias), (from, window), channels, &dy);
                if is_needed {
                    let mut dx = self.take(self.samples * input.elements());
                    if window.is_pointwise() {
                        matrix::multiply(&dy, transposed, None, &mut dx);
                    } else {
                        let taps = window.kernel[0] * window.kernel[1] * input.channels;
                        let Self { frame, rows, .. } = self;
                        rows.resize(window.pixels() * taps, 0.0);
                        frame.reset(window, input.channels);
                        let pictures = dx.chunks_exact_mut(input.elements());
                        for (dx, dy) in pictures.zip(dy.chunks_exact(node.shape.elements())) {
                            matrix::multiply(dy, transposed, None, rows);
                            patches::scatter(rows, window, input.channels, frame, dx);
                        }
                    }
                    self.pass(from, dx);
                }
                self.pool.push(dy);
            }
            (Operation::Dense { weight, bias }, Prepared::Weights(_, transposed)) => {
                let vector = Window::whole([1, 1]);
                self.weigh(network, (*weight, *bias), (from, &vector), channels, &dy);
                if is_needed {
                    let mut dx = self.take(self.samples * input.elements());
                    matrix::multiply(&dy, transposed, None, &mut dx);
                    self.pass(from, dx);
                }
                self.pool.push(dy);
            }
            (Operation::Depthwise { window, weight, bias }, _) => {
                let mut dx = self.take(self.samples * input.elements());
                let tensor = &network.tensors[*weight];
                let weights = &state.parameters[tensor.range()];
                let gradient = &mut self.gradient[tensor.range()];
                let frame = &mut self.frame;
                depthwise::accumulate(&self.values[from], &dy, window, frame, gradient);
                depthwise::backward(weights, &dy, window, frame, &mut dx);
                if let Some(bias) = bias {
                    let range = network.tensors[*bias].range();
                    matrix::accumulate_rows(&dy, &mut self.gradient[range]);
                }
                self.pass(from, dx);
                self.pool.push(dy);
            }
            (Operation::Normalise { .. }, Prepared::Normalise(it)) => {
                let x = &self.values[from];
                let (factors, means) = ([&it.scale[..], &it.shift], [&it.a[..], &it.b]);
                normalise::backward_apply(x, factors, it.clip, means, &mut dy);
                self.pass(from, dy);
            }
            (Operation::Activate(_), Prepared::Activate(clip)) => {
                normalise::activate_backward(&self.values[from], *clip, &mut dy);
                self.pass(from, dy);
            }
            (Operation::Add, _) => {
                let mut copy = self.take(dy.len());
                copy.copy_from_slice(&dy);
                self.pass(node.inputs[1], copy);
                self.pass(from, dy);
            }
            (Operation::AveragePool(window), _) => {
                let mut dx = self.take(self.samples * input.elements());
                dx.fill(0.0);
                let pictures = dx.chunks_exact_mut(input.elements());
                for (dx, dy) in pictures.zip(dy.chunks_exact(node.shape.elements())) {
                    pool::average_backward(dy, window, channels, dx);
                }
                self.pass(from, dx);
                self.pool.push(dy);
            }
            (Operation::Round { range }, _) => {
                round::backward(&self.values[from], state.ranges[*range], &mut dy);
                self.pass(from, dy);
            }
            (operation, prepared) => unreachable!("{operation:?} is prepared as {prepared:?}"),
        }
    }

    /// Adds the gradients of a matrix of weights, and of a bias.
    fn weigh(
        &mut self,
        network: &Network,
        (weight, bias): (usize, Option<usize>),
        (from, window): (usize, &Window),
        channels: usize,
        dy: &[f32],
    ) {
        let range = network.tensors[weight].range();
        let x = &self.values[from];
        if window.is_pointwise() {
            matrix::accumulate(x, dy, channels, &mut self.gradient[range]);
        } else {
            let input = network.nodes[from].shape;
            let Self { frame, rows, gradient, .. } = self;
            frame.reset(window, input.channels);
            let pictures = x.chunks_exact(input.elements());
            for (x, dy) in pictures.zip(dy.chunks_exact(window.pixels() * channels)) {
                patches::gather(x, window, input.channels, frame, rows);
                matrix::accumulate(rows, dy, channels, &mut gradient[range.clone()]);
            }
        }
        if let Some(bias) = bias {
            let range = network.tensors[bias].range();
            matrix::accumulate_rows(dy, &mut self.gradient[range]);
        }
    }

    /// Adds to a node's gradient.
    fn pass(&mut self, node: usize, gradient: Vec<f32>) {
        let there = &mut self.gradients[node];
        if there.is_empty() {
            *there = gradient;
        } else {
            for (sum, own) in there.iter_mut().zip(&gradient) {
                *sum += own;
            }
            self.pool.push(gradient);
        }
    }

    /// A buffer of any content.
    fn take(&mut self, length: usize) -> Vec<f32> {
        let place = self.pool.iter().rposition(|buffer| buffer.len() == length);
        place.map_or_else(|| vec![0.0; length], |place| self.pool.swap_remove(place))
    }
}

/// A buffer of that many zeros.
fn zeroed(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    buffer.clear();
    buffer.resize(length, 0.0);
    buffer
}
