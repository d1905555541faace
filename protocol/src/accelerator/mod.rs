//! The contract with an accelerator: a queue of commands in memory, behind registers.
//!
//! An accelerator executes commands of a program, in their order, on the arena. It knows three
//! pieces of memory, all named by registers: the *queue*, a ring of 64-byte [`descriptor`]s; the
//! *arena*, in which the program's buffers are; and the *pixel buffer*, through which pixels leave.
//! The contract in words for whoever builds one is `docs/accelerator.md`; this module is the same
//! in types.
//!
//! Three rules carry it:
//!
//! 1. **A command is its own descriptor.** The core copies the 64 bytes of a command into the ring
//!    and sets its ownership bit; operands are numbers of the program's buffers, whose records the
//!    accelerator reads where the program has them.
//! 2. **A descriptor is its own receipt.** When it is executed, the accelerator writes what it cost
//!    into the same 64 bytes and clears the bit.
//! 3. **Every register has one writer, and none changes by being read.** So the register file can
//!    be wires, or a page of plain memory that both sides watch.

pub mod descriptor;
pub mod registers;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::program::Operator;

/// "QNTA", read as a little-endian word: what [`registers::IDENTIFICATION`] holds.
pub const MAGIC: u32 = u32::from_le_bytes(*b"QNTA");
/// The version that this crate describes: `major << 16 | minor`. Another major version is another
/// contract; a greater minor one has more in registers and bits that were zero.
pub const VERSION: u32 = 1 << 16;
/// Micro-operators with a word in [`registers::CAPABILITIES`]: all that programs can name but
/// [`Operator::Control`], and room for two more.
pub const OPERATORS: usize = 8;
/// Fewest slots of a queue.
pub const QUEUE_MIN: u32 = 2;
/// Most slots that a queue may have; an accelerator may take fewer: see [`registers::QUEUE_MAX`].
pub const QUEUE_MAX: u32 = 1024;
/// Alignment of queue and pixel buffer, in bytes.
pub const ALIGNMENT: u32 = 64;
/// Fewest bytes of a pixel buffer: a row of the widest tile.
pub const PIXELS_MIN: u32 = 192;

/// The commands that an accelerator executes: a word for each micro-operator, bit `1 << mode` set
/// for every mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Capabilities(pub [u32; OPERATORS]);

impl Capabilities {
    /// Whether commands of this code are executed.
    pub const fn has(&self, (operator, mode): (Operator, u8)) -> bool {
        self.has_code(operator as u8, mode)
    }

    /// As [`Capabilities::has`], of the first two bytes of a command.
    pub const fn has_code(&self, operator: u8, mode: u8) -> bool {
        (operator as usize) < OPERATORS && mode < 32 && self.0[operator as usize] >> mode & 1 != 0
    }

    /// The same with one more.
    #[must_use]
    pub const fn with(mut self, (operator, mode): (Operator, u8)) -> Self {
        self.0[operator as usize] |= 1 << mode;
        self
    }

    /// The same with one less.
    #[must_use]
    pub const fn without(mut self, (operator, mode): (Operator, u8)) -> Self {
        self.0[operator as usize] &= !(1 << mode);
        self
    }
}

/// What a device says of its accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[non_exhaustive]
pub enum Presence {
    /// There is none.
    Absent,
    /// It is there and at work.
    Ready {
        /// Its version.
        version: u32,
        /// What tells this one from others of its version: see [`registers::INSTANCE`].
        instance: u32,
        /// Its clock, in kHz.
        clock_khz: u32,
        /// What it executes.
        capabilities: Capabilities,
    },
    /// It is there, with a contract that this firmware does not know, and is left alone.
    Unknown {
        /// Its version.
        version: u32,
    },
    /// It has not come back from a reset, and is left alone until the device starts again.
    Lost,
}

/// Why an accelerator failed at a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Failure {
    /// It made no progress for too long.
    #[error("it made no progress")]
    NoAnswer,
    /// It said what cannot be.
    #[error("its answer makes no sense")]
    Nonsense,
    /// It found the command's operator, mode or parameters to be none that it knows.
    #[error("it does not know the command")]
    BadCommand,
    /// It found an operand that is too small, outside of the arena or of the wrong kind.
    #[error("it does not take an operand of the command")]
    BadOperand,
    /// It could not reach memory.
    #[error("it could not reach memory")]
    Bus,
    /// It found a fault in itself.
    #[error("it found a fault in itself")]
    Internal,
    /// It gave a code that this version does not know.
    #[error("it gave the unknown code {0}")]
    Other(u16),
}

impl Failure {
    /// Of the code in [`registers::ERROR`].
    pub const fn of_code(code: u16) -> Self {
        match code {
            1 => Self::BadCommand,
            2 => Self::BadOperand,
            3 => Self::Bus,
            4 => Self::Internal,
            other => Self::Other(other),
        }
    }

    /// Its code in [`registers::ERROR`]; zero for what only a core can find.
    pub const fn code(self) -> u16 {
        match self {
            Self::NoAnswer | Self::Nonsense => 0,
            Self::BadCommand => 1,
            Self::BadOperand => 2,
            Self::Bus => 3,
            Self::Internal => 4,
            Self::Other(code) => code,
        }
    }
}
