//! What the subcommands for networks share: a model, a device that runs it, and its inputs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use quintet_driver::compile;
use quintet_driver::compile::saved::SavedNetwork;
use quintet_driver::device::Connection;
use quintet_driver::import::{self, ImportedNetwork};
use quintet_driver::infer::{Cost, Inference, InferenceResult, Port};
use quintet_driver::input::{self, Options};
use quintet_driver::session::{DeviceDescription, Limits};
use serde::Serialize;

use super::arguments::{ArenaArguments, DeviceArguments};
use super::failure::{FAILED, Failure, USAGE};
use super::output::{bytes_bar, in_bytes, say};

/// A model and where it runs.
#[derive(Args, Debug)]
pub struct ModelArguments {
    /// An int8 network: .tflite, .onnx with QuantizeLinear and DequantizeLinear, or compiled: .qnt
    pub model: PathBuf,
    #[command(flatten)]
    pub device: DeviceArguments,
    #[command(flatten)]
    pub arena: ArenaArguments,
    /// Seconds after which a run that is not finished is given up [default: never]
    #[arg(long, env = "QUINTET_TIMEOUT", value_name = "SECONDS",
          value_parser = clap::value_parser!(u32).range(1..))]
    pub timeout: Option<u32>,
}

impl ModelArguments {
    /// Reads the model; what is to be said about it is said.
    pub fn read(&self) -> Result<Model, Failure> {
        let model = Model::read(&self.model)?;
        if let Model::Imported(imported) = &model {
            imported.notes.iter().for_each(|note| say(format_args!("note: {note}")));
        }
        Ok(model)
    }

    /// Limits of a session with the device.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        limits.run = self.timeout.map(|seconds| Duration::from_secs(seconds.into()));
        limits
    }
}

/// A model, as its file has it.
pub enum Model {
    /// Imported; it is compiled for each device.
    Imported(Box<ImportedNetwork>),
    /// Compiled before.
    Saved(Box<SavedNetwork>),
}

/// Whether a file is that of a network, compiled or not, rather than of a scene.
pub fn is_network(path: &Path) -> bool {
    import::holds_network(path) || SavedNetwork::is_one(path)
}

impl Model {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        if SavedNetwork::is_one(path) {
            let saved = SavedNetwork::read(path).map_err(|error| Failure::saved(path, &error))?;
            return Ok(Self::Saved(Box::new(saved)));
        }
        let imported = import::network(path).map_err(|error| Failure::scene(&error))?;
        Ok(Self::Imported(Box::new(imported)))
    }

    /// What it takes and what it gives.
    pub fn ports(&self) -> Result<[Vec<Port>; 2], Failure> {
        match self {
            Self::Imported(imported) => {
                compile::network::ports(&imported.network).map_err(|error| Failure::network(&error))
            }
            Self::Saved(saved) => Ok([saved.bundle.inputs.clone(), saved.bundle.outputs.clone()]),
        }
    }

    /// Format of its file.
    pub fn format(&self) -> String {
        match self {
            Self::Imported(imported) => imported.format.into(),
            Self::Saved(saved) => format!("compiled from {}", saved.name),
        }
    }

    /// How many operators it has.
    pub fn operators(&self) -> usize {
        match self {
            Self::Imported(imported) => imported.network.nodes.len(),
            Self::Saved(saved) => saved.operators,
        }
    }

    /// Names of its classes, if its file has them.
    pub fn labels(&self) -> &[String] {
        match self {
            Self::Imported(_) => &[],
            Self::Saved(saved) => &saved.labels,
        }
    }
}

/// Names, if there are some, are those of all values along the last axis of an output.
pub fn check_names(names: &[String], outputs: &[Port]) -> Result<(), Failure> {
    let classes = || outputs.iter().filter_map(|port| port.shape.last());
    if names.is_empty() || classes().any(|&count| count == names.len()) {
        return Ok(());
    }
    let counts: Vec<_> = classes().map(usize::to_string).collect();
    let cause = format!("there are {} labels, the model gives {}", names.len(), counts.join(", "));
    Err(Failure::new(FAILED, "the labels are not the model's", cause)
        .help("give a line for each value that the model gives"))
}

/// Sends a model to a device, with a progress bar.
pub fn load<'c>(
    connection: &'c mut Connection,
    model: &Model,
    arena: &ArenaArguments,
) -> Result<Inference<'c>, Failure> {
    let arena_bytes = arena.bytes(connection.description())?;
    if let Some(warning) = connection.warning() {
        say(format_args!("warning: {warning}"));
    }
    let bar = bytes_bar("uploading");
    let mut progress = |sent: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(sent as u64);
    };
    let inference = match model {
        Model::Imported(imported) => {
            Inference::with_arena(connection, &imported.network, arena_bytes, &mut progress)
        }
        Model::Saved(saved) => {
            Inference::with_bundle(connection, saved.bundle.clone(), arena_bytes, &mut progress)
        }
    };
    bar.finish_and_clear();
    inference.map_err(|error| Failure::infer(&error))
}

/// Runs a model once on inputs of zeros: what it costs does not depend on what is computed.
pub fn run_on_zeros(inference: &mut Inference<'_>) -> Result<InferenceResult, Failure> {
    let zeros = |port: &Port| vec![port.zero_point as i8; port.len()];
    let inputs: Vec<Vec<i8>> = inference.inputs().iter().map(zeros).collect();
    let inputs: Vec<&[i8]> = inputs.iter().map(Vec::as_slice).collect();
    inference.run(&inputs).map_err(|error| Failure::infer(&error))
}

/// Samples for each input of a model: `samples[input][sample]`, as many for each.
pub fn read_inputs(
    files: &[PathBuf],
    ports: &[Port],
    options: &Options,
) -> Result<Vec<Vec<Vec<i8>>>, Failure> {
    if files.len() != ports.len() {
        let names: Vec<_> = ports.iter().map(describe).collect();
        let cause = format!("the model takes {}: {}", ports.len(), names.join("; "));
        let what = format!("{} input files were given", files.len());
        return Err(Failure::new(USAGE, what, cause).help("give --input for each, in this order"));
    }
    let mut samples: Vec<Vec<Vec<i8>>> = Vec::new();
    for (file, port) in files.iter().zip(ports) {
        let read = input::read(file, port, options).map_err(|it| Failure::input(file, &it))?;
        for note in read.notes {
            say(format_args!("note: {note}"));
        }
        if let Some(first) = samples.first().filter(|first| first.len() != read.samples.len()) {
            let what = format!("{} has {} samples", file.display(), read.samples.len());
            let cause = format!("the first input has {}", first.len());
            return Err(Failure::new(FAILED, what, cause)
                .help("give as many samples for each input of the model"));
        }
        samples.push(read.samples);
    }
    Ok(samples)
}

/// An input or output for people: `"serving_default" [1, 32, 32, 3] int8`.
pub fn describe(port: &Port) -> String {
    PortRecord::new(port).describe()
}

/// Indices of the greatest values, the greatest first; of equal ones the first.
pub fn greatest(values: &[f32], count: usize) -> Vec<usize> {
    let mut indices: Vec<_> = (0..values.len()).collect();
    indices.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    indices.truncate(count);
    indices
}

/// Cost of a run in the device's unit.
pub fn ticks(costs: &[Cost]) -> u64 {
    costs.iter().map(|cost| cost.ticks).sum()
}

/// An input or output in JSON.
#[derive(Serialize)]
pub struct PortRecord<'a> {
    name: &'a str,
    shape: &'a [usize],
    element: &'static str,
    scale: f32,
    zero_point: i32,
}

impl<'a> PortRecord<'a> {
    /// All of them.
    pub fn all(ports: &'a [Port]) -> Vec<Self> {
        ports.iter().map(Self::new).collect()
    }

    fn new(port: &'a Port) -> Self {
        Self {
            name: &port.name,
            shape: &port.shape,
            element: port.element.name(),
            scale: port.scale,
            zero_point: port.zero_point_in_file(),
        }
    }
}

impl PortRecord<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.name
    }

    /// For people: `"serving_default" [1, 32, 32, 3] int8`.
    pub fn describe(&self) -> String {
        format!("{:?} {:?} {}", self.name, self.shape, self.element)
    }
}

/// The first lines of a summary: the model and the device.
pub fn heading(path: &Path, model: &Model, device: &DeviceDescription) -> String {
    format!(
        "model   {}, {}, {} operators\n\
         device  {}, firmware {} for {}, {} of arena\n",
        path.display(),
        model.format(),
        model.operators(),
        device.board,
        device.firmware,
        device.target,
        in_bytes(device.arena_bytes.into()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_come_first_and_the_first_of_equals() {
        assert_eq!(greatest(&[-3.0, 7.0, 7.0, 127.0, -128.0], 3), [3, 1, 2]);
        assert_eq!(greatest(&[1.0, 2.0], 9), [1, 0]);
        assert!(greatest(&[], 1).is_empty());
    }
}
