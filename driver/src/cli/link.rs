//! `quintet link`: how fast the link to a device is, and why.

use std::time::Duration;

use clap::Args;
use quintet_driver::measure::{Direction, Measurement};
use quintet_driver::session::Limits;
use quintet_protocol::message::Ticks;
use serde_json::{Value, json};

use super::arguments::DeviceArguments;
use super::costs::unit_name;
use super::failure::{FAILED, Failure};
use super::output::{grouped, in_bytes, print, print_json, say};

const MORE: &str = "\
Requests that only ask are timed for the round trip; then packets are written to the arena, and
read from it, as fast as the link takes them. This overwrites the start of the arena, so a device
with a program is left alone unless there is --clear.

With --json: uri, board, max_packet_bytes, line_bytes_per_second (null where there is none),
overruns, round_trip_ms (min, median, max), down and up: bytes, seconds, bytes_per_second,
wire_bytes_per_second, window_bytes, frames, resent, damaged, limit, advice, and
device_ticks_per_kib, in the unit that quintet info calls ticks: all that the device does
meanwhile, an emulated one's waiting included.";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    device: DeviceArguments,
    /// Measure for so many seconds in each direction
    #[arg(long, value_name = "N", default_value_t = 2,
          value_parser = clap::value_parser!(u16).range(1..=3600))]
    seconds: u16,
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
    let failed = |error| Failure::session(&error);
    let status = connection.session().status().map_err(failed)?;
    if status.installed && !arguments.clear {
        let cause = "it holds a program, which measuring would overwrite";
        return Err(Failure::new(FAILED, "the device is in use", cause)
            .help("give --clear if the program may go"));
    }
    let time = Duration::from_secs(arguments.seconds.into());
    let measured = Measurement::take(&mut connection, uri, time).map_err(failed)?;
    let max_packet_bytes = connection.session().max_payload();
    let description = connection.description().clone();
    let (board, unit) = (&description.board, description.ticks);
    let [shortest, longest] = [measured.round_trips.first(), measured.round_trips.last()]
        .map(|time| milliseconds(time.copied().unwrap_or_default()));
    let median = milliseconds(measured.round_trip());
    if arguments.json {
        return print_json(&json!({
            "uri": uri.to_string(),
            "board": board,
            "max_packet_bytes": max_packet_bytes,
            "line_bytes_per_second": measured.line,
            "overruns": measured.overruns,
            "round_trip_ms": { "min": shortest, "median": median, "max": longest },
            "down": record(&measured, &measured.down),
            "up": record(&measured, &measured.up),
        }));
    }
    let line = measured.line.map_or("not known".into(), |rate| format!("{}/s", rounded(rate)));
    print(&format!(
        "device      {board} at {uri}, packets of up to {max_packet_bytes} bytes\n\
         line        {line}\n\
         round trip  {shortest:.2} ms at least, {median:.2} ms mostly, {longest:.2} ms at most\n\
         overruns    {}\n{}{}",
        measured.overruns,
        paragraph("to device", &measured, &measured.down, unit),
        paragraph("from it", &measured, &measured.up, unit),
    ))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn rounded(rate: f64) -> String {
    in_bytes(rate as u64)
}

fn record(measured: &Measurement, way: &Direction) -> Value {
    let limit = measured.limit(way);
    json!({
        "bytes": way.pumped.bytes,
        "seconds": way.pumped.time.as_secs_f64(),
        "bytes_per_second": way.rate(),
        "wire_bytes_per_second": way.wire_rate(),
        "window_bytes": way.window,
        "frames": way.good,
        "resent": way.resent,
        "damaged": way.damaged,
        "device_ticks_per_kib": way.ticks_per_kib(),
        "limit": limit.to_string(),
        "advice": limit.advice(),
    })
}

fn paragraph(name: &str, measured: &Measurement, way: &Direction, unit: Ticks) -> String {
    let limit = measured.limit(way);
    let cost = match unit {
        Ticks::Instructions | Ticks::Cycles => {
            format!(
                "{:<11} {} {} of the device a KiB, its waiting included\n",
                "",
                grouped(way.ticks_per_kib()),
                unit_name(unit)
            )
        }
        _ => String::new(),
    };
    format!(
        "{name:<11} {}/s, {}/s on the wire; {} frames, {} damaged, {} sent again\n\
         {cost}{:<11} limited by {limit}\n\
         {:<11} faster with {}\n",
        rounded(way.rate()),
        rounded(way.wire_rate()),
        way.good,
        way.damaged,
        way.resent,
        "",
        "",
        limit.advice(),
    )
}
