//! HELLO and WELCOME: parse and emit, and what an end learns of the other by them.
//!
//! ```text
//!  the same in every version for ever; bytes that follow are ignored
//!  +------+------+---------+-------------+--------+--------+--------+
//!  | F0   | QNTT | version | max payload | window | nonce  |        | ...    driver to device
//!  | E0   | QNTT | version | max payload | window | nonce  | nonce  | ...    device to driver
//!  +------+------+---------+-------------+--------+--------+--------+
//!   1      4      2         2             4        4 driver 4 device
//!
//!  what follows in this version
//!  +--------+--------------+--------------+----------+
//!  | schema | capabilities | build length | build id |
//!  +--------+--------------+--------------+----------+
//!   4        4              1, at most 20  so many
//! ```

use core::fmt;

const MAGIC: [u8; 4] = *b"QNTT";
const HELLO: u8 = 0xF0;
const WELCOME: u8 = 0xE0;

/// Most bytes that [`Greeting::emit`] writes.
pub(super) const GREETING_BYTES: usize = 21 + 9 + BuildId::MOST;

/// Bits of [`Peer::capabilities`].
pub mod capability {
    /// Bit `1 << operator` is set for every operator that a device executes.
    pub const OPERATORS: u32 = 0xFFFF;
    /// The device sends logs.
    pub const LOG: u32 = 1 << 16;
    /// The device asks for the pages of buffers that lie at the driver.
    pub const STREAM: u32 = 1 << 17;
}

/// Which build a program is: the GNU build id of a firmware image, or nothing. At most 20 bytes.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct BuildId {
    bytes: [u8; Self::MOST],
    len: u8,
}

impl BuildId {
    /// Longest build id: that of `--build-id=sha1`.
    pub const MOST: usize = 20;
    /// A build that does not say which it is.
    pub const UNKNOWN: Self = Self { bytes: [0; Self::MOST], len: 0 };

    /// The build id, of which no more than [`BuildId::MOST`] bytes are kept.
    pub fn new(id: &[u8]) -> Self {
        let mut build = Self::UNKNOWN;
        for (place, byte) in build.bytes.iter_mut().zip(id) {
            *place = *byte;
            build.len += 1;
        }
        build
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Display for BuildId {
    /// In hexadecimal, as `file` and `readelf` write it.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(to, "{byte:02x}"))
    }
}

impl fmt::Debug for BuildId {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "BuildId({self})")
    }
}

/// What the other end has said of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peer {
    /// [`super::VERSION`] of the other end.
    pub version: u16,
    /// Longest payload that it takes, in bytes.
    pub max_payload: u16,
    /// Wire bytes that may be on their way to it.
    pub window: u32,
    /// [`crate::schema::FINGERPRINT`] of the other end.
    pub schema: u32,
    /// What it can do; see [`capability`].
    pub capabilities: u32,
    /// Which build it is.
    pub build: BuildId,
}

/// HELLO, or WELCOME if there is a device nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Greeting {
    pub peer: Peer,
    pub driver_nonce: u32,
    pub device_nonce: Option<u32>,
}

impl Greeting {
    /// Of another version only the part that stays the same is read; the rest is zero.
    pub fn parse(body: &[u8]) -> Option<Self> {
        let (&kind, body) = body.split_first()?;
        let (&magic, body) = body.split_first_chunk()?;
        let (&version, body) = body.split_first_chunk()?;
        let (&max_payload, body) = body.split_first_chunk()?;
        let (&window, body) = body.split_first_chunk()?;
        let (&driver_nonce, body) = body.split_first_chunk()?;
        let (device_nonce, body) = match kind {
            HELLO => (None, body),
            WELCOME => {
                let (&nonce, body) = body.split_first_chunk()?;
                (Some(u32::from_le_bytes(nonce)), body)
            }
            _ => return None,
        };
        let version = u16::from_le_bytes(version);
        let same = version == super::VERSION;
        let (schema, capabilities, build) =
            if same { about(body)? } else { (0, 0, BuildId::UNKNOWN) };
        let peer = Peer {
            version,
            max_payload: u16::from_le_bytes(max_payload),
            window: u32::from_le_bytes(window),
            schema,
            capabilities,
            build,
        };
        let driver_nonce = u32::from_le_bytes(driver_nonce);
        (magic == MAGIC).then_some(Self { peer, driver_nonce, device_nonce })
    }

    /// Hands the pieces of the frame's body to `push`.
    pub fn emit(&self, mut push: impl FnMut(&[u8])) {
        let Peer { version, max_payload, window, schema, capabilities, build } = self.peer;
        push(&[if self.device_nonce.is_some() { WELCOME } else { HELLO }]);
        push(&MAGIC);
        push(&version.to_le_bytes());
        push(&max_payload.to_le_bytes());
        push(&window.to_le_bytes());
        push(&self.driver_nonce.to_le_bytes());
        if let Some(nonce) = self.device_nonce {
            push(&nonce.to_le_bytes());
        }
        push(&schema.to_le_bytes());
        push(&capabilities.to_le_bytes());
        push(&[build.len]);
        push(build.as_bytes());
    }
}

/// Schema, capabilities and build id.
fn about(body: &[u8]) -> Option<(u32, u32, BuildId)> {
    let (&schema, body) = body.split_first_chunk()?;
    let (&capabilities, body) = body.split_first_chunk()?;
    let (&len, body) = body.split_first()?;
    let build = body.get(..usize::from(len))?;
    Some((u32::from_le_bytes(schema), u32::from_le_bytes(capabilities), BuildId::new(build)))
}

#[cfg(test)]
mod tests {
    use super::super::VERSION;
    use super::*;
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    const HELLO: Greeting = Greeting {
        peer: Peer {
            version: VERSION,
            max_payload: 0x0403,
            window: 0x0807_0605,
            schema: 0x2423_2221,
            capabilities: 0x2827_2625,
            build: BuildId { bytes: [0xAB; BuildId::MOST], len: 3 },
        },
        driver_nonce: 0x0C0B_0A09,
        device_nonce: None,
    };

    fn bytes(greeting: &Greeting) -> Vec<u8> {
        let mut bytes = Vec::new();
        greeting.emit(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    #[test]
    fn greetings_parse_as_emitted_and_keep_their_layout() {
        let hello = bytes(&HELLO);
        let [low, high] = VERSION.to_le_bytes();
        assert_eq!(hello[..7], [0xF0, b'Q', b'N', b'T', b'T', low, high]);
        assert_eq!(&hello[7..17], b"\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C");
        assert_eq!(&hello[17..], b"\x21\x22\x23\x24\x25\x26\x27\x28\x03\xAB\xAB\xAB");
        let welcome = Greeting { device_nonce: Some(0x1110_0F0E), ..HELLO };
        assert_eq!(bytes(&welcome)[17..22], *b"\x0E\x0F\x10\x11\x21");
        for greeting in [HELLO, welcome] {
            let greeting = Greeting {
                peer: Peer { build: BuildId::new(&[7; 30]), ..greeting.peer },
                ..greeting
            };
            let mut wire = bytes(&greeting);
            assert!(wire.len() <= GREETING_BYTES);
            for len in 0..wire.len() {
                assert_eq!(Greeting::parse(&wire[..len]), None);
            }
            wire.extend(b"a later field");
            let parsed = Greeting::parse(&wire).unwrap();
            assert_eq!(parsed.peer.build.as_bytes(), [7; 20]);
            assert_eq!(parsed, greeting);
        }
    }

    #[test]
    fn of_another_version_only_the_lasting_part_is_read() {
        let peer = Peer { version: VERSION + 1, ..HELLO.peer };
        let wire = bytes(&Greeting { peer, ..HELLO });
        let parsed = Greeting::parse(&wire[..17]).unwrap();
        assert_eq!(parsed.peer.version, VERSION + 1);
        assert_eq!((parsed.peer.window, parsed.driver_nonce), (0x0807_0605, 0x0C0B_0A09));
        assert_eq!(Greeting::parse(&wire), Some(parsed));
        assert_eq!(Greeting::parse(&wire[..16]), None);
    }

    #[test]
    fn a_build_id_is_written_in_hexadecimal() {
        assert_eq!(BuildId::new(&[0x0A, 0xFF]).to_string(), "0aff");
        assert_eq!(BuildId::UNKNOWN.to_string(), "");
    }
}
