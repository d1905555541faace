//! What a charge looks up: the sizes of buffers, the words that tell how much a command had to do,
//! and the work that it reported.

use quintet_protocol::feature::Matrix;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{BufferId, Program};
use quintet_protocol::tile::Cursor;

use super::Work;
use crate::instance::Instance;

/// A command in its surroundings. Whatever is asked for and is not there is nothing.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What executes it.
    pub instance: &'a Instance,
    /// Where its operands' buffers are.
    pub program: &'a Program<'a>,
    /// What executing it came to.
    pub work: &'a Work,
    /// Memory after it.
    pub arena: &'a [u32],
}

impl<'a> Context<'a> {
    /// Work items of a phase.
    pub fn items(&self, phase: Phase) -> u64 {
        let items = self.work.iter().filter(|(of, _)| *of == phase).map(|&(_, items)| items);
        items.fold(0, u64::saturating_add)
    }

    /// The words of a buffer.
    pub fn words(&self, id: BufferId) -> &'a [u32] {
        let Ok(buffer) = self.program.buffer(id) else { return &[] };
        let [first, length] = [buffer.offset, buffer.length].map(|bytes| bytes as usize / 4);
        let end = first.saturating_add(length).min(self.arena.len());
        self.arena.get(first..end).unwrap_or_default()
    }

    /// A record of some words in a buffer.
    pub fn record<const N: usize>(&self, id: BufferId, number: u64) -> Option<&'a [u32; N]> {
        self.words(id).as_chunks().0.get(usize::try_from(number).ok()?)
    }

    /// A number of things that a buffer's first word has, `most` at most.
    pub fn count(&self, id: BufferId, most: u32) -> u64 {
        self.words(id).first().map_or(0, |&count| count.min(most).into())
    }

    /// Where a cursor stands.
    pub fn cursor(&self, id: BufferId) -> Cursor {
        self.record(id, 0).map_or(Cursor::default(), Cursor::from_words)
    }

    /// Bytes of a buffer.
    pub fn bytes(&self, id: BufferId) -> u64 {
        self.program.buffer(id).map_or(0, |buffer| buffer.length.into())
    }
}

/// Bytes from row to row.
pub fn row_stride(matrix: Matrix) -> u64 {
    u64::from(matrix.stride) * 2
}

/// A product that saturates.
pub fn product<const N: usize>(factors: [u64; N]) -> u64 {
    factors.into_iter().fold(1, u64::saturating_mul)
}
