//! `quintet flash` and `quintet doctor`, without a board.

#[path = "../flash/elf.rs"]
mod elf;

use std::fs;
use std::path::{Path, PathBuf};

use quintet_boards::{Description, Flash};
use serde_json::Value;

use super::{fails, folder, quintet, text, works};
use elf::{ARM, RISCV, elf};

/// An image of a board: some code where its flash begins, or else its RAM.
fn image(folder: &Path, board: &Description) -> PathBuf {
    let machine = if board.target.starts_with("riscv") { RISCV } else { ARM };
    let region = board.memory.get("flash").unwrap_or(&board.memory["ram"]);
    let path = folder.join(format!("{}.elf", board.name));
    let segments = [(region.origin, region.origin, &[0x5a; 5000][..])];
    fs::write(&path, elf(machine, &segments)).unwrap();
    path
}

fn real() -> impl Iterator<Item = &'static Description> {
    quintet_boards::all().iter().filter(|board| board.flash.is_some())
}

#[test]
fn every_board_says_what_flashing_it_would_do() {
    let folder = folder("flash-dry");
    for board in real() {
        let path = image(&folder, board);
        let arguments = ["flash", "--dry-run", "--json", "--board", &board.name, "--image"];
        let mut command = quintet(&folder, &arguments);
        command.arg(&path);
        let said: Value = serde_json::from_str(&works(command)).unwrap();
        assert_eq!((&said["board"], &said["bytes"]), (&board.name.as_str().into(), &5000.into()));
        assert_eq!((&said["written"], &said["probe"]), (&false.into(), &Value::Null));
        let by_probe = matches!(board.flash, Some(Flash::Probe { .. }));
        if by_probe && cfg!(feature = "flash") {
            let layout = &said["layout"];
            assert!(layout["erased_bytes"].as_u64() >= Some(5000), "{}: {layout}", board.name);
            assert_eq!(layout["written_bytes"], 5000, "{}", board.name);
        }
    }
}

#[test]
fn the_firmware_that_was_built_is_taken_unless_another_is_named() {
    let folder = folder("flash-built");
    for board in real() {
        let arguments = ["flash", "--dry-run", "--board", board.name.as_str()];
        let mut command = quintet(&folder, &arguments);
        command.env("QUINTET_FIRMWARE_DIR", &folder);
        fails(command, 1, &format!("cargo xtask firmware --board {}", board.name));
        image(&folder, board);
        let mut command = quintet(&folder, &arguments);
        command.env("QUINTET_FIRMWARE_DIR", &folder);
        let said = works(command);
        assert!(said.contains(&board.title) && said.contains("nothing was written"), "{said}");
    }
}

#[test]
fn a_board_that_cannot_be_flashed_says_what_can_be_done() {
    let folder = folder("flash-wrong");
    let flash = |arguments: &[&str]| {
        let mut all = vec!["flash"];
        all.extend(arguments);
        quintet(&folder, &all)
    };
    fails(flash(&["--board", "toaster"]), 2, "qemu-mps2-an386");
    fails(flash(&["--board", "qemu-mps2-an386"]), 2, "--device qemu:mps2-an386");
    for board in real() {
        let file = folder.join("script.elf");
        fs::write(&file, "#!/bin/sh\n").unwrap();
        let arguments = ["--board", board.name.as_str(), "--image", file.to_str().unwrap()];
        fails(flash(&arguments), 1, "no 32-bit little-endian ELF file");
    }
}

/// No probe is plugged into the machine that this runs on, or the test says nothing.
#[test]
fn without_a_probe_nothing_is_written_and_the_way_on_is_told() {
    let folder = folder("flash-no-probe");
    let by_probe = |it: &&Description| matches!(it.flash, Some(Flash::Probe { .. }));
    for board in real().filter(by_probe) {
        let path = image(&folder, board);
        let arguments = ["flash", "--probe", "dead:beef:none", "--board", board.name.as_str()];
        let mut command = quintet(&folder, &arguments);
        command.arg("--no-check").arg("--image").arg(path);
        match cfg!(feature = "flash") {
            true => fails(command, 3, "probe"),
            false => fails(command, 2, "--features flash"),
        }
    }
}

#[test]
fn a_port_that_has_to_be_named_is_asked_for_before_anything_is_written() {
    let folder = folder("flash-port");
    let on_pins = |it: &&Description| it.link.as_ref().is_some_and(|link| link.usb.is_none());
    let boards: Vec<_> = real().filter(on_pins).collect();
    assert!(!boards.is_empty());
    for board in boards {
        let path = image(&folder, board);
        let flash = |rest: &[&str]| {
            let mut command = quintet(&folder, &["flash", "--board", &board.name, "--image"]);
            command.arg(&path).args(rest);
            command
        };
        fails(flash(&[]), 2, "--port serial:PATH");
        fails(flash(&["--port", "/dev/ttyUSB0"]), 2, "does not name a device");
        let said = works(flash(&["--dry-run", "--json", "--port", "serial:/dev/ttyUSB0"]));
        let said: Value = serde_json::from_str(&said).unwrap();
        let baud = board.link.as_ref().and_then(|link| link.baud).unwrap();
        assert_eq!(said["port"], format!("serial:/dev/ttyUSB0?baud={baud}"));
    }
}

#[test]
fn a_chip_with_a_drive_takes_a_uf2_file_and_others_say_they_do_not() {
    let folder = folder("flash-drive");
    for board in real() {
        let path = image(&folder, board);
        let flash = |rest: &[&str]| {
            let mut command = quintet(&folder, &["flash", "--board", &board.name, "--image"]);
            command.arg(&path).args(rest);
            command
        };
        if board.drive.is_none() {
            fails(flash(&["--uf2", "x.uf2"]), 2, "no boot ROM that takes UF2 files");
            continue;
        }
        let said = works(flash(&["--uf2", "x.uf2", "--json"]));
        let said: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((&said["file"], &said["written"]), (&"x.uf2".into(), &false.into()));
        let file = fs::read(folder.join("x.uf2")).unwrap();
        // A block for erratum E10, and 5000 bytes in pages of 256.
        assert_eq!(file.len(), 512 * 21);
        fails(flash(&["--uf2", "absent/x.uf2"]), 1, "cannot write absent/x.uf2");

        let drive = folder.join(&board.name);
        let to_drive = ["--no-check", "--drive", &board.name];
        fails(flash(&to_drive), 3, "BOOTSEL");
        fs::create_dir(&drive).unwrap();
        fs::write(drive.join("INFO_UF2.TXT"), "Board-ID: RPI-RP2\r\n").unwrap();
        fails(flash(&to_drive), 3, "tells of no RP2350");
        assert_eq!(fs::read_dir(&drive).unwrap().count(), 1, "nothing is put on another drive");
        let about = "UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n";
        fs::write(drive.join("INFO_UF2.TXT"), about).unwrap();
        assert!(works(flash(&to_drive)).contains("copied to the drive"));
        assert_eq!(fs::read(drive.join("QUINTET.UF2")).unwrap(), file);
    }
}

#[test]
fn the_doctor_prints_the_rule_for_udev_and_nothing_else() {
    let said = works(quintet(&folder("udev"), &["doctor", "--udev"]));
    assert!(said.starts_with('#') && said.contains("TAG+=\"uaccess\""), "{said}");
}

#[test]
fn the_doctor_tells_programs_what_it_tells_people() {
    let folder = folder("doctor");
    let arguments = ["doctor", "--json", "--board", "qemu-mps2-an386"];
    let output = quintet(&folder, &arguments).output().unwrap();
    let said: Value = serde_json::from_str(text(&output.stdout)).unwrap();
    let findings = said["findings"].as_array().unwrap();
    let broken = findings.iter().any(|finding| finding["status"] == "error");
    assert_eq!(output.status.code(), Some(broken.into()), "{said}");
    assert_eq!(said["board"], "qemu-mps2-an386");
    for finding in findings {
        let fine = finding["status"] == "ok";
        assert_eq!(finding["mend"].is_null(), fine, "{finding}");
    }
    fails(quintet(&folder, &["doctor", "--board", "toaster"]), 2, "qemu-mps2-an386");
}
