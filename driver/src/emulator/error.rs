//! What can go wrong with an emulated board, and what to do next.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why an emulated board does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// No board of this name.
    #[error("no emulated board {name:?}; there are: {known}")]
    UnknownBoard {
        /// The name that was asked for.
        name: String,
        /// The names that there are, with commas.
        known: String,
    },
    /// QEMU is not installed.
    #[error(
        "{command} is not installed; run `cargo xtask setup`, or on Debian: \
         apt-get install --no-install-recommends qemu-system-arm qemu-system-misc"
    )]
    QemuMissing {
        /// The program that is missing.
        command: &'static str,
    },
    /// The board's firmware has not been built.
    #[error("no firmware at {}; run `cargo xtask firmware`", path.display())]
    FirmwareMissing {
        /// Where it was looked for last.
        path: PathBuf,
    },
    /// An accelerator for a board that has no place for one.
    #[error(
        "{board} has no place for an accelerator; leave out --accelerator (and \
         QUINTET_ACCELERATOR), or use qemu:mps2-an386 or qemu:riscv-virt"
    )]
    NoAccelerator {
        /// The board.
        board: &'static str,
    },
    /// QEMU ended before its board could be reached.
    #[error("QEMU ended before the board could be reached: {diagnostics}")]
    Ended {
        /// What QEMU wrote.
        diagnostics: String,
    },
    /// QEMU runs, but its board cannot be reached.
    #[error("the board could not be reached within {waited:?}: {diagnostics}")]
    TimedOut {
        /// How long was waited.
        waited: Duration,
        /// What QEMU wrote.
        diagnostics: String,
    },
    /// The operating system refused something.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Its answer.
        source: io::Error,
    },
}

impl EmulatorError {
    /// For a QEMU `command` that could not be started.
    pub(super) fn cannot_start(command: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::QemuMissing { command },
            _ => Self::Io { action: "start QEMU", source },
        }
    }
}
