//! Convolutions over all channels: products of matrices, pointwise ones at once, others by patches.

use std::ops::Range;

use super::frame::Frame;
use super::matrix::{self, Panels};
use super::patches;
use crate::network::Window;

/// Numbers of the patches that are there at a time, so that they stay in the second cache.
const BAND: usize = 16 * 1024;

/// What a convolution needs besides its operands; of any content between two.
#[derive(Debug, Default)]
pub struct Scratch {
    /// The picture that is being computed.
    pub frame: Frame,
    /// Some of its patches.
    rows: Vec<f32>,
}

/// The convolutions of pictures of `channels`.
///
/// # Panics
/// When lengths do not match.
pub fn convolve(
    x: &[f32],
    weights: &Panels,
    bias: Option<&[f32]>,
    (window, channels): (&Window, usize),
    scratch: &mut Scratch,
    y: &mut [f32],
) {
    if window.is_pointwise() {
        return matrix::multiply(x, weights, bias, y);
    }
    let layer = Layer::new(window, channels, x.len(), y.len());
    let Scratch { frame, rows } = scratch;
    frame.reset(window, channels);
    for (x, y) in x.chunks_exact(layer.input).zip(y.chunks_exact_mut(layer.output)) {
        frame.load(x);
        for band in layer.bands() {
            patches::gather(frame, window, channels, band.clone(), rows);
            matrix::multiply(rows, weights, bias, &mut y[layer.numbers(band)]);
        }
    }
}

/// Adds the gradients of weights, for outputs of `outputs` channels.
///
/// # Panics
/// When lengths do not match.
pub fn accumulate(
    x: &[f32],
    dy: &[f32],
    (window, channels): (&Window, usize),
    outputs: usize,
    scratch: &mut Scratch,
    gradient: &mut [f32],
) {
    if window.is_pointwise() {
        return matrix::accumulate(x, dy, outputs, gradient);
    }
    let layer = Layer::new(window, channels, x.len(), dy.len());
    let Scratch { frame, rows } = scratch;
    frame.reset(window, channels);
    for (x, dy) in x.chunks_exact(layer.input).zip(dy.chunks_exact(layer.output)) {
        frame.load(x);
        for band in layer.bands() {
            patches::gather(frame, window, channels, band.clone(), rows);
            matrix::accumulate(rows, &dy[layer.numbers(band)], outputs, gradient);
        }
    }
}

/// The gradients of pictures, by the transpose of the weights.
///
/// # Panics
/// When lengths do not match.
pub fn backward(
    transposed: &Panels,
    dy: &[f32],
    (window, channels): (&Window, usize),
    scratch: &mut Scratch,
    dx: &mut [f32],
) {
    if window.is_pointwise() {
        return matrix::multiply(dy, transposed, None, dx);
    }
    let layer = Layer::new(window, channels, dx.len(), dy.len());
    let Scratch { frame, rows } = scratch;
    frame.reset(window, channels);
    for (dx, dy) in dx.chunks_exact_mut(layer.input).zip(dy.chunks_exact(layer.output)) {
        frame.data.fill(0.0);
        for band in layer.bands() {
            rows.resize(band.len() * layer.row, 0.0);
            matrix::multiply(&dy[layer.numbers(band.clone())], transposed, None, rows);
            patches::scatter(rows, window, channels, band, frame);
        }
        frame.store(dx);
    }
}

/// Lengths of a layer.
struct Layer {
    /// Numbers of a picture.
    input: usize,
    /// Numbers of a result.
    output: usize,
    /// Rows of the result.
    height: usize,
    /// Numbers of the patches of a row of the result.
    row: usize,
}

impl Layer {
    /// For pictures of `x` numbers in all and results of `y`.
    fn new(window: &Window, channels: usize, x: usize, y: usize) -> Self {
        let input = window.input[0] * window.input[1] * channels;
        let output = y / (x / input).max(1);
        let [height, width] = window.output;
        let row = width * window.kernel[0] * window.kernel[1] * channels;
        Self { input, output, height, row }
    }

    /// The result's rows, as many at a time as [`BAND`] allows.
    fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let (height, band) = (self.height, (BAND / self.row).max(1));
        (0..height).step_by(band).map(move |first| first..height.min(first + band))
    }

    /// Where some of the result's rows are.
    fn numbers(&self, rows: Range<usize>) -> Range<usize> {
        let pitch = self.output / self.height;
        rows.start * pitch..rows.end * pitch
    }
}
