//! Firmware by the USB drive that a chip in its boot ROM shows, or as the file to copy there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use quintet_boards::{Description, Drive};

use super::uf2::{Family, encode};
use super::{FlashError, Image};

/// What the boot ROM puts on its drive to say which it is (RP2350 datasheet, section 5.5.2).
const ABOUT: &str = "INFO_UF2.TXT";

/// An image as the UF2 file that the boot ROM takes.
#[must_use]
pub fn file(board: &Description, image: &Image) -> Vec<u8> {
    let family = match board.target.starts_with("riscv") {
        true => Family::Rp2350Riscv,
        false => Family::Rp2350Arm,
    };
    encode(image.segments.iter().map(|it| (it.address, it.bytes.as_slice())), family)
}

/// Writes the UF2 file to `path`, and nothing to a board.
///
/// # Errors
///
/// [`FlashError::Unwritable`].
pub fn save(path: &Path, uf2: &[u8]) -> Result<(), FlashError> {
    fs::write(path, uf2).map_err(|source| FlashError::Unwritable { path: path.to_owned(), source })
}

/// Copies the UF2 file to the drive mounted at `path`; the boot ROM writes it to the flash and
/// starts it. Nothing is read back.
///
/// # Errors
///
/// [`FlashError::NotDrive`] before anything is written, [`FlashError::Unwritable`].
pub fn write(drive: Drive, path: &Path, uf2: &[u8]) -> Result<(), FlashError> {
    check(drive, path)?;
    let target = path.join("QUINTET.UF2");
    let unwritable = |source: io::Error| FlashError::Unwritable { path: target.clone(), source };
    let mut file = File::create(&target).map_err(unwritable)?;
    file.write_all(uf2).map_err(unwritable)?;
    match file.sync_all() {
        // The chip starts its firmware at the last block, and takes its drive away before the
        // system has written the directory. What the firmware then answers tells it from a pulled
        // cable.
        Err(source) if check(drive, path).is_ok() => Err(unwritable(source)),
        _ => Ok(()),
    }
}

/// Whether a drive is the one of this boot ROM.
fn check(drive: Drive, path: &Path) -> Result<(), FlashError> {
    let Drive::Rp2350 = drive;
    let wrong = |reason: String| FlashError::NotDrive { path: PathBuf::from(path), reason };
    let about = fs::read_to_string(path.join(ABOUT));
    let about = about.map_err(|error| wrong(format!("{ABOUT}: {error}")))?;
    match about.lines().any(|line| line.trim() == "Board-ID: RP2350") {
        true => Ok(()),
        false => Err(wrong(format!("its {ABOUT} tells of no RP2350"))),
    }
}
