//! Patches of pictures as rows of matrices ("im2col"), so that a convolution is a product.

use super::frame::Frame;
use crate::network::Window;

/// The patches of one picture of `window.input` pixels: a row for each output pixel, of kernel height
/// x kernel width x channels numbers, zeros where the patch leaves the picture. The frame has been
/// reset for the window.
pub fn gather(x: &[f32], window: &Window, channels: usize, frame: &mut Frame, rows: &mut Vec<f32>) {
    frame.load(x);
    let run = window.kernel[1] * channels;
    rows.resize(window.pixels() * window.kernel[0] * run, 0.0);
    each(window, channels, frame.pitch, rows.chunks_exact_mut(run), |part, at| {
        part.copy_from_slice(&frame.data[at..at + run]);
    });
}

/// Adds rows made by [`gather`] up where they came from.
pub fn scatter(rows: &[f32], window: &Window, channels: usize, frame: &mut Frame, dx: &mut [f32]) {
    frame.data.fill(0.0);
    let run = window.kernel[1] * channels;
    each(window, channels, frame.pitch, rows.chunks_exact(run), |part, at| {
        for (dx, part) in frame.data[at..at + run].iter_mut().zip(part) {
            *dx += part;
        }
    });
    frame.store(dx);
}

/// Calls `visit` with each part of rows, one for each row of the kernel for each output pixel, and
/// where it begins in a frame.
fn each<T>(
    window: &Window,
    channels: usize,
    pitch: usize,
    mut parts: impl Iterator<Item = T>,
    mut visit: impl FnMut(T, usize),
) {
    let [down, right] = window.stride;
    for y in 0..window.output[0] {
        for x in 0..window.output[1] {
            let first = y * down * pitch + x * right * channels;
            for (ky, part) in parts.by_ref().take(window.kernel[0]).enumerate() {
                visit(part, first + ky * pitch);
            }
        }
    }
}
