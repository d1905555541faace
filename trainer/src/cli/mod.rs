//! The command line: what can be asked, and what becomes of it.

mod failure;
mod folder;
mod interrupt;
mod outcome;
mod progress;
mod session;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use quintet_trainer::config::{Config, ConfigFile};

use failure::{FAILED, Failure, USAGE};
use folder::Folder;
use interrupt::{Interrupt, STOPPED};
use outcome::Outcome;
use progress::say;
use session::{End, Keeping, Session};

const MORE: &str = "\
Examples:
  quintet train trainer/configs/digits.toml             a minute, with data that ship
  quintet train net.toml --data ~/cifar10 --output runs/one --seed 1
  quintet train net.toml --output runs/one --seed 1 --resume

The folder has, once training is over, network.safetensors (the float network), network.tflite (the
same in int8, for any TFLite runtime) and network.qnt (that compiled, for quintet infer and quintet
eval); from its first epoch on log.csv, curve.svg and checkpoint. The int8 network is tried with all
test samples on the virtual device, which answers as every device does.

A training that was stopped, killed or cut off from its power goes on with --resume and ends in the
same weights, bit by bit, as if nothing had happened; so it does with any number of threads. One
that is over is told again, and made int8 anew where [recipe.int8] has changed.

With --json: config, output, network (path, bytes, parameters, multiplications), int8 (path, bytes,
bundle, bundle_bytes, test_hits, test_accuracy), test_samples, test_accuracy, epochs, steps, seconds.
Of an autoencoder there are no hits, and test_reproduced in place of test_accuracy: the share of the
samples' energy that it reproduces.

Exit codes:
  0    done
  1    failed
  2    wrong usage of the command
  130  stopped by Ctrl-C; a checkpoint was written";

/// Train a tiny network for Quintet devices, plainly or with NetBooster, NetDistiller, or both
#[derive(Parser, Debug)]
#[command(name = "quintet-train", version, max_term_width = 100, after_help = MORE)]
struct Arguments {
    /// What to train, on what and how
    #[arg(value_name = "CONFIG.toml")]
    config: PathBuf,
    /// Where the data are, not where the configuration says
    #[arg(short, long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Folder for all that is written [default: named after the configuration]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Go on from the folder's checkpoint, if it has one
    #[arg(long, conflicts_with = "overwrite")]
    resume: bool,
    /// Begin anew, whatever training the folder holds
    #[arg(long)]
    overwrite: bool,
    /// Take this seed, not that of the configuration
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    seed: Option<u64>,
    /// Train for so many epochs, not those of the configuration; tuning comes on top
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    epochs: Option<u32>,
    /// Run on so many threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Seconds between two checkpoints within an epoch
    #[arg(long, value_name = "S", default_value_t = 30)]
    checkpoint_every: u64,
    /// Epochs between two looks at the test samples
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    evaluate_every: u32,
    /// Write the test samples as well, as the network is given them, and what its int8 form
    /// answers: test_samples.npy, test_labels.npy, test_outputs.npy
    #[arg(long)]
    samples: bool,
    /// Print one JSON document at the end
    #[arg(long)]
    json: bool,
}

/// Does what the command line asks for.
pub fn run() -> ExitCode {
    match train(&Arguments::parse()) {
        Ok(End::Over) => ExitCode::SUCCESS,
        Ok(End::Stopped) => ExitCode::from(STOPPED),
        Err(failure) => {
            say(&failure);
            failure.exit_code()
        }
    }
}

fn train(arguments: &Arguments) -> Result<End, Failure> {
    if let Some(threads) = arguments.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into()).build_global();
        pool.map_err(|error| {
            Failure::new(FAILED, "cannot start the threads", error, "choose fewer with --threads")
        })?;
    }
    let mut file = ConfigFile::read(&arguments.config)?;
    let recipe = &mut file.config.recipe;
    recipe.seed = arguments.seed.unwrap_or(recipe.seed);
    recipe.epochs = arguments.epochs.map_or(recipe.epochs, |epochs| epochs as usize);
    if let Some(path) = &arguments.data {
        take_data_from(path, &mut file.config)?;
    }
    let data = file.config.data.read(file.base())?;
    file.check_data(&data)?;
    let output = arguments.output();
    let folder = Folder::open(&output)?;
    let mut session = Session::new(&file.config, &data, &folder)?;
    arguments.begin(&folder, &mut session)?;
    let interrupt = Interrupt::listen()?;
    let keeping = Keeping {
        checkpoint_every: Duration::from_secs(arguments.checkpoint_every),
        evaluate_every: arguments.evaluate_every as usize,
    };
    if session.run(keeping, &interrupt)? == End::Stopped {
        let [done, steps] = session.steps();
        say(format_args!(
            "stopped after step {done} of {steps}\n  help: go on with: {}",
            resuming()
        ));
        return Ok(End::Stopped);
    }
    let outcome = Outcome::write(&mut session, &data, &folder, arguments.samples)?;
    print(&if arguments.json {
        format!("{:#}\n", outcome.json(&arguments.config, &output))
    } else {
        outcome.text()
    })?;
    Ok(End::Over)
}

/// Takes the data from a path that begins where the user is, not where the configuration lies.
fn take_data_from(path: &Path, config: &mut Config) -> Result<(), Failure> {
    let absolute = std::path::absolute(path).map_err(|error| {
        let what = format!("cannot find {}", path.display());
        Failure::new(FAILED, what, error, "give --data the data set's folder")
    })?;
    if config.data.set_path(absolute) {
        return Ok(());
    }
    Err(Failure::new(
        USAGE,
        "--data makes no sense here",
        "the configuration's data are part of the program",
        "leave --data out, or choose a configuration with data.path",
    ))
}

impl Arguments {
    /// The folder for all that is written.
    fn output(&self) -> PathBuf {
        let named = || self.config.file_stem().map_or("trained".into(), PathBuf::from);
        self.output.clone().unwrap_or_else(named)
    }

    /// Goes on from the folder's checkpoint, or makes sure that none is lost.
    fn begin(&self, folder: &Folder, session: &mut Session) -> Result<(), Failure> {
        if self.resume {
            let Some(checkpoint) = folder.checkpoint()? else {
                say("there is no checkpoint yet: training begins at its first step");
                return Ok(());
            };
            session.resume(checkpoint)?;
            let [done, steps] = session.steps();
            say(format_args!("going on after step {done} of {steps}"));
        } else if self.overwrite {
            folder.clear()?;
        } else if folder.has_checkpoint() {
            return Err(Failure::new(
                USAGE,
                format!("{} holds a training already", self.output().display()),
                "beginning anew would lose it",
                "go on with it with --resume, choose another folder with --output, or lose it with \
                 --overwrite",
            ));
        }
        Ok(())
    }
}

/// The command that was typed, with `--resume`.
fn resuming() -> String {
    let typed = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let mut words: Vec<String> =
        typed.filter(|word| word != "--overwrite" && word != "--resume").collect();
    words.push("--resume".into());
    words.join(" ")
}

/// Prints to standard output. A reader that has gone (`quintet train ... | head`) is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let help = "check the disk or the program that the output goes to";
            Err(Failure::new(FAILED, "cannot write to standard output", error, help))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
