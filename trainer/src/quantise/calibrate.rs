//! Ranges of values over samples, for the scales and zero points of int8 tensors.

use serde::{Deserialize, Serialize};

use super::QuantiseError;
use crate::data::{Dataset, SCALE};
use crate::engine::{Engine, Pass};
use crate::network::{Network, Operation, State};

/// The range of every network's input: a byte `b` is the int8 number `b - 128`.
pub const INPUT: [f32; 2] = [-128.0 * SCALE, 127.0 * SCALE];

/// Samples that run at a time.
const BATCH: usize = 64;
/// Parts that an extent is counted in.
const BINS: usize = 2048;
/// Values that lie closer together are rounding errors of floats.
const LEAST_WIDTH: f32 = 1e-6;
/// Ranges that are tried.
const TRIALS: usize = 100;

/// How many samples are looked at, and how ranges are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calibration {
    /// Samples, spread evenly over the data.
    pub samples: usize,
    /// What a range has to hold.
    pub choice: Choice,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { samples: 512, choice: Choice::Extent }
    }
}

/// What a range has to hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Choice {
    /// All values that occur.
    Extent,
    /// All but that share (0..1) of them, at each end.
    Quantile(f32),
    /// So many that the mean squared error of rounding and clipping is least (Nagel et al. 2021,
    /// section 3.1).
    LeastError,
}

/// The range of each of `sources`, nodes of a network without normalisations and roundings.
///
/// # Errors
/// When there are no samples, they are of another shape, or values are not finite.
pub fn ranges(
    network: &Network,
    state: &State,
    sources: &[usize],
    data: &Dataset,
    calibration: &Calibration,
) -> Result<Vec<[f32; 2]>, QuantiseError> {
    let [found, expected] = [data.shape.elements(), network.input().elements()];
    if found != expected {
        return Err(QuantiseError::Samples { found, expected });
    }
    let count = calibration.samples.min(data.len());
    if count == 0 {
        return Err(QuantiseError::NoSamples);
    }
    let mut runs = Runs { network, state, data, count, engine: Engine::new(network) };
    let mut extents = vec![[0.0f32; 2]; sources.len()];
    runs.each(|engine| {
        for (extent, source) in extents.iter_mut().zip(sources) {
            let [least, greatest] = engine.extent(*source);
            *extent = [extent[0].min(least), extent[1].max(greatest)];
        }
    });
    for (extent, source) in extents.iter_mut().zip(sources) {
        let node = &network.nodes[*source];
        if node.operation == Operation::Input {
            *extent = INPUT;
        }
        if !extent.iter().all(|end| end.is_finite()) {
            return Err(QuantiseError::NotFinite { node: node.name.clone() });
        }
    }
    // A value that is always zero is zero in any range.
    let is_empty = |extent: &[f32; 2]| extent[1] - extent[0] < LEAST_WIDTH;
    extents.iter_mut().filter(|it| is_empty(it)).for_each(|it| *it = [0.0, 1.0]);
    if calibration.choice == Choice::Extent {
        return Ok(extents);
    }
    let mut histograms: Vec<_> = extents.into_iter().map(Histogram::new).collect();
    runs.each(|engine| {
        for (histogram, source) in histograms.iter_mut().zip(sources) {
            histogram.add(&engine.value(*source));
        }
    });
    let chosen = |(histogram, source): (&Histogram, &usize)| match (
        calibration.choice,
        &network.nodes[*source].operation,
    ) {
        (_, Operation::Input) | (Choice::Extent, _) => histogram.extent,
        (Choice::Quantile(share), _) => histogram.without(share),
        (Choice::LeastError, _) => histogram.least_error(),
    };
    Ok(histograms.iter().zip(sources).map(chosen).collect())
}

/// The runs of all samples, batch by batch.
struct Runs<'a> {
    network: &'a Network,
    state: &'a State,
    data: &'a Dataset,
    count: usize,
    engine: Engine,
}

impl Runs<'_> {
    fn each(&mut self, mut then: impl FnMut(&Engine)) {
        let Self { network, state, data, count, engine } = self;
        for first in (0..*count).step_by(BATCH) {
            engine.load(network, BATCH.min(*count - first), |number, input| {
                data.write((first + number) * data.len() / *count, input);
            });
            engine.forward(network, state, Pass::INFER);
            then(engine);
        }
    }
}

/// How many values lie where in an extent.
struct Histogram {
    extent: [f32; 2],
    bins: Vec<u64>,
}

impl Histogram {
    fn new(extent: [f32; 2]) -> Self {
        Self { extent, bins: vec![0; BINS] }
    }

    fn width(&self) -> f64 {
        let [least, greatest] = self.extent.map(f64::from);
        (greatest - least) / BINS as f64
    }

    fn add(&mut self, values: &[f32]) {
        let [least, width] = [f64::from(self.extent[0]), self.width().max(f64::MIN_POSITIVE)];
        for value in values {
            let bin = (f64::from(*value) - least) / width;
            self.bins[(bin as usize).min(BINS - 1)] += 1;
        }
    }

    /// The range without a share of the values at each end; zero stays in it.
    fn without(&self, share: f32) -> [f32; 2] {
        let total: u64 = self.bins.iter().sum();
        let left_out = (total as f64 * f64::from(share)) as u64;
        let kept = |bins: &mut dyn Iterator<Item = &u64>| {
            let mut seen = 0;
            let beyond = bins.take_while(|count| {
                seen += **count;
                seen <= left_out
            });
            beyond.count()
        };
        let [below, above] = [kept(&mut self.bins.iter()), kept(&mut self.bins.iter().rev())];
        let [least, greatest] = self.extent.map(f64::from);
        let low = least + below as f64 * self.width();
        let high = greatest - above as f64 * self.width();
        [low.min(0.0) as f32, high.max(0.0) as f32]
    }

    /// The part of the extent, shrunk at both ends alike, with the least mean squared error.
    fn least_error(&self) -> [f32; 2] {
        let shrunk = |trial: usize| {
            let share = (TRIALS - trial) as f64 / TRIALS as f64;
            self.extent.map(|end| f64::from(end) * share)
        };
        let mut best = (f64::INFINITY, [0.0; 2]);
        for range in (0..TRIALS).map(shrunk) {
            let error = self.error(range);
            if error < best.0 {
                best = (error, range);
            }
        }
        best.1.map(|end| end as f32)
    }

    /// The sum of squared errors in a range: a twelfth of a squared step inside of it, the distance
    /// from it outside.
    fn error(&self, [low, high]: [f64; 2]) -> f64 {
        let step = (high - low) / 255.0;
        let (least, width) = (f64::from(self.extent[0]), self.width());
        let error = |(bin, count): (usize, &u64)| {
            let value = least + (bin as f64 + 0.5) * width;
            let beyond = value - value.clamp(low, high);
            *count as f64 * (beyond * beyond + step * step / 12.0)
        };
        self.bins.iter().enumerate().map(error).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Values of a normal distribution, and one far away.
    fn histogram() -> Histogram {
        let mut random = Random::new(&[5]);
        let mut values: Vec<f32> = (0..200_000).map(|_| random.normal()).collect();
        values.push(100.0);
        let least = values.iter().copied().fold(0.0, f32::min);
        let mut histogram = Histogram::new([least, 100.0]);
        histogram.add(&values);
        histogram
    }

    #[test]
    fn a_quantile_leaves_out_what_is_rare() {
        let [low, high] = histogram().without(0.001);
        assert!((-3.3..-2.9).contains(&low) && (2.9..3.3).contains(&high), "{low} {high}");
        assert_eq!(histogram().without(0.0), histogram().extent);
    }

    #[test]
    fn the_least_error_gives_up_what_is_rare_for_finer_steps() {
        let histogram = histogram();
        let [_, high] = histogram.least_error();
        assert!((60.0..85.0).contains(&high), "{high}");
        let [whole, chosen] = [histogram.extent, histogram.least_error()]
            .map(|range| histogram.error(range.map(f64::from)));
        assert!(chosen < whole, "{chosen} {whole}");
    }
}
