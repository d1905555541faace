//! `firmware --small`: builds the smallest image of each board that has one and holds it against a
//! budget of its own.

use std::fs;

use anyhow::{Context, Result};
use quintet_boards::Small;

use crate::board::{self, Board};
use crate::elf;
use crate::firmware::{excess, put, row, table};
use crate::process::{run as run_command, target_directory};
use crate::toolchain;

/// Everything for size; see the workspace's `Cargo.toml`.
const PROFILE: &str = "firmware-small";

/// Runs the subcommand.
pub fn run() -> Result<()> {
    let folder = target_directory().join("firmware");
    fs::create_dir_all(&folder)?;
    let (mut rows, mut over) = (Vec::new(), Vec::new());
    for board in board::all() {
        let Some(small) = &board.small else { continue };
        let toolchain = toolchain::choose(&board.target)?;
        let binary = format!("{}-small", board.package);
        let mut cargo = toolchain.cargo_in(PROFILE, "build", board)?;
        cargo.args(["--quiet", "--bin", &binary, "--no-default-features"]);
        run_command(cargo.args(["--features", &small.features.join(",")]))?;
        let image = target_directory().join(&board.target).join(PROFILE).join(binary);
        let board = variant(board, small);
        let file = fs::read(&image).with_context(|| image.display().to_string())?;
        let footprint = elf::measure(&file).with_context(|| board.name.clone())?;
        put(&image, &folder.join(format!("{}.elf", board.name)))?;
        over.extend(excess(&board, &footprint));
        rows.push(row(&board, &footprint, toolchain));
    }
    print!("{}", table(&rows, &over)?);
    Ok(())
}

/// The board with the name and the budget of its smallest image.
fn variant(board: &Board, small: &Small) -> Board {
    Board { name: format!("{}-small", board.name), budget: small.budget, ..board.clone() }
}
