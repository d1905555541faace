//! Depthwise convolutions: each channel with a kernel of its own. Weights are taps x channels.

use multiversion::multiversion;

use super::super::network::Window;

/// Channels that are computed together where there are so many.
const WIDE: usize = 16;
const NARROW: usize = 8;

/// Runs `$body::<W>(channel, ...)` over all channels in the widest blocks that fit.
macro_rules! blocks {
    ($channels:expr, $body:ident($($argument:expr),*)) => {{
        let mut channel = 0;
        while channel < $channels {
            let left = $channels - channel;
            if left >= WIDE {
                $body::<WIDE>(channel, $($argument),*);
                channel += WIDE;
            } else if left >= NARROW {
                $body::<NARROW>(channel, $($argument),*);
                channel += NARROW;
            } else {
                $body::<1>(channel, $($argument),*);
                channel += 1;
            }
        }
    }};
}

/// The convolution of one picture.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn convolve(
    x: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    window: &Window,
    channels: usize,
    y: &mut [f32],
) {
    blocks!(channels, forward(x, weights, bias, window, channels, y));
}

#[inline(always)]
fn forward<const W: usize>(
    channel: usize,
    x: &[f32],
    weights: &[f32],
    bias: Option<&[f32]>,
    window: &Window,
    channels: usize,
    y: &mut [f32],
) {
    let bias: [f32; W] = bias.map_or([0.0; W], |bias| lanes(bias, channel));
    for oy in 0..window.output[0] {
        let rows = window.taps(0, oy);
        for ox in 0..window.output[1] {
            let mut sums = bias;
            let columns = window.taps(1, ox);
            for ky in rows.clone() {
                let row = window.origin(0, oy) + ky as isize;
                for kx in columns.clone() {
                    let column = window.origin(1, ox) + kx as isize;
                    let at = (row as usize * window.input[1] + column as usize) * channels;
                    let x: [f32; W] = lanes(x, at + channel);
                    let tap = (ky * window.kernel[1] + kx) * channels;
                    let weights: [f32; W] = lanes(weights, tap + channel);
                    for lane in 0..W {
                        sums[lane] = x[lane].mul_add(weights[lane], sums[lane]);
                    }
                }
            }
            let at = (oy * window.output[1] + ox) * channels + channel;
            y[at..at + W].copy_from_slice(&sums);
        }
    }
}

/// The gradient of one picture, and what it adds to that of the weights.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn backward(
    x: &[f32],
    weights: &[f32],
    dy: &[f32],
    window: &Window,
    channels: usize,
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    blocks!(channels, to_input(weights, dy, window, channels, dx));
    blocks!(channels, to_weights(x, dy, window, channels, gradient));
}

#[inline(always)]
fn to_input<const W: usize>(
    channel: usize,
    weights: &[f32],
    dy: &[f32],
    window: &Window,
    channels: usize,
    dx: &mut [f32],
) {
    let [height, width] = window.output;
    let [sy, sx] = window.stride;
    for iy in 0..window.input[0] {
        for ix in 0..window.input[1] {
            let mut sums = [0.0f32; W];
            for ky in 0..window.kernel[0] {
                let Some(oy) = whole(iy + window.before[0], ky, sy, height) else { continue };
                for kx in 0..window.kernel[1] {
                    let Some(ox) = whole(ix + window.before[1], kx, sx, width) else { continue };
                    let dy: [f32; W] = lanes(dy, (oy * width + ox) * channels + channel);
                    let tap = (ky * window.kernel[1] + kx) * channels;
                    let weights: [f32; W] = lanes(weights, tap + channel);
                    for lane in 0..W {
                        sums[lane] = dy[lane].mul_add(weights[lane], sums[lane]);
                    }
                }
            }
            let at = (iy * window.input[1] + ix) * channels + channel;
            dx[at..at + W].copy_from_slice(&sums);
        }
    }
}

/// The output whose tap `tap` is at `place`, if there is one.
#[inline(always)]
fn whole(place: usize, tap: usize, stride: usize, outputs: usize) -> Option<usize> {
    let distance = place.checked_sub(tap)?;
    let output = if stride == 1 { distance } else { distance / stride };
    (output * stride == distance && output < outputs).then_some(output)
}

#[inline(always)]
fn to_weights<const W: usize>(
    channel: usize,
    x: &[f32],
    dy: &[f32],
    window: &Window,
    channels: usize,
    gradient: &mut [f32],
) {
    for ky in 0..window.kernel[0] {
        for kx in 0..window.kernel[1] {
            let mut sums = [0.0f32; W];
            let columns = window.outputs(1, kx);
            for oy in window.outputs(0, ky) {
                let row = (window.origin(0, oy) + ky as isize) as usize;
                for ox in columns.clone() {
                    let column = (window.origin(1, ox) + kx as isize) as usize;
                    let x: [f32; W] =
                        lanes(x, (row * window.input[1] + column) * channels + channel);
                    let dy: [f32; W] =
                        lanes(dy, (oy * window.output[1] + ox) * channels + channel);
                    for lane in 0..W {
                        sums[lane] = x[lane].mul_add(dy[lane], sums[lane]);
                    }
                }
            }
            let at = (ky * window.kernel[1] + kx) * channels + channel;
            for (gradient, sum) in gradient[at..at + W].iter_mut().zip(sums) {
                *gradient += sum;
            }
        }
    }
}

#[inline(always)]
fn lanes<const W: usize>(values: &[f32], at: usize) -> [f32; W] {
    values[at..at + W].try_into().expect("a slice of that length")
}
