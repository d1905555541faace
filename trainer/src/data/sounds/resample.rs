//! Sounds at another rate: interpolation with a sinc under a Hann window, which also takes away
//! what is too high for the new rate.
//!
//! Source: J. O. Smith 2002, Digital Audio Resampling Home Page.

use std::f64::consts::PI;

/// Zeros of the sinc on either side.
const ZEROS: f64 = 16.0;

/// The first `most` samples, at the rate `to`, of a sound at the rate `from`, both in hertz.
///
/// # Panics
/// When a rate is 0.
#[must_use]
pub fn resample(samples: &[f32], from: u32, to: u32, most: usize) -> Vec<f32> {
    assert!(from > 0 && to > 0, "a rate is 0");
    if from == to {
        return samples[..samples.len().min(most)].to_vec();
    }
    let (from, to) = (u64::from(from), u64::from(to));
    let count = (samples.len() as u64 * to).div_ceil(from).min(most as u64);
    // New samples lie between old ones at as many places as the shortened new rate says, again and
    // again.
    let places = to / divisor(from, to);
    let kernels: Vec<Kernel> =
        (0..places.min(count)).map(|new| Kernel::new(new * from % to, from, to)).collect();
    let sample = |new: u64| kernels[(new % places) as usize].apply(samples, new * from / to);
    (0..count).map(sample).collect()
}

fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

/// The weights of old samples for a new one.
struct Kernel {
    /// Old samples before the one at or just before the new one.
    before: u64,
    weights: Vec<f64>,
}

impl Kernel {
    /// For a new sample that lies `past / to` of an old one's time past it.
    fn new(past: u64, from: u64, to: u64) -> Self {
        let past = past as f64 / to as f64;
        let cutoff = (to as f64 / from as f64).min(1.0);
        let reach = ZEROS / cutoff;
        let before = reach.floor() as u64;
        let weight = |tap: u64| {
            let distance = tap as f64 - before as f64 - past;
            let sinc = match PI * cutoff * distance {
                0.0 => 1.0,
                angle => libm::sin(angle) / angle,
            };
            let inside = distance.abs() < reach;
            if inside { sinc * (0.5 + 0.5 * libm::cos(PI * distance / reach)) } else { 0.0 }
        };
        let weights: Vec<f64> = (0..2 * before + 2).map(weight).collect();
        let total: f64 = weights.iter().sum();
        Self { before, weights: weights.iter().map(|weight| weight / total).collect() }
    }

    /// The new sample past the old one of this number. Before and behind the sound it is silent.
    fn apply(&self, samples: &[f32], at: u64) -> f32 {
        let skipped = self.before.saturating_sub(at) as usize;
        let first = at.saturating_sub(self.before) as usize;
        let old = samples.get(first..).unwrap_or_default();
        let weights = self.weights.get(skipped..).unwrap_or_default();
        let products = weights.iter().zip(old).map(|(weight, old)| weight * f64::from(*old));
        products.sum::<f64>() as f32
    }
}
