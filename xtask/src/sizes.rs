//! `sizes`: what each micro-operator takes of a board's flash, by leaving it out; and what the
//! firmware takes that has networks only, or nothing.

use std::fs;

use anyhow::{Context, Result};

use crate::board::{self, Board};
use crate::elf;
use crate::firmware::image;
use crate::process::run as run_command;
use crate::toolchain;

/// The cargo features of board packages, one for each micro-operator that the firmware executes.
const OPERATORS: [&str; 6] =
    ["geometry", "combined-grid", "decomposed-grid", "sort", "gemm", "vector"];
/// The cargo feature that has what int8 networks need, and nothing else.
const NETWORKS: &str = "networks";

/// Runs the subcommand.
pub fn run() -> Result<()> {
    println!(
        "Bytes of flash: the whole image, and what it is smaller by without an operator;\n\
         what is left with networks only, and with no operator at all.\n"
    );
    let head = OPERATORS.map(|operator| format!("{operator:>16}")).concat();
    println!("{:<18} {:>10}{head} {NETWORKS:>10} {:>10}", "board", "whole", "none");
    for board in board::select(None)? {
        let whole = flash(board, &OPERATORS)?;
        let mut row = format!("{:<18} {whole:>10}", board.name);
        for left_out in OPERATORS {
            let others: Vec<_> = OPERATORS.into_iter().filter(|it| *it != left_out).collect();
            row += &format!("{:>16}", whole.saturating_sub(flash(board, &others)?));
        }
        println!("{row} {:>10} {:>10}", flash(board, &[NETWORKS])?, flash(board, &[])?);
    }
    Ok(())
}

/// Bytes of flash of a board's image with these features.
fn flash(board: &Board, features: &[&str]) -> Result<u64> {
    let mut cargo = toolchain::choose(&board.target)?.cargo("build", board)?;
    cargo.args(["--quiet", "--no-default-features", "--features", &features.join(",")]);
    run_command(&mut cargo)?;
    let image = image(board);
    let file = fs::read(&image).with_context(|| image.display().to_string())?;
    Ok(elf::measure(&file).with_context(|| board.name.clone())?.flash)
}
