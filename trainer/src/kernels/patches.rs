//! Patches of pictures as rows of matrices ("im2col"), so that a convolution is a product.

use super::super::network::Window;

/// The patches of one picture of `window.input` pixels and `channels`: a row for each output pixel,
/// of kernel height x kernel width x channels numbers, zeros where the patch leaves the picture.
pub fn gather(x: &[f32], window: &Window, channels: usize, rows: &mut Vec<f32>) {
    rows.clear();
    let [_, width] = window.input;
    for y in 0..window.output[0] {
        for x_out in 0..window.output[1] {
            for ky in 0..window.kernel[0] {
                let row = window.at(0, y, ky);
                for kx in 0..window.kernel[1] {
                    match (row, window.at(1, x_out, kx)) {
                        (Some(row), Some(column)) => {
                            let at = (row * width + column) * channels;
                            rows.extend_from_slice(&x[at..at + channels]);
                        }
                        _ => rows.extend(std::iter::repeat_n(0.0, channels)),
                    }
                }
            }
        }
    }
}

/// Adds rows made by [`gather`] back to where they came from.
pub fn scatter(rows: &[f32], window: &Window, channels: usize, dx: &mut [f32]) {
    let [_, width] = window.input;
    let mut parts = rows.chunks_exact(channels);
    for y in 0..window.output[0] {
        for x_out in 0..window.output[1] {
            for ky in 0..window.kernel[0] {
                let row = window.at(0, y, ky);
                for kx in 0..window.kernel[1] {
                    let part = parts.next().expect("a row has a part for each tap");
                    if let (Some(row), Some(column)) = (row, window.at(1, x_out, kx)) {
                        let at = (row * width + column) * channels;
                        for (dx, part) in dx[at..at + channels].iter_mut().zip(part) {
                            *dx += part;
                        }
                    }
                }
            }
        }
    }
}
