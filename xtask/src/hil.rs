//! `hil`: the suite on every target, emulated or on the desk, with all that has to be built for it.

use anyhow::{Context, Result};

use crate::process::{cargo, run as run_command};
use crate::{board, firmware, on_device};

/// Runs the subcommand with its options, which are `quintet-hil`'s.
pub fn run(options: &[&str]) -> Result<()> {
    firmware::run(&board::select(None)?)?;
    on_device::build()?;
    let mut cargo = cargo();
    let package = ["--package", "quintet-hil-tests", "--bin", "quintet-hil"];
    cargo.args(["run", "--quiet"]).args(package).arg("--").args(options);
    run_command(&mut cargo).context("the suite")
}
