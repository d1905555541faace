//! The log-mel front end: levels of a sound in bands that are as wide as the ear has them, frame by
//! frame.
//!
//! Source: S. Davis and P. Mermelstein 1980, Comparison of Parametric Representations for
//! Monosyllabic Word Recognition (up to the logarithm), with the mel scale of HTK,
//! 2595 log10(1 + f / 700).

use serde::{Deserialize, Serialize};

use super::fft::Fft;
use crate::data::DataError;

/// What the levels of a sound are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogMel {
    /// Samples a second that sounds are brought to, in hertz.
    pub rate: u32,
    /// Of a frame, in milliseconds. The transform has the next power of two of samples.
    pub window_ms: f32,
    /// From the beginning of a frame to that of the next, in milliseconds.
    pub hop_ms: f32,
    /// Bands.
    pub bins: usize,
    /// Where the lowest band begins, in hertz.
    pub low_hz: f32,
    /// Where the highest band ends, in hertz; 0 is half the rate.
    pub high_hz: f32,
    /// What is this much below the loudest level of the training part, in decibels, is as good as
    /// silent: byte 0.
    pub decibels: f32,
}

impl Default for LogMel {
    fn default() -> Self {
        Self {
            rate: 16_000,
            window_ms: 32.0,
            hop_ms: 20.0,
            bins: 40,
            low_hz: 20.0,
            high_hz: 0.0,
            decibels: 80.0,
        }
    }
}

/// The level of silence: what is added to the power of each band is -100 dB.
const SILENCE: f64 = 1e-10;
/// Keeps tables small; a second at the highest rates.
const LONGEST: usize = 1 << 20;

/// A front end whose tables are made.
#[derive(Clone, Debug)]
pub struct FrontEnd {
    fft: Fft,
    /// A Hann window, scaled so that a sine of full scale has power 1.
    window: Vec<f64>,
    hop: usize,
    /// Of each band the first frequency's number and the weights from there.
    bands: Vec<(usize, Vec<f64>)>,
}

impl FrontEnd {
    /// Makes the tables.
    ///
    /// # Errors
    /// [`DataError::Option`] when there can be no such front end.
    pub fn new(options: &LogMel) -> Result<Self, DataError> {
        let error = |option, reason: &str| DataError::Option { option, reason: reason.to_owned() };
        let samples = |option, ms: f32| {
            let samples = (f64::from(ms) * f64::from(options.rate) / 1000.0).round();
            let possible = samples >= 2.0 && samples <= LONGEST as f64;
            possible.then_some(samples as usize).ok_or_else(|| {
                error(option, &format!("{ms} ms at {} Hz are {samples} samples", options.rate))
            })
        };
        let length = samples("features.window_ms", options.window_ms)?;
        let hop = samples("features.hop_ms", options.hop_ms)?;
        if !(options.decibels > 0.0 && options.decibels.is_finite()) {
            return Err(error("features.decibels", "it has to be above 0"));
        }
        let fft = Fft::new(length.next_power_of_two());
        let hann = |place: usize| {
            let angle = std::f64::consts::TAU * place as f64 / length as f64;
            0.5 - 0.5 * libm::cos(angle)
        };
        let window: Vec<f64> = (0..length).map(hann).collect();
        let full = window.iter().sum::<f64>() / 2.0;
        let window = window.iter().map(|weight| weight / full).collect();
        Ok(Self { bands: bands(options, fft.length())?, fft, window, hop })
    }

    /// Frames that lie inside a sound of this many samples.
    #[must_use]
    pub fn frames(&self, samples: usize) -> usize {
        samples.checked_sub(self.window.len()).map_or(0, |rest| rest / self.hop + 1)
    }

    /// Bands of a frame.
    #[must_use]
    pub fn bins(&self) -> usize {
        self.bands.len()
    }

    /// Levels of a sound in decibels, frames x bins: a sine of full scale has about 0, silence
    /// -100.
    #[must_use]
    pub fn levels(&self, samples: &[f32]) -> Vec<f32> {
        let mut levels = Vec::with_capacity(self.frames(samples.len()) * self.bins());
        for frame in samples.windows(self.window.len()).step_by(self.hop) {
            let weighted = frame.iter().zip(&self.window);
            let power = self.fft.power(weighted.map(|(it, weight)| f64::from(*it) * weight));
            levels.extend(self.bands.iter().map(|(first, weights)| {
                let sum: f64 = weights.iter().zip(&power[*first..]).map(|(a, b)| a * b).sum();
                (10.0 * libm::log10(sum + SILENCE)) as f32
            }));
        }
        levels
    }
}

fn mel(hertz: f64) -> f64 {
    2595.0 * libm::log10(1.0 + hertz / 700.0)
}

/// Triangles whose corners are equally far apart in mel; each reaches from its lower neighbour's
/// peak, where it is 0, over its own, where it is 1, to its upper neighbour's.
fn bands(options: &LogMel, length: usize) -> Result<Vec<(usize, Vec<f64>)>, DataError> {
    let error = |option, reason| DataError::Option { option, reason };
    let half = f64::from(options.rate) / 2.0;
    let (low, high) = (f64::from(options.low_hz), f64::from(options.high_hz));
    let high = if high == 0.0 { half } else { high };
    if !(low >= 0.0 && low < high && high <= half) {
        let reason = format!("{low} to {high} Hz do not lie within 0 to {half} Hz");
        return Err(error("features.high_hz", reason));
    }
    if !(1..=length).contains(&options.bins) {
        let reason = format!("{} bands cannot be had of {length} samples", options.bins);
        return Err(error("features.bins", reason));
    }
    let step = (mel(high) - mel(low)) / (options.bins + 1) as f64;
    let positions: Vec<f64> = (0..=length / 2)
        .map(|number| (mel(2.0 * half * number as f64 / length as f64) - mel(low)) / step)
        .collect();
    let band = |band: usize| {
        let weight = |position: &f64| 1.0 - (position - (band + 1) as f64).abs();
        let first = positions.iter().position(|it| weight(it) > 0.0).ok_or_else(|| {
            let reason = format!(
                "no frequency of a transform of {length} samples lies in band {band} of {}; have \
                 fewer bands, or a longer `features.window_ms`",
                options.bins
            );
            error("features.bins", reason)
        })?;
        let weights = positions[first..].iter().map(weight).take_while(|it| *it > 0.0);
        Ok((first, weights.collect()))
    };
    (0..options.bins).map(band).collect()
}
