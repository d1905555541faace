//! The known answers of `quintet selftest`: a few cases of every command that are small, since they
//! go over a serial line, and yet change much.

use crate::case::Case;
use crate::programs::commands::{MAKERS, Maker};
use quintet_accelerator::vectors::{Vector, VectorError, read};
use quintet_protocol::program::COMMANDS;
use std::path::{Path, PathBuf};

/// Cases of each command.
const EACH: usize = 3;
/// Seeds of which these are chosen.
const SEEDS: u64 = 400;
/// Most bytes that the buffers of a case may have, so that they and the program fit 64 KiB.
const BUFFERS_MAX: u32 = 56 << 10;

const HEAD: &str = "\
# Known answers of every command, which `quintet selftest` holds a device against: made by
# `cargo xtask vectors --known`, which chooses seeds, and checked by the tests of the accelerator. The
# format is that of accelerator/tests/vectors/README.md.
";

/// The file that the driver has in itself.
pub fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../driver/src/selftest/vectors.txt")
}

/// The text of these cases.
fn text<'c>(cases: impl Iterator<Item = &'c Case>) -> String {
    cases.fold(HEAD.to_owned(), |text, case| text + &case.to_string())
}

/// The file's text, chosen anew.
pub fn choose() -> String {
    let cases: Vec<Case> = MAKERS.iter().flat_map(|one| choose_of(*one)).collect();
    text(cases.iter())
}

/// Of the cases that change at least as much as half of them do, the smallest.
fn choose_of(one: (&str, Maker)) -> Vec<Case> {
    let mut cases: Vec<Case> = (0..SEEDS).filter_map(|seed| Case::new(one, seed)).collect();
    cases.retain(|case| case.buffer_bytes <= BUFFERS_MAX);
    cases.sort_by_key(Case::effect);
    cases.drain(..cases.len() / 2);
    // Buffers are sent, zeros and all; pages, which the device pulls, are as well.
    cases.sort_by_key(|case| case.buffer_bytes as usize + case.to_string().len());
    cases.truncate(EACH);
    assert_eq!(cases.len(), EACH, "{}: too few seeds make a case", one.0);
    cases
}

/// The maker of the command that a vector is of.
fn maker(vector: &Vector) -> (&'static str, Maker) {
    let [operator, mode, ..] = vector.descriptor[0].to_le_bytes();
    let mut commands = COMMANDS.iter();
    let its = commands.find(|(_, its, its_mode)| (*its as u8, *its_mode) == (operator, mode));
    let name = its.expect("a command").0;
    *MAKERS.iter().find(|(its, _)| *its == name).expect("a maker")
}

/// What the kernels of today make of the cases in a text.
///
/// # Errors
/// That of the text.
pub fn again(known: &str) -> Result<String, VectorError> {
    let vectors = read(known)?;
    let cases: Vec<Case> = vectors.iter().map(again_one).collect();
    Ok(text(cases.iter()))
}

fn again_one(vector: &Vector) -> Case {
    let one = maker(vector);
    let seed = u64::from_str_radix(&vector.seed, 16).expect("a seed");
    Case::new(one, seed).unwrap_or_else(|| panic!("{}: seed {seed:x} makes no case", one.0))
}

/// How many cases of each command a text has.
pub fn counts(known: &str) -> Vec<usize> {
    let vectors = read(known).expect("vectors");
    let names: Vec<_> = vectors.iter().map(|vector| maker(vector).0).collect();
    MAKERS.iter().map(|(name, _)| names.iter().filter(|its| *its == name).count()).collect()
}
