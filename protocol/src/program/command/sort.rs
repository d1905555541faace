//! The command that orders keys.

use super::super::BufferId;
use super::record::Record;

/// Orders the numbers `0..count` by ascending key (LSD radix); equal keys in ascending number, or
/// by a second word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Keys, a word each; with `ties` as many words more, the second ones, after `capacity` first
    /// ones.
    pub keys: BufferId,
    /// One word: how many keys there are.
    pub count: BufferId,
    /// The order, written: a word each.
    pub order: BufferId,
    /// As large as `order`.
    pub scratch: BufferId,
    /// `2 << digit_bits` words.
    pub histogram: BufferId,
    /// Parameter 0: most keys there can be.
    pub capacity: u32,
    /// Parameter 1: bits a digit, 4..=12; a key has two digits, higher bits are ignored.
    pub digit_bits: u8,
    /// Parameter 2: whether equal keys are ordered by a second word, 0 or 1.
    pub ties: bool,
}

impl Sort {
    pub(super) fn parse(r: &Record) -> Self {
        Self {
            keys: r.buffer(0),
            count: r.buffer(1),
            order: r.buffer(2),
            scratch: r.buffer(3),
            histogram: r.buffer(4),
            capacity: r.parameters[0],
            digit_bits: r.byte(1),
            ties: r.flag(2),
        }
    }

    pub(super) fn record(&self) -> Record {
        let Self { keys, count, order, scratch, histogram, .. } = *self;
        Record::new(
            [keys, count, order, scratch, histogram],
            [self.capacity, u32::from(self.digit_bits), self.ties.into()],
        )
    }
}
