//! Frames: how a piece of data is marked off, and checked, on a pipe of bytes.
//!
//! ```text
//!   body                          CRC-32 of the body, little-endian
//!  +--------------------------+--------+
//!  | 0 .. rx buffer - 4 bytes | 4 bytes|        at most `Decoder` buffer bytes together
//!  +--------------------------+--------+
//!         | COBS: no zero byte is left; one byte longer, and one more for every 254
//!         v
//!  +------------------------------------+----+
//!  | 0x01..=0xFF ...                    | 00 |  the zero closes the frame
//!  +------------------------------------+----+
//! ```
//!
//! COBS (Cheshire and Baker, 1999) cuts the data at its zeros. Each block is a code byte `n` and
//! `n - 1` bytes of data; it stands for those bytes and a zero, except that `n = 255` and the last
//! block stand for the bytes alone.
//!
//! Whatever a receiver has seen, the next zero brings it back into step. Zeros between frames mean
//! nothing, so a sender may put one first to cut off noise.
//!
//! Instructions a byte on a Cortex-M4, CRC included, counted on an emulator at opt-level 3:
//!
//! | data     | encode | decode |
//! |----------|--------|--------|
//! | random   | 14     | 13     |
//! | all zero | 29     | 26     |

use crate::copy;
use crate::crc::{Crc32, RESIDUE};

/// Bytes of CRC in each frame.
pub const CRC_BYTES: usize = 4;

/// Most data bytes in one COBS block.
const BLOCK: usize = 254;

/// Most bytes that a frame with `body` bytes of body takes on the wire, its closing zero included.
pub const fn max_wire_len(body: usize) -> usize {
    let data = body + CRC_BYTES;
    data + data / BLOCK + 2
}

/// Longest body whose frame is sure to fit `wire` bytes; the inverse of [`max_wire_len`], at most
/// one byte short of exact.
pub const fn max_body_len(wire: usize) -> usize {
    let room = wire.saturating_sub(2);
    (room - room.div_ceil(BLOCK + 1)).saturating_sub(CRC_BYTES)
}

/// Writes one frame straight into a buffer.
///
/// A body that does not fit is noticed at [`Encoder::finish`]; the buffer then holds garbage.
#[derive(Debug)]
pub struct Encoder<'b> {
    out: &'b mut [u8],
    /// Bytes written, the open block's code byte included.
    at: usize,
    /// Where the open block's code byte goes.
    code_at: usize,
    crc: Crc32,
    overflow: bool,
}

impl<'b> Encoder<'b> {
    /// A frame at the start of `out`, which is large enough if it has [`max_wire_len`] bytes.
    pub fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 1, code_at: 0, crc: Crc32::new(), overflow: false }
    }

    /// Appends to the body.
    // Headers come in many pieces; in line each costs 200 bytes of flash.
    #[inline(never)]
    pub fn push(&mut self, body: &[u8]) {
        self.crc.update(body);
        self.stuff(body);
    }

    /// Closes the frame; returns its length on the wire, or `None` if the buffer was too short.
    pub fn finish(mut self) -> Option<usize> {
        let crc = self.crc.finish().to_le_bytes();
        self.stuff(&crc);
        *self.out.get_mut(self.code_at)? = (self.at - self.code_at) as u8;
        *self.out.get_mut(self.at)? = 0;
        (!self.overflow).then_some(self.at + 1)
    }

    fn stuff(&mut self, data: &[u8]) {
        let (mut at, mut code_at) = (self.at, self.code_at);
        let mut rest = data;
        while let [first, behind @ ..] = rest {
            let is_over = if *first == 0 {
                rest = behind;
                true
            } else {
                // What lies before the next zero is copied at once, as far as the block goes.
                let room = BLOCK + 1 - (at - code_at);
                let length = before_zero(rest.get(..room).unwrap_or(rest));
                let parts = rest.split_at_checked(length).zip(self.out.get_mut(at..at + length));
                let Some(((plain, behind), place)) = parts else {
                    self.overflow = true;
                    return;
                };
                copy(plain, place);
                (at, rest) = (at + length, behind);
                length == room
            };
            // Of a zero only the code byte is left; a full block needs a place for the next one.
            if is_over {
                let Some(place) = self.out.get_mut(code_at) else {
                    self.overflow = true;
                    return;
                };
                *place = (at - code_at) as u8;
                (code_at, at) = (at, at + 1);
            }
        }
        (self.at, self.code_at) = (at, code_at);
    }
}

/// How many bytes come before the first zero; all, if there is none.
fn before_zero(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<4>();
    // Of the lowest bytes that are zero, and only of those above one, the upper bits get set.
    let has_zero = |word: u32| word.wrapping_sub(0x0101_0101) & !word & 0x8080_8080 != 0;
    let words = words.iter().take_while(|word| !has_zero(u32::from_le_bytes(**word))).count();
    let last = bytes.get(words * 4..).unwrap_or_default();
    words * 4 + last.iter().take_while(|byte| **byte != 0).count()
}

/// What a [`Decoder`] has met, for diagnosis. Counts stop at their maximum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameStats {
    /// Frames with a good CRC.
    pub good: u32,
    /// Frames that fitted, but whose CRC or length was wrong.
    pub bad_crc: u32,
    /// Frames cut short: a zero inside a COBS block.
    pub bad_cobs: u32,
    /// Frames longer than the buffer.
    pub oversize: u32,
}

/// What came of a [`Decoder::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoded<'a> {
    /// All bytes were taken and no frame ended.
    Nothing,
    /// A frame ended; this is its body.
    Frame(&'a [u8]),
    /// A frame ended, and was dropped and counted in [`FrameStats`].
    Bad,
}

/// Finds frames in a stream of bytes.
///
/// `B` is the buffer, on a device usually `&mut [u8]`. It bounds a frame: body and CRC together.
#[derive(Debug)]
pub struct Decoder<B> {
    buffer: B,
    /// Decoded bytes in the buffer.
    len: usize,
    /// Data bytes still to come in the open block.
    block_left: usize,
    /// The block before ended at a zero, which is data if another block follows.
    zero_owed: bool,
    /// Nothing has come since the last closing zero.
    fresh: bool,
    oversize: bool,
    stats: FrameStats,
}

/// [`Decoded`] with the length of the body in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ended {
    Nothing,
    Frame(usize),
    Bad,
}

/// How a frame ended.
enum End {
    Good,
    Bad,
    Empty,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> Decoder<B> {
    /// Starts out in step, as after a zero.
    pub fn new(buffer: B) -> Self {
        Self {
            buffer,
            len: 0,
            block_left: 0,
            zero_owed: false,
            fresh: true,
            oversize: false,
            stats: FrameStats::default(),
        }
    }

    /// Longest body that fits the buffer, in bytes.
    pub fn max_body(&self) -> usize {
        self.buffer.as_ref().len().saturating_sub(CRC_BYTES)
    }

    /// What has been met so far.
    pub fn stats(&self) -> FrameStats {
        self.stats
    }

    /// Takes bytes up to the end of at most one frame; returns how many, and what ended there.
    ///
    /// Push the rest again, until [`Decoded::Nothing`] comes back.
    pub fn push(&mut self, bytes: &[u8]) -> (usize, Decoded<'_>) {
        match self.advance(bytes) {
            (taken, Ended::Nothing) => (taken, Decoded::Nothing),
            (taken, Ended::Bad) => (taken, Decoded::Bad),
            (taken, Ended::Frame(len)) => (taken, Decoded::Frame(self.body(len))),
        }
    }

    /// As [`Decoder::push`], for a caller that wants to borrow the body later.
    pub(crate) fn advance(&mut self, bytes: &[u8]) -> (usize, Ended) {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            let (run, ended) = self.step(rest);
            taken += run;
            match ended {
                None | Some(End::Empty) => {}
                Some(End::Bad) => return (taken, Ended::Bad),
                Some(End::Good) => {
                    let body = self.len - CRC_BYTES;
                    self.restart();
                    return (taken, Ended::Frame(body));
                }
            }
        }
        (taken, Ended::Nothing)
    }

    /// The body of `len` bytes that [`Decoder::advance`] has just reported.
    pub(crate) fn body(&self, len: usize) -> &[u8] {
        self.buffer.as_ref().get(..len).unwrap_or_default()
    }

    /// Takes code bytes, or one run of data, or the rest of a frame too long.
    fn step(&mut self, rest: &[u8]) -> (usize, Option<End>) {
        if self.oversize {
            return match rest.iter().position(|&byte| byte == 0) {
                Some(zero) => {
                    count(&mut self.stats.oversize);
                    self.restart();
                    (zero + 1, Some(End::Bad))
                }
                None => (rest.len(), None),
            };
        }
        if self.block_left > 0 {
            return self.data(rest);
        }
        self.codes(rest)
    }

    /// Takes code bytes up to one that has data behind it. Many zeros make many that have none.
    fn codes(&mut self, rest: &[u8]) -> (usize, Option<End>) {
        let (mut len, mut zero_owed) = (self.len, self.zero_owed);
        let mut taken = 0;
        let mut code = 1;
        while let (1, Some(&next)) = (code, rest.get(taken)) {
            taken += 1;
            code = next;
            if code == 0 {
                (self.len, self.zero_owed) = (len, zero_owed);
                return (taken, Some(self.end()));
            }
            self.fresh = false;
            if zero_owed {
                let Some(place) = self.buffer.as_mut().get_mut(len) else {
                    self.oversize = true;
                    return (taken, None);
                };
                *place = 0;
                len += 1;
            }
            zero_owed = code != u8::MAX;
        }
        (self.len, self.zero_owed) = (len, zero_owed);
        self.block_left = usize::from(code) - 1;
        (taken, None)
    }

    fn data(&mut self, rest: &[u8]) -> (usize, Option<End>) {
        let limit = rest.len().min(self.block_left);
        let run = rest.get(..limit).unwrap_or_default();
        let Some(room) = self.buffer.as_mut().get_mut(self.len..self.len + limit) else {
            self.oversize = true;
            return (0, None);
        };
        for (index, (to, &byte)) in room.iter_mut().zip(run).enumerate() {
            if byte == 0 {
                count(&mut self.stats.bad_cobs);
                self.restart();
                return (index + 1, Some(End::Bad));
            }
            *to = byte;
        }
        self.len += limit;
        self.block_left -= limit;
        (limit, None)
    }

    /// A zero where a code byte was due: the frame is complete.
    fn end(&mut self) -> End {
        if self.fresh {
            return End::Empty;
        }
        let mut crc = Crc32::new();
        crc.update(self.buffer.as_ref().get(..self.len).unwrap_or_default());
        if self.len >= CRC_BYTES && crc.finish() == RESIDUE {
            count(&mut self.stats.good);
            // `push` restarts once it has read the length.
            End::Good
        } else {
            count(&mut self.stats.bad_crc);
            self.restart();
            End::Bad
        }
    }

    fn restart(&mut self) {
        self.len = 0;
        self.block_left = 0;
        self.zero_owed = false;
        self.fresh = true;
        self.oversize = false;
    }
}

fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}
