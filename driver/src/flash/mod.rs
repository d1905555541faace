//! Firmware gets onto a board: by a debug probe, by a boot loader, or by a boot ROM's drive.
//!
//! What is a board's own stands in its `board.toml`: the chip's name, how to know the chip, where
//! its flash is. [`Way::of`] says which way a board goes; an [`Image`] is held against the board
//! before anything is touched. Debug probes need the feature `flash`.

pub mod drive;
mod error;
mod image;
pub mod litex;
mod port;
#[cfg(feature = "flash")]
pub mod probe;
pub mod udev;
mod uf2;

use quintet_boards::{Bootloader, Description, Drive, Flash, Identity, Line};

pub use error::FlashError;
pub use image::{Image, ImageError, Segment};
pub use port::{
    Port, UsbPort, baud, can_be_found as can_find_port, find as find_port, is_of, ports,
};

/// How firmware gets onto a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// Through a debug probe.
    Probe(Chip),
    /// Through the boot loader of LiteX's BIOS, on the serial port that is the link.
    LitexBios,
    /// By another program: `espflash`.
    Espflash,
    /// As a UF2 file, which the chip's boot ROM takes.
    Drive(Drive),
}

/// A chip as a debug probe deals with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// Its name in probe-rs.
    pub name: &'static str,
    /// How the probe speaks with it.
    pub line: Line,
    /// How to know it, before anything is written.
    pub identity: Option<Identity>,
    /// How to know that its flash may be read and written.
    pub unlocked: Option<Identity>,
}

/// What is being done to the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// Sectors are erased.
    Erase,
    /// Pages are written.
    Program,
    /// What was written is read back.
    Verify,
}

impl Stage {
    /// What it is called while it goes on.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Erase => "erasing",
            Self::Program => "writing",
            Self::Verify => "verifying",
        }
    }
}

/// How far a stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Bytes that are done.
    pub done: u64,
    /// Bytes that there are to do.
    pub total: u64,
}

/// The board of this name, a real one.
///
/// # Errors
///
/// [`FlashError::UnknownBoard`].
pub fn board(name: &str) -> Result<&'static Description, FlashError> {
    quintet_boards::find(name).ok_or_else(|| FlashError::UnknownBoard {
        name: name.to_owned(),
        known: quintet_boards::names(),
    })
}

impl Way {
    /// The way of a board, unless another is asked for.
    ///
    /// # Errors
    ///
    /// [`FlashError::Emulated`].
    pub fn of(board: &'static Description) -> Result<Self, FlashError> {
        match &board.flash {
            Some(Flash::Probe { chip, line, identity, unlocked }) => Ok(Self::Probe(Chip {
                name: chip,
                line: *line,
                identity: *identity,
                unlocked: *unlocked,
            })),
            Some(Flash::Bootloader { loader: Bootloader::LitexBios }) => Ok(Self::LitexBios),
            Some(Flash::Bootloader { loader: Bootloader::Espressif }) => Ok(Self::Espflash),
            None => Err(FlashError::Emulated {
                board: &board.name,
                qemu: board.qemu.as_ref().map(|qemu| qemu.name.clone()).unwrap_or_default(),
            }),
        }
    }

    /// The way over the drive of the chip's boot ROM.
    ///
    /// # Errors
    ///
    /// [`FlashError::NoDrive`].
    pub fn by_drive(board: &'static Description) -> Result<Self, FlashError> {
        board.drive.map(Self::Drive).ok_or(FlashError::NoDrive { board: &board.name })
    }
}
