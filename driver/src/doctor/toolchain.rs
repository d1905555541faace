//! The compiler, and its `core` for each board.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use quintet_boards::Description;

use super::program::{ask, find};
use super::{Environment, Finding};

/// Checks the compiler and the boards' targets, which only a checkout needs.
pub(super) fn check(
    environment: &Environment,
    boards: &[&Description],
    chosen: bool,
) -> Vec<Finding> {
    let Some(repository) = &environment.repository else {
        let says = "not needed here: this folder is in no checkout of Quintet";
        return vec![Finding::fine("toolchain", says)];
    };
    let compiler = compiler(environment, repository);
    let is_there = find(environment, "rustc").is_some();
    let mut findings = vec![compiler];
    if is_there {
        findings.extend(targets(environment, boards, chosen));
    }
    findings
}

/// The compiler that runs in the checkout, against the one that the checkout asks for.
fn compiler(environment: &Environment, repository: &Path) -> Finding {
    let pinned = pinned(repository).unwrap_or_default();
    let install = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
    match ask(environment, "rustc", &["--version"]) {
        None => Finding::bad(true, "rustc", "it is in no folder of PATH", install),
        Some(Ok(answer)) if answer.succeeded => {
            let version = answer.output.split(' ').nth(1).unwrap_or_default();
            match number(version) < number(&pinned) {
                false => Finding::fine("rustc", answer.output),
                true => {
                    let says = format!("it is {version}, older than {pinned}");
                    let mend = format!("rustup toolchain install {pinned}");
                    Finding::bad(true, "rustc", says, mend)
                }
            }
        }
        Some(Ok(answer)) => {
            let mend = format!("rustup toolchain install {pinned}");
            Finding::bad(true, "rustc", answer.complaint, mend)
        }
        Some(Err(error)) => Finding::bad(true, "rustc", error, install),
    }
}

/// The version that `rust-toolchain.toml` names.
fn pinned(repository: &Path) -> Option<String> {
    let text = fs::read_to_string(repository.join("rust-toolchain.toml")).ok()?;
    let line = text.lines().find_map(|line| line.trim().strip_prefix("channel"))?;
    Some(line.trim_start_matches(['=', ' ']).trim_matches('"').to_owned())
}

/// `1.95.0-nightly` as numbers that compare.
fn number(version: &str) -> Vec<u32> {
    let plain = version.split('-').next().unwrap_or_default();
    plain.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// `core` for each target, with the boards that it is for.
fn targets(environment: &Environment, boards: &[&Description], chosen: bool) -> Vec<Finding> {
    let mut targets: BTreeMap<&str, Vec<&Description>> = BTreeMap::new();
    for &board in boards {
        targets.entry(&board.target).or_default().push(board);
    }
    let check = |(target, boards): (&str, Vec<&Description>)| {
        let needed = chosen || boards.iter().any(|board| board.qemu.is_some());
        let names: Vec<_> = boards.iter().map(|board| board.name.as_str()).collect();
        let thing = format!("target {target}");
        match has_core(environment, target) {
            true => Finding::fine(thing, format!("there, for {}", names.join(", "))),
            false => {
                let says = format!("there is no `core` for it, which {} need", names.join(", "));
                Finding::bad(needed, thing, says, format!("rustup target add {target}"))
            }
        }
    };
    targets.into_iter().map(check).collect()
}

/// Whether the compiler really has `core` for a target: a word of rustup is not enough.
fn has_core(environment: &Environment, target: &str) -> bool {
    let arguments = ["--print", "target-libdir", "--target", target];
    let Some(Ok(answer)) = ask(environment, "rustc", &arguments) else { return false };
    let entries = fs::read_dir(answer.output).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}
