//! Operands of a command: buffers checked and turned into word ranges of the arena.

use crate::pager::Pages;
use core::cell::Cell;
use core::ops::Range;
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Fault, Program};

/// A range of the arena, in words.
pub type Words = Range<usize>;

/// Checks the operands of one command, and keeps the first fault: so that a command asks for one
/// operand after the other, and only at the end whether all was well. Until then, what it gets for a
/// bad operand is empty.
pub struct Operands<'p> {
    program: &'p Program<'p>,
    fault: Cell<Option<Fault>>,
}

impl<'p> Operands<'p> {
    pub fn new(program: &'p Program<'p>) -> Self {
        Self { program, fault: Cell::new(None) }
    }

    /// The first fault that was found.
    pub fn fault(&self) -> Option<Fault> {
        self.fault.get()
    }

    /// A buffer that the command only reads; `words` is how many it needs.
    #[inline(never)]
    pub fn read(&self, id: BufferId, words: usize) -> Words {
        self.range(id, words, false, false)
    }

    /// A buffer whose pages the command pulls.
    pub fn pages(&self, id: BufferId) -> Result<Pages, Fault> {
        let buffer = self.program.buffer(id).map_err(|_| Fault::NoBuffer { buffer: id })?;
        Pages::of(id, &buffer).ok_or(Fault::WrongKind { buffer: id })
    }

    /// A buffer that the command writes.
    #[inline(never)]
    pub fn write(&self, id: BufferId, words: usize) -> Words {
        self.range(id, words, true, false)
    }

    /// All words of a buffer that the command only reads.
    #[inline(never)]
    pub fn read_all(&self, id: BufferId) -> Words {
        self.range(id, 0, false, true)
    }

    /// All words of a buffer that the command writes, at least `words`.
    #[inline(never)]
    pub fn write_all(&self, id: BufferId, words: usize) -> Words {
        self.range(id, words, true, true)
    }

    /// Columns and rows of a frame.
    #[inline(never)]
    pub fn frame(&self, id: BufferId) -> Result<[u16; 2], Fault> {
        let buffer = self.program.buffer(id).map_err(|_| Fault::NoBuffer { buffer: id })?;
        if buffer.kind != BufferKind::Frame {
            return Err(Fault::WrongKind { buffer: id });
        }
        Ok([(buffer.length & 0xFFFF) as u16, (buffer.length >> 16) as u16])
    }

    /// Finds operands at fault that share words.
    pub fn disjoint<const N: usize>(&self, ranges: [&Words; N]) {
        self.disjoint_all(&ranges);
    }

    /// As [`Operands::disjoint`], compiled once for every number of operands.
    #[inline(never)]
    fn disjoint_all(&self, ranges: &[&Words]) {
        if !are_all_disjoint(ranges) {
            self.found(Fault::Overlap);
        }
    }

    /// The range of `words` words at the start of a buffer of a kind that will do, or of `all` that
    /// it has; none, with a fault, where there is no such buffer.
    #[inline(never)]
    fn range(&self, id: BufferId, words: usize, is_written: bool, all: bool) -> Words {
        match checked(self.program, id, words, is_written) {
            Ok(buffer) => {
                let start = buffer.offset as usize / 4;
                start..start + if all { buffer.length as usize / 4 } else { words }
            }
            Err(fault) => {
                self.found(fault);
                0..0
            }
        }
    }

    fn found(&self, fault: Fault) {
        self.fault.set(self.fault.get().or(Some(fault)));
    }
}

/// The buffer of an operand, if it is of a kind that will do, and has so many words.
fn checked(
    program: &Program,
    id: BufferId,
    words: usize,
    is_written: bool,
) -> Result<Buffer, Fault> {
    let buffer = program.buffer(id).map_err(|_| Fault::NoBuffer { buffer: id })?;
    let will_do = match buffer.kind {
        BufferKind::Scratch | BufferKind::Output => true,
        BufferKind::Frame | BufferKind::Streamed { .. } => false,
        _ => !is_written,
    };
    if !will_do {
        return Err(Fault::WrongKind { buffer: id });
    }
    let needed = u32::try_from(words).unwrap_or(u32::MAX).saturating_mul(4);
    if buffer.length < needed {
        return Err(Fault::TooSmall { buffer: id, needed });
    }
    Ok(buffer)
}

/// Words that hold `bytes` bytes; where `usize` cannot say it, more than any buffer has.
pub fn words(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(4)).unwrap_or(usize::MAX)
}

/// Whether no two of these share words.
pub fn are_disjoint<const N: usize>(ranges: [&Words; N]) -> bool {
    are_all_disjoint(&ranges)
}

/// As [`are_disjoint`], compiled once for every number of operands.
#[inline(never)]
fn are_all_disjoint(ranges: &[&Words]) -> bool {
    let overlap = |a: &Words, b: &Words| a.start < b.end && b.start < a.end;
    let mut each = ranges.iter().enumerate();
    each.all(|(i, a)| !ranges.iter().skip(i + 1).any(|b| overlap(a, b)))
}

/// Refuses a parameter that is not in `range`.
pub fn in_range<T: PartialOrd>(
    parameter: u8,
    value: T,
    range: core::ops::RangeInclusive<T>,
) -> Result<(), Fault> {
    if range.contains(&value) { Ok(()) } else { Err(Fault::OutOfRange { parameter }) }
}
