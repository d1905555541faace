//! Sizes that are kept: what each board's image takes, committed beside its `board.toml`. A build
//! that takes more fails, and says which function or static grew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::elf::Footprint;
use crate::process::root;

/// The file in a board's folder.
const FILE: &str = "size.toml";
/// Symbols below this many bytes are left out.
const SYMBOL_MIN: u64 = 96;
/// Bytes by which an image may differ without being another: messages of panics hold paths of the
/// machine that built it.
const SLACK: u64 = 512;
/// Most symbols to name.
const NAMED: usize = 8;

/// What an image takes, in bytes.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Golden {
    /// Of flash.
    pub flash: u64,
    /// Of RAM, without the stack.
    pub ram: u64,
    /// Of RAM, left for scenes and networks.
    pub arena: u64,
    /// Of flash, by function and constant.
    flash_symbols: BTreeMap<String, u64>,
    /// Of RAM, by static.
    ram_symbols: BTreeMap<String, u64>,
}

impl Golden {
    fn of(footprint: &Footprint) -> Self {
        let large = |symbols: &BTreeMap<String, u64>| {
            let large = symbols.iter().filter(|(_, bytes)| **bytes >= SYMBOL_MIN);
            large.map(|(name, bytes)| (name.clone(), *bytes)).collect()
        };
        Self {
            flash: footprint.flash,
            ram: footprint.ram,
            arena: footprint.arena,
            flash_symbols: large(&footprint.flash_symbols),
            ram_symbols: large(&footprint.ram_symbols),
        }
    }

    /// What was kept for a board; `None` if nothing was.
    pub fn read(board: &Board) -> Result<Option<Self>> {
        let path = path(board);
        if !path.is_file() {
            return Ok(None);
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(Some(toml::from_str(&text).with_context(|| path.display().to_string())?))
    }
}

/// Keeps what an image takes.
pub fn keep(board: &Board, footprint: &Footprint) -> Result<()> {
    let path = path(board);
    let head =
        "# What the image takes, in bytes. Written by `cargo xtask firmware --keep-sizes`.\n";
    let text = toml::to_string(&Golden::of(footprint))?;
    fs::write(&path, format!("{head}{text}")).with_context(|| path.display().to_string())
}

/// Says what grew since the size was kept, if it is more than slack.
pub fn growth(board: &Board, footprint: &Footprint) -> Result<Option<String>> {
    let Some(golden) = Golden::read(board)? else {
        return Ok(Some(format!(
            "{}: no {FILE}; keep its size with `cargo xtask firmware --board {0} --keep-sizes`",
            board.name
        )));
    };
    let kinds = [
        ("flash", golden.flash, footprint.flash, &golden.flash_symbols, &footprint.flash_symbols),
        ("RAM", golden.ram, footprint.ram, &golden.ram_symbols, &footprint.ram_symbols),
    ];
    let grown = kinds.into_iter().filter(|(_, before, now, ..)| *now > before + SLACK);
    let told: Vec<_> = grown
        .map(|(kind, before, now, old, new)| {
            format!("{}: {kind} grew from {before} to {now} bytes{}", board.name, grew(old, new))
        })
        .collect();
    let help = "if it is worth it: `cargo xtask firmware --all --keep-sizes`";
    Ok((!told.is_empty()).then(|| format!("{}\n{help}", told.join("\n"))))
}

/// The symbols that grew most, a line each.
fn grew(old: &BTreeMap<String, u64>, new: &BTreeMap<String, u64>) -> String {
    let mut grown: Vec<_> = new
        .iter()
        .filter_map(|(name, &now)| {
            let before = old.get(name).copied().unwrap_or(0);
            // A symbol that was too small to be kept may have been nearly as large.
            let more = now.checked_sub(before.max(if before == 0 { SYMBOL_MIN } else { 0 }))?;
            (more > 0).then_some((more, name, before, now))
        })
        .collect();
    grown.sort_by(|left, right| right.cmp(left));
    let line = |(more, name, before, now): &(u64, &String, u64, u64)| {
        format!("\n  +{more:>6} {name} ({before} -> {now})")
    };
    grown.iter().take(NAMED).map(line).collect()
}

fn path(board: &Board) -> PathBuf {
    folder(board).join(FILE)
}

fn folder(board: &Board) -> PathBuf {
    root().join(Path::new("boards")).join(&board.name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::grew;

    fn symbols(of: &[(&str, u64)]) -> BTreeMap<String, u64> {
        of.iter().map(|(name, bytes)| ((*name).to_owned(), *bytes)).collect()
    }

    #[test]
    fn the_symbol_that_grew_most_is_named_first() {
        let old = symbols(&[("a", 1000), ("b", 300), ("gone", 500)]);
        let new = symbols(&[("a", 1010), ("b", 900), ("new", 400), ("small", 20)]);
        let told = grew(&old, &new);
        let lines: Vec<_> = told.lines().skip(1).map(str::trim).collect();
        assert_eq!(
            lines,
            ["+   600 b (300 -> 900)", "+   304 new (0 -> 400)", "+    10 a (1000 -> 1010)"]
        );
    }
}
