//! `quintet accelerator`: descriptions of accelerators, and what becomes of runs when they change.

mod compare;
mod describe;
mod grid;
mod pictures;
mod plot;
mod rows;
mod sweep;
mod workload;

use clap::{Args, Subcommand};

use super::failure::Failure;

/// Arguments of the subcommand.
#[derive(Args, Debug)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// List the accelerators that come with this command
    List,
    /// Print an accelerator's description, with the reasons of its numbers
    Show(describe::Show),
    /// Run scenes and networks on a grid of accelerators; write a table and a plot
    Sweep(Box<sweep::Sweep>),
    /// Set what papers say of accelerators beside what scenes come to here
    Compare(Box<compare::Compare>),
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::List => describe::list(),
        Command::Show(show) => show.run(),
        Command::Sweep(sweep) => sweep.run(),
        Command::Compare(compare) => compare.run(),
    }
}
