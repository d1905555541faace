//! Validation at the door: after it, no command of a program can leave its buffers, touch the
//! program, or change what must keep its contents.

use crate::backend::Backend;
use crate::operands::{Operands, in_range};
use crate::pager::Pages;
use core::ops::Range;
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, COMMAND_BYTES, Command, CommandKind, Fault, Operator, Program,
    ProgramError, Repeat,
};

/// Most buffers of a program: comparing all pairs stays below a million steps.
pub const BUFFERS_MAX: usize = 1024;
/// Most commands of a program.
pub const COMMANDS_MAX: usize = 4096;

/// Checks a program that lies at bytes `place` of an arena of `arena_bytes`.
///
/// # Errors
/// The first fault found, with the number of its buffer or command.
pub fn validate(
    program: &Program,
    place: &Range<u32>,
    arena_bytes: u32,
    backend: &impl Backend,
) -> Result<(), ProgramError> {
    if program.buffer_count() > BUFFERS_MAX || program.command_count() > COMMANDS_MAX {
        return Err(ProgramError::TooLong);
    }
    for number in 0..program.buffer_count() as u16 {
        check_buffer(program, number, place, arena_bytes)?;
    }
    for index in 0..program.command_count() as u16 {
        match repeat(program, index)? {
            Some(repeat) => check_repeat(program, index, &repeat)
                .map_err(|fault| ProgramError::BadCommand { command: index, fault })?,
            None => backend.check(program, index)?,
        }
    }
    Ok(())
}

/// The command of that index if it is one of the executor's own.
///
/// # Errors
/// As [`Program::command`].
pub fn repeat(program: &Program, index: u16) -> Result<Option<Repeat>, ProgramError> {
    let is_own = |record: &[u8; COMMAND_BYTES]| record[0] == Operator::Control as u8;
    if !program.record(index).is_some_and(is_own) {
        return Ok(None);
    }
    match program.command_among(index, |kind| kind == CommandKind::Repeat)? {
        Command::Repeat(repeat) => Ok(Some(repeat)),
        _ => Ok(None),
    }
}

/// The arena range of a buffer, in bytes; empty for a frame, which has no place there.
pub fn range(buffer: &Buffer) -> Range<u32> {
    match buffer.kind {
        BufferKind::Frame => 0..0,
        _ => buffer.offset..buffer.offset.saturating_add(buffer.length),
    }
}

fn check_buffer(
    program: &Program,
    number: u16,
    place: &Range<u32>,
    arena_bytes: u32,
) -> Result<(), ProgramError> {
    let buffer = program.buffer(BufferId(number))?;
    if buffer.kind == BufferKind::Frame {
        return Ok(());
    }
    let inside = buffer
        .offset
        .checked_add(buffer.length)
        .is_some_and(|end| end <= arena_bytes && end % 4 == 0 && buffer.offset % 4 == 0);
    let streamed = matches!(buffer.kind, BufferKind::Streamed { .. });
    if !inside || streamed && Pages::of(BufferId(number), &buffer).is_none() {
        return Err(ProgramError::BadBuffer { buffer: number });
    }
    if overlap(&range(&buffer), place) {
        return Err(ProgramError::Overlaps { buffer: number });
    }
    for earlier in 0..number {
        let other = program.buffer(BufferId(earlier))?;
        let may_share = is_written(buffer.kind) && is_written(other.kind);
        if !may_share && overlap(&range(&buffer), &range(&other)) {
            return Err(ProgramError::Overlaps { buffer: number });
        }
    }
    Ok(())
}

/// Whether a buffer's contents last no longer than the program wants: such ones may share memory.
fn is_written(kind: BufferKind) -> bool {
    matches!(kind, BufferKind::Input | BufferKind::Output | BufferKind::Scratch)
}

/// A loop goes back, and its condition is a word of the arena.
fn check_repeat(program: &Program, index: u16, repeat: &Repeat) -> Result<(), Fault> {
    let operands = Operands::new(program);
    operands.read(repeat.condition, usize::from(repeat.word) + 1);
    if let Some(fault) = operands.fault() {
        return Err(fault);
    }
    match index.checked_sub(1) {
        Some(last) => in_range(0, repeat.from, 0..=last),
        None => Err(Fault::OutOfRange { parameter: 0 }),
    }
}

fn overlap(a: &Range<u32>, b: &Range<u32>) -> bool {
    a.start < b.end && b.start < a.end
}
