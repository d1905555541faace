//! Softmax of a row of bytes, in the fixed point of TFLite's reference kernel.
//!
//! Sources: `Softmax` in TFLite's `kernels/internal/reference/softmax.h`, `GetReciprocal` in
//! `kernels/internal/common.h`, and gemmlowp's `fixedpoint.h`. QI.F is a 32-bit number of I integer
//! and F fraction bits; products are rounded half up.

use super::requantise::{high, right_rounded};

/// Integer bits of the sum of a row, Q12.19.
const SUM_INTEGER_BITS: u32 = 12;

/// What turns a difference of bytes into its exponential.
#[derive(Clone, Copy)]
pub struct Exponential {
    /// From steps of the input to Q5.26: Q31, not negative.
    pub multiplier: i32,
    /// Bits that steps are shifted to the left by before.
    pub left: u32,
    /// Differences below this one count as zero.
    pub least_difference: i32,
}

impl Exponential {
    /// Q0.31 of `exp` of a difference to the row's greatest; `None` of one too small to count.
    fn of(&self, byte: u8, greatest: i8) -> Option<i32> {
        let difference = i32::from(byte as i8) - i32::from(greatest);
        let scaled = || times(self.multiplier, difference.wrapping_shl(self.left));
        (difference >= self.least_difference).then(|| exp_of_negative(scaled()))
    }

    /// What these bytes add to the sum of a row with that greatest byte, to `sum`, Q12.19.
    /// Saturates where TFLite's overflows, from 4096 greatest bytes on.
    #[inline(never)]
    pub fn add(&self, sum: i32, bytes: &[u8], greatest: i8) -> i32 {
        let each = bytes.iter().filter_map(|&byte| self.of(byte, greatest));
        each.fold(sum, |sum, exp| sum.saturating_add(right_rounded(exp, SUM_INTEGER_BITS)))
    }

    /// Replaces bytes by their shares of a row with that greatest byte and that sum, 256 for all of
    /// it, less 128.
    #[inline(never)]
    pub fn divide(&self, sum: i32, bytes: &mut [u8], greatest: i8) {
        let headroom = sum.leading_zeros();
        let fraction = (sum as u32).wrapping_shl(headroom).wrapping_sub(1 << 31) as i32;
        let reciprocal = reciprocal_of_one_and(fraction);
        // Bits of the sum over 1, and from Q0.31 to 256 steps.
        let right = (SUM_INTEGER_BITS + 31 - 8).wrapping_sub(headroom);
        for byte in bytes {
            let share = match self.of(*byte, greatest) {
                Some(exp) if right < 32 => right_rounded(times(reciprocal, exp), right),
                _ => 0,
            };
            *byte = (share - 128).clamp(-128, 127) as u8;
        }
    }
}

/// `a * b / 2^32`, rounded half up: an instruction on a core with DSP.
#[inline(always)]
fn high_half(a: i32, b: i32) -> i32 {
    ((i64::from(a) * i64::from(b) + (1 << 31)) >> 32) as i32
}

/// As [`high`], for an `a` from 0 on: where twice `a` has no sign to spare, it has 2^32 too little,
/// and the product a `b`.
#[inline(always)]
fn times(a: i32, b: i32) -> i32 {
    let product = high_half(a.wrapping_mul(2), b);
    if a < 1 << 30 { product } else { product.wrapping_add(b) }
}

/// As [`high`], for an `a` from -2^30 to 2^30.
#[inline(always)]
fn small_times(a: i32, b: i32) -> i32 {
    high_half(a * 2, b)
}

/// `exp(a)` in Q0.31 for `a` from Q5.26, not positive.
fn exp_of_negative(a: i32) -> i32 {
    const QUARTER: i32 = 1 << 24;
    /// exp(-1/4), exp(-1/2), exp(-1) to exp(-16), each for a bit of what is above the quarter.
    const POWERS: [i32; 7] =
        [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
    if a == 0 {
        return i32::MAX;
    }
    let below = (a & (QUARTER - 1)) - QUARTER;
    let above = below.wrapping_sub(a) >> 24;
    let start = exp_near_an_eighth(below << 5);
    let powers = POWERS.iter().enumerate().filter(|(bit, _)| above >> bit & 1 != 0);
    powers.fold(start, |product, (_, &power)| times(power, product))
}

/// `exp(a)` for `a` from -1/4 to 0, all Q0.31: Taylor's series about -1/8.
fn exp_near_an_eighth(a: i32) -> i32 {
    /// exp(-1/8).
    const CENTRE: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let x = a + (1 << 28);
    let square = small_times(x, x);
    let (cube, fourth) = (small_times(x, square), small_times(square, square));
    let higher = small_times(THIRD, right_rounded(fourth, 2) + cube) + square;
    CENTRE + times(CENTRE, x + right_rounded(higher, 1))
}

/// `1 / (1 + a)` for `a` from 0 to 1, both Q0.31: three of Newton's steps on half of it, Q2.29.
fn reciprocal_of_one_and(a: i32) -> i32 {
    /// 48 / 17 and 32 / 17, Q2.29: the line that is nearest to the reciprocal.
    const LINE: [i32; 2] = [1_515_870_810, 1_010_580_540];
    const ONE: i32 = 1 << 29;
    let half = ((i64::from(a) + i64::from(i32::MAX) + 1) / 2) as i32;
    let mut x = LINE[0].wrapping_add(high(half, -LINE[1]));
    for _ in 0..3 {
        let missing = ONE.wrapping_sub(high(half, x));
        x = x.wrapping_add(high(x, missing).saturating_mul(4));
    }
    x.saturating_mul(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const Q31: f64 = (1u32 << 31) as f64;

    /// For an input with steps of that size, at most 1.
    fn exponential(step: f64) -> Exponential {
        let left = 26 - (-step.log2()).floor() as u32;
        let multiplier = (step * f64::from(1 << 26) / f64::from(1 << left) * Q31) as i32;
        Exponential { multiplier, left, least_difference: -(31 << (26 - left)) }
    }

    proptest! {
        #[test]
        fn products_are_those_of_gemmlowp(
            a in 0i32..,
            small in -(1i32 << 30)..1 << 30,
            b in i32::MIN + 1..,
        ) {
            prop_assert_eq!(times(a, b), high(a, b));
            prop_assert_eq!(small_times(small, b), high(small, b));
        }

        #[test]
        fn exponentials_are_right_to_22_bits(a in i32::MIN..=0) {
            let exact = (f64::from(a) / f64::from(1 << 26)).exp();
            let error = f64::from(exp_of_negative(a)) / Q31 - exact;
            prop_assert!(error.abs() < 1.0 / f64::from(1 << 22), "{error}");
        }

        #[test]
        fn reciprocals_are_right_to_24_bits(a in 0i32..) {
            let exact = 1.0 / (1.0 + f64::from(a) / Q31);
            let error = f64::from(reciprocal_of_one_and(a)) / Q31 - exact;
            prop_assert!(error.abs() < 1.0 / f64::from(1 << 24), "{error}");
        }

        /// Shares are within one step of those in floats.
        #[test]
        fn shares_are_those_of_floats(
            row in prop::collection::vec(any::<u8>(), 1..200),
            thousandths in 1i32..1000,
        ) {
            let step = f64::from(thousandths) / 1000.0;
            let exponential = exponential(step);
            let greatest = row.iter().map(|&byte| byte as i8).max().unwrap();
            let exact: Vec<f64> = row
                .iter()
                .map(|&byte| (f64::from(i32::from(byte as i8) - i32::from(greatest)) * step).exp())
                .collect();
            let total: f64 = exact.iter().sum();
            // In two parts, as a long row is.
            let (front, back) = row.split_at(row.len() / 2);
            let sum = exponential.add(exponential.add(0, front, greatest), back, greatest);
            let mut shares = row.clone();
            exponential.divide(sum, &mut shares, greatest);
            for (share, exact) in shares.iter().zip(exact) {
                let expected = (exact / total * 256.0).min(255.0) - 128.0;
                prop_assert!((f64::from(*share as i8) - expected).abs() <= 1.0);
            }
        }
    }

    extern crate std;
    use std::vec::Vec;
}
