//! `quintet mlperf-bridge` under a scripted runner of MLPerf Tiny, over a real pseudo-terminal.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use quintet_driver::input::npy::{Array, Elements};
use serialport::TTYPort;

use super::networks::network;
use super::{fails, quintet};

/// The official runner waits that long for a line.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a sample that the official runner puts in a command.
const BYTES_A_COMMAND: usize = 31;
const KEYWORDS: &str = "mlperf_kws_ref_model_int8";

fn bytes(name: &str) -> Vec<i8> {
    let array = Array::from_npy(&std::fs::read(network(name)).unwrap()).unwrap();
    let Elements::Int8(bytes) = array.elements else { panic!("{name}: no bytes") };
    bytes
}

fn bridge(model: &str, arguments: &[&str]) -> Command {
    let mut command = quintet(Path::new("."), &["mlperf-bridge"]);
    command.arg(network(model)).args(arguments);
    command
}

/// A bridge, and the runner's end of its terminal.
struct Runner {
    bridge: Child,
    port: TTYPort,
}

impl Runner {
    fn start(model: &str, arguments: &[&str]) -> Self {
        let mut bridge = bridge(model, arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut path = String::new();
        BufReader::new(bridge.stdout.take().unwrap()).read_line(&mut path).unwrap();
        let port = serialport::new(path.trim(), 115_200).timeout(PATIENCE).open_native().unwrap();
        Self { bridge, port }
    }

    /// Lines of an answer, up to the one that says that the device is ready.
    fn lines(&mut self) -> Vec<String> {
        let (mut lines, mut line) = (Vec::new(), Vec::new());
        let start = Instant::now();
        loop {
            let mut byte = [0];
            self.port.read_exact(&mut byte).expect("an answer in time");
            line.push(byte[0]);
            if line.ends_with(b"\r\n") {
                let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
                match text.trim_end() {
                    "m-ready" => return lines,
                    text => lines.push(text.into()),
                }
            }
            assert!(start.elapsed() < PATIENCE, "no end of {lines:?}");
        }
    }

    fn ask(&mut self, command: &str) -> Vec<String> {
        assert!(command.len() <= 80, "{command}");
        self.port.write_all(format!("{command}%").as_bytes()).unwrap();
        self.lines()
    }

    /// Sends a sample as the runner does.
    fn download(&mut self, sample: &[u8]) {
        let expecting = self.ask(&format!("db load {}", sample.len()));
        assert_eq!(expecting, [format!("m-[Expecting {} bytes]", sample.len())]);
        let pieces = sample.chunks(BYTES_A_COMMAND);
        let count = pieces.len();
        for (number, piece) in pieces.enumerate() {
            let digits: String = piece.iter().map(|byte| format!("{byte:02x}")).collect();
            let done = self.ask(&format!("db {digits}"));
            let wanted: &[&str] = if number + 1 == count { &["m-load-done"] } else { &[] };
            assert_eq!(done, wanted);
        }
    }

    /// Runs the model on the sample; gives the results and the microseconds between timestamps.
    fn infer(&mut self, timed: u32, warm_up: u32) -> (Vec<String>, u64) {
        let lines = self.ask(&format!("infer {timed} {warm_up}"));
        let [start, done, begin, first, last, end, results] = &lines[..] else {
            panic!("{lines:?}")
        };
        assert_eq!(start, &format!("m-warmup-start-{warm_up}"));
        assert_eq!((done.as_str(), end.as_str()), ("m-warmup-done", "m-infer-done"));
        assert_eq!(begin, &format!("m-infer-start-{timed}"));
        let lap = |line: &str| line.strip_prefix("m-lap-us-").unwrap().parse::<u64>().unwrap();
        let results = results.strip_prefix("m-results-[").unwrap().strip_suffix(']').unwrap();
        (results.split(',').map(str::to_owned).collect(), lap(last) - lap(first))
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        let _ = self.bridge.kill();
        let _ = self.bridge.wait();
    }
}

/// What the device should say for the outputs of a softmax.
fn probabilities(output: &[i8]) -> Vec<String> {
    output.iter().map(|&it| format!("{:.3}", (f32::from(it) + 128.0) / 256.0)).collect()
}

#[test]
fn a_runner_measures_accuracy_and_performance_of_the_keywords() {
    let mut runner = Runner::start(&format!("{KEYWORDS}.tflite"), &[]);
    let boot = runner.lines();
    assert_eq!(boot, ["m-timestamp-mode-performance", "m-init-done"]);
    assert_eq!(runner.ask("name"), ["m-name-dut-[Quintet]"]);
    assert_eq!(runner.ask("profile")[1], "m-model-[kws01]");

    let (inputs, outputs) =
        (bytes(&format!("{KEYWORDS}.input.npy")), bytes(&format!("{KEYWORDS}.output.npy")));
    let samples = inputs.chunks(490).zip(outputs.chunks(12));
    for (input, output) in samples.clone() {
        let input: Vec<u8> = input.iter().map(|&it| it as u8).collect();
        runner.download(&input);
        let (results, _) = runner.infer(1, 0);
        assert_eq!(results, probabilities(output));
    }

    let (input, output) = samples.last().unwrap();
    let input: Vec<u8> = input.iter().map(|&it| it as u8).collect();
    runner.download(&input);
    let (results, time) = runner.infer(30, 3);
    assert_eq!(results, probabilities(output), "the input is the same for each inference");
    assert!(time > 0, "30 inferences take no time");
    assert_eq!(runner.ask("results"), [format!("m-results-[{}]", results.join(","))]);
}

#[test]
fn floats_are_quantised_and_the_result_is_the_error_of_their_reconstruction() {
    // A sine, which is no good reconstruction of its argument.
    let mut runner = Runner::start("tflm_hello_world_int8.tflite", &["--model-name", "ad01"]);
    runner.lines();
    assert_eq!(runner.ask("profile")[1], "m-model-[ad01]");
    for x in [0.5f32, 3.0, 5.5] {
        runner.download(&x.to_le_bytes());
        let (results, _) = runner.infer(1, 0);
        let error: f32 = results[0].parse().unwrap();
        let wanted = (x.sin() - x).powi(2);
        assert!((error - wanted).abs() < 0.2 * wanted.max(0.1), "{x}: {error} for {wanted}");
    }
}

#[test]
fn what_cannot_be_served_is_refused() {
    let keywords = &format!("{KEYWORDS}.tflite");
    let sine = "tflm_hello_world_int8.tflite";
    fails(bridge(sine, &[]), 1, "none of MLPerf Tiny's");
    fails(bridge(keywords, &["--model-name", "sww01"]), 2, "\"sww01\" is no benchmark");
    let clock = bridge(keywords, &["--clock", "120000000"]);
    fails(clock, 2, "counts neither instructions nor cycles");
}
