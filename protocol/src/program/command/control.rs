//! The command that says which command comes next.

use super::super::BufferId;
use super::record::Record;

/// Goes back to an earlier command while a word is not zero.
///
/// Whether a loop ends is the program's affair: a run is cut into steps, so that one that does not
/// end can still be aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// The buffer that the word is in.
    pub condition: BufferId,
    /// Parameter 0: index of the command to go on with, below this command's own.
    pub from: u16,
    /// Parameter 1: index of the word in its buffer, below 2^16.
    pub word: u16,
}

impl Repeat {
    pub(super) fn parse(r: &Record) -> Self {
        Self { condition: r.buffer(0), from: r.half(0), word: r.half(1) }
    }

    pub(super) fn record(&self) -> Record {
        Record::new([self.condition], [self.from.into(), self.word.into()])
    }
}
