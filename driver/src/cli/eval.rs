//! `quintet eval`: a model over a set of samples, how often it is right, what it costs.

use std::path::{Path, PathBuf};

use clap::Args;
use quintet_driver::infer::{Inference, Port};
use quintet_driver::input::npy::Elements;
use quintet_driver::input::{self, InputError};
use quintet_driver::network::Element;
use serde_json::{Value, json};

use super::arguments::range;
use super::costs::{unit_name, unit_text};
use super::failure::{FAILED, Failure, USAGE};
use super::model::{ModelArguments, describe, greatest, heading, load, ticks};
use super::output::{grouped, print, print_json, samples_bar};
use super::set::{Samples, Set};

const MORE: &str = "\
Examples:
  quintet eval resnet8.tflite --data images.npy --labels labels.npy
  quintet eval kws.tflite --data words.npy --labels y_labels.csv --device qemu:mps2-an386
  quintet eval vww.tflite --data pictures/ --limit 100
  quintet eval model.tflite --data in.npy --expect out.npy

The data are an array as quintet infer takes it, or a folder with a folder of pictures for each
class: classes are numbered in the order of the folders' names, or as these say if all are numbers.
Labels are an .npy file of integers, or text with a line for each sample whose last field (after a
comma) is the class. --expect compares the outputs themselves: bytes, or floats where the model
gives these, whose difference is told in steps of the output's quantisation.

With --json: model, device, samples, classified (correct, accuracy; null without labels), expected
(equal, same_top, worst_difference in steps; null without --expect), ticks (unit, mean).";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Samples: .npy or .npz, or a folder with a folder of pictures for each class
    #[arg(long, value_name = "FILE|DIR")]
    data: PathBuf,
    /// The class of each sample: .npy, or text
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Outputs to compare with, such as those of a reference interpreter
    #[arg(long, value_name = "FILE.npy")]
    expect: Option<PathBuf>,
    /// Run no more than the first N samples
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// The real numbers that pixels 0 and 255 stand for, such as 0..1 or -1..1
    #[arg(long, value_name = "LOW..HIGH", value_parser = range, allow_hyphen_values = true)]
    range: Option<[f32; 2]>,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// What was counted.
#[derive(Default)]
struct Tally {
    samples: u64,
    ticks: u64,
    /// Samples whose greatest output is that of their class.
    correct: u64,
    /// Samples whose outputs are those expected, to a thousandth of a step.
    equal: u64,
    /// Samples whose greatest output is where the expected ones have it.
    same_top: u64,
    /// Greatest difference from an expected output, in steps.
    worst: f32,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let set = Set::open(&arguments.data, arguments.labels.as_deref(), arguments.range)?;
    if set.classes.is_none() && arguments.expect.is_none() {
        let cause = "neither labels nor expected outputs were given";
        return Err(Failure::new(USAGE, "there is nothing to compare with", cause)
            .help("give --labels, --expect, or a folder of pictures by class"));
    }
    let model = arguments.model.read()?;
    // What cannot be used is refused before a device is troubled.
    let [inputs, outputs] = model.ports()?;
    let samples = set.samples(&inputs, &outputs)?;
    set.check_classes(&outputs)?;
    let expected = match (&arguments.expect, outputs.first()) {
        (Some(path), Some(output)) => Some(expected(path, output)?),
        _ => None,
    };
    let available = [
        ("samples", Some(samples.len())),
        ("labels", set.classes.as_ref().map(Vec::len)),
        ("expected outputs", expected.as_ref().map(Vec::len)),
    ];
    let count = agree(&available, arguments.limit)?;
    let mut connection = arguments.model.device.connect(arguments.model.limits())?;
    let device = connection.description().clone();
    let mut inference = load(&mut connection, &model, &arguments.model.arena)?;
    let tally = evaluate(&mut inference, &set, &samples, expected.as_deref(), count)?;
    let classified = set.classes.is_some();
    if arguments.json {
        return print_json(&json!({
            "model": { "path": arguments.model.model, "format": model.format() },
            "device": { "uri": arguments.model.device.device.to_string(), "board": device.board },
            "samples": tally.samples,
            "classified": classified.then(|| tally.classified()),
            "expected": expected.is_some().then(|| tally.expected()),
            "ticks": { "unit": unit_name(device.ticks), "mean": tally.mean() },
        }));
    }
    let mut text = heading(&arguments.model.model, &model, &device);
    text += &format!(
        "cost    {} an inference, mean of {}, in {}\n",
        grouped(tally.mean()),
        tally.samples,
        unit_text(device.ticks)
    );
    if classified {
        let percent = 100.0 * tally.accuracy();
        text += &format!("correct {} of {}, {percent:.2} %\n", tally.correct, tally.samples);
    }
    if expected.is_some() {
        text += &format!(
            "as expected: {} of {} in every byte, {} in their greatest; {:.1} steps off at most\n",
            tally.equal, tally.samples, tally.same_top, tally.worst
        );
    }
    print(&text)
}

fn evaluate(
    inference: &mut Inference<'_>,
    set: &Set,
    samples: &Samples,
    expected: Option<&[Vec<f32>]>,
    count: usize,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let bar = samples_bar(count);
    for at in 0..count {
        let sample = samples.get(at, &inference.inputs()[0], set)?;
        let result = inference.run(&[&sample]).map_err(|error| Failure::infer(&error))?;
        let port = &inference.outputs()[0];
        let output = values(port, &result.outputs[0]);
        tally.add(ticks(&result.costs), &output, set.class(at));
        if let Some(expected) = expected {
            tally.compare(&output, &expected[at], step(port));
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(tally)
}

/// Index of the greatest.
fn top(output: &[f32]) -> Option<usize> {
    greatest(output, 1).first().copied()
}

/// What an output has in the file's own type, as numbers.
fn values(port: &Port, output: &[i8]) -> Vec<f32> {
    match port.element {
        Element::Float32 => port.dequantise(output),
        Element::Uint8 => output.iter().map(|&byte| f32::from(byte) + 128.0).collect(),
        _ => output.iter().map(|&byte| byte.into()).collect(),
    }
}

/// A step of these numbers.
fn step(port: &Port) -> f32 {
    if port.element == Element::Float32 { port.scale } else { 1.0 }
}

impl Tally {
    fn add(&mut self, ticks: u64, output: &[f32], class: Option<usize>) {
        self.samples += 1;
        self.ticks += ticks;
        self.correct += u64::from(class.is_some() && top(output) == class);
    }

    fn compare(&mut self, output: &[f32], expected: &[f32], step: f32) {
        const EQUAL: f32 = 1e-3;
        let differences = output.iter().zip(expected).map(|(a, b)| (a - b).abs() / step);
        let worst = differences.fold(0.0, f32::max);
        self.worst = self.worst.max(worst);
        self.equal += u64::from(worst < EQUAL);
        self.same_top += u64::from(top(output) == top(expected));
    }

    fn mean(&self) -> u64 {
        self.ticks / self.samples.max(1)
    }

    fn accuracy(&self) -> f64 {
        self.correct as f64 / self.samples.max(1) as f64
    }

    fn classified(&self) -> Value {
        json!({ "correct": self.correct, "accuracy": self.accuracy() })
    }

    fn expected(&self) -> Value {
        json!({
            "equal": self.equal,
            "same_top": self.same_top,
            "worst_difference": self.worst,
        })
    }
}

/// How many samples to run: as many as there are of everything given, which must be the same.
fn agree(available: &[(&str, Option<usize>)], limit: Option<u32>) -> Result<usize, Failure> {
    let given = || available.iter().filter_map(|&(what, count)| Some((what, count?)));
    let count = given().map(|(_, count)| count).min().unwrap_or(0);
    if given().any(|(_, it)| it != count) {
        let counts: Vec<_> = given().map(|(what, count)| format!("{count} {what}")).collect();
        let cause = format!("there are {}", counts.join(", "));
        return Err(Failure::new(FAILED, "the set does not fit together", cause)
            .help("give as many labels or expected outputs as there are samples"));
    }
    Ok(limit.map_or(count, |limit| count.min(limit as usize)))
}

/// Outputs that are expected, in the type that the model gives.
fn expected(path: &Path, port: &Port) -> Result<Vec<Vec<f32>>, Failure> {
    let failed = |error: &InputError| Failure::input(path, error);
    let file = input::read_file(path).map_err(|error| failed(&error))?;
    let array =
        input::array(&file, &[&port.name, "y", "output"]).map_err(|error| failed(&error))?;
    let array = array.ok_or_else(|| failed(&InputError::Unknown))?;
    let values = match (array.elements, port.element) {
        (Elements::Int8(bytes), Element::Int8) => Some(bytes.iter().map(|&it| it.into()).collect()),
        (Elements::Uint8(bytes), Element::Uint8) => {
            Some(bytes.iter().map(|&it| it.into()).collect())
        }
        (Elements::Float(values), Element::Float32) => Some(values),
        _ => None,
    };
    let length = port.len().max(1);
    let whole = values.filter(|values: &Vec<f32>| values.len().is_multiple_of(length));
    let values = whole.ok_or_else(|| {
        let cause = format!("it has shape {:?}, the model gives {}", array.shape, describe(port));
        Failure::new(FAILED, format!("cannot compare with {}", path.display()), cause)
            .help("give a row for each sample, in the type that the model gives")
    })?;
    Ok(values.chunks_exact(length).map(<[f32]>::to_vec).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_counts_classes_and_expected_outputs() {
        let mut tally = Tally::default();
        let output = [2.5, 3.5, -0.5];
        tally.add(10, &output, Some(1));
        tally.compare(&output, &[2.5, 3.5, -0.5], 0.5);
        tally.add(20, &output, Some(0));
        tally.compare(&output, &[3.5, 2.0, 0.0], 0.5);
        tally.add(30, &output, None);
        assert_eq!((tally.samples, tally.mean(), tally.correct), (3, 20, 1));
        assert_eq!((tally.equal, tally.same_top, tally.worst), (1, 1, 3.0));
    }

    #[test]
    fn a_set_must_fit_together() {
        let of = |samples, labels| [("samples", Some(samples)), ("labels", labels)];
        assert_eq!(agree(&of(5, Some(5)), None).unwrap(), 5);
        assert_eq!(agree(&of(5, None), Some(3)).unwrap(), 3);
        assert_eq!(agree(&of(5, Some(5)), Some(30)).unwrap(), 5);
        let failure = agree(&of(5, Some(4)), Some(3)).unwrap_err().to_string();
        assert!(failure.contains("there are 5 samples, 4 labels"), "{failure}");
    }
}
