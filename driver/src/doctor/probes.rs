//! Debug probes on USB, and whether they may be opened.

use std::fs;
use std::io;

use quintet_boards::{Description, Flash};

use super::{Environment, Finding};
use crate::flash::udev;
use crate::holders::{Holder, holders};
use crate::usb::{self, UsbDevice};

/// Folders of udev's rules (udev(7), "RULES FILES").
const RULE_FOLDERS: [&str; 4] =
    ["etc/udev/rules.d", "run/udev/rules.d", "usr/lib/udev/rules.d", "lib/udev/rules.d"];
/// Name of every CMSIS-DAP probe (CMSIS-DAP, "Firmware for CoreSight debug units", USB).
const CMSIS_DAP: &str = "CMSIS-DAP";

/// Checks the probes that are plugged in.
pub(super) fn check(
    environment: &Environment,
    boards: &[&Description],
    chosen: bool,
) -> Vec<Finding> {
    let by_probe = |board: &&&Description| matches!(board.flash, Some(Flash::Probe { .. }));
    if boards.iter().find(by_probe).is_none() {
        return Vec::new();
    }
    let mut findings: Vec<_> = usb::devices(&environment.root)
        .into_iter()
        .filter(is_probe)
        .map(|probe| permitted(environment, &probe, chosen))
        .collect();
    if findings.is_empty() {
        let says = "none is plugged in; boards cannot be flashed through one";
        findings.push(Finding::bad(false, "debug probe", says, "lsusb"));
    }
    findings.extend(rules(environment));
    findings
}

/// Whether a USB device is a probe: ST-LINK (products 3744 to 3757), J-Link, CMSIS-DAP, and
/// Espressif's own (USB ID Repository, www.linux-usb.org/usb.ids).
fn is_probe(device: &UsbDevice) -> bool {
    match (device.vendor, device.product) {
        (0x0483, 0x3744..=0x3757) | (0x303a, 0x1001) => true,
        (0x1366, _) => true,
        _ => device.name.contains(CMSIS_DAP),
    }
}

fn permitted(environment: &Environment, probe: &UsbDevice, chosen: bool) -> Finding {
    let thing = format!("debug probe {probe}");
    match (environment.open)(&probe.node) {
        Ok(()) => {
            let users = holders(&environment.root.join("proc"), &probe.node);
            match users.is_empty() {
                true => Finding::fine(thing, "it may be opened"),
                false => in_use(chosen, thing, &users),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let says = format!("{}: permission denied", probe.node.display());
            Finding::bad(chosen, thing, says, udev::INSTALL)
        }
        Err(error) => {
            let says = format!("{}: {error}", probe.node.display());
            Finding::bad(chosen, thing, says, "sudo udevadm trigger")
        }
    }
}

/// A device file that another program has open.
pub(super) fn in_use(needed: bool, thing: String, users: &[Holder]) -> Finding {
    let names: Vec<_> = users.iter().map(Holder::to_string).collect();
    let numbers: Vec<_> = users.iter().map(|user| user.process.to_string()).collect();
    let says = format!("in use by {}", names.join(", "));
    Finding::bad(needed, thing, says, format!("kill {}", numbers.join(" ")))
}

/// Rules that permit probes: ours, or probe-rs's, or a maker's. Only Linux has any.
fn rules(environment: &Environment) -> Option<Finding> {
    if !environment.root.join("sys/bus/usb").is_dir() {
        return None;
    }
    let folders = RULE_FOLDERS.iter().map(|folder| environment.root.join(folder));
    let files = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let rule = files.map(|file| file.path()).find(|file| {
        file.extension().is_some_and(|extension| extension == "rules")
            && fs::read_to_string(file).is_ok_and(|text| text.contains(CMSIS_DAP))
    });
    Some(match rule {
        Some(file) => Finding::fine("udev rules", file.display()),
        None => {
            let says = "no rule lets users open debug probes";
            Finding::bad(false, "udev rules", says, udev::INSTALL)
        }
    })
}
