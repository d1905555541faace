//! `soak`: random programs with an accelerator and without, and hostile descriptors, as many as one
//! likes.

use anyhow::{Result, bail, ensure};

use crate::process::{cargo, run as run_command};

/// Runs the subcommand with its options.
pub fn run(options: &[&str]) -> Result<()> {
    let mut cargo = cargo();
    for option in options.chunks(2) {
        let (variable, number) = match *option {
            ["--programs", number] => ("QUINTET_SOAK_PROGRAMS", number),
            ["--descriptors", number] => ("QUINTET_SOAK_DESCRIPTORS", number),
            ["--seed", number] => ("QUINTET_SOAK_SEED", number),
            _ => bail!("{}: not an option of soak", option.join(" ")),
        };
        ensure!(number.parse::<u64>().is_ok(), "{}: not a number", option.join(" "));
        cargo.env(variable, number);
    }
    cargo.args(["test", "--release", "--package", "quintet-accelerator", "--test", "soak"]);
    run_command(cargo.args(["many_programs", "--", "--ignored", "--nocapture"]))
}
