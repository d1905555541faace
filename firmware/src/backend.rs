//! Who executes commands: the contract between the executor and a backend.

use crate::pager::{Need, Pager};
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::accelerator::{Failure, Presence};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Program, ProgramError};

/// Most commands that a backend may have taken and not finished.
pub const TAKEN_MAX: usize = 8;

/// Executes commands in their order, in steps short enough that the link is served between them. It
/// may take some ahead, but they have the effects that they would have one after another.
pub trait Backend {
    /// Bit `1 << operator` is set for every operator that this backend executes.
    fn operators(&self) -> u32;

    /// Whether an accelerator is part of it.
    fn presence(&self) -> Presence {
        Presence::Absent
    }

    /// Checks a command of a program for an arena of `arena_words`: every operand exists, is of the
    /// right kind and large enough, none overlaps another, every parameter is in range.
    ///
    /// # Errors
    /// The fault, with the command's index.
    fn check(&self, program: &Program, index: u16) -> Result<(), ProgramError>;

    /// A run of a program begins, whose first byte is at `offset` of the arena. No step of it gets
    /// a staging buffer of fewer than `carried` bytes.
    fn begin(&mut self, arena: &[u32], program: &Program, offset: u32, carried: usize) {
        let _ = (arena, program, offset, carried);
    }

    /// Takes a command, which has passed [`Backend::check`], to execute it behind those that it
    /// has.
    ///
    /// # Errors
    /// As [`Backend::check`]; cannot happen after it.
    fn take(&mut self, program: &Program, index: u16, pager: &Pager)
    -> Result<Taken, ProgramError>;

    /// Executes a part of what was taken. `staging` is where pixels that leave the device are put,
    /// `pager` is asked for pages of streamed buffers, `now` is the time in milliseconds.
    fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8], now: u64) -> Step;

    /// The run is over: gives up all that was taken and not finished. Once this returns, nobody but
    /// the core touches the arena.
    fn abandon(&mut self);
}

/// Who took a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Nobody: it has to wait for another step.
    Nobody,
    /// The core.
    Core,
    /// The accelerator.
    Accelerator,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Some was executed; there is more.
    Working(Work),
    /// As `Working`, and finished pixels lie in the staging buffer.
    Pixels(Work, PixelRun),
    /// A page was asked of the pager, and the driver is to be told.
    Need(Need),
    /// Nothing can be done before a page comes that was asked for.
    Starved,
    /// Nothing can be done before the accelerator gets on. The core may sleep until it interrupts,
    /// or until the clock shows this many milliseconds.
    Waiting(Option<u64>),
    /// The accelerator has left the command that was taken first to the core.
    Declined,
    /// The command that was taken first is finished; if the accelerator executed it, with its
    /// receipt.
    Done(Option<Receipt>),
    /// The accelerator failed at the command of this index. The run is over.
    Failed(u16, Failure),
}

/// The account of a step. What the accelerator's steps cost the core, [`Phase::Offload`], is for
/// the command that was taken first; anything else for the one that the core executes, which is one
/// at a time: the last with [`Taken::Core`] or [`Step::Declined`].
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
