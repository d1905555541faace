//! Boards as their `board.toml` describes them.

use std::fs;

use anyhow::{Context, Result, bail};
use toml::{Table, Value};

use crate::process::root;

/// One board.
#[derive(Debug)]
pub struct Board {
    /// Name, also that of its folder and of its ELF file.
    pub name: String,
    /// Cargo package, also the name of its binary.
    pub package: String,
    /// Rust target.
    pub target: String,
    /// `-C target-cpu`, when the target's default is too modest.
    pub target_cpu: Option<String>,
    /// Bytes of non-volatile memory (or loaded image) that the firmware may take.
    pub flash_budget: u64,
    /// Bytes of RAM that data, zeroed data and stack may take; the arena comes beside it.
    pub ram_budget: u64,
    /// Bytes of the RAM budget that are the stack's.
    pub stack: u64,
}

/// All boards, or the one of this name (with or without `qemu-`).
pub fn select(name: Option<&str>) -> Result<Vec<Board>> {
    let mut boards = all()?;
    if let Some(name) = name {
        let known: Vec<_> = boards.iter().map(|board| board.name.clone()).collect();
        boards.retain(|board| board.name == name || board.name == format!("qemu-{name}"));
        if boards.is_empty() {
            bail!("no board {name:?}; there are: {}", known.join(", "));
        }
    }
    Ok(boards)
}

fn all() -> Result<Vec<Board>> {
    let mut boards = Vec::new();
    for entry in fs::read_dir(root().join("boards"))? {
        let path = entry?.path().join("board.toml");
        if path.is_file() {
            let board = fs::read_to_string(&path)?.parse().map_err(Into::into).and_then(parse);
            boards.push(board.with_context(|| path.display().to_string())?);
        }
    }
    boards.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(boards)
}

fn parse(table: Table) -> Result<Board> {
    let text = |key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let required = |key: &str| text(key).with_context(|| format!("{key} is missing"));
    let budget = |key: &str| {
        let value = table.get("budget").and_then(|budget| budget.get(key)?.as_integer());
        value.and_then(|value| u64::try_from(value).ok()).with_context(|| format!("budget.{key}"))
    };
    Ok(Board {
        name: required("name")?,
        package: required("package")?,
        target: required("target")?,
        target_cpu: text("target-cpu"),
        flash_budget: budget("flash")?,
        ram_budget: budget("ram")?,
        stack: budget("stack")?,
    })
}
