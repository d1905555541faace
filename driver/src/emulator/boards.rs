//! The boards that QEMU can be, and where their firmware is.

use std::path::{Path, PathBuf};

use quintet_boards::{Description, Qemu};

use super::EmulatorError;

/// A board as QEMU has it.
#[derive(Clone, Copy, Debug)]
pub struct Board {
    /// The whole board.
    pub description: &'static Description,
    /// Its machine.
    pub qemu: &'static Qemu,
}

/// Where `cargo xtask firmware` has put its results, if not next to this program.
const FOLDER_VARIABLE: &str = "QUINTET_FIRMWARE_DIR";

/// The boards that have a place for the device inside QEMU.
pub fn known_boards() -> impl Iterator<Item = Board> {
    emulated_boards().filter(Board::has_device)
}

/// All boards that QEMU can be. One without a place for our device has its own UART only.
pub fn emulated_boards() -> impl Iterator<Item = Board> {
    quintet_boards::emulated().map(|(description, qemu)| Board { description, qemu })
}

/// The ELF file that [`super::Emulator::start`] would run for a board.
///
/// # Errors
///
/// [`EmulatorError::UnknownBoard`], or [`EmulatorError::FirmwareMissing`] if it is not built.
pub fn firmware_path(board: &str) -> Result<PathBuf, EmulatorError> {
    let board = find(board)?;
    let path = board.image(&firmware_folder(&board)?);
    if path.is_file() { Ok(path) } else { Err(EmulatorError::FirmwareMissing { path }) }
}

/// Where the device inside QEMU is, next to the firmware in `folder`.
#[must_use]
pub fn plugin_path(folder: &Path) -> PathBuf {
    folder.join("libquintet_qemu_device.so")
}

/// The emulated board of this name.
///
/// # Errors
///
/// [`EmulatorError::UnknownBoard`].
pub fn find(name: &str) -> Result<Board, EmulatorError> {
    emulated_boards().find(|board| board.name() == name).ok_or_else(|| {
        EmulatorError::UnknownBoard {
            name: name.to_owned(),
            known: emulated_boards().map(|board| board.name()).collect::<Vec<_>>().join(", "),
        }
    })
}

impl Board {
    /// What stands behind `qemu:`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        &self.qemu.name
    }

    /// Whether our own device can be in the machine.
    #[must_use]
    pub fn has_device(&self) -> bool {
        self.qemu.ram.is_some()
    }

    /// The firmware's ELF file in `folder`.
    #[must_use]
    pub fn image(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.elf", self.description.name))
    }
}

/// Where firmware may be, the likeliest first: the variable's folder alone if it is set, else
/// `firmware` in cargo's target directory, above this program (`target/debug/quintet`,
/// `target/debug/deps/test`) or in the workspace.
#[must_use]
pub fn firmware_folders() -> Vec<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return vec![folder.into()];
    }
    let program = std::env::current_exe().unwrap_or_default();
    let above = program.ancestors().skip(2).take(2).map(|folder| folder.join("firmware"));
    above.chain([Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/firmware")]).collect()
}

/// The folder with this board's firmware.
pub(super) fn firmware_folder(board: &Board) -> Result<PathBuf, EmulatorError> {
    let mut folders = firmware_folders();
    if let Some(there) = folders.iter().position(|folder| board.image(folder).is_file()) {
        return Ok(folders.swap_remove(there));
    }
    let path = folders.last().map(|folder| board.image(folder)).unwrap_or_default();
    Err(EmulatorError::FirmwareMissing { path })
}
