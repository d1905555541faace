//! `firmware --small`: builds the smallest images of each board that has them, with networks only
//! and with every micro-operator, and holds each against a budget of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use quintet_boards::Small;

use crate::board::{self, Board};
use crate::elf;
use crate::firmware::{excess, put, row, table};
use crate::process::{run as run_command, target_directory};
use crate::toolchain::{self, Toolchain};

/// Everything for size; see the workspace's `Cargo.toml`.
const PROFILE: &str = "firmware-small";

/// Runs the subcommand.
pub fn run() -> Result<()> {
    let folder = target_directory().join("firmware");
    fs::create_dir_all(&folder)?;
    let (mut rows, mut over) = (Vec::new(), Vec::new());
    for board in board::all() {
        let images = [("small", &board.small), ("small-whole", &board.small_whole)];
        for (suffix, small) in images {
            let Some(small) = small else { continue };
            let toolchain = toolchain::choose(&board.target)?;
            let image = build(board, toolchain, small)?;
            let board = variant(board, suffix, small);
            let file = fs::read(&image).with_context(|| image.display().to_string())?;
            let footprint = elf::measure(&file).with_context(|| board.name.clone())?;
            put(&image, &folder.join(format!("{}.elf", board.name)))?;
            over.extend(excess(&board, &footprint));
            rows.push(row(&board, &footprint, toolchain));
        }
    }
    print!("{}", table(&rows, &over)?);
    Ok(())
}

/// Builds one of them. Where it lies.
fn build(board: &Board, toolchain: Toolchain, small: &Small) -> Result<PathBuf> {
    let binary = format!("{}-small", board.package);
    let mut cargo = toolchain.cargo_in(PROFILE, "build", board)?;
    cargo.args(["--quiet", "--bin", &binary, "--no-default-features"]);
    run_command(cargo.args(["--features", &small.features.join(",")]))?;
    Ok(target_directory().join(&board.target).join(PROFILE).join(binary))
}

/// The board with the name and the budget of one of its smallest images.
fn variant(board: &Board, suffix: &str, small: &Small) -> Board {
    Board { name: format!("{}-{suffix}", board.name), budget: small.budget, ..board.clone() }
}
