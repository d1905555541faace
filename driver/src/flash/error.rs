//! What can go wrong when a board is flashed, and what to do next.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

use super::image::ImageError;
use super::udev;
use crate::holders::Holder;

/// Why a board was not flashed. [`FlashError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlashError {
    /// No board of this name.
    #[error("no board {name:?}; there are: {known}")]
    UnknownBoard {
        /// The name that was asked for.
        name: String,
        /// The names that there are, with commas.
        known: String,
    },
    /// An emulated board: nothing has to get onto it.
    #[error("{board} is an emulated board, which reads its firmware from the file")]
    Emulated {
        /// Its name.
        board: &'static str,
        /// What stands behind `qemu:`.
        qemu: String,
    },
    /// The board's firmware has not been built.
    #[error("there is no firmware at {}", path.display())]
    NoImage {
        /// The board.
        board: &'static str,
        /// Where it was looked for last.
        path: PathBuf,
    },
    /// The image cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The image is not one, or not this board's.
    #[error("{} is not firmware of {board}: {error}", path.display())]
    Image {
        /// Where it is.
        path: PathBuf,
        /// The board.
        board: &'static str,
        /// What is wrong with it.
        error: ImageError,
    },
    /// This program was built without debug probes.
    #[error("{board} is flashed through a debug probe, for which this quintet was not built")]
    NotBuiltIn {
        /// The board.
        board: &'static str,
    },
    /// Another program writes to this chip.
    #[error("{board} has a boot loader that another program speaks with")]
    Elsewhere {
        /// The board.
        board: &'static str,
        /// What to type.
        command: String,
    },
    /// The board's chip takes no UF2 files.
    #[error("{board} has no boot ROM that takes UF2 files")]
    NoDrive {
        /// The board.
        board: &'static str,
    },
    /// What is there is no drive of such a boot ROM.
    #[error("{} is not the drive that a chip in its boot ROM shows: {reason}", path.display())]
    NotDrive {
        /// What was named.
        path: PathBuf,
        /// What it lacks.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Unwritable {
        /// Where it should be.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// probe-rs does not know the board's chip, or cannot place the image in its memory.
    #[error("{chip}: {reason}")]
    Chip {
        /// Its name in probe-rs.
        chip: String,
        /// What is missing.
        reason: String,
    },
    /// Nothing that looks like a debug probe is plugged in.
    #[error("no debug probe is plugged in")]
    NoProbe,
    /// More than one probe, and none was chosen.
    #[error("{} debug probes are plugged in, and none was chosen\n{}", .0.len(), .0.join("\n"))]
    SeveralProbes(Vec<String>),
    /// The chosen probe is not there, or its name means nothing.
    #[error("there is no probe {wanted}; plugged in: {there}")]
    UnknownProbe {
        /// What was chosen.
        wanted: String,
        /// What there is.
        there: String,
    },
    /// The probe may not be opened by this user.
    #[error("{probe}: permission denied")]
    ProbeDenied {
        /// Which.
        probe: String,
    },
    /// Somebody else has the probe.
    #[error("{probe} is in use{}", by(holders))]
    ProbeBusy {
        /// Which.
        probe: String,
        /// Who has it, as far as that can be told.
        holders: Vec<Holder>,
    },
    /// The probe could not be opened for another reason.
    #[error("{probe} does not open: {reason}")]
    Probe {
        /// Which.
        probe: String,
        /// What was said.
        reason: String,
    },
    /// The probe works and there is no answer from the chip.
    #[error("no {chip} answers the probe: {reason}")]
    NoChip {
        /// The chip that was expected.
        chip: String,
        /// What was said.
        reason: String,
    },
    /// Another chip.
    #[error("this is no {chip}: the word at {address:#010x} is {found:#010x}, not {wanted:#010x}")]
    WrongChip {
        /// The chip that was expected.
        chip: String,
        /// Where its identity is.
        address: u32,
        /// What is there, under the mask.
        found: u32,
        /// What a chip of this kind has there.
        wanted: u32,
    },
    /// Read-out protection.
    #[error("the {chip} is locked against reading and writing through a probe")]
    Locked {
        /// The chip.
        chip: String,
        /// Whether `--erase-locked` can open it.
        by_erasing: bool,
    },
    /// What was read back is not what was written.
    #[error("what is in the flash is not what was written")]
    Verify,
    /// Erasing or writing failed.
    #[error("{stage} failed: {reason}")]
    Write {
        /// What was being done.
        stage: &'static str,
        /// Why it failed, down to its cause.
        reason: String,
    },
    /// The board's link is on pins.
    #[error("{board} has its link on pins, and which adapter is there cannot be told")]
    UnknownPort {
        /// The board.
        board: &'static str,
    },
    /// The board's serial port is not there, or there are several that it may be.
    #[error("{board} was written, but which serial port is its link cannot be told: {reason}")]
    Port {
        /// The board.
        board: &'static str,
        /// Why.
        reason: String,
    },
}

impl FlashError {
    /// What the user can do about it.
    #[must_use]
    pub fn advice(&self) -> Cow<'static, str> {
        match self {
            Self::Emulated { qemu, .. } => {
                format!("just use it: `quintet info --device qemu:{qemu}`").into()
            }
            Self::NoImage { board, .. } => format!(
                "run `cargo xtask firmware --board {board}`, or name the ELF file with --image"
            )
            .into(),
            Self::Image { board, .. } => format!(
                "build it with `cargo xtask firmware --board {board}`, or name another --board"
            )
            .into(),
            Self::Elsewhere { command, .. } => format!("run `{command}`").into(),
            Self::ProbeDenied { .. } => udev::advice().into(),
            Self::Locked { by_erasing, .. } => locked(*by_erasing).into(),
            other => other.plain_advice().into(),
        }
    }

    /// The same, where nothing of the error's own belongs into it.
    fn plain_advice(&self) -> &'static str {
        match self {
            Self::UnknownBoard { .. } => "choose one of these with --board",
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::NotBuiltIn { .. } => {
                "build it in: `cargo install --path driver --features flash`, or in the repository \
                 `cargo run -p quintet-driver --features flash -- flash ...`"
            }
            Self::NoDrive { .. } => "leave --drive and --uf2 out",
            Self::NotDrive { .. } => {
                "hold the board's BOOTSEL button while it is plugged in, mount the drive that \
                 appears, and name where it is mounted"
            }
            Self::Unwritable { .. } => "check the folder, its permissions and the room on the disk",
            Self::Chip { .. } => "check `flash.chip` and `memory` in the board's board.toml",
            Self::NoProbe => {
                "plug in the board, or the probe between it and this computer, with a cable that \
                 carries data; `quintet doctor` says what is seen"
            }
            Self::SeveralProbes(_) => "choose one of these with --probe",
            Self::UnknownProbe { .. } => {
                "give --probe as VID:PID or VID:PID:SERIAL, as `quintet doctor` prints them"
            }
            Self::ProbeBusy { .. } => {
                "end that program, often a debugger, an IDE or another quintet, and try again"
            }
            Self::NoChip { .. } => {
                "check that --board is the board, that it has power, and the wires to the probe: \
                 SWDIO, SWCLK, ground; its README has the wiring"
            }
            Self::WrongChip { .. } => {
                "name the board that this is with --board; nothing was written"
            }
            Self::Verify => {
                "try again; if it happens again the flash is worn out or the supply is weak"
            }
            Self::Write { .. } => {
                "unplug the board and the probe, plug them in again, and try again; the board has \
                 no whole firmware until it works"
            }
            Self::UnknownPort { .. } | Self::Port { .. } => {
                "name it with --port serial:PATH, or leave the check out with --no-check"
            }
            _ => "unplug the probe, plug it in again, and try again",
        }
    }
}

/// How a locked chip is opened, and what that costs.
fn locked(by_erasing: bool) -> &'static str {
    match by_erasing {
        true => {
            "add --erase-locked: all of its flash is erased, settings and keys included, and \
             nothing of it can be had back"
        }
        false => {
            "remove the protection with the maker's programmer (for STM32: \
             `STM32_Programmer_CLI -c port=swd -ob rdp=0xAA`), which erases all of its flash; then \
             try again"
        }
    }
}

/// `, by picocom (4711)`, if anybody is known.
fn by(holders: &[Holder]) -> String {
    match holders {
        [] => String::new(),
        _ => {
            let names: Vec<_> = holders.iter().map(Holder::to_string).collect();
            format!(", by {}", names.join(" and "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_probe_names_who_has_it() {
        let holder = |process, name: &str| Holder { process, name: name.into() };
        let holders = vec![holder(12, "openocd"), holder(13, "gdb")];
        let busy = FlashError::ProbeBusy { probe: "ST-LINK".into(), holders };
        assert_eq!(busy.to_string(), "ST-LINK is in use, by openocd (12) and gdb (13)");
        let unknown = FlashError::ProbeBusy { probe: "ST-LINK".into(), holders: vec![] };
        assert_eq!(unknown.to_string(), "ST-LINK is in use");
    }

    #[test]
    fn a_lock_that_erasing_opens_says_what_is_lost() {
        let locked = |by_erasing| FlashError::Locked { chip: "nRF52840_xxAA".into(), by_erasing };
        assert!(locked(true).advice().contains("--erase-locked: all of its flash is erased"));
        assert!(!locked(false).advice().contains("--erase-locked"));
        assert!(locked(false).advice().contains("erases all of its flash"));
    }

    #[test]
    fn a_denied_probe_comes_with_the_rule_that_permits_it() {
        let advice = FlashError::ProbeDenied { probe: "J-Link".into() }.advice();
        assert!(advice.contains("SUBSYSTEMS==\"usb\"") && advice.contains("doctor --udev"));
    }
}
