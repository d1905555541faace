//! Fixed-point building blocks: high products, reciprocal, square root.
//!
//! Each maps to one instruction or a few on Armv7E-M (`SMMUL`, `SMMLA`, `UDIV`, `CLZ`) and on
//! RV32IM (`MULH`, `DIVU`).

use super::tables::{LEADING_ZEROS, SQRT};
use crate::SMALL;

/// `a * b / 2^32`, rounded down.
#[inline(always)]
pub fn mul_hi(a: i32, b: i32) -> i32 {
    ((i64::from(a) * i64::from(b)) >> 32) as i32
}

/// `a * b / 2^16`, rounded down, low 32 bits.
#[inline(always)]
pub fn mul_half(a: i32, b: i16) -> i32 {
    ((i64::from(a) * i64::from(b)) >> 16) as i32
}

/// Low half of a word, signed.
#[inline(always)]
pub fn low(word: u32) -> i16 {
    word as i16
}

/// High half of a word, signed.
#[inline(always)]
pub fn high(word: u32) -> i16 {
    (word >> 16) as i16
}

/// Product of two halves.
#[inline(always)]
pub fn mul(a: i16, b: i16) -> i32 {
    i32::from(a) * i32::from(b)
}

/// Sum of products of halves, wrapping.
#[inline(always)]
pub fn dot(a: [i16; 3], b: [i16; 3]) -> i32 {
    mul(a[0], b[0]).wrapping_add(mul(a[1], b[1])).wrapping_add(mul(a[2], b[2]))
}

/// `a * b / 2^32`, rounded down, unsigned.
#[inline(always)]
pub fn mul_hi_u(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}

/// `a * b / 2^SHIFT`, rounded down, low 32 bits.
#[inline(always)]
pub fn mul_shift<const SHIFT: u32>(a: i32, b: i32) -> i32 {
    ((i64::from(a) * i64::from(b)) >> SHIFT) as i32
}

/// Number of zero bits above the highest one; 32 of zero.
#[inline(always)]
pub fn leading_zeros(value: u32) -> u32 {
    if cfg!(all(target_arch = "riscv32", not(target_feature = "zbb"))) {
        // Without an instruction for it the general expansion takes some 30.
        let (value, high) = if value >> 16 == 0 { (value, 16) } else { (value >> 16, 0) };
        let (value, middle) = if value >> 8 == 0 { (value, 8) } else { (value >> 8, 0) };
        high + middle + u32::from(LEADING_ZEROS[value as usize & 0xFF])
    } else {
        value.leading_zeros()
    }
}

/// A positive number as `mantissa * 2^-shift`, the mantissa's top bit set.
#[derive(Clone, Copy)]
pub struct Normal {
    /// In `2^31 .. 2^32`, or zero.
    pub mantissa: u32,
    /// Left shift that made the mantissa, 0..=31.
    pub shift: u32,
}

impl Normal {
    /// Normalises `value`; of zero the mantissa is zero.
    #[inline(always)]
    pub fn new(value: u32) -> Self {
        let shift = leading_zeros(value | 1);
        Self { mantissa: value << shift, shift }
    }

    /// `2^62 / mantissa`, in `2^30 ..= 2^31 - 1`; relative error below 2^-28.
    ///
    /// A 16-bit quotient from the divider, then one Newton step.
    #[inline(always)]
    pub fn reciprocal(self) -> i32 {
        let estimate = self.reciprocal_estimate();
        // mantissa * estimate = 2^62 (1 + e) with |e| < 2^-14.
        let product = mul_hi_u(self.mantissa, estimate as u32);
        let error = (1 << 30) - product as i32;
        estimate.wrapping_add(mul_hi(estimate, error << 2))
    }

    /// `2^62 / mantissa` with a relative error below 2^-14.
    #[inline(always)]
    pub fn reciprocal_estimate(self) -> i32 {
        // With the top bit set the divisor is at least 2^15 and the quotient below 2^17.
        let divisor = (self.mantissa >> 16) | 0x8000;
        ((u32::MAX / divisor) << 14) as i32
    }
}

/// `a / b`, rounded down, for a `b` from 1 to 2^63.
#[inline(always)]
pub fn divide(a: u64, b: u64) -> u64 {
    if SMALL { long_division(a, b) } else { a / b }
}

/// `a / b`, rounded down, for a `b` from 1 to 2^62.
#[inline(always)]
pub fn divide_signed(a: i64, b: i64) -> i64 {
    let sign = a >> 63;
    divide((a ^ sign) as u64, b as u64) as i64 ^ sign
}

/// [`divide`] bit by bit, in a small part of the code that the compiler's own division has.
#[inline(never)]
fn long_division(a: u64, b: u64) -> u64 {
    let (mut rest, mut quotient) = (0, a);
    for _ in 0..u64::BITS {
        rest = rest << 1 | quotient >> 63;
        quotient <<= 1;
        if rest >= b {
            rest -= b;
            quotient |= 1;
        }
    }
    quotient
}

/// An upper bound of `sqrt(value / 2^(2 * half_exponent))` in Q8, at most 0.8 % above it plus
/// 2/256.
///
/// `half_exponent <= 31`.
#[inline(always)]
pub fn sqrt_upper_q8(value: u32, half_exponent: u32) -> u32 {
    let value = value | 1;
    let shift = leading_zeros(value) & !1;
    // 64..=255: the two top bits of the shifted value are not both clear.
    let root = u32::from(SQRT[((value << shift) >> 24) as usize & 0xFF]);
    // root is sqrt(value) * 2^(shift / 2 - 1), in 15 bits.
    ((root << 9) >> (shift / 2 + half_exponent).min(31)) + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reciprocal_is_exact_to_28_bits(value in 1u32..) {
            let n = Normal::new(value);
            let exact = (1u128 << 62) / u128::from(n.mantissa);
            let error = (i128::from(n.reciprocal()) - exact as i128).abs();
            prop_assert!(error <= 1 << 3, "{error}");
        }

        #[test]
        fn wide_numbers_are_divided(a: u64, b in 1u64..=1 << 63, [i, j] in [0u32..64, 0..63]) {
            let (a, b) = (a >> i, (b >> j).max(1));
            prop_assert_eq!(long_division(a, b), a / b);
            let (a, b) = (a as i64, (b >> 1).max(1) as i64);
            prop_assert_eq!(divide_signed(a, b), a.div_euclid(b));
            prop_assert_eq!(divide_signed(!a, b), (!a).div_euclid(b));
        }

        #[test]
        fn leading_zeros_are_counted(value: u32, shift in 0u32..32) {
            prop_assert_eq!(leading_zeros(value >> shift), (value >> shift).leading_zeros());
        }

        #[test]
        fn square_root_bounds_from_above(value in 1u32.., half in 0u32..20) {
            let exact = f64::from(value).sqrt() / f64::from(1u32 << half) * 256.0;
            let bound = f64::from(sqrt_upper_q8(value, half));
            prop_assert!(bound >= exact && bound <= exact * 1.0079 + 2.0, "{bound} {exact}");
        }
    }
}
