//! CRC-32/ISO-HDLC, the checksum of frames and of uploaded ranges.
//!
//! Parameters: polynomial `0x04C11DB7` reflected, initial value and final xor all ones, as in
//! ISO/IEC 13239, Ethernet, zlib and PNG. One 1 KiB table, one load and three operations a byte;
//! with feature `small` a table of 64 bytes, and twice the work.

/// The polynomial, bit-reversed.
const POLYNOMIAL: u32 = 0xEDB8_8320;

/// What [`Crc32::finish`] yields over any bytes followed by their own CRC in little-endian order.
pub const RESIDUE: u32 = 0x2144_DF1C;

/// Bits that are divided at once.
const BITS: usize = if cfg!(feature = "small") { 4 } else { 8 };

static TABLE: [u32; 1 << BITS] = table();

const fn table() -> [u32; 1 << BITS] {
    let mut table = [0; 1 << BITS];
    let mut byte = 0;
    while byte < table.len() {
        let mut remainder = byte as u32;
        let mut bit = 0;
        while bit < BITS {
            let subtract = if remainder & 1 == 1 { POLYNOMIAL } else { 0 };
            remainder = (remainder >> 1) ^ subtract;
            bit += 1;
        }
        table[byte] = remainder;
        byte += 1;
    }
    table
}

/// A CRC-32 under way; feed it a piece at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crc32(u32);

impl Crc32 {
    /// The CRC of nothing yet.
    pub const fn new() -> Self {
        Self(u32::MAX)
    }

    /// Takes more bytes in.
    pub fn update(&mut self, bytes: &[u8]) {
        let mut crc = self.0;
        for &byte in bytes {
            crc ^= u32::from(byte);
            for _ in 0..8 / BITS {
                crc = TABLE[crc as usize % TABLE.len()] ^ (crc >> BITS);
            }
        }
        self.0 = crc;
    }

    /// The CRC of all bytes taken so far; more may follow.
    pub const fn finish(&self) -> u32 {
        !self.0
    }
}

impl Default for Crc32 {
    fn default() -> Self {
        Self::new()
    }
}

/// The CRC-32 of `bytes`.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = Crc32::new();
    crc.update(bytes);
    crc.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_vectors() {
        // The first is the catalogue's check value; the others come from zlib.
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"a"), 0xE8B7_BE43);
        assert_eq!(crc32(&[0; 32]), 0x190A_55AD);
        assert_eq!(crc32(&[0xFF; 32]), 0xFF6C_AB0B);
    }

    #[test]
    fn pieces_give_the_same_crc_as_the_whole() {
        let bytes: [u8; 97] = core::array::from_fn(|i| (i * 31) as u8);
        for cut in 0..bytes.len() {
            let mut crc = Crc32::new();
            crc.update(&bytes[..cut]);
            crc.update(&bytes[cut..]);
            assert_eq!(crc.finish(), crc32(&bytes));
        }
    }

    #[test]
    fn bytes_with_their_crc_leave_the_residue() {
        let mut crc = Crc32::new();
        crc.update(b"quintet");
        let own = crc.finish();
        crc.update(&own.to_le_bytes());
        assert_eq!(crc.finish(), RESIDUE);
    }
}
