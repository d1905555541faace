//! `soak`: random programs with an accelerator and without, and hostile descriptors, as many as one
//! likes.

use anyhow::Result;

use crate::options;
use crate::process::{cargo, run as run_command};

const OPTIONS: [(&str, &str); 3] = [
    ("--programs", "QUINTET_SOAK_PROGRAMS"),
    ("--descriptors", "QUINTET_SOAK_DESCRIPTORS"),
    ("--seed", "QUINTET_SOAK_SEED"),
];

/// Runs the subcommand with its options.
pub fn run(options: &[&str]) -> Result<()> {
    let mut cargo = cargo();
    options::numbers(&mut cargo, options, &OPTIONS)?;
    cargo.args(["test", "--release", "--package", "quintet-accelerator", "--test", "soak"]);
    run_command(cargo.args(["many_programs", "--", "--ignored", "--nocapture"]))
}
