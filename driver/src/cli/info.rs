//! `quintet info`: what a device is and what it can do.

use clap::Args;
use quintet_driver::session::Limits;
use serde_json::json;

use super::arguments::DeviceArguments;
use super::costs::{OPERATORS, operator_name, unit_name, unit_text};
use super::failure::Failure;
use super::output::{in_bytes, print, print_json, say};
use super::presence;

const MORE: &str = "\
With --json: uri, board, firmware, target, arena_bytes, ticks, operators (names),
accelerator (state: ready, absent, unknown or lost; of a ready one version, instance, clock_khz,
commands: OPERATOR.COMMAND each), max_packet_bytes, installed (whether it holds a program), running (the command under way, or
null), runs (since it started).";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    #[command(flatten)]
    device: DeviceArguments,
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
    let max_packet_bytes = connection.session().max_payload();
    let device = connection.description();
    let operators: Vec<_> = OPERATORS
        .into_iter()
        .filter(|&operator| device.operators & 1 << operator as u32 != 0)
        .map(operator_name)
        .collect();
    if arguments.json {
        return print_json(&json!({
            "uri": uri.to_string(),
            "board": device.board,
            "firmware": device.firmware,
            "target": device.target,
            "arena_bytes": device.arena_bytes,
            "ticks": unit_name(device.ticks),
            "operators": operators,
            "accelerator": presence::record(&device.accelerator),
            "max_packet_bytes": max_packet_bytes,
            "installed": status.installed,
            "running": status.running,
            "runs": status.runs,
        }));
    }
    let doing = match (status.running, status.installed) {
        (Some(command), _) => format!("running command {command} of a program"),
        (None, true) => "a program is installed".into(),
        (None, false) => "idle, without a program".into(),
    };
    print(&format!(
        "device       {uri}\n\
         board        {}\n\
         firmware     {}, built for {}\n\
         arena        {} ({} bytes)\n\
         operators    {}\n\
         counts       {}\n\
         packets      up to {max_packet_bytes} bytes\n\
         accelerator  {}\
         state        {doing}; {} runs since it started\n",
        device.board,
        device.firmware,
        device.target,
        in_bytes(device.arena_bytes.into()),
        device.arena_bytes,
        operators.join(", "),
        unit_text(device.ticks),
        presence::text(&device.accelerator),
        status.runs,
    ))
}
