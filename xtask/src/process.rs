//! Child processes, and where things are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail};

/// The workspace's root.
pub fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        // As cargo says it now: a target directory that checkouts share may hold the binary that
        // another of them built.
        let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let here = here.unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        here.parent().expect("xtask is a folder of the workspace").to_owned()
    })
}

/// Cargo's target directory for the workspace.
pub fn target_directory() -> PathBuf {
    // A relative CARGO_TARGET_DIR is relative to where cargo was started; commands here start in
    // the root, so both agree only there.
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// A command in the workspace's root.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// The cargo that runs this.
pub fn cargo() -> Command {
    let mut command = command(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()));
    command.env("CARGO_TARGET_DIR", target_directory());
    command
}

/// Builds the `quintet` command for release; returns where it is.
pub fn build_quintet() -> Result<PathBuf> {
    let package = ["--package", "quintet-driver", "--bin", "quintet"];
    run(cargo().args(["build", "--quiet", "--release"]).args(package))?;
    Ok(target_directory().join("release").join("quintet"))
}

/// Runs a command to its end, its output shown.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {}", show(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", show(command));
    }
    Ok(())
}

/// Runs a command to its end and returns what it printed, trimmed.
pub fn read(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {}", show(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} failed: {}\n{}", show(command), output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command, its messages shown, that prints a JSON document.
pub fn document(command: &mut Command) -> Result<serde_json::Value> {
    println!("+ {}\n", show(command));
    let printed = read(command.stderr(Stdio::inherit()))?;
    serde_json::from_str(&printed).with_context(|| format!("{} printed no JSON", show(command)))
}

/// Whether a command starts and succeeds; shows nothing.
pub fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// The command as it would be typed.
pub fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
