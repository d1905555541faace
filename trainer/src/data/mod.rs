//! Data sets: samples of bytes with labels, and what is done to them on their way to a network.

pub mod augment;
pub mod cifar10;
pub mod digits;
mod error;
mod files;
pub mod folder;
pub mod idx;
pub mod images;
pub mod npy;
pub mod sounds;
mod source;

pub use error::DataError;
pub use source::Source;

use crate::network::Shape;

/// Samples of one shape. A byte `b` stands for the int8 number `b - 128`, so that what a network is
/// trained with is what a device is given; as a real number that is `(b - 128) * SCALE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// Of a sample.
    pub shape: Shape,
    /// Samples x elements, NHWC.
    pub bytes: Vec<u8>,
    /// Of each sample; a number below `classes.len()`.
    pub labels: Vec<u16>,
    /// The labels' names.
    pub classes: Vec<String>,
}

/// Samples to train with and samples to test with, of one shape and with the same classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// To train with.
    pub train: Dataset,
    /// To test with; nothing is learnt or measured from them.
    pub test: Dataset,
    /// The levels in decibels that bytes 0 and 255 stand for, where samples are sounds' features.
    pub range: Option<[f32; 2]>,
}

impl Split {
    /// A CRC-32 of shape, samples and labels, by which other samples are noticed.
    #[must_use]
    pub fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for part in [&self.train, &self.test] {
            let Shape { height, width, channels } = part.shape;
            for number in [height, width, channels, part.classes.len()] {
                hasher.update(&(number as u64).to_le_bytes());
            }
            hasher.update(&part.bytes);
            part.labels.iter().for_each(|label| hasher.update(&label.to_le_bytes()));
        }
        hasher.finalize()
    }
}

/// The real number of one step of an input's int8 numbers.
pub const SCALE: f32 = 1.0 / 64.0;

/// The real number of a byte.
#[must_use]
pub fn real(byte: u8) -> f32 {
    (f32::from(byte) - 128.0) * SCALE
}

impl Dataset {
    /// How many samples there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// A sample's bytes.
    #[must_use]
    pub fn sample(&self, number: usize) -> &[u8] {
        let elements = self.shape.elements();
        &self.bytes[number * elements..(number + 1) * elements]
    }

    /// Writes a sample's real numbers.
    pub fn write(&self, number: usize, input: &mut [f32]) {
        for (input, byte) in input.iter_mut().zip(self.sample(number)) {
            *input = real(*byte);
        }
    }
}

/// The share of files to test with, where a configuration does not say.
fn fifth() -> f32 {
    0.2
}
