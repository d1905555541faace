//! The ways of firmware to a board, as the command line goes them.

use std::time::Duration;

use quintet_boards::Drive;
use quintet_driver::flash::litex::{self, BootError};
use quintet_driver::flash::{Chip, FlashError, drive};

use super::outcome::Outcome;
use super::{Arguments, check, failed};
use crate::cli::failure::{FAILED, Failure, NO_DEVICE};
use crate::cli::output::{bytes_bar, say};

/// How long the BIOS may take to ask for a program: long enough to press a button.
const BIOS_PATIENCE: Duration = Duration::from_secs(60);

/// Through the boot loader of LiteX's BIOS, on the link's port.
pub fn by_litex_bios(arguments: &Arguments, outcome: &mut Outcome) -> Result<(), Failure> {
    if arguments.dry_run {
        return Ok(());
    }
    let uri = check::port(outcome)?;
    let opened = uri.connect();
    let mut port = opened.map_err(|error| Failure::open(&uri, &error.into()))?;
    let segments = outcome.image.segments.iter();
    let pieces: Vec<_> = segments.map(|it| (it.address, it.bytes.as_slice())).collect();
    say("waiting for the BIOS to ask: reset the board");
    let bar = bytes_bar("loading");
    let entry = outcome.image.entry;
    let loaded = litex::load(&mut *port, &pieces, entry, BIOS_PATIENCE, &mut |done, total| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    loaded.map_err(|error| {
        let code = if matches!(error, BootError::NoBios(_)) { NO_DEVICE } else { FAILED };
        Failure::new(code, "the board was not loaded", &error).help(error.advice())
    })?;
    outcome.port = Some(uri);
    outcome.written = true;
    Ok(())
}

/// As a UF2 file, to the drive of the chip's boot ROM or into a file of its own.
pub fn by_drive(arguments: &Arguments, kind: Drive, outcome: &mut Outcome) -> Result<(), Failure> {
    if arguments.dry_run {
        return Ok(());
    }
    let uf2 = drive::file(outcome.board, &outcome.image);
    if let Some(path) = &arguments.uf2 {
        drive::save(path, &uf2).map_err(|error| failed(&error))?;
        outcome.file = Some(path.clone());
    }
    if let Some(path) = &arguments.drive {
        drive::write(kind, path, &uf2).map_err(|error| failed(&error))?;
        outcome.written = true;
    }
    Ok(())
}

/// By a program that is not this one.
pub fn by_espflash(arguments: &Arguments, outcome: &Outcome) -> Result<(), Failure> {
    if arguments.dry_run {
        return Ok(());
    }
    let command = espflash(outcome);
    Err(failed(&FlashError::Elsewhere { board: &outcome.board.name, command }))
}

/// What to type for a board that `espflash` writes to.
pub fn espflash(outcome: &Outcome) -> String {
    format!("espflash flash {}", outcome.image.path.display())
}

/// Through a debug probe.
#[cfg(feature = "flash")]
pub fn by_probe(arguments: &Arguments, chip: &Chip, outcome: &mut Outcome) -> Result<(), Failure> {
    use quintet_driver::flash::probe::{Options, Probes, describe};
    use serde_json::json;

    use crate::cli::output::in_bytes;

    let probes = Probes::default();
    let layout = probes.layout(chip, &outcome.image).map_err(|error| failed(&error))?;
    let text = format!(
        "{} sectors ({}) are erased, by probe-rs's {}",
        layout.sectors,
        in_bytes(layout.erased),
        layout.algorithms.join(" and "),
    );
    let record = json!({
        "algorithms": layout.algorithms,
        "sectors": layout.sectors,
        "erased_bytes": layout.erased,
        "written_bytes": layout.written,
    });
    outcome.layout = Some((text, record));
    if arguments.dry_run && arguments.probe.is_none() {
        return Ok(());
    }
    let probe = probes.choose(arguments.probe.as_deref());
    let probe = probe.map_err(|error| failed(&error))?;
    outcome.probe = Some(describe(&probe));
    outcome.probe_serial = probe.info.serial_number.clone();
    let options = Options { erase_locked: arguments.erase_locked, rehearse: arguments.dry_run };
    let bar = bytes_bar("flashing");
    let written = probes.write(&probe, chip, &outcome.image, options, &mut |progress| {
        bar.set_message(progress.stage.name());
        bar.set_length(progress.total);
        bar.set_position(progress.done);
    });
    bar.finish_and_clear();
    written.map_err(|error| failed(&error))?;
    outcome.written = !arguments.dry_run;
    Ok(())
}

/// Through a debug probe, in a program that has none: what can be told is told.
#[cfg(not(feature = "flash"))]
pub fn by_probe(arguments: &Arguments, _chip: &Chip, outcome: &mut Outcome) -> Result<(), Failure> {
    if arguments.dry_run && arguments.probe.is_none() {
        return Ok(());
    }
    Err(failed(&FlashError::NotBuiltIn { board: &outcome.board.name }))
}
