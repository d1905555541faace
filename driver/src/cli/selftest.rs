//! `quintet selftest`: whether a device does what every device has to do.

use std::fmt::Write;

use clap::Args;
use quintet_driver::device::Connection;
use quintet_driver::selftest::{self, Check, Report, SelftestError, Verdict};
use quintet_driver::session::Limits;
use serde_json::{Value, json};

use super::arguments::DeviceArguments;
use super::failure::{FAILED, Failure};
use super::output::{checks_bar, print, print_json, say};
use super::report::{DeviceRecord, LinkRecord};

const MORE: &str = "\
Bytes go to the arena and back, its data and address lines are tried, and every command executes a
few cases whose answers are known, bit by bit. What the firmware was built without is skipped. All
of it takes 64 KiB of arena and half a minute at 115 200 baud. It overwrites the arena, so a device
with a program is left alone unless there is --clear.

With --json: device, passed, checks (name, cases, verdict: passed, skipped or failed, detail), link
(bytes sent and received). Exits with 1 when a check fails.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    device: DeviceArguments,
    /// Make the device forget a program that it has
    #[arg(long)]
    clear: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let uri = &arguments.device.device;
    let mut connection = arguments.device.connect(Limits::default())?;
    if let Some(warning) = connection.warning() {
        say(format_args!("warning: {warning}"));
    }
    let status = connection.session().status().map_err(|error| Failure::session(&error))?;
    if status.installed && !arguments.clear {
        let cause = "it holds a program, which a self-test would overwrite";
        return Err(Failure::new(FAILED, "the device is in use", cause)
            .help("give --clear if the program may go"));
    }
    let report = test(&mut connection)?;
    let device = DeviceRecord::of(uri, connection.description());
    if arguments.json {
        print_json(&json!({
            "device": device,
            "passed": report.has_passed(),
            "checks": report.checks.iter().map(record).collect::<Vec<_>>(),
            "link": LinkRecord::since([0; 2], connection.link_bytes()),
        }))?;
    } else {
        print(&text(device.board, &report))?;
    }
    match report.has_passed() {
        true => Ok(()),
        false => Err(wrong(device.board, &report)),
    }
}

/// Tests a device, with a progress bar.
pub fn test(connection: &mut Connection) -> Result<Report, Failure> {
    let bar = checks_bar();
    let tested = selftest::run(connection, &mut |progress| {
        bar.set_length(progress.total as u64);
        bar.set_position(progress.done as u64);
        bar.set_message(progress.name.to_owned());
    });
    bar.finish_and_clear();
    tested.map_err(|error| failure(&error))
}

/// No result.
fn failure(error: &SelftestError) -> Failure {
    match error {
        SelftestError::Session { name, error } => {
            let at = format!("the self-test ended at {name}");
            Failure::session(error).because(at)
        }
        _ => Failure::new(FAILED, "there is no self-test", error).help(error.advice()),
    }
}

/// A device that fails.
pub fn wrong(board: &str, report: &Report) -> Failure {
    let [passed, _, failed] = report.counts();
    let what = format!("{board} fails its self-test");
    let cause = format!("{failed} checks failed, {passed} passed");
    Failure::new(FAILED, what, cause).help(
        "test again: if the same commands fail, flash the firmware that came with this driver; if \
         others do, check the board's power, clock and memory",
    )
}

fn verdict(check: &Check) -> (&'static str, String) {
    match &check.verdict {
        Verdict::Passed => ("passed", String::new()),
        Verdict::Skipped(why) => ("skipped", why.to_string()),
        Verdict::Failed(fault) => ("failed", fault.to_string()),
    }
}

fn record(check: &Check) -> Value {
    let (verdict, detail) = verdict(check);
    json!({
        "name": check.name,
        "cases": check.cases,
        "verdict": verdict,
        "detail": if detail.is_empty() { Value::Null } else { detail.into() },
    })
}

fn text(board: &str, report: &Report) -> String {
    let mut text = String::new();
    for check in &report.checks {
        let (verdict, detail) = verdict(check);
        let line = format!("{verdict:<8} {:<28} {detail}", check.name);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let [passed, skipped, failed] = report.counts();
    let _ = writeln!(text, "{board}: {passed} passed, {skipped} skipped, {failed} failed");
    text
}
