//! `quintet infer`: a model, inputs, a device, answers.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use quintet_driver::infer::{Inference, Port};
use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::input::{Options, labels};
use quintet_driver::network::Element;
use serde::Serialize;

use super::arguments::range;
use super::costs::unit_text;
use super::failure::Failure;
use super::model::{
    ModelArguments, PortRecord, check_names, greatest, heading, load, read_inputs, ticks,
};
use super::output::{grouped, in_bytes, print, print_json, samples_bar};
use super::report::{DeviceRecord, LinkRecord};
use super::target::{probe, unwritable};

/// Samples whose answers are printed for people; --output and --json have all of them.
const PRINTED_MAX: usize = 16;

const MORE: &str = "\
Examples:
  quintet infer kws.tflite --input words.npy --labels words.txt
  quintet infer person.tflite --input photo.jpg --device qemu:mps2-an386
  quintet infer resnet8.tflite --input pictures.npy --output scores.npy --json

Inputs: NumPy arrays (.npy, .npz) with the samples along the first axis, of int8 as the model
takes it, of floats that are quantised as the model says, or of uint8 as pixels; one picture
(PNG, JPEG, WebP, PPM, PGM), stretched to the model's size (bilinear), grey where the model takes
one channel; a WAV file of 16 bits where the input is a waveform. Pixels 0 to 255 stand for the
whole range of the input unless --range says another.

Outputs are written in the type that the model itself has at its edge: int8, uint8 or floats.

With --json: model (path, format, operators), device (as in quintet render), inputs and outputs
(name, shape, element, scale, zero_point), upload_bytes, samples: for each a list of outputs with
top (index, label or null, value: a real number) and ticks; mean_ticks, files (written), link.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// An input: .npy, .npz, a picture or a sound; once for each input of the model, in its order
    #[arg(short, long, value_name = "FILE", required = true)]
    input: Vec<PathBuf>,
    /// The real numbers that pixels 0 and 255 stand for, such as 0..1 or -1..1
    #[arg(long, value_name = "LOW..HIGH", value_parser = range, allow_hyphen_values = true)]
    range: Option<[f32; 2]>,
    /// Write the outputs to this .npy file; of several outputs to FILE.0.npy, FILE.1.npy, ...
    #[arg(short, long, value_name = "FILE.npy")]
    output: Option<PathBuf>,
    /// Names of the classes: a text file with one on each line [default: those of a compiled model]
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Show so many of the greatest values of each output
    #[arg(long, value_name = "N", default_value_t = 3,
          value_parser = clap::value_parser!(u16).range(1..))]
    top: u16,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    model: ModelRecord<'a>,
    device: DeviceRecord<'a>,
    inputs: Vec<PortRecord<'a>>,
    outputs: Vec<PortRecord<'a>>,
    upload_bytes: usize,
    samples: Vec<SampleRecord<'a>>,
    mean_ticks: u64,
    files: Vec<PathBuf>,
    link: LinkRecord,
}

#[derive(Serialize)]
struct ModelRecord<'a> {
    path: &'a Path,
    format: String,
    operators: usize,
}

#[derive(Serialize)]
struct SampleRecord<'a> {
    outputs: Vec<Answer<'a>>,
    ticks: u64,
}

#[derive(Serialize)]
struct Answer<'a> {
    top: Vec<Top<'a>>,
}

#[derive(Serialize)]
struct Top<'a> {
    index: usize,
    label: Option<&'a str>,
    value: f32,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let given = match &arguments.labels {
        Some(path) => labels::names(path).map_err(|error| Failure::input(path, &error))?,
        None => Vec::new(),
    };
    let model = arguments.model.read()?;
    let names = if given.is_empty() { model.labels() } else { &given };
    // What cannot be used is refused before a device is troubled.
    let [inputs, ports] = model.ports()?;
    let mut options = Options::default();
    options.pixel_range = arguments.range;
    check_names(names, &ports)?;
    let samples = read_inputs(&arguments.input, &inputs, &options)?;
    let files = output_files(arguments.output.as_deref(), ports.len());
    files.iter().try_for_each(|file| probe(file))?;
    let mut connection = arguments.model.device.connect(arguments.model.limits())?;
    let device = connection.description().clone();
    let mut inference = load(&mut connection, &model, &arguments.model.arena)?;
    let Runs { outputs, costs } = run_all(&mut inference, &samples)?;
    for ((file, outputs), port) in files.iter().zip(&outputs).zip(&ports) {
        let written = fs::write(file, array(outputs, port).to_npy());
        written.map_err(|error| unwritable(file, &error))?;
    }
    let samples = (0..costs.len()).map(|sample| SampleRecord {
        outputs: ports
            .iter()
            .zip(&outputs)
            .map(|(port, outputs)| answer(port, &outputs[sample], names, arguments.top))
            .collect(),
        ticks: costs[sample],
    });
    let report = Report {
        model: ModelRecord {
            path: &arguments.model.model,
            format: model.format(),
            operators: model.operators(),
        },
        device: DeviceRecord::of(&arguments.model.device.device, &device),
        inputs: PortRecord::all(&inputs),
        outputs: PortRecord::all(&ports),
        upload_bytes: inference.bundle().parts().upload_bytes(),
        samples: samples.collect(),
        mean_ticks: costs.iter().sum::<u64>() / costs.len().max(1) as u64,
        files,
        link: LinkRecord::since([0; 2], inference.connection().link_bytes()),
    };
    if arguments.json {
        return print_json(&report);
    }
    let heading = heading(&arguments.model.model, &model, &device);
    print(&(heading + &summary(&report, unit_text(device.ticks))))
}

/// What the runs of all samples gave.
struct Runs {
    /// `outputs[output][sample]`.
    outputs: Vec<Vec<Vec<i8>>>,
    /// What each run cost.
    costs: Vec<u64>,
}

/// Runs each sample.
fn run_all(inference: &mut Inference<'_>, inputs: &[Vec<Vec<i8>>]) -> Result<Runs, Failure> {
    let count = inputs.first().map_or(0, Vec::len);
    let mut outputs = vec![Vec::with_capacity(count); inference.outputs().len()];
    let mut costs = Vec::with_capacity(count);
    let bar = samples_bar(count);
    for sample in 0..count {
        let sample: Vec<&[i8]> = inputs.iter().map(|samples| &samples[sample][..]).collect();
        let result = inference.run(&sample).map_err(|error| Failure::infer(&error))?;
        for (all, output) in outputs.iter_mut().zip(result.outputs) {
            all.push(output);
        }
        costs.push(ticks(&result.costs));
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(Runs { outputs, costs })
}

/// Where outputs go: the file itself, or a file for each.
fn output_files(file: Option<&Path>, count: usize) -> Vec<PathBuf> {
    match (file, count) {
        (None, _) => Vec::new(),
        (Some(file), 1) => vec![file.to_owned()],
        (Some(file), _) => {
            let stem = file.with_extension("");
            (0..count).map(|at| format!("{}.{at}.npy", stem.display()).into()).collect()
        }
    }
}

/// The samples of an output as one array, in the type that the model has there.
fn array(samples: &[Vec<i8>], port: &Port) -> Array {
    let rest = if port.shape.len() > 1 { &port.shape[1..] } else { &port.shape[..] };
    let shape = [&[samples.len()], rest].concat();
    let elements = samples.concat();
    let elements = match port.element {
        Element::Float32 => Elements::Float(port.dequantise(&elements)),
        Element::Uint8 => Elements::Uint8(elements.into_iter().map(|it| it as u8 ^ 0x80).collect()),
        _ => Elements::Int8(elements),
    };
    Array { shape, elements }
}

fn answer<'a>(port: &Port, output: &[i8], names: &'a [String], top: u16) -> Answer<'a> {
    let values = port.dequantise(output);
    let top = greatest(&values, top.into()).into_iter().map(|index| Top {
        index,
        label: names.get(index).map(String::as_str),
        value: values[index],
    });
    Answer { top: top.collect() }
}

fn summary(report: &Report<'_>, unit: &str) -> String {
    let mut text = format!(
        "link    {} sent, {} received, {} of it the model\n\
         cost    {} an inference, mean of {}, in {unit}\n",
        in_bytes(report.link.sent),
        in_bytes(report.link.received),
        in_bytes(report.upload_bytes as u64),
        grouped(report.mean_ticks),
        report.samples.len(),
    );
    for (number, sample) in report.samples.iter().enumerate().take(PRINTED_MAX) {
        for (answer, port) in sample.outputs.iter().zip(&report.outputs) {
            let output = match report.outputs.len() {
                1 => String::new(),
                _ => format!(" {}", port.name()),
            };
            // Writing to a string does not fail.
            let _ = write!(text, "{number:>6}{output}  ");
            let tops: Vec<_> = answer.top.iter().map(Top::text).collect();
            let _ = writeln!(text, "{}", tops.join("  "));
        }
    }
    let more = report.samples.len().saturating_sub(PRINTED_MAX);
    if more > 0 {
        let _ = writeln!(text, "   ... {more} more; --output or --json has all of them");
    }
    for file in &report.files {
        let _ = writeln!(text, "{}", file.display());
    }
    text
}

impl Top<'_> {
    fn text(&self) -> String {
        match self.label {
            Some(label) => format!("{label} {:.3}", self.value),
            None => format!("[{}] {:.3}", self.index, self.value),
        }
    }
}
