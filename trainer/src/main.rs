//! The `quintet-train` command, which `quintet train` runs.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
