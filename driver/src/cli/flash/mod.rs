//! `quintet flash`: firmware onto a board, and the board seen to work.

mod check;
mod outcome;
mod write;

use std::path::PathBuf;

use clap::Args;
use quintet_boards::Description;
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
  quintet flash --board nrf52840-dk --dry-run          what would be erased and written
  quintet flash --board pico2 --drive /media/me/RP2350 by its boot ROM, without a probe
  quintet flash --board pico2 --uf2 pico2.uf2          a file to copy there

The image is held against the board first: its instruction set, and where its bytes go. The chip is
known by a word of its own before anything is erased. What was written is read back. Then the board
is started, its link is found, and the device has to say which firmware it runs and pass its
self-test; --no-check leaves that out. A boot ROM's drive takes the file, and nothing is read back.

A board without flash, such as a LiteX core, is loaded through its boot loader on the link's port,
which --port names; without a rate it has the board's. The firmware comes from `cargo xtask firmware --board NAME`.

With --dry-run nothing is written. Without --probe no probe is needed either; with it the probe and
the chip are tried as well.

With --json: board, image, build, bytes, segments (address, bytes), way, chip, layout (algorithms,
sectors, erased_bytes, written_bytes; null where it is not known), probe, file, written, port,
device, self_test (passed, skipped, failed).";

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
    /// Copy the firmware to the drive of the board's boot ROM, mounted here, not by a probe
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["probe", "erase_locked", "uf2"])]
    drive: Option<PathBuf>,
    /// Write the firmware as a UF2 file for that drive, and nothing to a board
    #[arg(long, value_name = "FILE", conflicts_with_all = ["probe", "erase_locked", "port"])]
    uf2: Option<PathBuf>,
    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Open a locked chip by erasing all of it; what is on it is lost
    #[arg(long)]
    erase_locked: bool,
    /// The port of the board's link [default: found by its USB id]
    #[arg(long, value_name = "URI")]
    port: Option<String>,
    /// Do not ask the board afterwards whether it works
    #[arg(long)]
    no_check: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// How most failures begin.
const NOTHING_WRITTEN: &str = "nothing was written";

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let board = flash::board(&arguments.board).map_err(|error| failed(&error))?;
    let way = way(arguments, board).map_err(|error| failed(&error))?;
    let image = Image::of(board, arguments.image.as_deref()).map_err(|error| failed(&error))?;
    let port = port(arguments, board, way)?;
    let mut outcome = Outcome::new(board, way, image, port);
    match way {
        Way::Probe(chip) => write::by_probe(arguments, &chip, &mut outcome)?,
        Way::LitexBios => write::by_litex_bios(arguments, &mut outcome)?,
        Way::Drive(drive) => write::by_drive(arguments, drive, &mut outcome)?,
        _ => write::by_espflash(arguments, &outcome)?,
    }
    if outcome.written && !arguments.no_check {
        check::run(&mut outcome)?;
    }
    match arguments.json {
        true => print_json(&outcome.record()),
        false => print(&outcome.text()),
    }
}

/// The board's own way, unless another is asked for.
fn way(arguments: &Arguments, board: &'static Description) -> Result<Way, FlashError> {
    match arguments.drive.is_some() || arguments.uf2.is_some() {
        true => Way::by_drive(board),
        false => Way::of(board),
    }
}

/// The port that was named, at the board's rate unless it has its own. One that has to be named is
/// asked for here, before anything is written.
fn port(
    arguments: &Arguments,
    board: &'static Description,
    way: Way,
) -> Result<Option<DeviceUri>, Failure> {
    if let Some(text) = &arguments.port {
        let parsed = DeviceUri::parse(text, flash::baud(board));
        return parsed.map(Some).map_err(|error| {
            Failure::new(USAGE, NOTHING_WRITTEN, error).help("name a port with --port serial:PATH")
        });
    }
    let is_written = !arguments.dry_run && arguments.uf2.is_none();
    let is_needed = !arguments.no_check || way == Way::LitexBios;
    if is_written && is_needed && way != Way::Espflash {
        flash::can_find_port(board).map_err(|error| failed(&error))?;
    }
    Ok(None)
}

/// What the user sees of an error.
fn failed(error: &FlashError) -> Failure {
    let (code, what) = match error {
        FlashError::UnknownBoard { .. }
        | FlashError::Emulated { .. }
        | FlashError::SeveralProbes(_)
        | FlashError::NoDrive { .. }
        | FlashError::UnknownPort { .. }
        | FlashError::NotBuiltIn { .. } => (USAGE, NOTHING_WRITTEN),
        FlashError::NoProbe
        | FlashError::UnknownProbe { .. }
        | FlashError::ProbeDenied { .. }
        | FlashError::ProbeBusy { .. }
        | FlashError::Probe { .. }
        | FlashError::NotDrive { .. }
        | FlashError::NoChip { .. } => (NO_DEVICE, NOTHING_WRITTEN),
        FlashError::Verify | FlashError::Write { .. } => (FAILED, "the board was not written"),
        FlashError::Port { .. } => (NO_DEVICE, "the board was written, and not tested"),
        _ => (FAILED, NOTHING_WRITTEN),
    };
    Failure::new(code, what, error).help(error.advice())
}
