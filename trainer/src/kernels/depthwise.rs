//! Depthwise convolutions: each channel with a kernel of its own. Weights are taps x channels.
//!
//! Eight channels are computed together, with the weights (or the sums) of nine taps in registers:
//! a whole kernel of 3x3. Others take several rounds.

use std::ops::Range;

use multiversion::multiversion;

use super::frame::Frame;
use crate::network::{Padding, Window};

/// Channels that are computed together where there are so many: a register of AVX2.
const WIDE: usize = 8;
/// Taps of a round.
const TAPS: usize = 9;
/// Numbers of a frame through which all channels go before the next rows: half of a first cache of
/// 32 KiB.
const BAND: usize = 4096;

/// Runs `$body::<W, T>($place, ...)` over all rows, channels and taps.
macro_rules! places {
    ($layer:expr, $body:ident($($argument:expr),*)) => {{
        let layer = &$layer;
        for rows in layer.bands() {
            for (channel, is_wide) in blocks(layer.channels) {
                for (tap, is_round) in rounds(layer.offsets.len()) {
                    let place = Place { rows: rows.clone(), channel, tap };
                    match (is_wide, is_round) {
                        (true, true) => $body::<WIDE, TAPS>(layer, &place, $($argument),*),
                        (true, false) => $body::<WIDE, 1>(layer, &place, $($argument),*),
                        (false, true) => $body::<1, TAPS>(layer, &place, $($argument),*),
                        (false, false) => $body::<1, 1>(layer, &place, $($argument),*),
                    }
                }
            }
        }
    }};
}

/// Runs a body for each of `$taps` taps, with its number as a constant: what is indexed at run time
/// is not kept in registers.
macro_rules! each_tap {
    ($taps:expr, $tap:ident, $body:block) => {
        each_tap!($taps, $tap, $body, 0 1 2 3 4 5 6 7 8)
    };
    ($taps:expr, $tap:ident, $body:block, $($number:literal)*) => { $(
        if $number < $taps {
            const $tap: usize = $number;
            $body
        }
    )* };
}

/// A window over frames of pictures.
struct Layer {
    window: Window,
    channels: usize,
    /// Numbers from one row of a frame to the next.
    pitch: usize,
    /// Numbers from a window's first tap to each.
    offsets: Vec<usize>,
}

/// What a body computes at once: some rows of the output, a block of channels and a round of taps.
struct Place {
    rows: Range<usize>,
    channel: usize,
    tap: usize,
}

/// The convolutions of pictures.
///
/// # Panics
/// When lengths do not match.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn convolve(
    x: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    window: &Window,
    frame: &mut Frame,
    y: &mut [f32],
) {
    let layer = Layer::new(window, weights.len(), frame);
    let zeros = vec![0.0; layer.channels];
    let bias = bias.unwrap_or(&zeros);
    for (x, y) in x.chunks_exact(layer.input()).zip(y.chunks_exact_mut(layer.output())) {
        frame.load(x);
        places!(layer, to_output(&frame.data, weights, bias, y));
    }
}

/// Adds the gradients of weights.
///
/// # Panics
/// When lengths do not match.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn accumulate(x: &[f32], dy: &[f32], window: &Window, frame: &mut Frame, gradient: &mut [f32]) {
    let layer = Layer::new(window, gradient.len(), frame);
    for (x, dy) in x.chunks_exact(layer.input()).zip(dy.chunks_exact(layer.output())) {
        frame.load(x);
        places!(layer, to_weights(&frame.data, dy, gradient));
    }
}

/// The gradients of pictures.
///
/// # Panics
/// When lengths do not match.
pub fn backward(weights: &[f32], dy: &[f32], window: &Window, frame: &mut Frame, dx: &mut [f32]) {
    if window.stride == [1, 1] {
        // A convolution, too: of the outputs' gradients with the kernel turned round.
        let channels = weights.len() / (window.kernel[0] * window.kernel[1]);
        let turned: Vec<f32> = weights.chunks_exact(channels).rev().flatten().copied().collect();
        let before = [0, 1].map(|axis| window.kernel[axis] - 1 - window.before[axis]);
        let (input, output) = (window.output, window.input);
        let back = Window { input, output, before, padding: Padding::Same, ..*window };
        convolve(dy, &turned, None, &back, frame, dx);
    } else {
        spread(weights, dy, window, frame, dx);
    }
}

/// The gradients of pictures, output by output.
#[multiversion(targets("x86_64+avx2+fma"))]
fn spread(weights: &[f32], dy: &[f32], window: &Window, frame: &mut Frame, dx: &mut [f32]) {
    let layer = Layer::new(window, weights.len(), frame);
    for (dx, dy) in dx.chunks_exact_mut(layer.input()).zip(dy.chunks_exact(layer.output())) {
        frame.data.fill(0.0);
        places!(layer, to_input(weights, dy, &mut frame.data));
        frame.store(dx);
    }
}

#[inline(always)]
fn to_output<const W: usize, const T: usize>(
    layer: &Layer,
    place: &Place,
    frame: &[f32],
    weights: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    let (offsets, span) = layer.offsets::<W, T>(place);
    let weights: [[f32; W]; T] = layer.weights(place, weights);
    let bias: [f32; W] = lanes(bias, place.channel);
    for row in place.rows.clone() {
        for column in 0..layer.window.output[1] {
            let taps = &frame[layer.first_tap(place, row, column)..][..span];
            let y = &mut y[layer.number(place, row, column)..][..W];
            let mut sums: [f32; W] = if place.tap == 0 { bias } else { lanes(y, 0) };
            each_tap!(T, TAP, {
                let x: [f32; W] = lanes(taps, offsets[TAP]);
                for lane in 0..W {
                    sums[lane] = x[lane].mul_add(weights[TAP][lane], sums[lane]);
                }
            });
            y.copy_from_slice(&sums);
        }
    }
}

#[inline(always)]
fn to_weights<const W: usize, const T: usize>(
    layer: &Layer,
    place: &Place,
    frame: &[f32],
    dy: &[f32],
    gradient: &mut [f32],
) {
    let (offsets, span) = layer.offsets::<W, T>(place);
    let mut sums = [[0.0f32; W]; T];
    for row in place.rows.clone() {
        for column in 0..layer.window.output[1] {
            let taps = &frame[layer.first_tap(place, row, column)..][..span];
            let dy: [f32; W] = lanes(dy, layer.number(place, row, column));
            each_tap!(T, TAP, {
                let x: [f32; W] = lanes(taps, offsets[TAP]);
                for lane in 0..W {
                    sums[TAP][lane] = x[lane].mul_add(dy[lane], sums[TAP][lane]);
                }
            });
        }
    }
    each_tap!(T, TAP, {
        let gradient = &mut gradient[(place.tap + TAP) * layer.channels + place.channel..][..W];
        for lane in 0..W {
            gradient[lane] += sums[TAP][lane];
        }
    });
}

#[inline(always)]
fn to_input<const W: usize, const T: usize>(
    layer: &Layer,
    place: &Place,
    weights: &[f32],
    dy: &[f32],
    frame: &mut [f32],
) {
    let (offsets, span) = layer.offsets::<W, T>(place);
    let weights: [[f32; W]; T] = layer.weights(place, weights);
    for row in place.rows.clone() {
        for column in 0..layer.window.output[1] {
            let taps = &mut frame[layer.first_tap(place, row, column)..][..span];
            let dy: [f32; W] = lanes(dy, layer.number(place, row, column));
            each_tap!(T, TAP, {
                let dx = &mut taps[offsets[TAP]..][..W];
                for lane in 0..W {
                    dx[lane] = dy[lane].mul_add(weights[TAP][lane], dx[lane]);
                }
            });
        }
    }
}

impl Layer {
    /// For a layer of that many weights; makes the frame ready.
    fn new(window: &Window, weights: usize, frame: &mut Frame) -> Self {
        let [height, width] = window.kernel;
        let channels = weights / (height * width);
        frame.reset(window, channels);
        let pitch = frame.pitch;
        let offset = |tap: usize| tap / width * pitch + tap % width * channels;
        let offsets = (0..height * width).map(offset).collect();
        Self { window: *window, channels, pitch, offsets }
    }

    /// Numbers of a picture.
    fn input(&self) -> usize {
        self.window.input[0] * self.window.input[1] * self.channels
    }

    /// Numbers of a result.
    fn output(&self) -> usize {
        self.window.pixels() * self.channels
    }

    /// The output's rows, as many at a time as stay in the cache.
    fn bands(&self) -> impl Iterator<Item = Range<usize>> {
        let rows = self.window.output[0];
        let band = (BAND / (self.pitch * self.window.stride[0])).max(1);
        (0..rows).step_by(band).map(move |first| first..rows.min(first + band))
    }

    /// The offsets of a round's taps, and how many numbers they reach, which is what bounds are
    /// checked for here, before the loops.
    #[inline(always)]
    fn offsets<const W: usize, const T: usize>(&self, place: &Place) -> ([usize; T], usize) {
        let mut offsets = [0; T];
        let mut span = 0;
        each_tap!(T, TAP, {
            offsets[TAP] = self.offsets[place.tap + TAP];
            span = offsets[TAP] + W;
        });
        each_tap!(T, TAP, {
            assert!(offsets[TAP] <= span && span - offsets[TAP] >= W);
        });
        (offsets, span)
    }

    /// The weights of a round.
    #[inline(always)]
    fn weights<const W: usize, const T: usize>(
        &self,
        place: &Place,
        weights: &[f32],
    ) -> [[f32; W]; T] {
        let mut own = [[0.0; W]; T];
        each_tap!(T, TAP, {
            own[TAP] = lanes(weights, (place.tap + TAP) * self.channels + place.channel);
        });
        own
    }

    /// Where the window's first tap lies in a frame for an output.
    #[inline(always)]
    fn first_tap(&self, place: &Place, row: usize, column: usize) -> usize {
        let [down, right] = self.window.stride;
        row * down * self.pitch + column * right * self.channels + place.channel
    }

    /// Where an output is.
    #[inline(always)]
    fn number(&self, place: &Place, row: usize, column: usize) -> usize {
        (row * self.window.output[1] + column) * self.channels + place.channel
    }
}

/// The first channel of each block, and whether it is of [`WIDE`] channels or of one.
fn blocks(channels: usize) -> impl Iterator<Item = (usize, bool)> {
    let wide = channels / WIDE * WIDE;
    (0..wide)
        .step_by(WIDE)
        .map(|channel| (channel, true))
        .chain((wide..channels).map(|channel| (channel, false)))
}

/// The first tap of each round, and whether it is of [`TAPS`] taps or of one.
fn rounds(taps: usize) -> impl Iterator<Item = (usize, bool)> {
    let whole = taps / TAPS * TAPS;
    (0..whole).step_by(TAPS).map(|tap| (tap, true)).chain((whole..taps).map(|tap| (tap, false)))
}

#[inline(always)]
fn lanes<const W: usize>(values: &[f32], at: usize) -> [f32; W] {
    values[at..][..W].try_into().expect("a slice of that length")
}
