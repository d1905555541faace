//! `vectors`: cases of every command as text, for whoever builds an accelerator, and for the
//! driver's self-test.

use std::path::absolute;
use std::process::Command;

use anyhow::Result;

use crate::options;
use crate::process::{cargo, run as run_command, target_directory};

const OPTIONS: [(&str, &str); 2] =
    [("--each", "QUINTET_VECTORS_EACH"), ("--seed", "QUINTET_VECTORS_SEED")];

const TEST: [&str; 6] =
    ["test", "--release", "--package", "quintet-accelerator", "--test", "vectors"];

/// Runs the subcommand with its options.
pub fn run(options: &[&str]) -> Result<()> {
    let mut options = options.to_vec();
    if options == ["--known"] {
        return test(cargo().args(TEST).arg("write_known_answers"));
    }
    let folder = match options::take(&mut options, "-o")? {
        Some(folder) => absolute(folder)?,
        None => target_directory().join("vectors"),
    };
    let mut cargo = cargo();
    options::numbers(&mut cargo, &options, &OPTIONS)?;
    cargo.env("QUINTET_VECTORS_FOLDER", folder);
    test(cargo.args(TEST).arg("write_vectors"))
}

/// Runs a test that writes.
fn test(cargo: &mut Command) -> Result<()> {
    run_command(cargo.args(["--", "--ignored", "--nocapture"]))
}
