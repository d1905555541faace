//! Who executes commands: the contract between the executor and a backend.

use crate::pager::{Need, Pager};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Program, ProgramError};

/// Executes commands, one at a time, in steps short enough that the link is served between them.
pub trait Backend {
    /// Bit `1 << operator` is set for every operator that this backend executes.
    fn operators(&self) -> u32;

    /// Checks a command of a program for an arena of `arena_words`: every operand exists, is of the
    /// right kind and large enough, none overlaps another, every parameter is in range.
    ///
    /// # Errors
    /// The fault, with the command's index.
    fn check(&self, program: &Program, index: u16, command: &Command) -> Result<(), ProgramError>;

    /// Makes `command` the one to execute. It has passed [`Backend::check`].
    ///
    /// # Errors
    /// As [`Backend::check`]; cannot happen after it.
    fn start(
        &mut self,
        program: &Program,
        index: u16,
        command: &Command,
    ) -> Result<(), ProgramError>;

    /// Executes a part of the command. `staging` is where pixels that leave the device are put.
    /// `pager` is asked for pages of streamed buffers.
    fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8]) -> Step;
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Some of the command was executed; there is more.
    Working(Work),
    /// As `Working`, and finished pixels lie in the staging buffer.
    Pixels(Work, PixelRun),
    /// A page was asked of the pager, and the driver is to be told.
    Need(Need),
    /// Nothing can be done before a page comes that was asked for.
    Starved,
    /// Nothing was left to do: the command is finished.
    Done,
}

/// The account of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// The part of the command that was worked on.
    pub phase: Phase,
    /// Work items done.
    pub items: u32,
}

/// A rectangle of finished pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelRun {
    /// The frame buffer's number.
    pub buffer: u16,
    /// Leftmost column.
    pub x: u16,
    /// Topmost row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Bytes in the staging buffer: `rows * width * 3`.
    pub bytes: usize,
}
