//! `quintet train`: hands over to the trainer, which is a program of its own.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use clap::Args;

use super::failure::{FAILED, Failure};

/// The trainer.
const PROGRAM: &str = "quintet-train";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub struct Arguments {
    /// What the trainer is to do: `quintet train --help` says what it can
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs the trainer; its exit code becomes this command's.
pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let program = env::current_exe().unwrap_or_default();
    let path = env::var_os("PATH").unwrap_or_default();
    let name = format!("{PROGRAM}{}", env::consts::EXE_SUFFIX);
    let found = places(&program, &path).map(|folder| folder.join(&name)).find(|it| it.is_file());
    let Some(trainer) = found else {
        return Err(Failure::new(
            FAILED,
            "the trainer is not installed",
            format!("there is no {name} beside {}, nor in PATH", program.display()),
        )
        .help("in Quintet's repository, run: cargo install --path trainer"));
    };
    become_it(Command::new(&trainer).args(&arguments.arguments)).map_err(|error| {
        Failure::new(FAILED, format!("cannot run {}", trainer.display()), error)
            .help("in Quintet's repository, run: cargo install --force --path trainer")
    })
}

/// Where the trainer may be, the likeliest first: beside this program, in `PATH`, or built in the
/// repository that this program was built in (`target/release/quintet`), by xtask or by hand.
fn places(program: &Path, path: &OsString) -> impl Iterator<Item = PathBuf> {
    let beside = program.parent().map(Path::to_owned);
    let target = program.ancestors().nth(2);
    let by_xtask = target.map(|target| target.join("trainer/release"));
    let repository = target.and_then(Path::parent);
    let by_hand = repository.map(|root| root.join("trainer/target/release"));
    let in_path: Vec<PathBuf> = env::split_paths(path).collect();
    beside.into_iter().chain(in_path).chain(by_xtask).chain(by_hand)
}

/// In place of this process, so that Ctrl-C and its like are the trainer's alone.
#[cfg(unix)]
fn become_it(command: &mut Command) -> std::io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec())
}

/// As a child, on systems that cannot replace a process.
#[cfg(not(unix))]
fn become_it(command: &mut Command) -> std::io::Result<ExitCode> {
    let code = command.status()?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
