//! Patches of pictures as rows of matrices ("im2col"), so that a convolution is a product.

use std::ops::Range;

use super::frame::Frame;
use crate::network::Window;

/// The patches of the picture in a frame, for some of the output's rows: a row for each output
/// pixel, of kernel height x kernel width x channels numbers.
pub fn gather(
    frame: &Frame,
    window: &Window,
    channels: usize,
    outputs: Range<usize>,
    rows: &mut Vec<f32>,
) {
    let run = window.kernel[1] * channels;
    rows.resize(outputs.len() * window.output[1] * window.kernel[0] * run, 0.0);
    each(window, channels, frame.pitch, outputs, rows.chunks_exact_mut(run), |part, at| {
        part.copy_from_slice(&frame.data[at..at + run]);
    });
}

/// Adds rows made by [`gather`] up where they came from.
pub fn scatter(
    rows: &[f32],
    window: &Window,
    channels: usize,
    outputs: Range<usize>,
    frame: &mut Frame,
) {
    let run = window.kernel[1] * channels;
    each(window, channels, frame.pitch, outputs, rows.chunks_exact(run), |part, at| {
        for (dx, part) in frame.data[at..at + run].iter_mut().zip(part) {
            *dx += part;
        }
    });
}

/// Calls `visit` with each part of rows, one for each row of the kernel for each output pixel, and
/// where it begins in a frame.
fn each<T>(
    window: &Window,
    channels: usize,
    pitch: usize,
    outputs: Range<usize>,
    mut parts: impl Iterator<Item = T>,
    mut visit: impl FnMut(T, usize),
) {
    let [down, right] = window.stride;
    for y in outputs {
        for x in 0..window.output[1] {
            let first = y * down * pitch + x * right * channels;
            for (ky, part) in parts.by_ref().take(window.kernel[0]).enumerate() {
                visit(part, first + ky * pitch);
            }
        }
    }
}
