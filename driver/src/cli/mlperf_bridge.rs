//! `quintet mlperf-bridge`: a device behind a pseudo-terminal, as MLPerf Tiny's runner expects it.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use clap::Args;
use quintet_driver::infer::Inference;
use quintet_driver::mlperf::{Action, Benchmark, Dut};
use quintet_protocol::message::Ticks;
use serialport::{SerialPort, TTYPort};

use super::failure::{FAILED, Failure, USAGE};
use super::model::{ModelArguments, describe, load, ticks};
use super::output::{print, say};

/// How long the terminal is listened to before the bridge looks about.
const PATIENCE: Duration = Duration::from_millis(50);

const MORE: &str = "\
Prints the path of a pseudo-terminal and serves MLPerf Tiny's protocol on it until it is ended
(Ctrl-C): name% profile% timestamp% db% infer% results% help%. The device runs the same firmware as
ever; the model is streamed to it once, each sample before its inference.

Samples are what the official runner sends: int8 for kws01, pixels for vww01 and ic01, floats for
ad01, whose result is the mean squared error of the reconstruction.

Timestamps are microseconds of this computer. Between two of them lie, for each inference: the
sample's way to the device, the inference, the outputs' way back. With --clock HZ they are instead
what the device counts, executed instructions or cycles, at so many a second, without the link: no
time of real hardware where the device is emulated.

The runner looks for ports with a USB identity; a pseudo-terminal has none, so that its port has to
be named to it by a wrapper that replaces serial.tools.list_ports.comports().";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The benchmark: kws01, vww01, ic01 or ad01 [default: by the shapes of input and output]
    #[arg(long, value_name = "NAME")]
    model_name: Option<String>,
    /// Derive timestamps from what the device counts, at so many instructions or cycles a second
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u64).range(1..))]
    clock: Option<u64>,
}

/// Runs the subcommand; ends only with a failure.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let named = arguments.model_name.as_deref().map(named).transpose()?;
    let model = arguments.model.read()?;
    let [inputs, outputs] = model.ports()?;
    let ([input], [output]) = (&inputs[..], &outputs[..]) else {
        let cause = "a benchmark's model has one input and one output";
        return Err(Failure::new(FAILED, "the model is none of MLPerf Tiny's", cause)
            .help("use `quintet infer`"));
    };
    let benchmark = named.or_else(|| Benchmark::of_model(input, output)).ok_or_else(|| {
        let cause = format!("it takes {} and gives {}", describe(input), describe(output));
        Failure::new(FAILED, "the model is none of MLPerf Tiny's reference models", cause)
            .help(format!("say with --model-name which it stands for: {}", Benchmark::names()))
    })?;
    let mut connection = arguments.model.device.connect(arguments.model.limits())?;
    let unit = connection.description().ticks;
    if arguments.clock.is_some() && !matches!(unit, Ticks::Instructions | Ticks::Cycles) {
        let cause = "it counts neither instructions nor cycles";
        return Err(Failure::new(USAGE, "--clock cannot be used with this device", cause)
            .help("leave --clock away, or use an emulated board"));
    }
    let mut inference = load(&mut connection, &model, &arguments.model.arena)?;
    let dut = Dut::new(benchmark, input.clone(), output.clone());
    let clock = Clock { start: Instant::now(), rate: arguments.clock, ticks: 0 };
    let failed = |error: io::Error| {
        Failure::new(FAILED, "the pseudo-terminal failed", error).help("start the bridge again")
    };
    let (mut master, slave) = TTYPort::pair().map_err(|error| failed(error.into()))?;
    master.set_timeout(PATIENCE).map_err(|error| failed(error.into()))?;
    // Held open for as long as the bridge runs: the runner may come and go.
    let path = slave.name().unwrap_or_default();
    print(&format!("{path}\n"))?;
    say(format_args!("serving {benchmark} there"));
    serve(&mut master, dut, &mut inference, clock).map_err(failed)
}

fn named(name: &str) -> Result<Benchmark, Failure> {
    Benchmark::named(name).ok_or_else(|| {
        let cause = format!("there are {}", Benchmark::names());
        Failure::new(USAGE, format!("{name:?} is no benchmark"), cause).help("choose one of them")
    })
}

/// What timestamps are taken from.
struct Clock {
    start: Instant,
    /// Ticks a second, where these are what counts.
    rate: Option<u64>,
    ticks: u64,
}

impl Clock {
    /// In microseconds.
    fn now(&self) -> u64 {
        const MICROSECONDS: u128 = 1_000_000;
        match self.rate {
            Some(rate) => (u128::from(self.ticks) * MICROSECONDS / u128::from(rate)) as u64,
            None => self.start.elapsed().as_micros() as u64,
        }
    }
}

fn serve(
    terminal: &mut TTYPort,
    mut dut: Dut,
    inference: &mut Inference<'_>,
    mut clock: Clock,
) -> io::Result<()> {
    let mut bytes = [0; 1024];
    loop {
        match dut.poll(clock.now()) {
            Action::Send(answer) => match terminal.write_all(&answer) {
                // Nobody reads: what a serial port says then is lost, too.
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                written => written?,
            },
            Action::Infer(input) => match inference.run(&[&input]) {
                Ok(result) => {
                    clock.ticks = clock.ticks.saturating_add(ticks(&result.costs));
                    dut.inferred(Ok(&result.outputs[0]));
                }
                Err(error) => {
                    let failure = Failure::infer(&error);
                    say(&failure);
                    dut.inferred(Err(&error.to_string()));
                }
            },
            Action::Wait => match terminal.read(&mut bytes) {
                Ok(count) => dut.receive(&bytes[..count]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
                Err(error) => return Err(error),
            },
        }
    }
}
