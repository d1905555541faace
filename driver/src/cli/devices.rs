//! `quintet devices`: what there is to render on.

use std::fmt::Write;

use clap::Args;
use quintet_driver::emulator::{emulated_boards, firmware_path};
use serde::Serialize;

use super::failure::Failure;
use super::output::{print, print_json};

const MORE: &str = "\
Sockets (unix:, tcp:) cannot be listed. A serial port is listed whatever is on the other end:
`quintet info --device serial:PATH` asks it.

With --json: an array of objects with uri, kind (virtual, qemu or serial), about, ready (whether
it can be used right now; for a serial port null, since nobody has asked it), missing (what there
is to do first).";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Candidate {
    uri: String,
    kind: &'static str,
    about: String,
    ready: Option<bool>,
    missing: Vec<String>,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut all = vec![Candidate {
        uri: "virtual:".into(),
        kind: "virtual",
        about: "the firmware library inside this process".into(),
        ready: Some(true),
        missing: Vec::new(),
    }];
    all.extend(emulated_boards().map(|board| emulated(board.name(), &board.qemu.command)));
    all.extend(serial_ports());
    if arguments.json {
        return print_json(&all);
    }
    let mut text = String::new();
    let width = all.iter().map(|device| device.uri.len()).max().unwrap_or(0);
    for Candidate { uri, about, missing, .. } in &all {
        let _ = writeln!(text, "{uri:<width$}  {about}");
        for step in missing {
            let _ = writeln!(text, "{:<width$}  - {step}", "");
        }
    }
    if all.iter().all(|device| device.kind != "serial") {
        text += "No serial port is plugged in.\n";
    }
    print(&text)
}

fn emulated(name: &str, command: &str) -> Candidate {
    let mut missing = Vec::new();
    if !is_installed(command) {
        missing.push(format!("{command} is not installed: run `cargo xtask setup`"));
    }
    if let Err(error) = firmware_path(name) {
        missing.push(error.to_string());
    }
    Candidate {
        uri: format!("qemu:{name}"),
        kind: "qemu",
        about: format!("an emulated board ({command})"),
        ready: Some(missing.is_empty()),
        missing,
    }
}

/// Whether a program is in a folder of `PATH`.
fn is_installed(command: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(command).is_file())
}

fn serial_ports() -> Vec<Candidate> {
    // A system without serial ports may call that an error; there is nothing to list either way.
    let ports = serialport::available_ports().unwrap_or_default();
    let candidate = |port: serialport::SerialPortInfo| Candidate {
        uri: format!("serial:{}", port.port_name),
        kind: "serial",
        about: match port.port_type {
            serialport::SerialPortType::UsbPort(usb) => {
                let name = usb.product.or(usb.manufacturer).unwrap_or_else(|| "unnamed".into());
                format!("USB {:04x}:{:04x}, {name}", usb.vid, usb.pid)
            }
            _ => "a serial port".into(),
        },
        ready: None,
        missing: Vec::new(),
    };
    ports.into_iter().map(candidate).collect()
}
