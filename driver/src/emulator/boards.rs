//! The boards that QEMU can be, and where their firmware is. The same facts stand in the `[qemu]`
//! part of each `board.toml`; a test in `hil-tests` holds the two together.

use std::path::{Path, PathBuf};

use super::EmulatorError;

/// A board as QEMU has it.
#[derive(Debug)]
pub struct Board {
    /// Name, which the device inside QEMU knows too.
    pub name: &'static str,
    /// The QEMU program.
    pub command: &'static str,
    /// Arguments that make it this board.
    pub arguments: &'static [&'static str],
    /// The part of its RAM that can be a file.
    pub ram: Ram,
    /// Where in there the registers of an accelerator are that watches memory: plain words.
    pub registers: u32,
}

/// A piece of a machine's RAM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ram {
    /// Address of its first byte.
    pub base: u32,
    /// Its length.
    pub bytes: u32,
}

const BOARDS: [Board; 2] = [
    Board {
        name: "mps2-an386",
        command: "qemu-system-arm",
        arguments: &["-machine", "mps2-an386"],
        ram: Ram { base: 0x2100_0000, bytes: 16 << 20 },
        registers: 0x21ff_fe00,
    },
    Board {
        name: "riscv-virt",
        command: "qemu-system-riscv32",
        arguments: &["-machine", "virt", "-bios", "none", "-m", "32M"],
        ram: Ram { base: 0x8000_0000, bytes: 32 << 20 },
        registers: 0x8140_0e00,
    },
];

/// Where `cargo xtask firmware` has put its results, if not next to this program.
const FOLDER_VARIABLE: &str = "QUINTET_FIRMWARE_DIR";

/// Of an emulated board: the part of its RAM that can be a file, as address and bytes, and the
/// address of an accelerator's registers in there.
///
/// # Errors
///
/// [`EmulatorError::UnknownBoard`].
pub fn shared_memory(board: &str) -> Result<([u32; 2], u32), EmulatorError> {
    let Board { ram: Ram { base, bytes }, registers, .. } = *find(board)?;
    Ok(([base, bytes], registers))
}

/// The emulated boards: name, QEMU program, arguments that make it this board.
pub fn known_boards() -> impl Iterator<Item = (&'static str, &'static str, &'static [&'static str])>
{
    BOARDS.iter().map(|board| (board.name, board.command, board.arguments))
}

/// The ELF file that [`super::Emulator::start`] would run for a board.
///
/// # Errors
///
/// [`EmulatorError::UnknownBoard`], or [`EmulatorError::FirmwareMissing`] if it is not built.
pub fn firmware_path(board: &str) -> Result<PathBuf, EmulatorError> {
    let board = find(board)?;
    let path = board.image(&firmware_folder(board)?);
    if path.is_file() { Ok(path) } else { Err(EmulatorError::FirmwareMissing { path }) }
}

/// Where the device inside QEMU is, next to the firmware in `folder`.
#[must_use]
pub fn plugin_path(folder: &Path) -> PathBuf {
    folder.join("libquintet_qemu_device.so")
}

pub(super) fn find(name: &str) -> Result<&'static Board, EmulatorError> {
    BOARDS.iter().find(|board| board.name == name).ok_or_else(|| EmulatorError::UnknownBoard {
        name: name.to_owned(),
        known: BOARDS.map(|board| board.name).join(", "),
    })
}

impl Board {
    /// The firmware's ELF file in `folder`.
    pub fn image(&self, folder: &Path) -> PathBuf {
        folder.join(format!("qemu-{}.elf", self.name))
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
