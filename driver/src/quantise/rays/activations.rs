//! Tables of what becomes of densities and colours.

use crate::scene::field::{ColorActivation, DensityActivation};
use quintet_protocol::ray::{
    ACTIVATION_STEP, ACTIVATION_WORDS, COLOR_TABLE, DENSITY_ENTRIES, DENSITY_TABLE, DEPTH_BITS,
};
use std::f64::consts::LOG2_E;

/// Least half.
const LEAST: f64 = -32_768.0;
/// Greatest entry of a density's table: 6 bits and [`DEPTH_BITS`] of fraction.
const Z_MAX: f64 = 4_294_967_295.0;
/// Fraction bits of a colour.
const COLOR_BITS: i32 = 15;

/// What a device makes of densities and colours of so many fraction bits, `density_unit` being the
/// world units that its densities are per. [`ACTIVATION_WORDS`] words.
pub fn activations(
    density: DensityActivation,
    density_fraction_bits: i32,
    color: ColorActivation,
    color_fraction_bits: i32,
    density_unit: f64,
) -> Vec<u32> {
    // Binary optical depth, Q26, to a density of 1 per world unit and an optical length of 1, Q16.
    let scale = density_unit * LOG2_E * 1024.0;
    let at = |entry: usize, bits: i32| {
        (LEAST + (entry * ACTIVATION_STEP) as f64) * (-f64::from(bits)).exp2()
    };
    let mut words = vec![0; ACTIVATION_WORDS];
    if let DensityActivation::Relu = density {
        words[1] = multiplier(scale * (-f64::from(density_fraction_bits)).exp2());
    } else {
        words[0] = 1;
        let table = &mut words[DENSITY_TABLE..DENSITY_TABLE + DENSITY_ENTRIES];
        for (entry, word) in table.iter_mut().enumerate() {
            let log = log_density(density, at(entry, density_fraction_bits)) + scale.log2();
            *word = ((30.0 - log) * f64::from(DEPTH_BITS).exp2()).round().clamp(0.0, Z_MAX) as u32;
        }
    }
    let value = |entry: usize| {
        let x = at(entry, color_fraction_bits);
        let color = match color {
            ColorActivation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
            ColorActivation::Identity => x.clamp(0.0, 1.0),
        };
        (color * f64::from(COLOR_BITS).exp2()).round() as i32
    };
    for (entry, word) in words[COLOR_TABLE..].iter_mut().enumerate() {
        let (here, next) = (value(entry), value(entry + 1));
        *word = here as u32 & 0xFFFF | ((next - here) as u32) << 16;
    }
    words
}

/// A number as a multiplier of 16 bits and a shift of 6.
fn multiplier(number: f64) -> u32 {
    let shift = (15.0 - number.log2().floor()).clamp(0.0, 63.0);
    let multiplier = (number * shift.exp2()).round().min(65_535.0) as u32;
    multiplier | (shift as u32) << 16
}

/// Binary logarithm of a density per world unit.
fn log_density(density: DensityActivation, x: f64) -> f64 {
    match density {
        DensityActivation::Relu => x.max(0.0).log2(),
        DensityActivation::Exp { shift } => (x + f64::from(shift)) * LOG2_E,
        DensityActivation::Softplus { shift, scale } => {
            let x = x + f64::from(shift);
            // Where the exponential is lost beside 1, the two are the same.
            let log = if x < -30.0 { x * LOG2_E } else { x.exp().ln_1p().log2() };
            // Where it is out of range, so is it beside the sum.
            let log = if x > 500.0 { x.log2() } else { log };
            log + f64::from(scale).log2()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_multipliers_to_sixteen_bits() {
        for number in [1e-12, 3.3e-4, 0.5, 1.0, 17.25, 30_000.0] {
            let word = multiplier(number);
            let found = f64::from(word & 0xFFFF) * (-f64::from(word >> 16)).exp2();
            assert!((found / number - 1.0).abs() < 2.0f64.powi(-15), "{number} {found}");
        }
    }

    #[test]
    fn softplus_goes_over_from_an_exponential_to_a_line() {
        let density = DensityActivation::Softplus { shift: 1.0, scale: 2.0 };
        let log = |x: f64| log_density(density, x);
        assert!((log(-40.0) - (1.0 - 39.0 * LOG2_E)).abs() < 1e-9);
        assert!((log(-31.001) - log(-30.999)).abs() < 0.003);
        assert!((log(1000.0) - 2002.0f64.log2()).abs() < 1e-9);
        assert!((log(-1.0) - (2.0 * 2.0f64.ln()).log2()).abs() < 1e-9);
    }
}
