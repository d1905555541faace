//! The README's table of sizes, made from what is kept in the boards' folders.

use std::fs;

use anyhow::{Context, Result};

use crate::board::{self, Board};
use crate::golden::Golden;
use crate::process::root;

/// Stand around the table.
const BEGIN: &str = "<!-- sizes: written by `cargo xtask firmware --keep-sizes` -->\n";
const END: &str = "<!-- sizes end -->";

/// Writes the table into the README.
pub fn write() -> Result<()> {
    let path = root().join("README.md");
    let readme = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    fs::write(&path, with_table(&readme, &table()?)?).with_context(|| path.display().to_string())
}

fn with_table(readme: &str, table: &str) -> Result<String> {
    let (before, rest) = readme.split_once(BEGIN).context("README.md has no place for sizes")?;
    let (_, after) = rest.split_once(END).context("README.md: the table of sizes has no end")?;
    Ok(format!("{before}{BEGIN}{table}{END}{after}"))
}

/// The table, a row for each board whose size is kept.
fn table() -> Result<String> {
    let mut text = "| board | what it is | flash | budget | RAM with stack | budget | arena |\n\
                    |---|---|---|---|---|---|---|\n"
        .to_owned();
    for board in board::all() {
        if let Some(golden) = Golden::read(board)? {
            text += &row(board, &golden);
        }
    }
    Ok(text)
}

fn row(board: &Board, golden: &Golden) -> String {
    let kib = |bytes: u64| match bytes >> 20 {
        0 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0),
    };
    format!(
        "| `{}` | {} | {} | {} | {} | {} | {} |\n",
        board.name,
        board.title,
        kib(golden.flash),
        kib(board.budget.flash),
        kib(golden.ram + board.budget.stack),
        kib(board.budget.ram),
        kib(golden.arena),
    )
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{table, with_table};
    use crate::process::root;

    #[test]
    fn the_readme_has_the_sizes_that_are_kept() {
        let readme = fs::read_to_string(root().join("README.md")).unwrap();
        let table = table().unwrap();
        assert!(
            with_table(&readme, &table).unwrap() == readme,
            "run `cargo xtask firmware --all --keep-sizes`; the table is\n{table}"
        );
    }
}
