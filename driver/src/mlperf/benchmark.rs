//! The benchmarks of MLPerf Tiny: what comes in for a model, and what goes out as its result.

use std::fmt;

use crate::infer::Port;

/// A benchmark, which decides how the host's bytes become an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Benchmark {
    /// `kws01`, keyword spotting: signed bytes, quantised by the host.
    Keywords,
    /// `vww01`, visual wake words: pixels.
    WakeWords,
    /// `ic01`, image classification: pixels.
    Images,
    /// `ad01`, anomaly detection: floats (little-endian), quantised here; the result is how far the
    /// reconstruction is from them.
    Anomalies,
}

/// Name, the input and the output of the reference model, axes of length 1 left out.
const BENCHMARKS: [(Benchmark, &str, &[usize], usize); 4] = [
    (Benchmark::Keywords, "kws01", &[49, 10], 12),
    (Benchmark::WakeWords, "vww01", &[96, 96, 3], 2),
    (Benchmark::Images, "ic01", &[32, 32, 3], 10),
    (Benchmark::Anomalies, "ad01", &[640], 640),
];

impl Benchmark {
    /// That of a name.
    pub fn named(name: &str) -> Option<Self> {
        BENCHMARKS.iter().find(|it| it.1 == name).map(|it| it.0)
    }

    /// That whose reference model has an input and an output of these shapes.
    pub fn of_model(input: &Port, output: &Port) -> Option<Self> {
        let long: Vec<_> = input.shape.iter().copied().filter(|&axis| axis != 1).collect();
        let fits = |it: &&(Self, &str, &[usize], usize)| it.2 == long && it.3 == output.len();
        BENCHMARKS.iter().find(fits).map(|it| it.0)
    }

    /// All names, for messages.
    pub fn names() -> String {
        BENCHMARKS.map(|it| it.1).join(", ")
    }

    /// Bytes of a sample as the host sends it.
    pub fn sample_bytes(self, input: &Port) -> usize {
        match self {
            Self::Anomalies => input.len() * size_of::<f32>(),
            _ => input.len(),
        }
    }

    /// The input that a sample makes; it has as many bytes as [`Benchmark::sample_bytes`] says.
    pub fn input(self, sample: &[u8], input: &Port) -> Vec<i8> {
        match self {
            Self::Keywords => sample.iter().map(|&byte| byte as i8).collect(),
            Self::WakeWords | Self::Images => {
                sample.iter().map(|&pixel| (pixel ^ 0x80) as i8).collect()
            }
            Self::Anomalies => input.quantise(&floats(sample)),
        }
    }

    /// The result that an output makes: real numbers, or the mean squared error of a
    /// reconstruction.
    pub fn result(self, sample: &[u8], output: &[i8], port: &Port) -> Vec<f32> {
        let values = port.dequantise(output);
        if self != Self::Anomalies {
            return values;
        }
        let error = |(value, real): (&f32, f32)| (value - real) * (value - real);
        let sum: f32 = values.iter().zip(floats(sample)).map(error).sum();
        vec![sum / values.len().max(1) as f32]
    }
}

impl fmt::Display for Benchmark {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = BENCHMARKS.iter().find(|it| it.0 == *self).map_or("", |it| it.1);
        to.write_str(name)
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&it| f32::from_le_bytes(it)).collect()
}
