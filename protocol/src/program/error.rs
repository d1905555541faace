//! Why a program is not accepted: each refusal names the command or the buffer.

use super::{BufferId, Operator};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Why a program was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum ProgramError {
    /// Magic, version or length are not those of a program.
    #[error("these bytes are not a program of layout version {v}", v = super::VERSION)]
    NotAProgram,
    /// A buffer does not exist, is of unknown kind, is misaligned or leaves the arena.
    #[error("buffer {buffer} is undefined, misaligned or outside the arena")]
    BadBuffer {
        /// The buffer's number.
        buffer: u16,
    },
    /// There are more buffers or commands than a device keeps.
    #[error("the program has too many buffers or commands")]
    TooLong,
    /// A buffer lies over the program, or over another one and not both are input, output or
    /// scratch.
    #[error("buffer {buffer} overlaps the program or an earlier buffer")]
    Overlaps {
        /// The buffer's number.
        buffer: u16,
    },
    /// A command cannot be executed.
    #[error("command {command}: {fault}")]
    BadCommand {
        /// Index of the command.
        command: u16,
        /// What is wrong with it.
        fault: Fault,
    },
}

/// What is wrong with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Fault {
    /// There is no such operator, or no such command.
    #[error("unknown operator")]
    UnknownOperator,
    /// The operator has no such mode, or this firmware does not execute it.
    #[error("{operator:?} has no mode {mode} in this firmware")]
    UnknownMode {
        /// The operator.
        operator: Operator,
        /// The mode asked for.
        mode: u8,
    },
    /// An operand names a buffer that the program does not have.
    #[error("operand names buffer {buffer}, which does not exist")]
    NoBuffer {
        /// The buffer's number.
        buffer: BufferId,
    },
    /// An operand's buffer is smaller than the command needs.
    #[error("buffer {buffer} is too small: the command needs {needed} bytes")]
    TooSmall {
        /// The buffer's number.
        buffer: BufferId,
        /// Bytes that the command needs.
        needed: u32,
    },
    /// An operand's buffer is of a kind that cannot serve there, e.g. a constant to write to.
    #[error("buffer {buffer} is of the wrong kind for this operand")]
    WrongKind {
        /// The buffer's number.
        buffer: BufferId,
    },
    /// Two operands share bytes.
    #[error("two operands overlap")]
    Overlap,
    /// A number is outside what the command can do.
    #[error("parameter {parameter} is out of range")]
    OutOfRange {
        /// Position among the command's parameters, from 0.
        parameter: u8,
    },
}
