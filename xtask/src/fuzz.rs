//! `fuzz`: lets cargo-fuzz loose on each fuzz target for a while, guided by coverage.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

use crate::process::{cargo, root, run as run_command, succeeds, target_directory};

/// Longest input, in bytes: every format has all its parts in less.
const LONGEST: usize = 16 << 10;
/// Memory, in MiB, and seconds for one input, beyond which a target counts as broken.
const MEMORY_MIB: u32 = 3072;
const PATIENCE_S: u32 = 20;

/// Runs the subcommand: `seconds` for each target, or for the one named.
pub fn run(seconds: &str, only: Option<&str>) -> Result<()> {
    ensure!(seconds.parse::<u32>().is_ok_and(|n| n > 0), "--seconds {seconds}: not a time");
    if !succeeds(cargo().args(["fuzz", "--version"])) {
        bail!("cargo-fuzz is not installed: cargo install --locked cargo-fuzz");
    }
    let targets = targets()?;
    if let Some(name) = only {
        ensure!(targets.iter().any(|it| it == name), "no target {name}: {}", targets.join(", "));
    }
    for target in targets.iter().filter(|name| only.is_none_or(|only| *name == only)) {
        fuzz(target, seconds).with_context(|| format!("fuzz target {target}"))?;
    }
    Ok(())
}

/// The names of the targets, sorted.
fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(root().join("fuzz/fuzz_targets"))? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}

/// What is found grows in cargo's target folder, not in the repository; copy from there what is to
/// be kept.
fn fuzz(target: &str, seconds: &str) -> Result<()> {
    let found = target_directory().join("fuzz");
    let (corpus, broken) = (found.join("corpus").join(target), found.join("broken").join(target));
    let kept = Path::new("fuzz/corpus").join(target);
    for folder in [&corpus, &broken] {
        fs::create_dir_all(folder)?;
    }
    let mut command = cargo();
    // Coverage is an unstable flag; the sanitisers would need a standard library of their own.
    command.env("RUSTC_BOOTSTRAP", "1");
    command.args(["fuzz", "run", "--sanitizer", "none", "--features", "libfuzzer", target]);
    command.arg(corpus).arg(kept).arg("--");
    command.arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-max_len={LONGEST}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    command.arg(format!("-timeout={PATIENCE_S}"));
    command.arg(format!("-artifact_prefix={}/", broken.display()));
    run_command(&mut command)
}
