//! Look-up tables, computed at compile time in wide integers so that no host's `exp` decides a bit.

/// One in Q60, the format the tables are computed in.
const ONE: u128 = 1 << 60;

/// Entries of [`ALPHA`] per unit of the exponent.
pub const ALPHA_STEPS: usize = 128;
/// Entries by which [`ALPHA`] starts below an exponent of zero, so that an exponent that rounding
/// made slightly negative still finds the value at zero.
pub const ALPHA_BIAS: usize = 8;
/// Largest visible opacity, 0.99, as in the INRIA rasteriser.
const ALPHA_MAX: u128 = ONE / 100 * 99;
/// ln 255 in Q27: exponents beyond it give an opacity below 1/255, which the INRIA rasteriser
/// skips.
pub const EXPONENT_LIMIT: u32 = (ln(255) >> 33) as u32;

/// `exp(-x)` for a power in Q60, by halving the argument until the series is short.
const fn exp_neg(x: u128) -> u128 {
    let halvings = 8;
    let small = x >> halvings;
    // 1 - s + s^2/2 - s^3/6 + ...: s < 8 / 256, so ten terms leave an error below 2^-60.
    let (mut term, mut sum, mut k) = (ONE as i128, ONE as i128, 1);
    while k <= 10 {
        term = -((term * small as i128) >> 60) / k;
        sum += term;
        k += 1;
    }
    let (mut power, mut k) = (sum as u128, 0);
    while k < halvings {
        power = (power * power) >> 60;
        k += 1;
    }
    power
}

/// Natural logarithm of `n >= 1` in Q60: the sum of `ln(k / (k - 1)) = 2 atanh(1 / (2k - 1))`.
const fn ln(n: u128) -> u128 {
    let (mut sum, mut k) = (0, 2);
    while k <= n {
        let d = 2 * k - 1;
        let (mut power, mut order) = (ONE / d, 1);
        while power > 0 {
            sum += 2 * power / order;
            power /= d * d;
            order += 2;
        }
        k += 1;
    }
    sum
}

/// Opacity in Q15 by exponent: entry `i` is `min(0.99, exp(-e))` at the middle of step `i`, where
/// `e = (i - ALPHA_BIAS) / ALPHA_STEPS`; zero where that is below 1/255.
pub static ALPHA: [u16; 1024] = {
    let mut table = [0; 1024];
    let mut i = 0;
    while i < table.len() {
        let twice = 2 * i + 1;
        let value = if twice < 2 * ALPHA_BIAS {
            ONE
        } else {
            exp_neg((twice - 2 * ALPHA_BIAS) as u128 * (ONE / (2 * ALPHA_STEPS as u128)))
        };
        let value = if value > ALPHA_MAX { ALPHA_MAX } else { value };
        if value * 255 >= ONE {
            table[i] = ((value + (ONE >> 16)) >> 45) as u16;
        }
        i += 1;
    }
    table
};

/// `-ln(opacity / 255)` in Q27 by 8-bit opacity; the limit for zero.
pub static OPACITY_EXPONENT: [u32; 256] = {
    let mut table = [EXPONENT_LIMIT; 256];
    let ln_255 = ln(255);
    let mut opacity = 1;
    while opacity < 256 {
        table[opacity] = ((ln_255 - ln(opacity as u128) + (1 << 32)) >> 33) as u32;
        opacity += 1;
    }
    table
};

/// Largest `r` with `r * r <= n`.
const fn integer_sqrt(n: u64) -> u64 {
    let (mut low, mut high) = (0, 1 << 32);
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

/// Upper bound of `sqrt(x) * 2^11` for `x` in `i .. i + 1`.
pub static SQRT: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < table.len() {
        table[i] = integer_sqrt((i as u64 + 1) << 22) as u16 + 1;
        i += 1;
    }
    table
};

/// Half-width of an ellipse's row, of 256, by the share of the exponent left, of 256: an upper
/// bound of `256 sqrt(x / 256)` for `x` in `i .. i + 1`. Rounding may make the share 256 or more.
pub static ROW_WIDTH: [u16; 512] = {
    let mut table = [0; 512];
    let mut i = 0;
    while i < table.len() {
        let share = if i < 256 { i as u64 + 1 } else { 256 };
        table[i] = integer_sqrt(share << 8) as u16 + 1;
        i += 1;
    }
    table
};

/// `2^15 / sqrt(x / 64)` at the middle of `i .. i + 1`, for `i` in 64..256.
pub static RSQRT: [u16; 256] = {
    let mut table = [0; 256];
    let mut i = 64;
    while i < table.len() {
        // 2^15 sqrt(64 / (i + 1/2)) = sqrt(2^30 * 128 / (2i + 1))
        table[i] = integer_sqrt((1 << 37) / (2 * i as u64 + 1)) as u16;
        i += 1;
    }
    table
};

/// Zero bits above the highest one of a byte.
pub static LEADING_ZEROS: [u8; 256] = {
    let mut table = [8; 256];
    let mut i = 1;
    while i < table.len() {
        table[i] = (i as u8).leading_zeros() as u8;
        i += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alpha_follows_the_exponential() {
        for (i, &entry) in ALPHA.iter().enumerate() {
            let exponent = (i as f64 + 0.5 - ALPHA_BIAS as f64) / ALPHA_STEPS as f64;
            let exact = (-exponent).exp().min(0.99);
            let exact = if exact < 1.0 / 255.0 { 0.0 } else { exact * 32768.0 };
            assert!((f64::from(entry) - exact).abs() <= 0.51, "{i}: {entry} {exact}");
        }
    }

    #[test]
    fn opacity_exponents_are_logarithms() {
        for opacity in 1..256u16 {
            let exact = -(f64::from(opacity) / 255.0).ln() * f64::from(1 << 27);
            let entry = f64::from(OPACITY_EXPONENT[usize::from(opacity)]);
            assert!((entry - exact).abs() <= 1.0, "{opacity}: {entry} {exact}");
        }
    }
}
