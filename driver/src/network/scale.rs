//! Real factors to those of the device.

use quintet_protocol::network::Scale;

/// The factor nearest to `real`, as TFLite's `QuantizeMultiplier` rounds it: finite, not negative.
pub fn scale_of(real: f64) -> Scale {
    let zero = Scale { multiplier: 0, shift: 0 };
    if real <= 0.0 || !real.is_finite() {
        return zero;
    }
    let (fraction, mut exponent) = frexp(real);
    let mut multiplier = (fraction * f64::from(1u32 << 31)).round() as i64;
    if multiplier == 1 << 31 {
        multiplier /= 2;
        exponent += 1;
    }
    match exponent {
        ..-31 => zero,
        31.. => Scale { multiplier: i32::MAX, shift: 30 },
        _ => Scale { multiplier: multiplier as i32, shift: exponent as i8 },
    }
}

/// `real = fraction * 2^exponent` with the fraction in 0.5..1; `real` is finite and positive.
fn frexp(real: f64) -> (f64, i32) {
    const MANTISSA_BITS: u32 = 52;
    const BIAS: i32 = 1022;
    let (real, scaled) = if real.is_normal() {
        (real, 0)
    } else {
        (real * f64::from(1u32 << 31) * 2f64.powi(33), 64)
    };
    let bits = real.to_bits();
    let exponent = ((bits >> MANTISSA_BITS) & 0x7FF) as i32 - BIAS;
    let mantissa = bits & ((1 << MANTISSA_BITS) - 1);
    (f64::from_bits(mantissa | (BIAS as u64) << MANTISSA_BITS), exponent - scaled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_fractions_of_31_bits_and_powers_of_two() {
        assert_eq!(scale_of(0.5), Scale { multiplier: 1 << 30, shift: 0 });
        assert_eq!(scale_of(1.0), Scale { multiplier: 1 << 30, shift: 1 });
        assert_eq!(scale_of(0.75 / 1024.0), Scale { multiplier: 3 << 29, shift: -10 });
        // Rounds up to the next power of two.
        assert_eq!(scale_of(1.0 - 1e-12), Scale { multiplier: 1 << 30, shift: 1 });
        for nothing in [0.0, -1.0, f64::NAN, 1e-12, f64::MIN_POSITIVE / 4.0] {
            assert_eq!(scale_of(nothing), Scale { multiplier: 0, shift: 0 }, "{nothing}");
        }
        assert_eq!(scale_of(1e30), Scale { multiplier: i32::MAX, shift: 30 });
    }

    #[test]
    fn fraction_and_exponent_give_the_number_back() {
        for real in [1e-310, 1e-3, 0.1, 0.5, 1.0, 3.0, 1e300] {
            let (fraction, exponent) = frexp(real);
            assert!((0.5..1.0).contains(&fraction), "{real}: {fraction}");
            let half = exponent / 2;
            assert_eq!(fraction * 2f64.powi(half) * 2f64.powi(exponent - half), real);
        }
    }
}
