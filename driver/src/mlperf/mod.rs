//! The device's side of MLPerf Tiny's serial protocol, sans-IO: bytes in, bytes and requests for
//! inference out; the caller owns time.
//!
//! Commands are text that ends in `%`, without line ends; words are parted by spaces. Answers are
//! lines that end in `\r\n`, the last of which is `m-ready`.
//!
//! | command | answer |
//! |---|---|
//! | `name` | `m-name-dut-[VENDOR]` |
//! | `profile` | `m-profile-[...]`, `m-model-[kws01]` |
//! | `timestamp` | `m-lap-us-MICROSECONDS` |
//! | `db load N` | `m-[Expecting N bytes]` |
//! | `db HEX` | `m-load-done` after the last byte |
//! | `db print` | the bytes, eight on a line |
//! | `infer N W` | after W inferences that are not timed: a timestamp, N inferences, a timestamp |
//! | `results` | `m-results-[0.000,0.996]` |
//!
//! Source: `benchmark/api/internally_implemented.cpp` of github.com/mlcommons/tiny. It differs
//! where that would write beyond its buffer: too many bytes are passed over, and an incomplete
//! sample is refused.

mod benchmark;

use std::collections::VecDeque;
use std::fmt::Write;

use crate::infer::Port;

pub use benchmark::Benchmark;

/// Most characters of a command; the rest is passed over.
const COMMAND_MAX: usize = 80;
/// Ends a command.
const TERMINATOR: u8 = b'%';
/// Most bytes of a sample that any of the benchmarks has: 96x96 RGB pixels.
const SAMPLE_MAX: usize = 96 * 96 * 3;
/// The profile that runners look for.
const PROFILE: &str = "ULPMark for tinyML Firmware V0.0.1";
/// Who made the device.
const VENDOR: &str = "Quintet";

const HELP: &str = "\
    help         : print this information\r\n\
    name         : print the name of the device\r\n\
    profile      : print the profile and the model\r\n\
    timestamp    : print the time in microseconds\r\n\
    db load N    : expect N bytes\r\n\
    db HH[HH]*   : bytes in hexadecimal digits\r\n\
    db print     : print the bytes\r\n\
    infer N W    : N timed inferences after W others\r\n\
    results      : print the result of the last inference\r\n";

/// What the caller is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send these bytes to the host.
    Send(Vec<u8>),
    /// Run the model once on this input, then call [`Dut::inferred`].
    Infer(Vec<i8>),
    /// Wait for bytes from the host.
    Wait,
}

/// A device under test.
#[derive(Debug)]
pub struct Dut {
    benchmark: Benchmark,
    input: Port,
    output: Port,
    received: VecDeque<u8>,
    command: Vec<u8>,
    answer: String,
    /// Bytes that `db load` announced.
    expected: usize,
    sample: Vec<u8>,
    result: Option<Vec<f32>>,
    stage: Stage,
}

/// How far an `infer` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Idle,
    WarmUp { left: u32, timed: u32 },
    Timed { left: u32 },
}

impl Dut {
    /// A device that has just started.
    pub fn new(benchmark: Benchmark, input: Port, output: Port) -> Self {
        let mut dut = Self {
            benchmark,
            input,
            output,
            received: VecDeque::new(),
            command: Vec::new(),
            answer: String::new(),
            expected: 0,
            sample: Vec::new(),
            result: None,
            stage: Stage::Idle,
        };
        dut.say("m-timestamp-mode-performance");
        dut.say("m-init-done");
        dut.say("m-ready");
        dut
    }

    /// Takes bytes from the host. What comes during an `infer` is looked at after it.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.received.extend(bytes);
    }

    /// What to do next; `now` is in microseconds from any moment on.
    pub fn poll(&mut self, now: u64) -> Action {
        while self.answer.is_empty() {
            match self.stage {
                Stage::Idle => match self.received.pop_front() {
                    None => return Action::Wait,
                    Some(TERMINATOR) => self.execute(now),
                    Some(byte) if self.command.len() < COMMAND_MAX => self.command.push(byte),
                    Some(_) => {}
                },
                Stage::WarmUp { left: 0, timed } => {
                    self.say("m-warmup-done");
                    self.say(format_args!("m-infer-start-{timed}"));
                    self.say(format_args!("m-lap-us-{now}"));
                    self.stage = Stage::Timed { left: timed };
                }
                Stage::Timed { left: 0 } => {
                    self.say(format_args!("m-lap-us-{now}"));
                    self.say("m-infer-done");
                    self.say_results();
                    self.say("m-ready");
                    self.stage = Stage::Idle;
                }
                Stage::WarmUp { .. } | Stage::Timed { .. } => {
                    return Action::Infer(self.benchmark.input(&self.sample, &self.input));
                }
            }
        }
        Action::Send(std::mem::take(&mut self.answer).into_bytes())
    }

    /// Takes the output of the inference that was asked for, or why there is none.
    pub fn inferred(&mut self, output: Result<&[i8], &str>) {
        match (output, &mut self.stage) {
            (Ok(output), Stage::WarmUp { left, .. } | Stage::Timed { left }) => {
                *left = left.saturating_sub(1);
                self.result = Some(self.benchmark.result(&self.sample, output, &self.output));
            }
            (Ok(_), Stage::Idle) => {}
            (Err(reason), _) => {
                // A line feed would end the line early.
                let reason: String =
                    reason.chars().map(|it| if it.is_control() { ' ' } else { it }).collect();
                self.say(format_args!("e-[{reason}]"));
                self.say("m-ready");
                self.stage = Stage::Idle;
            }
        }
    }

    fn say(&mut self, line: impl std::fmt::Display) {
        // Writing to a string does not fail.
        let _ = write!(self.answer, "{line}\r\n");
    }

    fn execute(&mut self, now: u64) {
        let command = std::mem::take(&mut self.command);
        let command = String::from_utf8_lossy(&command);
        let mut words = command.split(' ').filter(|word| !word.is_empty());
        match words.next().unwrap_or_default() {
            "name" => self.say(format_args!("m-name-dut-[{VENDOR}]")),
            "timestamp" => self.say(format_args!("m-lap-us-{now}")),
            "profile" => {
                let benchmark = self.benchmark;
                self.say(format_args!("m-profile-[{PROFILE}]"));
                self.say(format_args!("m-model-[{benchmark}]"));
            }
            "help" => self.answer.push_str(HELP),
            "db" => self.load(words.next(), words.next()),
            "infer" => self.begin(words.next(), words.next()),
            "results" => self.say_results(),
            other => self.say(format_args!("e-[Unknown command: {other}]")),
        }
        if self.stage == Stage::Idle {
            self.say("m-ready");
        }
    }

    fn load(&mut self, word: Option<&str>, count: Option<&str>) {
        match (word, count) {
            (None, _) => self.say("e-[Command 'db' requires a subcommand]"),
            (Some("load"), None) => self.say("e-[Command 'db load' requires the # of bytes]"),
            (Some("load"), Some(count)) => match usize::try_from(number(count)) {
                Err(_) | Ok(0) => self.say("e-[Command 'db load' must be >0 bytes]"),
                Ok(count) if count > SAMPLE_MAX => {
                    let limit = SAMPLE_MAX;
                    self.say(format_args!("e-[{count} bytes exceed the maximum of {limit}]"));
                }
                Ok(count) => {
                    (self.expected, self.sample) = (count, Vec::with_capacity(count));
                    self.say(format_args!("m-[Expecting {count} bytes]"));
                }
            },
            (Some("print"), _) => self.print(),
            (Some(digits), _) => self.take(digits.as_bytes()),
        }
    }

    fn take(&mut self, digits: &[u8]) {
        if !digits.len().is_multiple_of(2) {
            return self.say("e-[Insufficent number of hex digits]"); // so it is spelt there
        }
        for &[high, low] in digits.as_chunks().0 {
            if self.sample.len() == self.expected {
                return;
            }
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let (Some(upper), Some(lower)) = (digit(high), digit(low)) else {
                let pair = String::from_utf8_lossy(&[high, low]).into_owned();
                return self.say(format_args!("e-[Invalid hex digit '{pair}']"));
            };
            self.sample.push((upper << 4 | lower) as u8);
            if self.sample.len() == self.expected {
                self.say("m-load-done");
            }
        }
    }

    fn print(&mut self) {
        let sample = std::mem::take(&mut self.sample);
        for line in sample.chunks(8) {
            let digits: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
            self.say(format_args!("m-buffer-{}", digits.join("-")));
        }
        self.sample = sample;
    }

    fn begin(&mut self, timed: Option<&str>, warm_up: Option<&str>) {
        const TIMED: i32 = 1;
        const WARM_UP: i32 = 10;
        let (timed, warm_up) = (timed.map_or(TIMED, number), warm_up.map_or(WARM_UP, number));
        let wanted = self.benchmark.sample_bytes(&self.input);
        let loaded = self.sample.len();
        match (u32::try_from(timed), u32::try_from(warm_up)) {
            (Err(_) | Ok(0), _) => self.say("e-[Inference iterations must be >0]"),
            (_, Err(_)) => self.say("e-[Inference warmup must be >=0]"),
            _ if loaded != wanted => {
                self.say(format_args!("e-[The model takes {wanted} bytes, {loaded} are loaded]"));
            }
            (Ok(timed), Ok(left)) => {
                self.say(format_args!("m-warmup-start-{left}"));
                self.stage = Stage::WarmUp { left, timed };
            }
        }
    }

    fn say_results(&mut self) {
        match &self.result {
            None => self.say("e-[There was no inference yet]"),
            Some(values) => {
                let values: Vec<_> = values.iter().map(|value| format!("{value:.3}")).collect();
                self.say(format_args!("m-results-[{}]", values.join(",")));
            }
        }
    }
}

/// The number that a word begins with, as C's `atoi`: 0 if it begins with none.
fn number(word: &str) -> i32 {
    let digits = word.trim_start_matches(['+', '-']);
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    let magnitude = match &digits[..end] {
        "" => 0,
        digits => digits.parse().unwrap_or(i32::MAX),
    };
    if word.starts_with('-') { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests;
