//! Set-up, build, size check, emulation and tests of Quintet, each one command.

mod accelerated;
mod bench;
mod board;
mod demo;
mod demo_train;
mod elf;
mod firmware;
mod fuzz;
mod golden;
mod hil;
mod methods;
mod on_device;
mod options;
mod placement;
mod process;
mod readme;
mod schedules;
mod setup;
mod size_table;
mod sizes;
mod small;
mod soak;
mod test;
mod toolchain;
mod trainer;
mod vectors;

use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  setup                 install what is missing: bare-metal targets, rustfmt, clippy, QEMU
  firmware [--all | --board X] [--keep-sizes]
                        build the emulated boards' firmware (or that of all boards, or one's) and
                        QEMU's device, hold them against their budgets and the sizes that are kept;
                        or keep the sizes of today
  firmware --small      build the smallest images, of a few networks and whole, within their budgets
  sizes                 what each micro-operator takes of the boards' flash
  demo                  set up, build, and render a scene on an emulated Cortex-M board
  demo-train            set up, build, train a network, export it in int8, and run it on an emulated
                        Cortex-M board, whose answers have to be the host's
  methods --data DIR [--seeds N]
                        plain training, NetBooster, NetDistiller and both on CIFAR-10, from N (3)
                        seeds each: accuracies in float and int8 and what they cost (hours; goes on
                        where it was stopped)
  bench [--json]        executed instructions a frame: scenes, sizes, boards
  fuzz [--seconds N] [--target T]
                        cargo-fuzz on each target, or on one, for N seconds each (60)
  schedules [N [SEED]]  N (10000) schedules of faults on simulated cables, from SEED (0) on
  soak [--programs N] [--descriptors N] [--seed S]
                        N (1000000) random programs, with an accelerator and without, and N
                        (1000000) hostile descriptors, from seed S (0) on
  vectors [-o FOLDER] [--each N] [--seed S]
                        N (16) cases of each command for whoever builds an accelerator, as text in
                        FOLDER (target/vectors), from seed S (0) on
  vectors --known       chooses the cases of `quintet selftest` anew, after a change of what a command
                        does
  accelerated           pipelines and networks on all devices, their accelerators without each command
                        in turn, held against the core alone
  hil [--target T] [--test NAME] [--repeat N] [--junit FILE] [--targets FILE] [--list]
                        the suite on every target: emulated boards, and those on the desk that
                        are attached (hil-tests/README.md)
  test                  set up, format, lints, documentation, unit tests, the trainer, firmware, tests
                        on the emulated boards, the commands of the README: all that CI runs
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["setup"] => setup::run(),
        ["firmware"] => firmware::run(&board::select(None)?),
        ["firmware", "--all"] => firmware::run(&board::all()),
        ["firmware", "--keep-sizes"] => firmware::keep_sizes(&board::select(None)?),
        ["firmware", "--all", "--keep-sizes"] => firmware::keep_sizes(&board::all()),
        ["firmware", "--board", name, "--keep-sizes"] => {
            firmware::keep_sizes(&board::select(Some(name))?)
        }
        ["firmware", "--board", name] => firmware::run(&board::select(Some(name))?),
        ["firmware", "--small"] => small::run(),
        ["sizes"] => sizes::run(),
        ["demo"] => demo::run(),
        ["demo-train"] => demo_train::run(),
        ["methods", options @ ..] => methods::run(options),
        ["bench"] => bench::run(false),
        ["bench", "--json"] => bench::run(true),
        ["fuzz"] => fuzz::run("60", None),
        ["fuzz", "--seconds", seconds] => fuzz::run(seconds, None),
        ["fuzz", "--target", target] => fuzz::run("60", Some(target)),
        ["fuzz", "--seconds", seconds, "--target", target] => fuzz::run(seconds, Some(target)),
        ["schedules"] => schedules::run("10000", "0"),
        ["schedules", count] => schedules::run(count, "0"),
        ["schedules", count, seed] => schedules::run(count, seed),
        ["soak", options @ ..] => soak::run(options),
        ["vectors", options @ ..] => vectors::run(options),
        ["accelerated"] => accelerated::run(),
        ["hil", options @ ..] => hil::run(options),
        ["test"] => test::run(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        _ => bail!("unknown command {:?}\n\n{USAGE}", arguments.join(" ")),
    }
}
