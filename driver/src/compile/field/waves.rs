//! Frequencies of waves to the records of [`quintet_protocol::feature`].

use super::model::Scale;
use quintet_protocol::feature::wave_words;
use std::f64::consts::TAU;

/// Bits that a factor has, beside its sign: a product with a coordinate has 62 then.
const FACTOR_BITS: f64 = 30.0;
/// Largest shift.
const SHIFT_MAX: f64 = 63.0;
/// Fraction bits of an angle in turns.
const TURN_BITS: f64 = 32.0;

/// Records of frequencies, in radians per unit, of coordinates that stand for what their scales say.
pub fn waves(frequencies: &[f64], coordinates: &[Scale]) -> Vec<u32> {
    let mut words = Vec::with_capacity(frequencies.len() * wave_words(coordinates.len()));
    for frequency in frequencies {
        // Turns, Q32, a step of each coordinate.
        let turns = |number: f64| frequency * number / TAU * TURN_BITS.exp2();
        let largest = coordinates.iter().map(|it| turns(it.step).abs()).fold(0.0, f64::max);
        let spare = FACTOR_BITS - largest.log2().ceil();
        let shift = if largest > 0.0 { spare.clamp(0.0, SHIFT_MAX) } else { 0.0 };
        words.push(shift as u32);
        for scale in coordinates {
            words.push((turns(scale.step) * shift.exp2()).round() as i64 as u32);
            // Whole turns do not count.
            words.push((turns(scale.offset).rem_euclid(TURN_BITS.exp2())).round() as u64 as u32);
        }
    }
    words
}
