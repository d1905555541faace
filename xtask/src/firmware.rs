//! `firmware`: builds the boards and QEMU's device, holds the images against the boards' budgets
//! and puts them where the driver looks for them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::board::Board;
use crate::elf::{self, Footprint};
use crate::process::{cargo, run as run_command, target_directory};
use crate::toolchain::{self, Toolchain};
use crate::{golden, size_table};

const DEVICE_PACKAGE: &str = "quintet-qemu-device";
const DEVICE_LIBRARY: &str = "libquintet_qemu_device.so";

/// Runs the subcommand: [`build`], and the table is printed.
pub fn run(boards: &[&Board]) -> Result<()> {
    print!("{}", build(boards)?);
    Ok(())
}

/// Builds these boards and returns a table of their sizes. Fails if one is over its budget, or
/// takes more than is kept of it.
pub fn build(boards: &[&Board]) -> Result<String> {
    build_all(boards, growth)
}

/// Builds these boards, and keeps what they take in their folders and in the README.
pub fn keep_sizes(boards: &[&Board]) -> Result<()> {
    let table =
        build_all(boards, |board, footprint| golden::keep(board, footprint).map(|()| None))?;
    print!("{table}");
    size_table::write()
}

/// Another compiler's `core` is no growth.
fn growth(board: &Board, footprint: &Footprint) -> Result<Option<String>> {
    match toolchain::choose(&board.target)? {
        Toolchain::Active => golden::growth(board, footprint),
        Toolchain::Debian => Ok(None),
    }
}

/// Builds these boards and returns a table of their sizes; fails if one is over its budget, or for
/// what `judge` says of one.
fn build_all(
    boards: &[&Board],
    judge: impl Fn(&Board, &Footprint) -> Result<Option<String>>,
) -> Result<String> {
    let folder = target_directory().join("firmware");
    fs::create_dir_all(&folder)?;
    device(&folder)?;
    let mut over = Vec::new();
    let mut rows = Vec::new();
    for board in boards {
        let (toolchain, image) = compile(board)?;
        let file = fs::read(&image).with_context(|| image.display().to_string())?;
        let footprint = elf::measure(&file).with_context(|| board.name.clone())?;
        put(&image, &folder.join(format!("{}.elf", board.name)))?;
        over.extend(excess(board, &footprint));
        over.extend(judge(board, &footprint)?);
        rows.push(row(board, &footprint, toolchain));
    }
    table(&rows, &over)
}

/// A table of sizes; fails with it, if some are over.
pub fn table(rows: &[String], over: &[String]) -> Result<String> {
    let head =
        format!("{:<21} {:>9} {:>9} {:>9} {:>9}", "board", "flash", "budget", "RAM", "budget");
    let table = format!("{head}\n{}\n", rows.join("\n"));
    if !over.is_empty() {
        bail!("too large:\n{}\n{table}", over.join("\n"));
    }
    Ok(table)
}

fn device(folder: &Path) -> Result<()> {
    run_command(cargo().args(["build", "--quiet", "--release", "--package", DEVICE_PACKAGE]))?;
    put(&target_directory().join("release").join(DEVICE_LIBRARY), &folder.join(DEVICE_LIBRARY))
}

fn compile(board: &Board) -> Result<(Toolchain, PathBuf)> {
    let toolchain = toolchain::choose(&board.target)?;
    run_command(toolchain.cargo("build", board)?.arg("--quiet"))?;
    Ok((toolchain, image(board)))
}

/// Where a board's image is built.
pub fn image(board: &Board) -> PathBuf {
    target_directory().join(&board.target).join("firmware").join(&board.package)
}

/// Copies, unless the same is there: an emulator may have the old file open, so it is replaced
/// whole and not written over.
pub fn put(from: &Path, to: &Path) -> Result<()> {
    let bytes = fs::read(from).with_context(|| from.display().to_string())?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let new = to.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(&new, to).with_context(|| to.display().to_string())
}

/// What is over a board's budget, in words.
pub fn excess(board: &Board, footprint: &Footprint) -> Vec<String> {
    let ram = footprint.ram + board.budget.stack;
    let kinds =
        [("flash", footprint.flash, board.budget.flash), ("RAM with stack", ram, board.budget.ram)];
    let over = kinds.into_iter().filter(|(_, bytes, budget)| bytes > budget);
    over.map(|(kind, bytes, budget)| {
        format!("{}: {bytes} bytes of {kind}, {} too many", board.name, bytes - budget)
    })
    .collect()
}

/// A board's row of the table.
pub fn row(board: &Board, footprint: &Footprint, toolchain: Toolchain) -> String {
    let note = match toolchain {
        Toolchain::Active => "",
        Toolchain::Debian => "  (core compiled with Debian's toolchain)",
    };
    format!(
        "{:<21} {:>9} {:>9} {:>9} {:>9}{note}",
        board.name,
        footprint.flash,
        board.budget.flash,
        footprint.ram + board.budget.stack,
        board.budget.ram,
    )
}

#[cfg(test)]
mod tests {
    use super::excess;
    use crate::elf::Footprint;
    use quintet_boards::Budget;

    #[test]
    fn a_budget_is_kept_to_the_byte() {
        let mut board = crate::board::all()[0].clone();
        board.budget = Budget { flash: 100, ram: 50, stack: 20 };
        let footprint = |flash, ram| Footprint { flash, ram, ..Footprint::default() };
        assert_eq!(excess(&board, &footprint(100, 30)).len(), 0);
        assert_eq!(excess(&board, &footprint(101, 31)).len(), 2);
    }
}
