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
    let places = places(window, channels, frame.pitch);
    for (part, at) in rows.chunks_exact_mut(run).zip(places) {
        part.copy_from_slice(&frame.data[at..at + run]);
    }
}

/// Adds rows made by [`gather`] up where they came from.
pub fn scatter(rows: &[f32], window: &Window, channels: usize, frame: &mut Frame, dx: &mut [f32]) {
    frame.data.fill(0.0);
    let run = window.kernel[1] * channels;
    let places = places(window, channels, frame.pitch);
    for (part, at) in rows.chunks_exact(run).zip(places) {
        for (dx, part) in frame.data[at..at + run].iter_mut().zip(part) {
            *dx += part;
        }
    }
    frame.store(dx);
}

/// Where each row of the kernel begins in a frame, for each output pixel.
fn places(window: &Window, channels: usize, pitch: usize) -> impl Iterator<Item = usize> {
    let [height, width] = window.output;
    let ([down, right], rows) = (window.stride, window.kernel[0]);
    (0..height).flat_map(move |y| {
        (0..width).flat_map(move |x| {
            let at = y * down * pitch + x * right * channels;
            (0..rows).map(move |row| at + row * pitch)
        })
    })
}
