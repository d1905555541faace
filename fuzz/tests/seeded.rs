//! Every target on its corpus and on changes to it: bounded, repeatable, on the stable toolchain.
//!
//! `QUINTET_FUZZ_INPUTS` sets how many inputs each target gets, `QUINTET_FUZZ_SEED` which ones.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::{env, fs};

use quintet_fuzz::{Mutator, TARGETS};

/// Longest input that changes make of a shorter one.
const LONGEST: usize = 1 << 16;

fn number(variable: &str, default: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")),
        Err(_) => default,
    }
}

/// The corpus of a target, in the order of the files' names.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// Runs a target; an input that breaks it is kept in the temporary folder and named.
fn survive(name: &str, target: fn(&[u8]), data: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| target(data))).is_err() {
        let kept = env::temp_dir().join(format!("quintet-fuzz-{name}"));
        fs::write(&kept, data).unwrap();
        panic!("{name} does not survive {what}; the input is in {}", kept.display());
    }
}

#[test]
fn every_target_survives_its_corpus() {
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        assert!(!corpus.is_empty(), "{name} has no corpus");
        for (path, data) in corpus {
            survive(name, target, &data, &path.display().to_string());
        }
    }
}

#[test]
fn every_target_survives_changes_to_its_corpus() {
    let inputs = number("QUINTET_FUZZ_INPUTS", 2_000);
    let seed = number("QUINTET_FUZZ_SEED", 1);
    for (name, target) in TARGETS {
        let corpus = corpus(name);
        for input in 0..inputs {
            let mut mutator = Mutator::new(seed.wrapping_mul(1 << 32).wrapping_add(input));
            let (_, base) = &corpus[mutator.below(corpus.len())];
            let mut data = base.clone();
            mutator.mutate(&mut data, LONGEST);
            survive(name, target, &data, &format!("input {input} of seed {seed}"));
        }
    }
}

#[test]
fn the_fuzzer_knows_every_target() {
    let manifest = include_str!("../Cargo.toml");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "no [[bin]] for {name}");
    }
}
