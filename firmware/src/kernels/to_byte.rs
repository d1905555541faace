//! From sums to bytes: scaled, moved to the zero point, clamped.

use super::requantise;
use quintet_protocol::network::{Finish, Scale};
use quintet_protocol::program::ByteRange;

/// How sums of one tensor become bytes.
#[derive(Clone, Copy)]
pub struct ToByte {
    scale: Scale,
    zero: i32,
    /// The zero point and half a step of the output, both before the shift to the right.
    offset: i32,
    right: u32,
    least: i32,
    greatest: i32,
    /// Whether [`ToByte::short`] serves.
    is_short: bool,
}

/// Works on many sums: it is given the way that each becomes a byte, from twice the sum.
pub trait Each {
    /// Does the work.
    fn run(self, byte: impl Fn(i32) -> i8);
}

impl ToByte {
    /// Of that scale, with the output's zero point and range in `bytes`.
    pub fn new(scale: Scale, bytes: &ByteRange) -> Self {
        let is_short = Finish { bias: 0, scale }.is_short();
        let [_, right] = scale.shifts();
        let zero = i32::from(bytes.zero_out);
        Self {
            scale,
            zero,
            offset: if is_short { (zero << right) + (1 << (right - 1)) } else { zero },
            right,
            least: bytes.least.into(),
            greatest: bytes.greatest.into(),
            is_short,
        }
    }

    /// Does some work with what fits this scale and this range best: where all bytes may come out, which
    /// is nearly always, few instructions.
    #[inline(always)]
    pub fn each(&self, work: impl Each) {
        if self.is_short && (self.least, self.greatest) == (-128, 127) {
            work.run(|doubled| self.short(doubled).clamp(-128, 127) as i8);
        } else {
            work.run(|doubled| self.any(doubled));
        }
    }

    /// The byte of twice a sum.
    #[inline(never)]
    fn any(&self, doubled: i32) -> i8 {
        let value = if self.is_short { self.short(doubled) } else { self.long(doubled) };
        value.max(self.least).min(self.greatest) as i8
    }

    /// The byte of one sum, `|sum| < 2^30`.
    pub fn byte(&self, sum: i32) -> i8 {
        self.any(sum.wrapping_mul(2))
    }

    /// Both roundings at once: see [`Finish`].
    #[inline(always)]
    fn short(&self, doubled: i32) -> i32 {
        let product = i64::from(doubled) * i64::from(self.scale.multiplier);
        let high = ((product + (1 << 31)) >> 32) as i32;
        high.wrapping_add(self.offset).wrapping_add(doubled >> 31) >> (self.right & 31)
    }

    /// Any scale.
    fn long(&self, doubled: i32) -> i32 {
        requantise::scale(doubled >> 1, self.scale).saturating_add(self.zero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct One<'a>(i32, &'a mut i8);

    impl Each for One<'_> {
        fn run(self, byte: impl Fn(i32) -> i8) {
            *self.1 = byte(self.0 * 2);
        }
    }

    proptest! {
        /// Every way gives what rounding twice gives.
        #[test]
        fn bytes_are_those_of_two_roundings(
            sum in -(1i32 << 30) + 1..1 << 30,
            bits in 0u32..31,
            multiplier in 1i32..,
            shift in -31i8..=30,
            zero_out: i8,
            range: [i8; 2],
            whole: bool,
        ) {
            let sum = sum >> bits;
            let scale = Scale { multiplier, shift };
            let least = if whole { i8::MIN } else { range[0].min(range[1]) };
            let greatest = if whole { i8::MAX } else { range[0].max(range[1]) };
            let to = ToByte::new(scale, &ByteRange { zero_in: 0, zero_out, least, greatest });
            let scaled = i64::from(requantise::scale(sum, scale)) + i64::from(zero_out);
            let expected = scaled.clamp(least.into(), greatest.into()) as i8;
            let mut byte = 0;
            to.each(One(sum, &mut byte));
            prop_assert_eq!(byte, expected);
            prop_assert_eq!(to.byte(sum), expected);
        }
    }
}
