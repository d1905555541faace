//! A picture within a frame of zeros, so that loops over a kernel's places meet no edge.

use std::ops::Range;

use crate::network::Window;

/// The part of a picture that a window reaches, with the zeros around it: rows x columns x
/// channels.
#[derive(Clone, Debug, Default)]
pub struct Frame {
    /// Its numbers.
    pub data: Vec<f32>,
    /// Numbers from one row to the next.
    pub pitch: usize,
    /// Numbers of a row of the picture.
    row: usize,
    /// Where the picture is in `data`: its rows, and what each of them has in a row of the frame.
    rows: Range<usize>,
    columns: Range<usize>,
}

impl Frame {
    /// Zeros in the size of what a window reaches.
    pub fn reset(&mut self, window: &Window, channels: usize) {
        let reach =
            |axis: usize| (window.output[axis] - 1) * window.stride[axis] + window.kernel[axis];
        let inside = |axis: usize| {
            let before = window.before[axis];
            before..reach(axis).min(before + window.input[axis])
        };
        let columns = inside(1);
        self.pitch = reach(1) * channels;
        self.row = window.input[1] * channels;
        self.rows = inside(0);
        self.columns = columns.start * channels..columns.end * channels;
        self.data.clear();
        self.data.resize(reach(0) * self.pitch, 0.0);
    }

    /// Copies a picture into the frame.
    pub fn load(&mut self, x: &[f32]) {
        let rows = self.data.chunks_exact_mut(self.pitch).skip(self.rows.start);
        for (to, from) in rows.take(self.rows.len()).zip(x.chunks_exact(self.row)) {
            to[self.columns.clone()].copy_from_slice(&from[..self.columns.len()]);
        }
    }

    /// Copies the picture out of the frame; what the window does not reach is zero.
    pub fn store(&self, x: &mut [f32]) {
        let rows = self.data.chunks_exact(self.pitch).skip(self.rows.start);
        let mut to = x.chunks_exact_mut(self.row);
        for (from, to) in rows.take(self.rows.len()).zip(&mut to) {
            let (reached, rest) = to.split_at_mut(self.columns.len());
            reached.copy_from_slice(&from[self.columns.clone()]);
            rest.fill(0.0);
        }
        to.for_each(|row| row.fill(0.0));
    }
}
