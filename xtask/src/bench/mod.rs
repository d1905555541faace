//! `bench`: executed instructions on the emulated boards: of frames, of inferences, of pipelines.
//!
//! The counts are QEMU's and exact: they do not depend on this computer or on what else it does.
//! Without `QUINTET_REFERENCE_DIR` scenes and networks are those of the repository.

mod networks;
mod pipelines;
mod scenes;

use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::process::{build_quintet, root};
use crate::{board, firmware};

/// Where the reference scenes and networks are that are too large for the repository.
const REFERENCE: &str = "QUINTET_REFERENCE_DIR";
const BOARDS: [&str; 2] = ["mps2-an386", "riscv-virt"];

/// Runs the subcommand.
pub fn run(as_json: bool) -> Result<()> {
    firmware::build(&board::select(None)?)?;
    let program = build_quintet()?;
    let networks = networks::run(&program, as_json)?;
    let scenes = scenes::run(&program, as_json)?;
    let pipelines = pipelines::run(&program, as_json)?;
    if as_json {
        println!("{:#}", json!({ "networks": networks, "scenes": scenes, "pipelines": pipelines }));
    } else if reference().is_none() {
        println!("\n{REFERENCE} is not set: only what is in the repository was measured.");
    }
    Ok(())
}

fn reference() -> Option<PathBuf> {
    std::env::var_os(REFERENCE).map(|folder| root().join(folder))
}
