//! The trainer, which is a workspace of its own: how it is built, and what is checked of it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, root, run as run_command, target_directory};

/// Its format, lints, documentation and tests.
pub fn check() -> Result<()> {
    run_command(trainer("fmt").arg("--check"))?;
    run_command(trainer("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    let mut flags = std::env::var("RUSTDOCFLAGS").unwrap_or_default();
    flags.push_str(" -D warnings");
    let mut documentation = trainer("doc");
    documentation.env("RUSTDOCFLAGS", flags).args(["--no-deps", "--lib", "--quiet"]);
    run_command(&mut documentation)?;
    // As it is used: the driver and its like are built once for this and for the README's commands.
    run_command(trainer("test").arg("--release"))
}

/// Builds its command for release; returns where it is.
pub fn build() -> Result<PathBuf> {
    run_command(trainer("build").args(["--quiet", "--release"]))?;
    Ok(folder().join("release").join("quintet-train"))
}

/// Where it is built: a folder of its own, so that two workspaces never wait for each other's lock.
fn folder() -> PathBuf {
    target_directory().join("trainer")
}

/// A cargo command in its workspace.
fn trainer(command: &str) -> Command {
    let mut cargo = cargo();
    cargo.env("CARGO_TARGET_DIR", folder());
    cargo.arg(command).arg("--manifest-path").arg(root().join("trainer").join("Cargo.toml"));
    cargo
}
