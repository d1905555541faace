//! `quintet accelerator`: descriptions of accelerators, and what becomes of runs when they change.

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
    Sweep(sweep::Sweep),
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::List => describe::list(),
        Command::Show(show) => show.run(),
        Command::Sweep(sweep) => sweep.run(),
    }
}
