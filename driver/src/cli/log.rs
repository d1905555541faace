//! `quintet log`: what a device logs; and the log beside the work of another subcommand.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use quintet_driver::device::Connection;
use quintet_driver::log::{Decoder, Level, LogError, find_image};
use quintet_driver::session::Limits;

use super::arguments::DeviceArguments;
use super::failure::Failure;
use super::output::say;

/// How often it is looked whether to go on.
const LOOK: Duration = Duration::from_millis(100);

const MORE: &str = "\
A line is: seconds since the device started, level, message, file and line in the firmware. The
device keeps some hundred messages until somebody listens, the oldest ones, so that its start is
seen; what is lost later, or on a bad cable, is counted. Following the log takes the device over
from any other driver; to see the log of a command's own work, give that command --log LEVEL.

The text of messages is not on the device but in the ELF file of its firmware. It is looked for
by its build id in QUINTET_FIRMWARE_DIR or else where `cargo xtask firmware` puts it.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    device: DeviceArguments,
    /// Show messages of this level and above: trace, debug, info, warn or error [default: that of
    /// --log, or else trace]
    #[arg(long, value_name = "LEVEL")]
    level: Option<Level>,
    /// End after so many seconds [default: when interrupted]
    #[arg(long = "for", value_name = "SECONDS")]
    seconds: Option<u32>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut connection = arguments.device.connect_quietly(Limits::default())?;
    let reader_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&reader_gone);
    let elf = arguments.device.elf.as_deref();
    let level = arguments.level.or(arguments.device.log).unwrap_or(Level::Trace);
    show(&mut connection, level, elf, move |line| {
        let written = writeln!(io::stdout().lock(), "{line}");
        gone.fetch_or(written.is_err(), Ordering::Relaxed);
    })?;
    let limit = arguments.seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let started = Instant::now();
    while !reader_gone.load(Ordering::Relaxed) {
        let left = limit.map_or(LOOK, |limit| limit.saturating_sub(started.elapsed()));
        if left.is_zero() {
            break;
        }
        let waited = connection.session().wait(left.min(LOOK));
        waited.map_err(|error| Failure::session(&error))?;
    }
    Ok(())
}

/// Shows the log on standard error while something else is done.
pub fn show_beside(
    connection: &mut Connection,
    level: Level,
    elf: Option<&Path>,
) -> Result<(), Failure> {
    show(connection, level, elf, |line| say(line))
}

/// Gives each message of a level and above to `line`, and says where some are missing.
fn show(
    connection: &mut Connection,
    level: Level,
    elf: Option<&Path>,
    line: impl Fn(&dyn Display) + Send + 'static,
) -> Result<(), Failure> {
    let no_log = |error: LogError| Failure::log(&error);
    let session = connection.session();
    if !session.sends_log() {
        return Err(no_log(LogError::NoLogs));
    }
    let build = session.peer().map(|peer| peer.build).unwrap_or_default();
    let image = find_image(build, elf).map_err(no_log)?;
    let decoder = Decoder::new(&image).map_err(no_log)?;
    let listening = session.listen(move |packet, lost| {
        if lost > 0 {
            line(&format_args!("... {lost} log messages lost ..."));
        }
        match decoder.decode(packet) {
            Some(record) if record.level >= level => line(&record),
            Some(_) => {}
            None => line(&"... a log message that this firmware does not have ..."),
        }
    });
    listening.map_err(|error| Failure::session(&error))
}
