//! Operands of a command: buffers checked and turned into word ranges of the arena.

use crate::pager::Pages;
use core::ops::Range;
use quintet_protocol::program::{BufferId, BufferKind, Fault, Program};

/// A range of the arena, in words.
pub type Words = Range<usize>;

/// Checks the operands of one command.
pub struct Operands<'p> {
    program: &'p Program<'p>,
}

impl<'p> Operands<'p> {
    pub fn new(program: &'p Program<'p>) -> Self {
        Self { program }
    }

    /// A buffer that the command only reads; `words` is how many it needs.
    #[inline(never)]
    pub fn read(&self, id: BufferId, words: usize) -> Result<Words, Fault> {
        self.range(id, words, |kind| {
            !matches!(kind, BufferKind::Frame | BufferKind::Streamed { .. })
        })
    }

    /// A buffer whose pages the command pulls.
    pub fn pages(&self, id: BufferId) -> Result<Pages, Fault> {
        let buffer = self.program.buffer(id).map_err(|_| Fault::NoBuffer { buffer: id })?;
        Pages::of(id, &buffer).ok_or(Fault::WrongKind { buffer: id })
    }

    /// A buffer that the command writes.
    #[inline(never)]
    pub fn write(&self, id: BufferId, words: usize) -> Result<Words, Fault> {
        self.range(id, words, |kind| matches!(kind, BufferKind::Scratch | BufferKind::Output))
    }

    /// Columns and rows of a frame.
    pub fn frame(&self, id: BufferId) -> Result<[u16; 2], Fault> {
        let buffer = self.program.buffer(id).map_err(|_| Fault::NoBuffer { buffer: id })?;
        if buffer.kind != BufferKind::Frame {
            return Err(Fault::WrongKind { buffer: id });
        }
        Ok([(buffer.length & 0xFFFF) as u16, (buffer.length >> 16) as u16])
    }

    /// The range of `words` words at the start of a buffer of a kind that will do.
    #[inline(never)]
    fn range(
        &self,
        id: BufferId,
        words: usize,
        will_do: fn(BufferKind) -> bool,
    ) -> Result<Words, Fault> {
        let buffer = self.program.buffer(id).map_err(|_| Fault::NoBuffer { buffer: id })?;
        if !will_do(buffer.kind) {
            return Err(Fault::WrongKind { buffer: id });
        }
        let needed = u32::try_from(words).unwrap_or(u32::MAX).saturating_mul(4);
        if buffer.length < needed {
            return Err(Fault::TooSmall { buffer: id, needed });
        }
        let start = buffer.offset as usize / 4;
        Ok(start..start + words)
    }

    /// All words of a buffer that the command only reads.
    #[inline(never)]
    pub fn read_all(&self, id: BufferId) -> Result<Words, Fault> {
        let range = self.read(id, 0)?;
        Ok(range.start..range.start + self.length(id))
    }

    /// All words of a buffer that the command writes, at least `words`.
    pub fn write_all(&self, id: BufferId, words: usize) -> Result<Words, Fault> {
        let range = self.write(id, words)?;
        Ok(range.start..range.start + self.length(id))
    }

    /// Words of a buffer.
    fn length(&self, id: BufferId) -> usize {
        self.program.buffer(id).map_or(0, |buffer| buffer.length as usize / 4)
    }
}

/// Words that hold `bytes` bytes; where `usize` cannot say it, more than any buffer has.
pub fn words(bytes: u64) -> usize {
    usize::try_from(bytes.div_ceil(4)).unwrap_or(usize::MAX)
}

/// Refuses operands that share words.
pub fn disjoint<const N: usize>(ranges: [&Words; N]) -> Result<(), Fault> {
    disjoint_all(&ranges)
}

/// As [`disjoint`], compiled once for every number of operands.
#[inline(never)]
fn disjoint_all(ranges: &[&Words]) -> Result<(), Fault> {
    let overlap = |a: &Words, b: &Words| a.start < b.end && b.start < a.end;
    for (i, a) in ranges.iter().enumerate() {
        if ranges.iter().skip(i + 1).any(|b| overlap(a, b)) {
            return Err(Fault::Overlap);
        }
    }
    Ok(())
}

/// Refuses a parameter that is not in `range`.
pub fn in_range<T: PartialOrd>(
    parameter: u8,
    value: T,
    range: core::ops::RangeInclusive<T>,
) -> Result<(), Fault> {
    if range.contains(&value) { Ok(()) } else { Err(Fault::OutOfRange { parameter }) }
}
