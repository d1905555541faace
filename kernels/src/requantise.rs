//! From sums to bytes: TFLite's requantisation, which rounds twice.
//!
//! Source: `MultiplyByQuantizedMultiplier` in TFLite's `kernels/internal/common.h` and gemmlowp's
//! `fixedpoint.h`, without `TFLITE_SINGLE_ROUNDING`.

use quintet_protocol::network::Scale;

/// `x` scaled: see [`Scale`]. Wraps where TFLite's would overflow.
#[inline(always)]
pub fn scale(x: i32, scale: Scale) -> i32 {
    let [left, right] = scale.shifts();
    right_rounded(high(x.wrapping_shl(left), scale.multiplier), right)
}

/// `x * multiplier / 2^31`, rounded half up. Saturates the one product that does not fit.
#[inline(always)]
pub fn high(x: i32, multiplier: i32) -> i32 {
    if x == i32::MIN && multiplier == i32::MIN {
        return i32::MAX;
    }
    ((i64::from(x) * i64::from(multiplier) + (1 << 30)) >> 31) as i32
}

/// The high half of a product, rounded half up.
#[inline(always)]
pub fn high_half(product: i64) -> i32 {
    if cfg!(armv7em_dsp) {
        // One instruction with the multiplication.
        ((product + (1 << 31)) >> 32) as i32
    } else {
        // An addition of 64 bits would need a carry.
        ((product >> 32) as i32).wrapping_add((product as u32 >> 31) as i32)
    }
}

/// `x / 2^bits`, rounded half away from zero; `bits` below 32.
#[inline(always)]
pub fn right_rounded(x: i32, bits: u32) -> i32 {
    let mask = ((1u64 << (bits & 31)) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> (bits & 31)) + i32::from((x & mask) > threshold)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against real division in wide integers.
        #[test]
        fn rounds_half_away_from_zero(x in any::<i32>(), bits in 0u32..32) {
            let (x, one) = (i128::from(x), 1i128 << bits);
            let away = (x.abs() * 2 + one) / (2 * one) * x.signum();
            prop_assert_eq!(i128::from(right_rounded(x as i32, bits)), away);
        }

        #[test]
        fn high_is_the_rounded_product(x in any::<i32>(), multiplier in 1i32..) {
            let product = i128::from(x) * i128::from(multiplier);
            let rounded = (product * 2 + (1 << 31)).div_euclid(1 << 32);
            prop_assert_eq!(i128::from(high(x, multiplier)), rounded);
        }
    }

    #[test]
    fn ties_are_rounded_as_gemmlowp_does() {
        assert_eq!([5, -5, 3, -3, 1, -1].map(|x| right_rounded(x, 1)), [3, -3, 2, -2, 1, -1]);
        assert_eq!([(3, 1 << 30), (-3, 1 << 30)].map(|(x, m)| high(x, m)), [2, -1]);
    }
}
