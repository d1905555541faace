//! Descriptors: a command on its way to the accelerator, and its receipt on the way back.
//!
//! ```text
//! going: byte 0  u8   operator                 coming: word 0  the same, ownership bit clear
//!             1  u8   mode                               1  zero, or what the accelerator adds
//!             2  u16  bits 0..12: index of the           2  clocks, low;       3  high
//!                     command in its program             4  clocks of its index phase
//!                     bit 12: NOTIFY                     5  of its reduce phase
//!                     bits 13, 14: zero                  6  of its loads
//!                     bit 15: OWNED                      7  of its stores
//!             4  8 x u16  operands                       8  clocks in which nothing moved
//!            20  11 x u32 parameters                     9  bytes read, low;  10  high
//!                                                       11  bytes written, low; 12  high
//!                                                       13  operations, low;  14  high
//!                                                       15  work items, saturating
//! ```
//!
//! Phases overlap in an accelerator that works ahead, so their clocks may add up to more than the
//! command's. A slot belongs to the accelerator while its ownership bit is set, to the core
//! otherwise; the bit is the last thing that either side writes.

use core::ops::AddAssign;

use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

use crate::program::{COMMAND_BYTES, COMMAND_WORDS};

/// Words of a descriptor.
pub const DESCRIPTOR_WORDS: usize = COMMAND_WORDS;
/// In the first word: the slot is the accelerator's.
pub const OWNED: u32 = 1 << 31;
/// In the first word: completing this one is an event.
pub const NOTIFY: u32 = 1 << 28;
/// In the first word: how far up the command's index is.
const INDEX_SHIFT: u32 = 16;
/// Its bits: programs have at most 4096 commands.
const INDEX_MASK: u32 = 0xFFF;
/// In the first word: operator and mode.
const CODE_MASK: u32 = 0xFFFF;

/// The first word of a command's descriptor, as it is handed over.
pub const fn header(code: u32, index: u16, notify: bool) -> u32 {
    let notify = if notify { NOTIFY } else { 0 };
    code & CODE_MASK | (index as u32 & INDEX_MASK) << INDEX_SHIFT | notify | OWNED
}

/// The words of a command; the first one lacks what [`header`] adds.
pub fn words(command: &[u8; COMMAND_BYTES]) -> [u32; DESCRIPTOR_WORDS] {
    let mut words = [0; DESCRIPTOR_WORDS];
    for (word, bytes) in words.iter_mut().zip(command.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

/// The command of a descriptor, as a program has it.
pub fn command(words: &[u32; DESCRIPTOR_WORDS]) -> [u8; COMMAND_BYTES] {
    let mut bytes = [0; COMMAND_BYTES];
    for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *to = word.to_le_bytes();
    }
    bytes[2..4].fill(0);
    bytes
}

/// The index of the command in its program, from a descriptor's first word.
pub const fn index(header: u32) -> u16 {
    (header >> INDEX_SHIFT & INDEX_MASK) as u16
}

/// What a command cost an accelerator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Schema)]
pub struct Receipt {
    /// Clocks from its start to its end, those in which it waited for the core left out.
    pub clocks: u64,
    /// Clocks of its index phase: addresses, coverage, keys.
    pub index: u32,
    /// Clocks of its reduce phase: sums, blends, depth tests, order.
    pub reduce: u32,
    /// Clocks in which operands were loaded.
    pub load: u32,
    /// Clocks in which results were stored.
    pub store: u32,
    /// Clocks in which nothing moved: conflicts of banks, latency of memory.
    pub stall: u32,
    /// Bytes read from memory.
    pub bytes_read: u64,
    /// Bytes written to memory.
    pub bytes_written: u64,
    /// What was reduced: products, corners, fragments, comparisons.
    pub operations: u64,
    /// Work items, as a core would count them.
    pub items: u32,
}

impl Receipt {
    /// The receipt in a descriptor that has come back.
    pub const fn of_words(words: &[u32; DESCRIPTOR_WORDS]) -> Self {
        const fn long(low: u32, high: u32) -> u64 {
            (high as u64) << 32 | low as u64
        }
        Self {
            clocks: long(words[2], words[3]),
            index: words[4],
            reduce: words[5],
            load: words[6],
            store: words[7],
            stall: words[8],
            bytes_read: long(words[9], words[10]),
            bytes_written: long(words[11], words[12]),
            operations: long(words[13], words[14]),
            items: words[15],
        }
    }

    /// The descriptor that comes back for one that was handed over with this first word.
    pub const fn to_words(self, header: u32) -> [u32; DESCRIPTOR_WORDS] {
        let Self { clocks, bytes_read, bytes_written, operations, .. } = self;
        [
            header & !OWNED,
            0,
            clocks as u32,
            (clocks >> 32) as u32,
            self.index,
            self.reduce,
            self.load,
            self.store,
            self.stall,
            bytes_read as u32,
            (bytes_read >> 32) as u32,
            bytes_written as u32,
            (bytes_written >> 32) as u32,
            operations as u32,
            (operations >> 32) as u32,
            self.items,
        ]
    }
}

impl AddAssign for Receipt {
    /// Of one command executed several times. What does not fit stays at the greatest number.
    fn add_assign(&mut self, other: Self) {
        let long = |sum: &mut u64, more| *sum = sum.saturating_add(more);
        let short = |sum: &mut u32, more| *sum = sum.saturating_add(more);
        long(&mut self.clocks, other.clocks);
        short(&mut self.index, other.index);
        short(&mut self.reduce, other.reduce);
        short(&mut self.load, other.load);
        short(&mut self.store, other.store);
        short(&mut self.stall, other.stall);
        long(&mut self.bytes_read, other.bytes_read);
        long(&mut self.bytes_written, other.bytes_written);
        long(&mut self.operations, other.operations);
        short(&mut self.items, other.items);
    }
}

/// What an accelerator needs of the core before it can go on with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yield {
    /// Pixels of a frame are in the pixel buffer, three bytes each: they are to be taken.
    Pixels {
        /// The frame's buffer.
        buffer: u16,
        /// Leftmost column.
        x: u16,
        /// Topmost row.
        y: u16,
        /// Columns, at least 1.
        width: u16,
        /// `rows * width * 3`, at least one row.
        bytes: u32,
    },
    /// A page of a streamed buffer is to be brought: into this slot of it, whose word in the
    /// buffer's table is zero now and is to hold the page's number and one more once the page is
    /// whole. The core need not wait for the page before it lets the accelerator go on.
    Page {
        /// The streamed buffer.
        buffer: u16,
        /// The slot.
        slot: u16,
        /// The page's number.
        page: u32,
        /// Its length in bytes.
        bytes: u32,
    },
    /// The command at hand is more than this accelerator can do, and nothing of it is done: the
    /// core is to execute it.
    Declined,
}

impl Yield {
    /// Of [`super::registers::YIELD_REASON`] and the four words after it; none for what is no
    /// yield.
    pub const fn of_words([reason, a, b, c, d]: [u32; 5]) -> Option<Self> {
        let (low, high) = (a as u16, (a >> 16) as u16);
        Some(match reason {
            1 => Self::Pixels {
                buffer: low,
                x: b as u16,
                y: (b >> 16) as u16,
                width: high,
                bytes: c,
            },
            2 if c != u32::MAX && d == 0 => {
                Self::Page { buffer: low, slot: high, page: c, bytes: b }
            }
            3 => Self::Declined,
            _ => return None,
        })
    }

    /// The words of the registers.
    pub const fn to_words(self) -> [u32; 5] {
        const fn pair(low: u16, high: u16) -> u32 {
            low as u32 | (high as u32) << 16
        }
        match self {
            Self::Pixels { buffer, x, y, width, bytes } => {
                [1, pair(buffer, width), pair(x, y), bytes, 0]
            }
            Self::Page { buffer, slot, page, bytes } => [2, pair(buffer, slot), bytes, page, 0],
            Self::Declined => [3, 0, 0, 0, 0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_comes_out_of_its_descriptor_as_it_went_in() {
        let mut command = [0; COMMAND_BYTES];
        for (place, byte) in
            command.iter_mut().enumerate().filter(|(place, _)| !matches!(place, 2 | 3))
        {
            *byte = place as u8 + 1;
        }
        let mut words = words(&command);
        words[0] = header(words[0], 4095, true);
        assert_eq!(words[0], OWNED | NOTIFY | 4095 << 16 | 0x0201);
        assert_eq!((index(words[0]), self::command(&words)), (4095, command));
    }

    #[test]
    fn a_receipt_is_read_as_it_was_written() {
        let receipt = Receipt {
            clocks: 1 << 40 | 5,
            index: 1,
            reduce: 2,
            load: 3,
            store: 4,
            stall: 6,
            bytes_read: 7 << 33,
            bytes_written: 8 << 34,
            operations: 9 << 35,
            items: 10,
        };
        let words = receipt.to_words(header(5, 6, false));
        assert_eq!((Receipt::of_words(&words), words[0] & OWNED), (receipt, 0));
    }

    #[test]
    fn receipts_add_up_and_stay_at_the_greatest_number() {
        let once = Receipt { clocks: 5, index: u32::MAX - 1, items: 2, ..Receipt::default() };
        let mut sum = once;
        sum += once;
        assert_eq!((sum.clocks, sum.index, sum.items, sum.load), (10, u32::MAX, 4, 0));
    }

    #[test]
    fn yields_are_read_as_they_were_written() {
        for it in [
            Yield::Pixels { buffer: 1, x: 2, y: 3, width: 4, bytes: 12 },
            Yield::Page { buffer: 5, slot: 6, page: 7, bytes: 8 },
            Yield::Declined,
        ] {
            assert_eq!(Yield::of_words(it.to_words()), Some(it));
        }
        assert_eq!(Yield::of_words([0; 5]), None);
    }
}
