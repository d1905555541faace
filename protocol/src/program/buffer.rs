//! Buffers: numbered ranges of the device's arena.

use core::fmt;
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Bytes of an encoded [`Buffer`].
pub const BUFFER_BYTES: usize = 12;

/// Number of a buffer in its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferId(pub u16);

impl fmt::Display for BufferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a buffer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BufferKind {
    /// Placed once before the program is installed; commands only read it.
    Constant,
    /// Written by the driver before a run; commands only read it, but see [`BufferKind::Scratch`].
    Input,
    /// Written by commands, read back by the driver after the run.
    Output,
    /// Written and read by commands. Inputs, outputs and scratch may share memory when their
    /// lifetimes allow.
    Scratch,
    /// A picture that leaves the device tile by tile: has a size but no place in the arena.
    Frame,
    /// Pages of data that stay with the driver. Commands read them; the device pulls those that it
    /// needs into its part of the arena, as many at a time as fit there: see [`Buffer::slots`].
    Streamed {
        /// Words of the longest page, at least 1.
        page_words: u16,
    },
}

/// A range of the arena.
///
/// ```text
/// byte 0  u32  offset in the arena in bytes, a multiple of 4 (zero for a frame)
///      4  u32  length in bytes, a multiple of 4 (for a frame: width | height << 16)
///      8  u8   kind: 0 constant, 1 input, 2 output, 3 scratch, 4 frame, 5 streamed
///      9  u8   zero
///     10  u16  zero (for a streamed buffer: words of the longest page)
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// What it is for.
    pub kind: BufferKind,
    /// Offset in the arena, in bytes.
    pub offset: u32,
    /// Length in bytes; for a frame `width | height << 16`.
    pub length: u32,
}

impl Buffer {
    pub(super) fn parse(bytes: &[u8; BUFFER_BYTES]) -> Option<Self> {
        let [o0, o1, o2, o3, l0, l1, l2, l3, kind, 0, p0, p1] = *bytes else { return None };
        let kind = match (kind, u16::from_le_bytes([p0, p1])) {
            (0, 0) => BufferKind::Constant,
            (1, 0) => BufferKind::Input,
            (2, 0) => BufferKind::Output,
            (3, 0) => BufferKind::Scratch,
            (4, 0) => BufferKind::Frame,
            (5, page_words @ 1..) => BufferKind::Streamed { page_words },
            _ => return None,
        };
        let offset = u32::from_le_bytes([o0, o1, o2, o3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        Some(Self { kind, offset, length })
    }

    pub(super) fn emit(&self) -> [u8; BUFFER_BYTES] {
        let [o0, o1, o2, o3] = self.offset.to_le_bytes();
        let [l0, l1, l2, l3] = self.length.to_le_bytes();
        let (kind, page_words) = match self.kind {
            BufferKind::Constant => (0, 0),
            BufferKind::Input => (1, 0),
            BufferKind::Output => (2, 0),
            BufferKind::Scratch => (3, 0),
            BufferKind::Frame => (4, 0),
            BufferKind::Streamed { page_words } => (5, page_words),
        };
        let [p0, p1] = u16::to_le_bytes(page_words);
        [o0, o1, o2, o3, l0, l1, l2, l3, kind, 0, p0, p1]
    }

    /// How many pages of a streamed buffer fit its range at a time; none of any other kind. Each
    /// takes one word more, for its number: first those words, then the pages.
    pub fn slots(&self) -> usize {
        match self.kind {
            BufferKind::Streamed { page_words } => {
                self.length as usize / 4 / (usize::from(page_words) + 1)
            }
            _ => 0,
        }
    }
}
