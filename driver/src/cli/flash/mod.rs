//! `quintet flash`: firmware onto a board, and the board seen to work.

mod check;
mod outcome;
mod write;

use std::path::PathBuf;

use clap::Args;
use quintet_driver::flash::{self, FlashError, Image, Way};
use quintet_driver::transport::DeviceUri;

use super::failure::{FAILED, Failure, NO_DEVICE, USAGE};
use super::output::{print, print_json};
use outcome::Outcome;

const MORE: &str = "\
Examples:
  quintet flash --board nucleo-h743zi2                 write, verify, start, test
  quintet flash --board nrf52840-dk --probe 1366:1051:001050012345
  quintet flash --board netduino-plus-2 --port serial:/dev/ttyUSB0?baud=1000000
  quintet flash --board pico2 --dry-run                what would be erased and written

The image is held against the board first: its instruction set, and where its bytes go. The chip is
known by a word of its own before anything is erased. What was written is read back. Then the board
is started, its link is found, and the device has to say which firmware it runs and pass its
self-test; --no-check leaves that out.

A board without flash, such as a LiteX core, is loaded through its boot loader on the link's port,
which --port names. The firmware comes from `cargo xtask firmware --board NAME`.

With --dry-run nothing is written. Without --probe no probe is needed either; with it the probe and
the chip are tried as well.

With --json: board, image, build, bytes, segments (address, bytes), way, chip, layout (algorithms,
sectors, erased_bytes, written_bytes; null where it is not known), probe, written, port, device,
self_test (passed, skipped, failed).";

/// Arguments of the subcommand.
#[derive(Args, Debug)]
#[command(after_long_help = MORE)]
pub struct Arguments {
    /// The board, by the name of its folder under boards/
    #[arg(long, value_name = "NAME")]
    board: String,
    /// The debug probe, if there are several: VID:PID, VID:PID:SERIAL, or its serial number
    #[arg(long, value_name = "PROBE")]
    probe: Option<String>,
    /// The firmware's ELF file [default: what `cargo xtask firmware` built for the board]
    #[arg(long, value_name = "FILE")]
    image: Option<PathBuf>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Open a locked chip by erasing all of it; what is on it is lost
    #[arg(long)]
    erase_locked: bool,
    /// The port of the board's link [default: found by its USB id]
    #[arg(long, value_name = "URI")]
    port: Option<DeviceUri>,
    /// Do not ask the board afterwards whether it works
    #[arg(long)]
    no_check: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let board = flash::board(&arguments.board).map_err(|error| failed(&error))?;
    let way = Way::of(board).map_err(|error| failed(&error))?;
    let image = Image::of(board, arguments.image.as_deref()).map_err(|error| failed(&error))?;
    let mut outcome = Outcome::new(board, way, image);
    match way {
        Way::Probe(chip) => write::by_probe(arguments, &chip, &mut outcome)?,
        Way::LitexBios => write::by_litex_bios(arguments, &mut outcome)?,
        _ => write::by_espflash(arguments, &outcome)?,
    }
    if outcome.written && !arguments.no_check {
        check::run(arguments, &mut outcome)?;
    }
    match arguments.json {
        true => print_json(&outcome.record()),
        false => print(&outcome.text()),
    }
}

/// What the user sees of an error.
fn failed(error: &FlashError) -> Failure {
    let (code, what) = match error {
        FlashError::UnknownBoard { .. }
        | FlashError::Emulated { .. }
        | FlashError::SeveralProbes(_)
        | FlashError::NotBuiltIn { .. } => (USAGE, "nothing was written"),
        FlashError::NoProbe
        | FlashError::UnknownProbe { .. }
        | FlashError::ProbeDenied { .. }
        | FlashError::ProbeBusy { .. }
        | FlashError::Probe { .. }
        | FlashError::NoChip { .. } => (NO_DEVICE, "nothing was written"),
        FlashError::Verify | FlashError::Write { .. } => (FAILED, "the board was not written"),
        FlashError::Port { .. } => (NO_DEVICE, "the board was written, and not tested"),
        _ => (FAILED, "nothing was written"),
    };
    Failure::new(code, what, error).help(error.advice())
}
