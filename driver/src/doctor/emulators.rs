//! QEMU, the firmware images, and our own device inside QEMU.

use std::collections::BTreeSet;

use quintet_boards::Description;

use super::program::ask;
use super::{Environment, Finding};
use crate::emulator::plugin_path;

/// Oldest QEMU that has all machines.
const QEMU_LEAST: u32 = 7;
const INSTALL: &str =
    "sudo apt-get install --no-install-recommends qemu-system-arm qemu-system-misc";

/// Checks what emulated boards need, and whether each board's firmware is built.
pub(super) fn check(
    environment: &Environment,
    boards: &[&Description],
    chosen: bool,
) -> Vec<Finding> {
    let machines = boards.iter().filter_map(|board| board.qemu.as_ref());
    let programs: BTreeSet<_> = machines.map(|qemu| qemu.command.as_str()).collect();
    let mut findings: Vec<_> = programs.iter().map(|name| qemu(environment, name)).collect();
    findings.extend(boards.iter().map(|board| image(environment, board, chosen)));
    if let Some(program) = programs.first() {
        findings.push(plugin(environment, program));
    }
    findings
}

fn qemu(environment: &Environment, program: &str) -> Finding {
    let answer = match ask(environment, program, &["--version"]) {
        None => return Finding::bad(true, program, "it is in no folder of PATH", INSTALL),
        Some(Err(error)) => return Finding::bad(true, program, error, INSTALL),
        Some(Ok(answer)) => answer,
    };
    let line = answer.output.lines().next().unwrap_or_default().to_owned();
    let major = line.split("version ").nth(1).and_then(|rest| rest.split('.').next()?.parse().ok());
    match major {
        Some(major) if QEMU_LEAST <= major && answer.succeeded => Finding::fine(program, line),
        Some(_) if answer.succeeded => {
            let says = format!("{line}, older than {QEMU_LEAST}.0");
            Finding::bad(true, program, says, INSTALL)
        }
        _ => {
            let says = format!("it does not tell its version: {line}{}", answer.complaint);
            Finding::bad(true, program, says, INSTALL)
        }
    }
}

/// A board's ELF file. An emulated board is needed; others only if they were asked for.
fn image(environment: &Environment, board: &Description, chosen: bool) -> Finding {
    let thing = format!("firmware of {}", board.name);
    let files = environment.firmware.iter().map(|it| it.join(format!("{}.elf", board.name)));
    match files.into_iter().find(|file| file.is_file()) {
        Some(file) => Finding::fine(thing, file.display()),
        None => {
            let mend = match &environment.repository {
                Some(_) => format!("cargo xtask firmware --board {}", board.name),
                None => "export QUINTET_FIRMWARE_DIR=FOLDER, the folder that has it".into(),
            };
            Finding::bad(chosen, thing, "it is not built", mend)
        }
    }
}

/// Our device inside QEMU. Without it boards run with a slow link and nothing is counted, so it is
/// never needed.
fn plugin(environment: &Environment, program: &str) -> Finding {
    let thing = "device inside QEMU";
    let mend = "cargo xtask firmware";
    let libraries = environment.firmware.iter().map(|folder| plugin_path(folder));
    let Some(library) = libraries.into_iter().find(|library| library.is_file()) else {
        return Finding::bad(false, thing, "it is not built", mend);
    };
    let library = library.display().to_string();
    let arguments = ["-machine", "none", "-display", "none", "-plugin", library.as_str()];
    match ask(environment, program, &arguments) {
        // Without a machine's name it refuses, in its own words: so it was loaded.
        Some(Ok(answer)) if answer.complaint.contains("quintet device:") => {
            Finding::fine(thing, format!("{program} loads {library}"))
        }
        Some(Ok(answer)) => {
            let says = format!("{program} does not load {library}: {}", answer.complaint);
            Finding::bad(false, thing, says, mend)
        }
        Some(Err(error)) => Finding::bad(false, thing, format!("{program}: {error}"), INSTALL),
        None => Finding::bad(false, thing, format!("{program} is not there to load it"), INSTALL),
    }
}
