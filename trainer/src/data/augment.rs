//! Pictures as they are shown to a network in training: shifted and mirrored at random.

use serde::{Deserialize, Serialize};

use super::{Dataset, real};
use crate::random::Random;

/// What is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Augment {
    /// Pixels by which a picture is shifted at most, up or down, left or right; zeros come in.
    pub shift: usize,
    /// Whether every other picture is mirrored.
    pub mirror: bool,
}

impl Augment {
    /// Writes a sample's real numbers as `random` would have them.
    pub fn write(&self, data: &Dataset, number: usize, random: &mut Random, input: &mut [f32]) {
        let shape = data.shape;
        let bytes = data.sample(number);
        let mut offset = || {
            let place = random.below(2 * self.shift + 1);
            place as isize - self.shift as isize
        };
        let (down, right) = (offset(), offset());
        let is_mirrored = self.mirror && random.below(2) == 1;
        let inside = |place: usize, by: isize, size: usize| {
            usize::try_from(place as isize + by).ok().filter(|place| *place < size)
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
                    _ => pixel.fill(0.0),
                }
            }
        }
    }
}
