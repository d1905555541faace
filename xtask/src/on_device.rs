//! Builds the tests that run on the core, once for each instruction set, and puts them beside the
//! firmware.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::board::{self, Board};
use crate::firmware::put;
use crate::process::{run as run_command, target_directory};
use crate::toolchain;

const PACKAGE: &str = "quintet-on-device";

/// Builds them for every target of a board in QEMU.
pub fn build() -> Result<()> {
    let folder = target_directory().join("firmware");
    std::fs::create_dir_all(&folder)?;
    let boards = board::select(None)?;
    let targets: BTreeMap<_, _> = boards.iter().map(|board| (&board.target, *board)).collect();
    for (target, board) in targets {
        let board = Board { package: PACKAGE.to_owned(), ..board.clone() };
        run_command(toolchain::choose(target)?.cargo("build", &board)?.arg("--quiet"))?;
        let image = target_directory().join(target).join("firmware").join(PACKAGE);
        put(&image, &folder.join(format!("on-device-{target}.elf")))?;
    }
    Ok(())
}
