//! From sums to bytes: scaled, moved to the zero point, clamped.

use super::finish::{self, FinishWords};
use quintet_protocol::network::{Finish, Scale};
use quintet_protocol::program::ByteRange;

/// How sums of one tensor become bytes.
#[derive(Clone, Copy)]
pub struct ToByte {
    words: FinishWords,
    range: ByteRange,
}

/// Works on many sums: it is given the way that each becomes a byte, from twice the sum.
pub trait Each {
    /// Does the work.
    fn run(self, byte: impl Fn(i32) -> i8);
}

impl ToByte {
    /// Of that scale, with the output's zero point and range in `bytes`.
    #[inline(never)]
    pub fn new(scale: Scale, bytes: &ByteRange) -> Self {
        Self { words: Finish { bias: 0, scale }.to_words(bytes.zero_out), range: *bytes }
    }

    /// Does some work with what fits this scale and this range best: where all bytes may come out,
    /// which is nearly always, few instructions.
    #[inline(always)]
    pub fn each(&self, work: impl Each) {
        let all = (self.range.least, self.range.greatest) == (i8::MIN, i8::MAX);
        if !cfg!(feature = "small") && all && finish::is_short(&self.words) {
            work.run(|doubled| {
                finish::short_of_doubled(&self.words, doubled).clamp(-128, 127) as i8
            });
        } else {
            work.run(|doubled| self.any(doubled));
        }
    }

    /// The byte of twice a sum.
    #[cfg_attr(not(feature = "small"), inline(never))]
    fn any(&self, doubled: i32) -> i8 {
        finish::byte_of_any_doubled(&self.words, doubled, &self.range)
    }

    /// The byte of one sum, `|sum| < 2^30`.
    pub fn byte(&self, sum: i32) -> i8 {
        self.any(sum.wrapping_mul(2))
    }
}

#[cfg(test)]
mod tests {
    use super::super::requantise;
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
