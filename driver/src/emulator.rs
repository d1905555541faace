//! Emulated boards: starts QEMU with a board's firmware and hands over the link to it.
//!
//! QEMU runs the same ELF file as always; our own device inside it (a plugin) carries the bulk link
//! and counts instructions. Where that device cannot be loaded, the board's UART is used and
//! [`Emulator::warning`] says why. An accelerator is a part of that device, or else watches the
//! machine's memory from beside QEMU.
//!
//! QEMU ends with its [`Emulator`], and with this process however it ends: the device inside QEMU
//! watches a pipe whose other end this process holds. (Without the device only the first holds.)

mod boards;
mod control;
mod diagnostics;
mod error;
mod process;
mod ram;
mod watcher;

use std::os::unix::net::UnixStream;
use std::path::Path;

use quintet_accelerator::Instance;

pub use boards::{
    Board, emulated_boards, find, firmware_folders, firmware_path, known_boards, plugin_path,
};
pub use error::EmulatorError;
use process::{Inside, Qemu};

/// Which way bytes go between driver and emulated board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmulatorLink {
    /// The device inside QEMU: megabytes a second. On a board without it, `Uart`.
    Bulk,
    /// The board's own UART: some 10 KiB a second towards the board.
    Uart,
    /// As `Uart`, and our device is not inside QEMU: nothing is counted, and an accelerator watches
    /// memory.
    Bare,
}

/// A running emulated board.
#[derive(Debug)]
pub struct Emulator {
    qemu: Qemu,
    link: EmulatorLink,
    warning: Option<String>,
    first: Option<UnixStream>,
}

impl Emulator {
    /// Starts a board (see [`known_boards`]) with the firmware that `cargo xtask firmware` built:
    /// from the folder `QUINTET_FIRMWARE_DIR`, or else from this program's own build.
    ///
    /// # Errors
    ///
    /// When the board is unknown, QEMU or the firmware is missing, or QEMU does not start.
    pub fn start(board: &str, link: EmulatorLink) -> Result<Self, EmulatorError> {
        Self::start_with(board, link, None)
    }

    /// Like [`Emulator::start`], with an accelerator.
    ///
    /// # Errors
    ///
    /// As for [`Emulator::start`].
    pub fn start_with(
        board: &str,
        link: EmulatorLink,
        accelerator: Option<&Instance>,
    ) -> Result<Self, EmulatorError> {
        let board = boards::find(board)?;
        Self::start_board(&board, link, &boards::firmware_folder(&board)?, accelerator)
    }

    /// Like [`Emulator::start_with`], with the firmware in `folder`.
    ///
    /// # Errors
    ///
    /// As for [`Emulator::start`].
    pub fn start_from(
        folder: &Path,
        board: &str,
        link: EmulatorLink,
        accelerator: Option<&Instance>,
    ) -> Result<Self, EmulatorError> {
        Self::start_board(&boards::find(board)?, link, folder, accelerator)
    }

    fn start_board(
        board: &Board,
        link: EmulatorLink,
        folder: &Path,
        accelerator: Option<&Instance>,
    ) -> Result<Self, EmulatorError> {
        let image = board.image(folder);
        if !image.is_file() {
            return Err(EmulatorError::FirmwareMissing { path: image });
        }
        if accelerator.is_some() && !board.has_device() {
            return Err(EmulatorError::NoAccelerator { board: board.name() });
        }
        let link = match link {
            EmulatorLink::Bulk if !board.has_device() => EmulatorLink::Uart,
            asked => asked,
        };
        let library = plugin_path(folder);
        let device = (link != EmulatorLink::Bare).then_some((library.as_path(), link));
        let launch = |device| Qemu::launch(board, &image, &Inside { device, accelerator });
        match launch(device).and_then(Qemu::connected) {
            Ok((qemu, stream)) => Ok(Self { qemu, link, warning: None, first: Some(stream) }),
            Err(EmulatorError::Ended { diagnostics }) if device.is_some() => {
                let (qemu, stream) = launch(None)?.connected()?;
                let without = if board.has_device() {
                    "the link is the slow UART and nothing is counted"
                } else {
                    "QEMU may outlive this process"
                };
                let warning =
                    format!("the device inside QEMU did not load, so {without}: {diagnostics}");
                let (link, warning) = (EmulatorLink::Uart, Some(warning));
                Ok(Self { qemu, link, warning, first: Some(stream) })
            }
            Err(error) => Err(error),
        }
    }

    /// Connects to the board. One connection at a time is served: drop the last one first.
    ///
    /// # Errors
    ///
    /// When QEMU has gone.
    pub fn connect(&mut self) -> Result<UnixStream, EmulatorError> {
        match self.first.take() {
            Some(stream) => Ok(stream),
            None => UnixStream::connect(&self.qemu.socket)
                .map_err(|source| EmulatorError::Io { action: "connect to the board", source }),
        }
    }

    /// The Unix domain socket that the board's link is at, for another process. One connection at a
    /// time is served.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.qemu.socket
    }

    /// The link in use; not the one asked for if there is a [`Emulator::warning`].
    #[must_use]
    pub fn link(&self) -> EmulatorLink {
        self.link
    }

    /// Why the link is another than was asked for.
    #[must_use]
    pub fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Resets the board as its reset button does: the firmware starts again, the arena's memory
    /// keeps what it holds, and the link stays connected.
    ///
    /// Somebody has to read the link meanwhile: the UART of some machines (`netduinoplus2`) waits
    /// for its reader, and the whole machine with it.
    ///
    /// # Errors
    ///
    /// When QEMU has gone, or does not answer in ten seconds.
    pub fn reset(&mut self) -> Result<(), EmulatorError> {
        let reset = self.qemu.control.reset();
        reset.map_err(|source| EmulatorError::Io { action: "reset the board", source })
    }

    /// Whether QEMU has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.qemu.process.try_wait(), Ok(None))
    }

    /// QEMU's process number.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.qemu.process.id()
    }

    /// What QEMU, its device and the firmware's last words wrote so far.
    #[must_use]
    pub fn diagnostics(&self) -> String {
        self.qemu.diagnostics.text()
    }
}
