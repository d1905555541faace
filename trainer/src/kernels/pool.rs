//! Averages over the pixels of windows.

use super::super::network::Window;

/// The mean of each window's pixels inside the picture, of one picture.
pub fn average(x: &[f32], window: &Window, channels: usize, y: &mut [f32]) {
    each(window, |pixels, count, at| {
        let y = &mut y[at * channels..(at + 1) * channels];
        y.fill(0.0);
        for pixel in pixels {
            for (y, x) in y.iter_mut().zip(&x[pixel * channels..(pixel + 1) * channels]) {
                *y += x;
            }
        }
        y.iter_mut().for_each(|y| *y /= count);
    });
}

/// Adds what [`average`] passes back.
pub fn average_backward(dy: &[f32], window: &Window, channels: usize, dx: &mut [f32]) {
    each(window, |pixels, count, at| {
        let dy = &dy[at * channels..(at + 1) * channels];
        for pixel in pixels {
            for (dx, dy) in dx[pixel * channels..(pixel + 1) * channels].iter_mut().zip(dy) {
                *dx += dy / count;
            }
        }
    });
}

/// Calls `visit` with each window's pixels, how many they are, and the window's number.
fn each(window: &Window, mut visit: impl FnMut(&mut dyn Iterator<Item = usize>, f32, usize)) {
    for oy in 0..window.output[0] {
        let rows = window.taps(0, oy);
        for ox in 0..window.output[1] {
            let columns = window.taps(1, ox);
            let count = rows.len() * columns.len();
            let (top, left) = (window.origin(0, oy), window.origin(1, ox));
            let mut pixels = rows.clone().flat_map(|ky| {
                let row = (top + ky as isize) as usize * window.input[1];
                columns.clone().map(move |kx| row + (left + kx as isize) as usize)
            });
            visit(&mut pixels, count as f32, oy * window.output[1] + ox);
        }
    }
}
