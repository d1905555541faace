//! `vectors`: cases of every command as text, for whoever builds an accelerator.

use std::path::absolute;

use anyhow::Result;

use crate::options;
use crate::process::{cargo, run as run_command, target_directory};

const OPTIONS: [(&str, &str); 2] =
    [("--each", "QUINTET_VECTORS_EACH"), ("--seed", "QUINTET_VECTORS_SEED")];

/// Runs the subcommand with its options.
pub fn run(options: &[&str]) -> Result<()> {
    let mut options = options.to_vec();
    let folder = match options::take(&mut options, "-o")? {
        Some(folder) => absolute(folder)?,
        None => target_directory().join("vectors"),
    };
    let mut cargo = cargo();
    options::numbers(&mut cargo, &options, &OPTIONS)?;
    cargo.env("QUINTET_VECTORS_FOLDER", folder);
    cargo.args(["test", "--release", "--package", "quintet-accelerator", "--test", "vectors"]);
    run_command(cargo.args(["write_vectors", "--", "--ignored", "--nocapture"]))
}
