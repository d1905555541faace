//! Soak: random programs that a device accepts give the same on a core alone and with an
//! accelerator, whatever that executes; and hostile descriptors do no harm.
//!
//! ```text
//! cargo xtask soak [--programs N] [--descriptors N] [--seed S]
//! ```

mod hostile;
#[path = "../registers/machine.rs"]
#[allow(dead_code, reason = "written for the cases at register level")]
mod machine;
#[path = "../programs/mod.rs"]
mod programs;
mod run;

use programs::commands::MAKERS;
use programs::variable;
use std::ops::Range;
use std::thread;
use std::time::Instant;

/// Programs and hostile descriptors of an ordinary test run.
const PROGRAMS: u64 = 20_000;
const DESCRIPTORS: u64 = 100_000;
/// How often each command has to come, of so many programs, for a run of them to mean something.
const LEAST_OF_EACH: u64 = PROGRAMS / 100;

/// Name the numbers of the long run, and its first seed.
const PROGRAMS_VARIABLE: &str = "QUINTET_SOAK_PROGRAMS";
const DESCRIPTORS_VARIABLE: &str = "QUINTET_SOAK_DESCRIPTORS";
const SEED_VARIABLE: &str = "QUINTET_SOAK_SEED";

/// The sum of what seeds come to, worked on in all threads that there are.
fn sum<T: Default + Send>(seeds: &Range<u64>, of: fn(u64) -> T, add: fn(&mut T, &T)) -> T {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let total = |mut sum: T, part: T| {
        add(&mut sum, &part);
        sum
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|first| {
                let mine = seeds.clone().skip(first).step_by(threads);
                scope.spawn(move || mine.map(of).fold(T::default(), total))
            })
            .collect();
        let parts = workers.into_iter().map(|it| it.join().expect("what went wrong was told"));
        parts.fold(T::default(), total)
    })
}

fn programs(seeds: Range<u64>) -> run::Tally {
    sum(&seeds, run::both, run::Tally::add)
}

fn descriptors(seeds: Range<u64>) -> hostile::Tally {
    sum(&seeds, hostile::play, hostile::Tally::add)
}

#[test]
fn random_programs_give_the_same_with_an_accelerator() {
    let tally = programs(0..PROGRAMS);
    assert_eq!(tally.refused.len(), 0, "{:#?}", tally.refused);
    assert!(tally.unfinished < PROGRAMS / 10, "{} programs did not end", tally.unfinished);
    for (name, _) in MAKERS {
        let counts = tally.commands.get(name).copied().unwrap_or_default();
        assert!(counts.iter().all(|&count| count >= LEAST_OF_EACH), "{name}: {counts:?}\n{tally}");
    }
}

#[test]
fn hostile_descriptors_do_no_harm() {
    let tally = descriptors(0..DESCRIPTORS / hostile::OF_A_PROGRAM);
    let all = [tally.completed, tally.yielded, tally.halted[1], tally.halted[2], tally.halted[3]];
    assert!(all.iter().all(|&count| count > DESCRIPTORS / 100), "{all:?}");
}

#[test]
#[ignore = "takes long: cargo xtask soak"]
fn many_programs_and_descriptors() {
    let seed = variable(SEED_VARIABLE, 0);
    let start = Instant::now();
    let tally = programs(seed..seed + variable(PROGRAMS_VARIABLE, 1_000_000));
    println!("{tally}{} programs/s", rate(tally.programs, start));
    let start = Instant::now();
    let count = variable(DESCRIPTORS_VARIABLE, 1_000_000).div_ceil(hostile::OF_A_PROGRAM);
    let tally = descriptors(seed..seed + count);
    println!("{tally}{} descriptors/s", rate(tally.descriptors, start));
}

fn rate(count: u64, start: Instant) -> u64 {
    (count as f64 / start.elapsed().as_secs_f64()) as u64
}
