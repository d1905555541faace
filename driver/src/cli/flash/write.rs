//! The ways of firmware to a board, as the command line goes them.

use quintet_driver::flash::{Chip, FlashError, Way};

use super::outcome::Outcome;
use super::{Arguments, failed};
use crate::cli::failure::Failure;

/// By a program that is not this one.
pub fn elsewhere(arguments: &Arguments, way: Way, outcome: &Outcome) -> Result<(), Failure> {
    if arguments.dry_run {
        return Ok(());
    }
    let command = command(way, outcome);
    Err(failed(&FlashError::Elsewhere { board: &outcome.board.name, command }))
}

/// What to type where another program writes to the board.
pub fn command(way: Way, outcome: &Outcome) -> String {
    let image = outcome.image.path.display();
    match way {
        Way::Espflash => format!("espflash flash {image}"),
        _ => format!("litex_term --kernel {image}"),
    }
}

/// Through a debug probe.
#[cfg(feature = "flash")]
pub fn by_probe(arguments: &Arguments, chip: &Chip, outcome: &mut Outcome) -> Result<(), Failure> {
    use quintet_driver::flash::probe::{Options, Probes, describe};
    use serde_json::json;

    use crate::cli::output::{bytes_bar, in_bytes};

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
