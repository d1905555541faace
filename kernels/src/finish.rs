//! Sums to bytes, as the records of weights say: see [`quintet_protocol::network::Finish`].

use super::requantise::{high, high_half, right_rounded};
use quintet_protocol::network::{FINISH_WORDS, SHORT_RIGHT};
use quintet_protocol::program::ByteRange;

/// The words of a [`quintet_protocol::network::Finish`].
pub type FinishWords = [u32; FINISH_WORDS];

/// Whether sums are finished by [`short_of_doubled`].
#[inline(always)]
pub fn is_short(words: &FinishWords) -> bool {
    words[3].wrapping_sub(*SHORT_RIGHT.start()) <= SHORT_RIGHT.end() - SHORT_RIGHT.start()
}

/// Stores the bytes that become of sums, `stride` bytes apart.
#[inline(never)]
pub fn store(
    words: &FinishWords,
    sums: &[i32],
    range: &ByteRange,
    (out, stride): (&mut [i8], usize),
) {
    let mut place = 0;
    for &sum in sums {
        if let Some(out) = out.get_mut(place) {
            *out = byte(words, sum, range);
        }
        place += stride;
    }
}

/// The byte that becomes of a sum.
#[inline(always)]
pub fn byte(words: &FinishWords, sum: i32, range: &ByteRange) -> i8 {
    byte_of_any_doubled(words, (words[0] as i32).wrapping_add(sum.wrapping_mul(2)), range)
}

/// As [`byte_of_doubled`], whatever [`is_short`] says.
#[cfg_attr(feature = "small", inline(never))]
#[cfg_attr(not(feature = "small"), inline(always))]
pub fn byte_of_any_doubled(words: &FinishWords, doubled: i32, range: &ByteRange) -> i8 {
    match is_short(words) {
        true => byte_of_doubled::<true>(words, doubled, range),
        false => byte_of_doubled::<false>(words, doubled, range),
    }
}

/// The byte that becomes of twice a sum with its bias; `SHORT` is what [`is_short`] says.
#[inline(always)]
pub fn byte_of_doubled<const SHORT: bool>(
    words: &FinishWords,
    doubled: i32,
    range: &ByteRange,
) -> i8 {
    let value = match SHORT {
        true => short_of_doubled(words, doubled),
        false => long_of_doubled(words, doubled),
    };
    // Most are within: one comparison for both ends.
    let (least, greatest) = (i32::from(range.least), i32::from(range.greatest));
    if value.wrapping_sub(least) as u32 <= (greatest - least) as u32 {
        return value as i8;
    }
    if value < least { range.least } else { range.greatest }
}

/// Two roundings in few instructions; only where [`is_short`] says so. The first is of `doubled *
/// multiplier` to its high half, half up; the second, of a division by a power of two, is half away
/// from zero: half up, but half down for what is negative, which is what takes one from it before
/// the shift.
///
/// The product is negative when `doubled` is, or zero. Zero less one is no tie, and rounds to zero
/// all the same.
#[inline(always)]
pub fn short_of_doubled(words: &FinishWords, doubled: i32) -> i32 {
    let [_, multiplier, offset, right] = words.map(|word| word as i32);
    let product = i64::from(doubled) * i64::from(multiplier);
    high_half(product).wrapping_add(offset).wrapping_add(doubled >> 31) >> (right & 31)
}

/// As [`quintet_protocol::network::Scale`] says.
#[inline(never)]
fn long_of_doubled(words: &FinishWords, doubled: i32) -> i32 {
    let [_, multiplier, zero, shifts] = words.map(|word| word as i32);
    let [right, left, ..] = shifts.to_le_bytes();
    let product = high((doubled >> 1).wrapping_shl(u32::from(left)), multiplier);
    right_rounded(product, u32::from(right)).wrapping_add(zero)
}

#[cfg(test)]
mod tests {
    use super::super::requantise::scale;
    use super::*;
    use proptest::prelude::*;
    use quintet_protocol::network::{Finish, Scale};

    const ALL: ByteRange = ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 };

    fn byte_of(words: &FinishWords, sum: i32) -> i8 {
        byte(words, sum, &ALL)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn short_and_long_forms_are_the_scale_s_two_roundings(
            sum in -(1i32 << 29)..1 << 29,
            small in any::<bool>(),
            bias in -(1i32 << 28)..1 << 28,
            multiplier in 1i32 << 30..,
            shift in -31i8..=8,
            zero_out in any::<i8>(),
        ) {
            let (sum, bias) = if small { (sum >> 16, bias >> 18) } else { (sum, bias) };
            let scaled = Scale { multiplier, shift };
            let words = Finish { bias, scale: scaled }.to_words(zero_out);
            prop_assert_eq!(is_short(&words), (-22..=-1).contains(&shift));
            let exact = i64::from(scale(sum + bias, scaled)) + i64::from(zero_out);
            let exact = exact.clamp(-128, 127) as i8;
            if shift <= 0 || (sum + bias).checked_mul(1 << shift).is_some() {
                prop_assert_eq!(byte_of(&words, sum), exact);
            }
        }

        /// What the assembly leaves out where outputs end at their zero.
        #[test]
        fn the_sign_does_not_matter_above_zero(
            sum in -(1i32 << 29)..1 << 29,
            down in 0u32..30,
            multiplier in 1i32 << 30..,
            shift in -22i8..=-1,
            zero_out in any::<i8>(),
        ) {
            let sum = sum >> down;
            let words = Finish { bias: 0, scale: Scale { multiplier, shift } }.to_words(zero_out);
            let clamp = |value: i32| value.max(i32::from(zero_out));
            let signed = short_of_doubled(&words, 2 * sum);
            prop_assert_eq!(clamp(signed), clamp(short_without_sign(&words, sum)));
        }
    }

    fn short_without_sign(words: &FinishWords, sum: i32) -> i32 {
        let [bias, multiplier, offset, right] = words.map(i64::from);
        let (bias, offset) = (i64::from(bias as i32), i64::from(offset as i32));
        let product = (bias + 2 * i64::from(sum)) * multiplier;
        ((((product + (1 << 31)) >> 32) + offset) >> right) as i32
    }

    #[test]
    fn a_factor_of_zero_gives_the_zero_point() {
        let finish = Finish { bias: 12345, scale: Scale { multiplier: 0, shift: 0 } };
        for zero_out in [-128, -1, 0, 7, 127] {
            let words = finish.to_words(zero_out);
            assert!(is_short(&words));
            assert_eq!([-99_999, 99_999].map(|sum| byte_of(&words, sum)), [zero_out; 2]);
        }
    }
}
