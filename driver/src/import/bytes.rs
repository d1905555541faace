//! Little-endian reading from a slice, with errors that name the part and the byte.

use super::error::Fault;

/// A cursor over a part of a file.
#[derive(Clone)]
pub(super) struct Bytes<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Bytes<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        Bytes { data, at: 0 }
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    /// The next `count * size` bytes; fails when they are not there or the product overflows.
    pub(super) fn take(
        &mut self,
        count: usize,
        size: usize,
        part: &str,
    ) -> Result<&'a [u8], Fault> {
        let available = self.data.len() - self.at;
        let needed = count.saturating_mul(size);
        if needed > available {
            return Err(Fault::Truncated {
                part: part.into(),
                at: self.at as u64,
                needed: needed as u64,
                available: available as u64,
            });
        }
        let taken = &self.data[self.at..self.at + needed];
        self.at += needed;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn array<const N: usize>(&mut self, part: &str) -> Result<[u8; N], Fault> {
        Ok(self.take(N, 1, part)?.try_into().expect("take() gives N bytes"))
    }

    /// The text up to the next line feed, which must come before byte `limit` of the whole.
    pub(super) fn line(&mut self, limit: usize, part: &str) -> Result<String, Fault> {
        let rest = &self.data[self.at..self.data.len().min(limit.max(self.at))];
        let Some(length) = rest.iter().position(|&byte| byte == b'\n') else {
            let reason = format!("no end found in its first {} bytes", self.at + rest.len());
            return Err(Fault::malformed(part, reason));
        };
        self.at += length + 1;
        Ok(String::from_utf8_lossy(&rest[..length]).into_owned())
    }

    pub(super) fn u32(&mut self, part: &str) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array(part)?))
    }

    pub(super) fn u64(&mut self, part: &str) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array(part)?))
    }
}

/// The `i`-th little-endian u16 of a slice; the caller has checked that it is there.
pub(super) fn u16_at(data: &[u8], i: usize) -> u16 {
    u16::from_le_bytes([data[2 * i], data[2 * i + 1]])
}

/// The `i`-th little-endian u32 of a slice; the caller has checked that it is there.
pub(super) fn u32_at(data: &[u8], i: usize) -> u32 {
    u32::from_le_bytes(data[4 * i..4 * i + 4].try_into().expect("four bytes"))
}

/// The `i`-th little-endian f32 of a slice; the caller has checked that it is there.
pub(super) fn f32_at(data: &[u8], i: usize) -> f32 {
    f32::from_bits(u32_at(data, i))
}

/// The value of an IEEE 754 half-precision float.
pub(crate) fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let mantissa = f32::from(bits & 0x3ff);
    sign * match (bits >> 10) & 0x1f {
        0 => mantissa * (-24f32).exp2(),
        0x1f if mantissa == 0.0 => f32::INFINITY,
        0x1f => f32::NAN,
        exponent => (1024.0 + mantissa) * (f32::from(exponent) - 25.0).exp2(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_have_their_ieee_values() {
        assert_eq!(half(0x3c00), 1.0);
        assert_eq!(half(0xc000), -2.0);
        assert_eq!(half(0x7bff), 65504.0);
        assert_eq!(half(0x0001), 2f32.powi(-24));
        assert_eq!(half(0x8000).to_bits(), (-0f32).to_bits());
        assert_eq!(half(0xfc00), f32::NEG_INFINITY);
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn a_read_past_the_end_names_part_and_byte() {
        let mut bytes = Bytes::new(&[0; 10]);
        bytes.take(2, 4, "head").unwrap();
        let text = bytes.take(usize::MAX, 3, "body").unwrap_err().to_string();
        assert!(text.starts_with("body is cut short") && text.contains("byte 8"), "{text}");
    }
}
