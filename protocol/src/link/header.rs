//! Frame headers: parse and emit.
//!
//! ```text
//!  every frame but the first two
//!  +--------------+-------+--------+--------+--------+---------
//!  | kind|channel | round | tag    | seq    | ack    | payload   numbers are little-endian
//!  +--------------+-------+--------+--------+--------+---------
//!   4 bits 4 bits  1 byte  2 bytes  2 bytes  2 bytes
//!
//!  HELLO and WELCOME, the same in every version for ever; bytes that follow are ignored
//!  +------+------+---------+-------------+--------+-------+-------+
//!  | F0   | QNTT | version | max payload | window | nonce |       |  driver to device
//!  | E0   | QNTT | version | max payload | window | nonce | nonce |  device to driver
//!  +------+------+---------+-------------+--------+-------+-------+
//!   1      4      2         2             4        driver  device: 4 each
//! ```
//!
//! - `tag`: both nonces hashed; frames of another session do not match it.
//! - `seq`: number of a data frame; else zero. `ack`: number of the next data frame awaited.
//! - `round`: how many times the sender of the data has gone back to its oldest frame that is not
//!   acknowledged. In a NAK, the round of the data complained about; so each loss is repaired once.

/// Bytes before the payload of a data frame.
pub const HEADER_BYTES: usize = 8;

const MAGIC: [u8; 4] = *b"QNTT";
const HELLO: u8 = 0xF0;
const WELCOME: u8 = 0xE0;

/// Most bytes that [`Greeting::emit`] writes.
pub(super) const GREETING_BYTES: usize = 21;

/// What a frame is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Carries a packet, and an acknowledgement.
    Data,
    /// Only acknowledges.
    Ack,
    /// Acknowledges, and asks to go back to `ack`.
    Nak,
    /// Acknowledges, and asks for an [`Kind::Ack`] at once.
    Probe,
    /// There is no session of this tag at the sender.
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub kind: Kind,
    /// 0..=15; zero for all but data.
    pub channel: u8,
    pub round: u8,
    pub tag: u16,
    pub seq: u16,
    pub ack: u16,
}

impl Header {
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (&[first, round, tag0, tag1, seq0, seq1, ack0, ack1], _) =
            body.split_first_chunk::<HEADER_BYTES>()?;
        let kind = match first >> 4 {
            1 => Kind::Data,
            2 => Kind::Ack,
            3 => Kind::Nak,
            4 => Kind::Probe,
            5 => Kind::Reset,
            _ => return None,
        };
        Some(Self {
            kind,
            channel: first & 0x0F,
            round,
            tag: u16::from_le_bytes([tag0, tag1]),
            seq: u16::from_le_bytes([seq0, seq1]),
            ack: u16::from_le_bytes([ack0, ack1]),
        })
    }

    pub fn emit(&self) -> [u8; HEADER_BYTES] {
        let kind = match self.kind {
            Kind::Data => 1,
            Kind::Ack => 2,
            Kind::Nak => 3,
            Kind::Probe => 4,
            Kind::Reset => 5,
        };
        let [tag0, tag1] = self.tag.to_le_bytes();
        let [seq0, seq1] = self.seq.to_le_bytes();
        let [ack0, ack1] = self.ack.to_le_bytes();
        [kind << 4 | (self.channel & 0x0F), self.round, tag0, tag1, seq0, seq1, ack0, ack1]
    }
}

/// HELLO, or WELCOME if there is a device nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    pub version: u16,
    /// Longest payload that the sender takes, in bytes.
    pub max_payload: u16,
    /// Wire bytes that may be on their way to the sender, unacknowledged.
    pub window: u32,
    pub driver_nonce: u32,
    pub device_nonce: Option<u32>,
}

impl Greeting {
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (&kind, body) = body.split_first()?;
        let (&magic, body) = body.split_first_chunk()?;
        let (&version, body) = body.split_first_chunk()?;
        let (&max_payload, body) = body.split_first_chunk()?;
        let (&window, body) = body.split_first_chunk()?;
        let (&driver_nonce, body) = body.split_first_chunk()?;
        let device_nonce = match kind {
            HELLO => None,
            WELCOME => Some(u32::from_le_bytes(*body.first_chunk()?)),
            _ => return None,
        };
        (magic == MAGIC).then_some(Self {
            version: u16::from_le_bytes(version),
            max_payload: u16::from_le_bytes(max_payload),
            window: u32::from_le_bytes(window),
            driver_nonce: u32::from_le_bytes(driver_nonce),
            device_nonce,
        })
    }

    /// Hands the pieces of the frame's body to `push`.
    pub fn emit(&self, mut push: impl FnMut(&[u8])) {
        push(&[if self.device_nonce.is_some() { WELCOME } else { HELLO }]);
        push(&MAGIC);
        push(&self.version.to_le_bytes());
        push(&self.max_payload.to_le_bytes());
        push(&self.window.to_le_bytes());
        push(&self.driver_nonce.to_le_bytes());
        if let Some(nonce) = self.device_nonce {
            push(&nonce.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_parse_as_emitted() {
        for kind in [Kind::Data, Kind::Ack, Kind::Nak, Kind::Probe, Kind::Reset] {
            let header =
                Header { kind, channel: 9, round: 200, tag: 0x1234, seq: 0xFEDC, ack: 0x00FF };
            assert_eq!(Header::parse(&header.emit()), Some(header));
        }
        assert_eq!(Header::parse(&[0x10; HEADER_BYTES - 1]), None);
        assert_eq!(Header::parse(&[0x00; HEADER_BYTES]), None);
    }

    #[test]
    fn greetings_parse_as_emitted_and_keep_their_layout() {
        let hello = Greeting {
            version: 0x0201,
            max_payload: 0x0403,
            window: 0x0807_0605,
            driver_nonce: 0x0C0B_0A09,
            device_nonce: None,
        };
        let mut wire = [0; GREETING_BYTES];
        let mut at = 0;
        let mut put = |bytes: &[u8]| {
            wire[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        };
        hello.emit(&mut put);
        assert_eq!(at, 17);
        assert_eq!(&wire[..17], b"\xF0QNTT\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C");
        assert_eq!(Greeting::parse(&wire), Some(hello));
        let welcome = Greeting { device_nonce: Some(0x1110_0F0E), ..hello };
        at = 0;
        welcome.emit(|bytes| {
            wire[at..at + bytes.len()].copy_from_slice(bytes);
            at += bytes.len();
        });
        assert_eq!((wire[0], at), (0xE0, GREETING_BYTES));
        assert_eq!(Greeting::parse(&wire), Some(welcome));
        assert_eq!(Greeting::parse(&wire[..20]), None);
    }
}
