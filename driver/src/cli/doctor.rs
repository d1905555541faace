//! `quintet doctor`: what there is to work with, and what mends the rest.

use std::fmt::Write;

use clap::Args;
use quintet_driver::doctor::{Environment, Finding, Status, examine};
use quintet_driver::flash::udev;
use serde_json::{Value, json};

use super::failure::{FAILED, Failure, USAGE};
use super::output::{print, print_json};

const MORE: &str = "\
Examples:
  quintet doctor                              everything
  quintet doctor --board nrf52840-dk          what this board needs
  quintet doctor --udev | sudo tee /etc/udev/rules.d/69-quintet.rules

Checked are the compiler and its targets, QEMU, the firmware images, our device inside QEMU, debug
probes and the rules that permit them, serial ports, and the disk. Each line is ok, warning or
error; below it are the cause and the one command that mends it. An error is what --board cannot do
without, or, without --board, what the emulated boards cannot do without.

With --json: board, findings (thing, status: ok, warning or error, says, mend). Exits with 1 when
there is an error.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    /// Check what this board needs [default: all boards]
    #[arg(long, value_name = "NAME")]
    board: Option<String>,
    /// Print Linux's rule by which users may open debug probes, and check nothing
    #[arg(long)]
    udev: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.udev {
        return print(udev::RULES);
    }
    let board = match &arguments.board {
        None => None,
        Some(name) => Some(quintet_boards::find(name).ok_or_else(|| {
            let cause = format!("there are: {}", quintet_boards::names());
            Failure::new(USAGE, format!("no board {name:?}"), cause)
                .help("choose one of these with --board")
        })?),
    };
    let findings = examine(&Environment::here(), board);
    if arguments.json {
        let name = board.map(|board| &board.name);
        let records: Vec<_> = findings.iter().map(record).collect();
        print_json(&json!({ "board": name, "findings": records }))?;
    } else {
        print(&text(&findings))?;
    }
    let broken = findings.iter().filter(|finding| finding.status == Status::Broken);
    let broken: Vec<_> = broken.map(|finding| finding.thing.as_str()).collect();
    match broken.as_slice() {
        [] => Ok(()),
        broken => Err(Failure::new(FAILED, "something needed is broken", broken.join(", "))
            .help("run the command behind `mend:` of each, and `quintet doctor` again")),
    }
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Fine => "ok",
        Status::Warning => "warning",
        Status::Broken => "error",
    }
}

fn record(finding: &Finding) -> Value {
    let mend = (!finding.mend.is_empty()).then_some(&finding.mend);
    json!({
        "thing": finding.thing,
        "status": word(finding.status),
        "says": finding.says,
        "mend": mend,
    })
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { thing, status, says, mend } in findings {
        let _ = writeln!(text, "{:<8} {thing}: {says}", word(*status));
        if !mend.is_empty() {
            let _ = writeln!(text, "{:<8} mend: {mend}", "");
        }
    }
    text
}
