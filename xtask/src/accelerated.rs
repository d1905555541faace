//! `accelerated`: every pipeline and network on every device, with each command of its accelerator
//! switched off in turn.

use anyhow::Result;

use crate::process::{cargo, run as run_command};
use crate::{board, firmware};

/// Runs the subcommand.
pub fn run() -> Result<()> {
    firmware::run(&board::select(None)?)?;
    let mut cargo = cargo();
    cargo.args(["test", "--release", "--package", "quintet-hil-tests", "--test", "accelerated"]);
    run_command(cargo.args(["all_cases", "--", "--ignored", "--nocapture"]))
}
