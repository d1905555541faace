//! What probe-rs says, told apart by what the user can do about it.

use std::error::Error;
use std::io;
use std::path::Path;

use probe_rs::architecture::arm::ArmError;
use probe_rs::flashing::FlashError as ChipFlashError;
use probe_rs::probe::list::ProbeListItem;
use probe_rs::probe::{DebugProbeError, ProbeCreationError};

use super::{Chip, FlashError, describe};
use crate::holders::holders;
use crate::usb;

/// An error and its causes in one line.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut text: Vec<String> = causes.map(|error| error.to_string()).collect();
    // A cause that is passed on as it is says the same again.
    text.dedup();
    text.join(": ")
}

/// A probe that does not open.
pub(super) fn open(item: &ProbeListItem, error: &DebugProbeError) -> FlashError {
    let probe = describe(item);
    let holders = node(item).map(|node| holders(Path::new("/proc"), &node)).unwrap_or_default();
    match system(error) {
        Some(io::ErrorKind::PermissionDenied) => FlashError::ProbeDenied { probe },
        Some(io::ErrorKind::ResourceBusy) => FlashError::ProbeBusy { probe, holders },
        _ if !holders.is_empty() => FlashError::ProbeBusy { probe, holders },
        _ => FlashError::Probe { probe, reason: chain(error) },
    }
}

/// What the system said, if it said why.
fn system(error: &DebugProbeError) -> Option<io::ErrorKind> {
    match error {
        DebugProbeError::Usb(source)
        | DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::Usb(source)) => {
            Some(source.kind())
        }
        _ => None,
    }
}

/// The file of a probe on USB.
fn node(item: &ProbeListItem) -> Option<std::path::PathBuf> {
    let info = &item.info;
    let same = |device: &usb::UsbDevice| {
        (device.vendor, device.product) == (info.vendor_id, info.product_id)
            && (info.serial_number.is_none() || device.serial == info.serial_number)
    };
    usb::devices(Path::new("/")).into_iter().find(same).map(|device| device.node)
}

/// A chip that could not be attached to.
pub(super) fn attach(chip: &Chip, error: &probe_rs::Error) -> FlashError {
    match error {
        probe_rs::Error::MissingPermissions(_)
        | probe_rs::Error::Arm(ArmError::MissingPermissions(_)) => {
            FlashError::Locked { chip: chip.name.to_owned(), by_erasing: true }
        }
        _ => FlashError::NoChip { chip: chip.name.to_owned(), reason: chain(error) },
    }
}

/// A chip that was not written.
pub(super) fn write(error: &ChipFlashError) -> FlashError {
    let stage = match error {
        ChipFlashError::Verify => return FlashError::Verify,
        ChipFlashError::EraseFailed { .. } | ChipFlashError::ChipEraseFailed { .. } => "erasing",
        ChipFlashError::FlashReadFailed { .. } => "reading back",
        _ => "writing",
    };
    FlashError::Write { stage, reason: chain(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_told_down_to_its_cause_and_once() {
        let usb = io::Error::other("stall");
        let said = chain(&DebugProbeError::ProbeCouldNotBeCreated(ProbeCreationError::Usb(usb)));
        assert!(said.ends_with("stall"), "{said}");
        assert_eq!(said.matches("stall").count(), 1, "{said}");
    }

    #[test]
    fn what_was_read_back_wrong_is_no_failed_write() {
        assert!(matches!(write(&ChipFlashError::Verify), FlashError::Verify));
        let erase = ChipFlashError::EraseFailed {
            sector_address: 0x0800_0000,
            source: Box::new(io::Error::other("timeout")),
        };
        let said = write(&erase).to_string();
        assert!(said.starts_with("erasing failed") && said.ends_with("timeout"), "{said}");
    }
}
