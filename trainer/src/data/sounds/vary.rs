//! Sounds as they could also have been recorded: earlier or later, and with something else to be
//! heard.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::data::{DataError, folder};
use crate::random::Random;

/// How training sounds are varied. Each is there once as it is, and `copies` times varied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vary {
    /// How many varied copies there are of each sound.
    pub copies: usize,
    /// By how much a copy begins earlier or later at most, in milliseconds.
    pub shift_ms: f32,
    /// A folder of WAV files to be heard in the background; without it there is white noise.
    pub noise: Option<PathBuf>,
    /// How much louder than the background a sound is, in decibels: least and most.
    pub above_noise: [f32; 2],
}

impl Default for Vary {
    fn default() -> Self {
        Self { copies: 0, shift_ms: 0.0, noise: None, above_noise: [10.0, 40.0] }
    }
}

/// [`Vary`] with what it needs.
#[derive(Debug)]
pub struct Variation {
    /// In samples.
    shift: usize,
    noises: Vec<Vec<f32>>,
    above_noise: [f32; 2],
}

/// More copies would only fill memory.
const MOST_COPIES: usize = 100;

impl Variation {
    /// Reads the noises and brings them to the `rate`; a relative path begins at `base`.
    pub fn new(options: &Vary, base: &Path, rate: u32) -> Result<Self, DataError> {
        let error = |option, reason| Err(DataError::Option { option, reason });
        let Vary { copies, shift_ms, above_noise: [least, most], .. } = *options;
        if copies > MOST_COPIES {
            return error("vary.copies", format!("{copies} are more than {MOST_COPIES}"));
        }
        if !(0.0..=10_000.0).contains(&shift_ms) {
            return error("vary.shift_ms", format!("{shift_ms} is not from 0 to 10000"));
        }
        if !(least <= most && least >= -100.0 && most <= 200.0) {
            let reason = format!("[{least}, {most}] is not least and most, within -100 to 200");
            return error("vary.above_noise", reason);
        }
        let noises = match (&options.noise, copies) {
            (Some(folder), 1..) => noises(&base.join(folder), rate)?,
            _ => Vec::new(),
        };
        let shift = (f64::from(shift_ms) * f64::from(rate) / 1000.0).round() as usize;
        Ok(Self { shift, noises, above_noise: options.above_noise })
    }

    /// The copy of this number of a sound of this name, as long as the sound.
    pub fn copy(&self, samples: &[f32], name: &str, copy: usize) -> Vec<f32> {
        let mut random = Random::new(&[folder::hash(name), copy as u64]);
        let length = samples.len();
        let later = random.below(2 * self.shift + 1) as isize - self.shift as isize;
        let mut varied: Vec<f32> = (0..length)
            .map(|at| at.checked_add_signed(-later).and_then(|at| samples.get(at)).unwrap_or(&0.0))
            .copied()
            .collect();
        let background = self.background(length, &mut random);
        let [least, most] = self.above_noise;
        let decibels = least + (most - least) * random.uniform();
        let share = libm::pow(10.0, -f64::from(decibels) / 10.0);
        let factor = match power(&background) {
            0.0 => 0.0,
            power_of_noise => libm::sqrt(power(samples) / power_of_noise * share) as f32,
        };
        for (sample, noise) in varied.iter_mut().zip(&background) {
            *sample += factor * noise;
        }
        varied
    }

    /// A piece of one of the noises, from anywhere in it, repeated where it is too short.
    fn background(&self, length: usize, random: &mut Random) -> Vec<f32> {
        if self.noises.is_empty() {
            return (0..length).map(|_| random.normal()).collect();
        }
        let noise = &self.noises[random.below(self.noises.len())];
        let first = random.below(noise.len());
        noise.iter().cycle().skip(first).take(length).copied().collect()
    }
}

/// The mean square.
fn power(samples: &[f32]) -> f64 {
    let sum: f64 = samples.iter().map(|it| f64::from(*it) * f64::from(*it)).sum();
    sum / samples.len().max(1) as f64
}

fn noises(folder: &Path, rate: u32) -> Result<Vec<Vec<f32>>, DataError> {
    let read = |path: PathBuf| super::read_wav(&path, rate, usize::MAX);
    folder::files(folder, &["wav"])?.into_iter().map(read).collect()
}
