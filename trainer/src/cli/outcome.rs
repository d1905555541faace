//! What a training leaves once it is over: the network in floats and in int8, and what is told of
//! both.

use std::path::{Path, PathBuf};

use quintet_driver::network as int8;
use quintet_driver::transport::DeviceUri;
use quintet_trainer::data::{Dataset, Split};
use quintet_trainer::export::bundle::bundle;
use quintet_trainer::export::evaluate::{Evaluation, evaluate};
use quintet_trainer::export::{Ending, integers, to_tflite};
use quintet_trainer::network::Network;
use quintet_trainer::train::{accuracy, weights};
use serde_json::{Value, json};

use super::failure::Failure;
use super::folder::Folder;
use super::session::Session;

/// The name that compiled networks have: that of their file.
const NAME: &str = "network";
/// Its kernels are those of every firmware.
const VIRTUAL: DeviceUri = DeviceUri::Virtual { arena: None };

/// A file that was written.
struct Written {
    path: PathBuf,
    bytes: usize,
}

/// What was written, and what it is worth.
pub struct Outcome {
    network: Network,
    weights: Written,
    tflite: Written,
    bundle: Written,
    samples: usize,
    /// Samples that the int8 network answers rightly; none of an autoencoder.
    hits: Option<usize>,
    /// Of the float network and of the int8 one, the share of samples that are answered rightly; of
    /// an autoencoder, of their energy that is reproduced.
    shares: [f64; 2],
    epochs: usize,
    steps: usize,
    seconds: f64,
}

impl Outcome {
    /// Writes the networks of a training that is over, on wish the test samples as well, and tries
    /// both networks with these.
    pub fn write(
        session: &mut Session<'_>,
        data: &Split,
        folder: &Folder,
        with_samples: bool,
    ) -> Result<Self, Failure> {
        let (network, state) = session.network();
        let floats = weights::safetensors(&network, &state);
        let weights = Written { path: folder.write_weights(&floats)?, bytes: floats.len() };
        let classifies = session.classifies();
        let (rounded, rounded_state) = session.quantised()?;
        let whole = integers(&rounded, &rounded_state, Ending::Logits)?;
        let labels = if classifies { &data.test.classes[..] } else { &[] };
        let tflite = to_tflite(&whole, "made by quintet train")?;
        let compiled = bundle(&whole, NAME, labels, None)?.to_bytes();
        let paths = folder.write_int8(&tflite, &compiled)?;
        let evaluation = evaluate(&whole, &data.test, data.test.len(), &VIRTUAL)?;
        if with_samples {
            folder.write_samples(&data.test, &evaluation.outputs)?;
        }
        let float_share = f64::from(accuracy(&network, &state, &data.test));
        let int8_share = share(&evaluation, &whole, &data.test, classifies);
        let [tflite_path, bundle_path] = paths;
        Ok(Self {
            network,
            weights,
            tflite: Written { path: tflite_path, bytes: tflite.len() },
            bundle: Written { path: bundle_path, bytes: compiled.len() },
            samples: evaluation.samples,
            hits: classifies.then_some(evaluation.hits),
            shares: [float_share, int8_share],
            epochs: session.epochs(),
            steps: session.steps()[1],
            seconds: session.log().seconds,
        })
    }

    /// What is told to a person.
    pub fn text(&self) -> String {
        let [float, int8] = self.shares.map(|share| 100.0 * share);
        let (name, of) = match self.hits {
            Some(_) => ("accuracy ", ""),
            None => ("energy   ", " reproduced"),
        };
        let file = |name, it: &Written| format!("{name} {}: {} bytes", it.path.display(), it.bytes);
        format!(
            "{}, {} parameters, {} multiplications\n\
             {}\n{}\n\
             {name} {float:.2} % in float, {int8:.2} % in int8{of}, of {} test samples\n\
             trained   {} epochs, {} steps, in {:.0} s\n",
            file("float    ", &self.weights),
            self.network.parameters(),
            self.network.multiplications(),
            file("int8     ", &self.tflite),
            file("compiled ", &self.bundle),
            self.samples,
            self.epochs,
            self.steps,
            self.seconds,
        )
    }

    /// The same for programs.
    pub fn json(&self, config: &Path, output: &Path) -> Value {
        let measure = if self.hits.is_some() { "test_accuracy" } else { "test_reproduced" };
        let [float, int8] = self.shares;
        let mut document = json!({
            "config": config,
            "output": output,
            "network": {
                "path": self.weights.path,
                "bytes": self.weights.bytes,
                "parameters": self.network.parameters(),
                "multiplications": self.network.multiplications(),
            },
            "int8": {
                "path": self.tflite.path,
                "bytes": self.tflite.bytes,
                "bundle": self.bundle.path,
                "bundle_bytes": self.bundle.bytes,
                "test_hits": self.hits,
            },
            "test_samples": self.samples,
            "epochs": self.epochs,
            "steps": self.steps,
            "seconds": self.seconds,
        });
        document[measure] = json!(float);
        document["int8"][measure] = json!(int8);
        document
    }
}

/// What int8 outputs are worth.
fn share(outputs: &Evaluation, network: &int8::Network, data: &Dataset, classifies: bool) -> f64 {
    match outputs.reproduced(network, data) {
        Some(reproduced) if !classifies => reproduced,
        _ => outputs.accuracy(),
    }
}
