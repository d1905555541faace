//! What devices make of samples: on the virtual device, whose kernels are those of every firmware,
//! or on any other.

use std::thread;

use quintet_driver::device::Connection;
use quintet_driver::infer::Inference;
use quintet_driver::network::{Network, TensorId};
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

use super::ExportError;
use crate::data::{Dataset, real};
use crate::train::loss;

/// What a device answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The outputs, samples x elements.
    pub outputs: Vec<i8>,
    /// Samples whose greatest output is that of their label; of equal outputs the first counts.
    pub hits: usize,
    /// Samples that were run.
    pub samples: usize,
}

impl Evaluation {
    /// The share of hits, 0..=1.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        self.hits as f64 / self.samples.max(1) as f64
    }

    /// The share of the samples' energy that an autoencoder's outputs reproduce; none if the output
    /// has no quantisation.
    #[must_use]
    pub fn reproduced(&self, network: &Network, data: &Dataset) -> Option<f64> {
        let affine = |id: &TensorId| network.tensor(*id).quantisation.as_ref()?.of_tensor();
        let (scale, zero) = affine(network.outputs.first()?)?;
        let mut reproduction = loss::Reproduction::default();
        for (output, byte) in self.outputs.iter().zip(&data.bytes) {
            reproduction.add(scale * (i32::from(*output) - zero) as f32, real(*byte));
        }
        Some(reproduction.share())
    }
}

/// Runs the first `samples` samples of `data`. Of the virtual device there is one for each thread
/// of the pool, of others one.
///
/// # Errors
/// When there is no such device, it fails, or the data are for another network.
pub fn evaluate(
    network: &Network,
    data: &Dataset,
    samples: usize,
    device: &DeviceUri,
) -> Result<Evaluation, ExportError> {
    let samples = samples.min(data.len());
    let threads = match device {
        DeviceUri::Virtual { .. } => rayon::current_num_threads(),
        _ => 1,
    };
    let share = samples.div_ceil(threads).max(1);
    let parts: Vec<Result<Vec<i8>, ExportError>> = thread::scope(|scope| {
        let part = |first: usize| {
            let numbers = first..samples.min(first + share);
            scope.spawn(move || run(network, data, numbers, device))
        };
        let running: Vec<_> = (0..samples).step_by(share).map(part).collect();
        let finished = |running: thread::ScopedJoinHandle<'_, _>| {
            running.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        running.into_iter().map(finished).collect()
    });
    let outputs = parts.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    let reals: Vec<f32> = outputs.iter().map(|output| f32::from(*output)).collect();
    let hits = loss::hits(&reals, &data.labels[..samples]);
    Ok(Evaluation { outputs, hits, samples })
}

/// The outputs of some samples on a device of their own.
fn run(
    network: &Network,
    data: &Dataset,
    numbers: std::ops::Range<usize>,
    device: &DeviceUri,
) -> Result<Vec<i8>, ExportError> {
    let mut connection = Connection::open(device, Limits::default())?;
    let mut inference = Inference::new(&mut connection, network, &mut |_, _| ())?;
    let mut outputs = Vec::new();
    for number in numbers {
        let sample: Vec<i8> = data.sample(number).iter().map(|byte| (byte ^ 0x80) as i8).collect();
        let result = inference.run(&[&sample])?;
        result.outputs.iter().for_each(|output| outputs.extend(output));
    }
    Ok(outputs)
}
