//! Powers of two with fractions for exponents.

use crate::fixed::mul_hi_u;
use quintet_protocol::ray::DEPTH_BITS;

/// Binary logarithm of the entries of [`POWERS`] from one to one half.
const TABLE_BITS: u32 = 8;

/// `2^-(i / 256)`, Q30.
static POWERS: [u32; (1 << TABLE_BITS) + 1] = {
    let mut table = [0; (1 << TABLE_BITS) + 1];
    let mut i = 0;
    while i < table.len() {
        table[i] = power(i);
        i += 1;
    }
    table
};

/// `2^-(i / 256)`, Q30: the product of the roots of one half that `i` has bits for.
const fn power(i: usize) -> u32 {
    // Of 2^61: one half, the root of that, and so on.
    let (mut power, mut root, mut bit) = (1u128 << 61, 1u128 << 60, TABLE_BITS + 1);
    while bit > 0 {
        bit -= 1;
        if i >> bit & 1 != 0 {
            power = (power * root) >> 61;
        }
        root = square_root(root << 61);
    }
    ((power + (1 << 30)) >> 31) as u32
}

/// Largest `r` with `r * r <= n`, for an `n` below 2^124.
const fn square_root(n: u128) -> u128 {
    let (mut low, mut high) = (0, 1 << 62);
    while high - low > 1 {
        let middle = (low + high) / 2;
        if middle * middle <= n {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// `mantissa * 2^-shift`, the mantissa Q30.
#[derive(Clone, Copy)]
pub struct Power {
    /// From 2^29 to 2^30.
    pub mantissa: u32,
    /// Up to 63.
    pub shift: u32,
}

impl Power {
    /// `2^-exponent` for an exponent in Q26: at most 2^-20 more, on lines between 256 values and
    /// one half.
    #[inline(always)]
    pub fn of_minus(exponent: u32) -> Self {
        const STEP_BITS: u32 = DEPTH_BITS - TABLE_BITS;
        let step = (exponent >> STEP_BITS) as usize & ((1 << TABLE_BITS) - 1);
        let (here, next) = (POWERS[step], POWERS[step + 1]);
        let drop = mul_hi_u(here - next, exponent << (32 - STEP_BITS));
        Self { mantissa: here - drop, shift: exponent >> DEPTH_BITS }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn powers_are_exact_to_twenty_bits(exponent: u32) {
            let exact = (-f64::from(exponent) / f64::from(1 << DEPTH_BITS)).exp2();
            let found = Power::of_minus(exponent);
            let scaled = f64::from(found.mantissa) * (-f64::from(found.shift) - 30.0).exp2();
            let error = scaled / exact - 1.0;
            prop_assert!((-3e-9..1e-6).contains(&error), "{error}");
        }
    }

    #[test]
    fn no_power_is_one() {
        assert_eq!(Power::of_minus(0).mantissa, 1 << 30);
    }
}
