//! Frame headers: parse and emit.
//!
//! ```text
//!  every frame but HELLO and WELCOME
//!  +------------+--------+------+-----+-----+-----+------+---------
//!  | kind|marks | serial | echo | tag | seq | ack | kept | payload     numbers are little-endian
//!  +------------+--------+------+-----+-----+-----+------+---------
//!   4 bits each   1        1      2     2     2     4, where marked
//! ```
//!
//! What the frame is:
//! - `kind`: see [`Kind`]. Mark 1 of data: the channel is bulk.
//! - `serial`: counts what the sender has sent that wants an answer: data, sent again or not,
//!   probes and logs. Zero for others.
//! - `tag`: both nonces hashed; frames of another session do not match it.
//! - `seq`: number of a data frame, or count of logs; else zero.
//!
//! What it acknowledges:
//! - `ack`: number of the next data frame that the application awaits.
//! - `kept`, with mark 8; else zero: bit `i` says that data frame `ack + i` waits in the store.
//! - `echo`: the last serial seen. A pipe keeps the order, so that whatever went before it and is
//!   neither acknowledged nor kept is lost for certain.
//! - Mark 2, damaged: a frame came that could not be read, behind the one of `echo`.
//! - Mark 4, full: data is being dropped because the application takes none. Send no more until
//!   told otherwise.

use super::Channel;

/// Most bytes before the payload of a frame.
pub const HEADER_BYTES: usize = FIXED_BYTES + KEPT_BYTES;

const FIXED_BYTES: usize = 9;
const KEPT_BYTES: usize = 4;

const BULK: u8 = 1;
const DAMAGED: u8 = 2;
const FULL: u8 = 4;
const KEPT: u8 = 8;

/// What a frame is for. Every kind acknowledges too; [`Kind::Reset`] does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Carries a packet.
    Data = 1,
    /// Only acknowledges.
    Ack = 2,
    /// Carries a log packet, which is not acknowledged.
    Log = 3,
    /// Asks for an [`Kind::Ack`] at once.
    Probe = 4,
    /// There is no session of this tag at the sender.
    Reset = 5,
}

/// What a frame acknowledges.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Acks {
    pub ack: u16,
    pub kept: u32,
    pub echo: u8,
    pub damaged: bool,
    pub full: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    /// Of data; else [`Channel::Control`].
    pub channel: Channel,
    pub serial: u8,
    pub tag: u16,
    pub seq: u16,
    pub acks: Acks,
}

impl Header {
    /// A header with neither payload nor serial.
    pub const fn bare(kind: Kind, tag: u16, acks: Acks) -> Self {
        Self { kind, channel: Channel::Control, serial: 0, tag, seq: 0, acks }
    }

    /// The header, and the payload behind it.
    pub fn parse(body: &[u8]) -> Option<(Self, &[u8])> {
        let (&[first, serial, echo, tag0, tag1, seq0, seq1, ack0, ack1], rest) =
            body.split_first_chunk::<FIXED_BYTES>()?;
        let kind = match first >> 4 {
            1 => Kind::Data,
            2 => Kind::Ack,
            3 => Kind::Log,
            4 => Kind::Probe,
            5 => Kind::Reset,
            _ => return None,
        };
        let (kept, payload) = if first & KEPT != 0 {
            let (&kept, payload) = rest.split_first_chunk::<KEPT_BYTES>()?;
            (u32::from_le_bytes(kept), payload)
        } else {
            (0, rest)
        };
        let acks = Acks {
            ack: u16::from_le_bytes([ack0, ack1]),
            kept,
            echo,
            damaged: first & DAMAGED != 0,
            full: first & FULL != 0,
        };
        let header = Self {
            kind,
            channel: if first & BULK != 0 { Channel::Bulk } else { Channel::Control },
            serial,
            tag: u16::from_le_bytes([tag0, tag1]),
            seq: u16::from_le_bytes([seq0, seq1]),
            acks,
        };
        Some((header, payload))
    }

    /// Hands the pieces of the header to `push`.
    pub fn emit(&self, mut push: impl FnMut(&[u8])) {
        let Acks { ack, kept, echo, damaged, full } = self.acks;
        let mark = |set: bool, mark: u8| if set { mark } else { 0 };
        let first = (self.kind as u8) << 4
            | mark(self.channel == Channel::Bulk, BULK)
            | mark(damaged, DAMAGED)
            | mark(full, FULL)
            | mark(kept != 0, KEPT);
        let [tag0, tag1] = self.tag.to_le_bytes();
        let [seq0, seq1] = self.seq.to_le_bytes();
        let [ack0, ack1] = ack.to_le_bytes();
        push(&[first, self.serial, echo, tag0, tag1, seq0, seq1, ack0, ack1]);
        if kept != 0 {
            push(&kept.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::vec::Vec;

    fn bytes(header: &Header) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.emit(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    #[test]
    fn headers_parse_as_emitted() {
        for kind in [Kind::Data, Kind::Ack, Kind::Log, Kind::Probe, Kind::Reset] {
            for choice in 0..16 {
                let acks = Acks {
                    ack: 0x00FF,
                    kept: if choice & 1 == 0 { 0 } else { 0x8000_0002 },
                    echo: 7,
                    damaged: choice & 2 != 0,
                    full: choice & 4 != 0,
                };
                let channel = if choice & 8 == 0 { Channel::Control } else { Channel::Bulk };
                let header = Header { kind, channel, serial: 200, tag: 0x1234, seq: 0xFEDC, acks };
                let mut frame = bytes(&header);
                assert!(frame.len() <= HEADER_BYTES);
                assert_eq!(Header::parse(&frame), Some((header, &[][..])));
                assert_eq!(Header::parse(&frame[..frame.len() - 1]), None);
                frame.extend(b"payload");
                assert_eq!(Header::parse(&frame), Some((header, &b"payload"[..])));
            }
        }
        assert_eq!(Header::parse(&[0x00; HEADER_BYTES]), None);
        assert_eq!(Header::parse(&[0xF0; HEADER_BYTES]), None);
    }

    #[test]
    fn the_layout_is_as_drawn() {
        let acks = Acks { ack: 0x0A09, kept: 0x0E0D_0C0B, echo: 4, damaged: true, full: true };
        let channel = Channel::Bulk;
        let header =
            Header { kind: Kind::Data, channel, serial: 3, tag: 0x0605, seq: 0x0807, acks };
        assert_eq!(bytes(&header), b"\x1F\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E");
    }
}
