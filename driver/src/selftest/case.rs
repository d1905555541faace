//! A known answer: one command on known operands, and what has to come of it.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};

use quintet_accelerator::vectors::{Pixel, Vector, VectorError};
use quintet_protocol::digest::{DIGEST_BYTES, digest};
use quintet_protocol::message::{Event, Outcome, Refusal, Reply, Request};
use quintet_protocol::program::{
    BufferId, BufferKind, Fault as ProgramFault, HEADER_BYTES, Program, ProgramError,
};

use super::report::{Fault, Skip, Verdict};
use crate::session::{Blob, Session, SessionError};

/// A known answer, placed from the arena's first byte on.
pub(super) struct Case {
    seed: String,
    /// Micro-operator and command.
    name: String,
    /// The operands before, up to the end of the last buffer.
    before: Vec<u8>,
    /// The same afterwards.
    after: Vec<u8>,
    /// The program, which goes behind them.
    program: Vec<u8>,
    /// Where each buffer with a place in the arena is, and its number.
    buffers: Vec<(Range<u32>, u16)>,
    /// Bytes that have to be as in `after`.
    compared: Vec<Range<u32>>,
    pages: BTreeMap<u32, Vec<u8>>,
    /// In order.
    pixels: Vec<Pixel>,
}

impl Case {
    /// What a vector says.
    pub fn new(vector: &Vector) -> Result<Self, VectorError> {
        let wrong = || VectorError::Section(format!("case {}", vector.seed));
        let arena = arena(vector).ok_or_else(wrong)?;
        let program = program(vector, &arena).ok_or_else(wrong)?;
        let buffers = buffers(&program).ok_or_else(wrong)?;
        let end = buffers.iter().map(|(range, _)| range.end).max().unwrap_or(0);
        let before = arena.get(..end as usize).ok_or_else(wrong)?.to_vec();
        let mut after = arena;
        put(&mut after, &vector.after).ok_or_else(wrong)?;
        after.truncate(before.len());
        let command = Program::new(&program).and_then(|it| it.command(0)).map_err(|_| wrong())?;
        let mut pixels = vector.pixels.clone();
        pixels.sort_unstable();
        let pages = vector.pages.iter().map(|(&number, words)| (number, bytes(words)));
        Ok(Self {
            seed: vector.seed.clone(),
            name: format!("{:?}.{}", command.operator(), command.name()),
            compared: compared(end, &vector.free),
            before,
            after,
            program,
            buffers,
            pages: pages.collect(),
            pixels,
        })
    }

    /// Of which command: `Gemm.Dense`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Bytes of arena that it takes.
    pub fn arena_bytes(&self) -> u32 {
        (self.before.len() + self.program.len()) as u32
    }

    /// Has a device execute the command, and looks at what it made of it.
    pub fn check(&self, session: &mut Session, arena_bytes: u32) -> Result<Verdict, SessionError> {
        let needed = self.arena_bytes();
        if needed > arena_bytes {
            return Ok(Verdict::Skipped(Skip::Arena { needed, there: arena_bytes }));
        }
        let operands = Blob { offset: 0, bytes: &self.before };
        let program = Blob { offset: self.before.len() as u32, bytes: &self.program };
        match session.load(&[operands, program], &mut |_| ()) {
            Err(SessionError::Refused { refusal, .. }) => return Ok(self.refused(refusal)),
            other => drop(other?),
        }
        let fault = match self.run(session)? {
            None => self.compare(session)?,
            fault => fault,
        };
        Ok(fault.map_or(Verdict::Passed, Verdict::Failed))
    }

    /// What a refusal of the program means.
    fn refused(&self, refusal: Refusal) -> Verdict {
        match refusal {
            Refusal::Program(ProgramError::BadCommand {
                fault: ProgramFault::UnknownMode { .. },
                ..
            }) => Verdict::Skipped(Skip::NotBuiltIn),
            refusal => Verdict::Failed(Fault::Refused { seed: self.seed.clone(), refusal }),
        }
    }

    /// Runs the command, and holds the pixels against those that have to come.
    fn run(&self, session: &mut Session) -> Result<Option<Fault>, SessionError> {
        let mut found: Vec<Pixel> = Vec::new();
        let page = |_, page: u32| self.pages.get(&page).map(Vec::as_slice);
        let outcome = session.run_streamed(&page, |event| {
            if let Event::Pixels { buffer, x, y, width, bytes } = event {
                let place = |number: u32| {
                    let width = u32::from(width.max(1));
                    [buffer.into(), u32::from(y) + number / width, u32::from(x) + number % width]
                };
                let colors = bytes.as_chunks::<3>().0.iter();
                let colors =
                    colors.map(|&[red, green, blue]| u32::from_be_bytes([0, red, green, blue]));
                found.extend((0..).map(place).zip(colors));
            }
            // More than there can be are enough to know.
            match found.len() > self.pixels.len() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        })?;
        found.sort_unstable();
        let seed = self.seed.clone();
        Ok(match outcome {
            _ if found != self.pixels => self.wrong_pixel(&found),
            Outcome::Completed => None,
            Outcome::Failed { failure, .. } => Some(Fault::Accelerator { seed, failure }),
            _ => Some(Fault::Stopped { seed }),
        })
    }

    /// The first pixel in which two lists in order differ.
    fn wrong_pixel(&self, found: &[Pixel]) -> Option<Fault> {
        let length = found.len().max(self.pixels.len());
        let pairs = (0..length).map(|at| (self.pixels.get(at), found.get(at)));
        let (expected, found) = pairs.into_iter().find(|(expected, found)| expected != found)?;
        let [_, row, column] = [expected, found].into_iter().flatten().map(|it| it.0).min()?;
        let at_place = |pixel: Option<&Pixel>| {
            let here = pixel.filter(|it| it.0[1..] == [row, column]);
            here.map(|it| it.1)
        };
        let (expected, found) = (at_place(expected), at_place(found));
        Some(Fault::Pixel { seed: self.seed.clone(), column, row, expected, found })
    }

    /// Holds what the arena has now against what it has to have, by digests.
    fn compare(&self, session: &mut Session) -> Result<Option<Fault>, SessionError> {
        for range in &self.compared {
            let (offset, length) = (range.start, range.end - range.start);
            let wanted = &self.after[range.start as usize..range.end as usize];
            let request = Request::Digest { offset, length, block: length };
            let found = session.call(request, |reply| match reply {
                Reply::Digests(bytes) => <[u8; DIGEST_BYTES]>::try_from(bytes).ok(),
                _ => None,
            })?;
            if u64::from_le_bytes(found) == digest(wanted) {
                continue;
            }
            let found = session.download(offset, length)?;
            let differs = wanted.iter().zip(&found).zip(offset..).find(|((a, b), _)| a != b);
            return Ok(Some(match differs {
                Some(((&expected, &found), offset)) => self.wrong_byte(offset, expected, found),
                None => Fault::Digest { offset, length },
            }));
        }
        Ok(None)
    }

    fn wrong_byte(&self, offset: u32, expected: u8, found: u8) -> Fault {
        let its = self.buffers.iter().find(|(range, _)| range.contains(&offset));
        let (start, buffer) = its.map_or((0, 0), |(range, number)| (range.start, *number));
        let seed = self.seed.clone();
        Fault::Byte { seed, buffer, at: offset - start, offset, expected, found }
    }
}

fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Puts words where they belong; `None` if that is outside.
fn put(arena: &mut [u8], pieces: &[(u32, Vec<u32>)]) -> Option<()> {
    for (offset, words) in pieces {
        let start = *offset as usize;
        arena.get_mut(start..start + words.len() * 4)?.copy_from_slice(&bytes(words));
    }
    Some(())
}

/// The whole arena as it was before.
fn arena(vector: &Vector) -> Option<Vec<u8>> {
    let mut arena = vec![0; vector.arena_bytes as usize];
    put(&mut arena, &vector.before)?;
    Some(arena)
}

/// The program, which its maker has put around the table of its buffers: they and one command.
fn program(vector: &Vector, arena: &[u8]) -> Option<Vec<u8>> {
    let [table, count] = vector.table.map(|it| it as usize);
    let program = arena.get(table.checked_sub(HEADER_BYTES)?..)?;
    Some(program.get(..Program::encoded_len(count, 1))?.to_vec())
}

/// Where each buffer with a place in the arena is, and its number.
fn buffers(program: &[u8]) -> Option<Vec<(Range<u32>, u16)>> {
    let program = Program::new(program).ok()?;
    let mut buffers = Vec::new();
    for number in 0..program.buffer_count() as u16 {
        let buffer = program.buffer(BufferId(number)).ok()?;
        if buffer.kind != BufferKind::Frame {
            buffers.push((buffer.offset..buffer.offset.checked_add(buffer.length)?, number));
        }
    }
    Some(buffers)
}

/// What is left of the first `end` bytes without those that are free.
fn compared(end: u32, free: &[Range<u32>]) -> Vec<Range<u32>> {
    let mut free = free.to_vec();
    free.sort_unstable_by_key(|range| range.start);
    let mut compared = Vec::new();
    let mut at = 0;
    for range in free {
        compared.push(at..range.start.min(end));
        at = at.max(range.end);
    }
    compared.push(at..end);
    compared.retain(|range| range.start < range.end);
    compared
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::compared;

    #[test]
    fn what_is_free_is_not_compared() {
        assert!(compared(40, &[]).into_iter().eq(iter::once(0..40)));
        assert_eq!(compared(40, &[20..24, 8..12, 8..20]), [0..8, 24..40]);
        assert!(compared(40, &[0..4, 36..48]).into_iter().eq(iter::once(4..36)));
    }
}
