//! Samples as they are shown to a network in training: pictures, and sounds' features as pictures
//! whose rows are frames, shifted, mirrored, lit otherwise and with parts hidden, at random.

use serde::{Deserialize, Serialize};

use super::{Dataset, real};
use crate::network::Shape;
use crate::random::Random;

/// What is done. Lengths are in pixels; for sounds a row is a frame and a column is a band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// By how much a picture is shifted at most, up or down, left or right.
    pub shift: usize,
    /// By how much it is shifted up or down besides: a sound in time.
    pub shift_rows: usize,
    /// Whether every other picture is mirrored.
    pub mirror: bool,
    /// How far a picture's contrast is from its own at most, 0..=1: all is multiplied by
    /// 1 - `contrast` to 1 + `contrast`, black staying black.
    pub contrast: f32,
    /// How much brighter or darker it is at most, 0..=1 of the way from black to white.
    pub brightness: f32,
    /// Side of a square that is hidden, 0 for none; its centre lies anywhere (cutout, DeVries and
    /// Taylor 2017).
    pub cutout: usize,
    /// Neighbouring rows that are hidden at most (SpecAugment, Park et al. 2019).
    pub hidden_rows: usize,
    /// Neighbouring columns that are hidden at most.
    pub hidden_columns: usize,
    /// The byte that comes in from outside of a picture and hides parts: 128 is the number zero, 0
    /// is the black of pictures and the silence of sounds.
    pub fill: u8,
}

impl Default for Augment {
    fn default() -> Self {
        Self {
            shift: 0,
            shift_rows: 0,
            mirror: false,
            contrast: 0.0,
            brightness: 0.0,
            cutout: 0,
            hidden_rows: 0,
            hidden_columns: 0,
            fill: 128,
        }
    }
}

impl Augment {
    /// Writes a sample's real numbers as `random` would have them.
    pub fn write(&self, data: &Dataset, number: usize, random: &mut Random, input: &mut [f32]) {
        self.place(data, number, random, input);
        self.light(random, input);
        self.hide(data.shape, random, input);
    }

    /// Shifts and mirrors.
    fn place(&self, data: &Dataset, number: usize, random: &mut Random, input: &mut [f32]) {
        let shape = data.shape;
        let bytes = data.sample(number);
        let mut offset = |most: usize, size: usize| {
            let most = most.min(size);
            random.below(2 * most + 1) as isize - most as isize
        };
        let down = offset(self.shift.saturating_add(self.shift_rows), shape.height);
        let right = offset(self.shift, shape.width);
        let is_mirrored = self.mirror && random.below(2) == 1;
        let inside = |place: usize, by: isize, size: usize| {
            place.checked_add_signed(by).filter(|place| *place < size)
        };
        for y in 0..shape.height {
            let row = inside(y, down, shape.height);
            for x in 0..shape.width {
                let column = if is_mirrored { shape.width - 1 - x } else { x };
                let column = inside(column, right, shape.width);
                let pixel = &mut input[(y * shape.width + x) * shape.channels..][..shape.channels];
                match (row, column) {
                    (Some(row), Some(column)) => {
                        let at = (row * shape.width + column) * shape.channels;
                        for (value, byte) in pixel.iter_mut().zip(&bytes[at..]) {
                            *value = real(*byte);
                        }
                    }
                    _ => pixel.fill(real(self.fill)),
                }
            }
        }
    }

    /// Changes contrast and brightness, within what bytes can be.
    fn light(&self, random: &mut Random, input: &mut [f32]) {
        if self.contrast == 0.0 && self.brightness == 0.0 {
            return;
        }
        let (black, white) = (real(0), real(u8::MAX));
        let mut signed = || 2.0 * random.uniform() - 1.0;
        let factor = 1.0 + self.contrast * signed();
        let more = self.brightness * signed() * (white - black);
        for value in input {
            *value = ((*value - black) * factor + black + more).clamp(black, white);
        }
    }

    /// Hides a square, rows and columns.
    fn hide(&self, shape: Shape, random: &mut Random, input: &mut [f32]) {
        let Shape { height, width, .. } = shape;
        if self.cutout > 0 {
            let mut side = |size| {
                let (centre, reach) = (random.below(size), self.cutout / 2);
                centre.saturating_sub(reach)..(centre + self.cutout - reach).min(size)
            };
            let (rows, columns) = (side(height), side(width));
            self.fill(shape, rows, columns, input);
        }
        let mut band = |most: usize, size: usize| {
            let count = random.below(most.min(size) + 1);
            let first = random.below(size - count + 1);
            first..first + count
        };
        if self.hidden_rows > 0 {
            self.fill(shape, band(self.hidden_rows, height), 0..width, input);
        }
        if self.hidden_columns > 0 {
            self.fill(shape, 0..height, band(self.hidden_columns, width), input);
        }
    }

    fn fill(
        &self,
        Shape { width, channels, .. }: Shape,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        input: &mut [f32],
    ) {
        let columns = columns.start * channels..columns.end * channels;
        for row in input.chunks_exact_mut(width * channels).take(rows.end).skip(rows.start) {
            row[columns.clone()].fill(real(self.fill));
        }
    }
}
