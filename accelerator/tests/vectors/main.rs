//! Vectors: cases of every command, for whoever builds an accelerator, and the proof that they
//! suffice.
//!
//! ```text
//! cargo xtask vectors [-o FOLDER] [--each N] [--seed S]
//! cargo xtask vectors --known
//! ```
//!
//! Cases are written as text, which `README.md` describes. They are read back from that, and played
//! on the model at its registers.

mod case;
mod known;
#[path = "../registers/machine.rs"]
mod machine;
#[path = "../programs/mod.rs"]
#[allow(dead_code, reason = "written for the soak, whose programs have loops")]
mod programs;
mod replay;
mod text;

use case::Case;
use programs::commands::{MAKERS, Maker};
use programs::variable;
use quintet_accelerator::vectors::read;
use quintet_protocol::program::COMMANDS;
use std::fs;
use std::ops::RangeFrom;
use std::path::{Path, PathBuf};

/// Name the folder of `cargo xtask vectors`, cases of each command, and the first seed.
const FOLDER_VARIABLE: &str = "QUINTET_VECTORS_FOLDER";
const EACH_VARIABLE: &str = "QUINTET_VECTORS_EACH";
const SEED_VARIABLE: &str = "QUINTET_VECTORS_SEED";
/// Seeds of which at least one makes a case of any command.
const SEEDS_OF_A_CASE: usize = 1000;

/// The name of a command's file, without its ending: `Operator.Command`.
fn name(command: &str) -> String {
    let (_, operator, _) = COMMANDS.iter().find(|(its, ..)| *its == command).expect("a command");
    format!("{operator:?}.{command}")
}

/// The text of so many cases of a command, from a seed on.
fn cases(one: (&str, Maker), seeds: RangeFrom<u64>, each: usize) -> String {
    let seeds = seeds.take(SEEDS_OF_A_CASE.saturating_mul(each));
    let cases: Vec<_> = seeds.filter_map(|seed| Case::new(one, seed)).take(each).collect();
    assert_eq!(cases.len(), each, "{}: too few seeds make a case", one.0);
    let cases: String = cases.iter().map(Case::to_string).collect();
    text::head(&name(one.0)) + &cases
}

/// Writes a file for each command, and plays what can be read of it. Returns the bytes of all.
fn write(folder: &Path, seed: u64, each: usize) -> usize {
    fs::create_dir_all(folder).expect("a folder");
    let mut bytes = 0;
    for one in MAKERS {
        let path = folder.join(name(one.0) + ".txt");
        fs::write(&path, cases(one, seed.., each)).expect("a file");
        let text = fs::read_to_string(&path).expect("a file");
        let vectors = read(&text).expect("vectors");
        assert_eq!(vectors.len(), each, "{}", path.display());
        for vector in vectors {
            let played = replay::replay(&vector);
            assert_eq!(played, Ok(()), "{}, case {}", path.display(), vector.seed);
        }
        bytes += text.len();
    }
    bytes
}

#[test]
fn cases_of_every_command_are_played_from_their_text() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vectors");
    write(&folder, 0, 1);
    assert_eq!(fs::read_dir(folder).expect("a folder").count(), MAKERS.len());
}

#[test]
fn a_seed_makes_the_same_cases_again() {
    for one in MAKERS {
        assert!(cases(one, 7.., 1) == cases(one, 7.., 1), "{}", one.0);
    }
}

#[test]
fn one_wrong_word_or_pixel_is_noticed() {
    for one in MAKERS {
        let mut vector = read(&cases(one, 0.., 1)).expect("vectors").remove(0);
        match vector.pixels.last_mut() {
            Some((_, color)) => *color ^= 1,
            None => vector.after[0].1[0] ^= 1,
        }
        assert!(replay::replay(&vector).is_err(), "{}", one.0);
    }
}

#[test]
fn the_known_answers_of_the_selftest_are_what_the_core_makes() {
    let known = fs::read_to_string(known::path()).expect("the driver's file");
    let again = known::again(&known).expect("vectors");
    let differs = known.lines().zip(again.lines()).position(|(known, again)| known != again);
    assert!(known == again, "line {differs:?} differs: run cargo xtask vectors --known");
    assert!(known::counts(&known).iter().all(|&count| count > 0), "a command has no case");
}

#[test]
#[ignore = "writes a file: cargo xtask vectors --known"]
fn write_known_answers() {
    let text = known::choose();
    fs::write(known::path(), &text).expect("a file");
    println!("{} KiB: {}", text.len() >> 10, known::path().display());
}

#[test]
#[ignore = "writes files: cargo xtask vectors"]
fn write_vectors() {
    let folder = PathBuf::from(std::env::var_os(FOLDER_VARIABLE).expect(FOLDER_VARIABLE));
    let each = variable(EACH_VARIABLE, 16);
    let bytes = write(&folder, variable(SEED_VARIABLE, 0), each as usize);
    println!(
        "{each} cases of {} commands, {} KiB: {}",
        MAKERS.len(),
        bytes >> 10,
        folder.display()
    );
}
