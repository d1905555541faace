//! Sines of angles in turns, by a table of a quarter and straight lines between its entries.

/// Fraction bits of a sine.
pub const SINE_BITS: u32 = quintet_protocol::feature::WAVE_BITS as u32;
/// A quarter of a turn.
const QUARTER: u32 = 1 << 30;
/// Binary logarithm of the entries of a quarter.
const TABLE_BITS: u32 = 8;
/// Fraction bits of an entry.
const ENTRY_BITS: u32 = 15;
/// Fraction bits with which entries are interpolated.
const WEIGHT_BITS: u32 = 15;
/// Entries of a quarter, both ends included.
const ENTRIES: usize = (1 << TABLE_BITS) + 1;

/// `sin(i / 2^TABLE_BITS * pi / 2)`, Q15.
static SINE: [u16; ENTRIES] = {
    let mut table = [0; ENTRIES];
    let mut i = 0;
    while i < ENTRIES {
        table[i] = quarter_sine(i as u128) as u16;
        i += 1;
    }
    table
};

/// Sine of `i / 2^TABLE_BITS` quarters in Q15, rounded, by its series in Q60.
const fn quarter_sine(i: u128) -> u128 {
    // pi / 2 in Q60.
    const HALF_PI: u128 = 1_811_004_444_337_413_733;
    let angle = ((i * HALF_PI) >> TABLE_BITS) as i128;
    let square = (angle * angle) >> 60;
    // The term of order 23 is below 2^-60.
    let (mut term, mut sum, mut order) = (angle, angle, 1);
    while order < 23 {
        term = -((term * square) >> 60) / ((order + 1) * (order + 2));
        sum += term;
        order += 2;
    }
    (sum as u128 + (1 << (59 - ENTRY_BITS))) >> (60 - ENTRY_BITS)
}

/// Sine of an angle, 2^32 for a whole turn, Q14; within 2^-14.
#[inline(always)]
pub fn sine(angle: u32) -> i16 {
    // In the second and fourth quarter the table is read from its end.
    let place = if angle & QUARTER == 0 { angle } else { !angle };
    let entry = ((place & (QUARTER - 1)) >> (30 - TABLE_BITS)) as usize;
    let weight = (place >> (30 - TABLE_BITS - WEIGHT_BITS)) & ((1 << WEIGHT_BITS) - 1);
    let [from, to] = [SINE[entry & 0xFF], SINE[(entry & 0xFF) + 1]].map(u32::from);
    let value = (from << WEIGHT_BITS) + (to - from) * weight;
    let shift = ENTRY_BITS + WEIGHT_BITS - SINE_BITS;
    let value = ((value + (1 << (shift - 1))) >> shift) as i16;
    if angle >> 31 == 0 { value } else { -value }
}

/// Cosine of an angle, as [`sine`].
#[inline(always)]
pub fn cosine(angle: u32) -> i16 {
    sine(angle.wrapping_add(QUARTER))
}

/// Sines and cosines of the waves of a vector of one frequency: `record` has a factor and an offset
/// for each coordinate, and their product is shifted to the right. See
/// [`quintet_protocol::feature`].
#[inline(never)]
pub fn waves(
    vector: &[i32],
    record: &[[u32; 2]],
    shift: u32,
    (sines, cosines): (&mut [i16], &mut [i16]),
) {
    let outs = sines.iter_mut().zip(cosines);
    for ((coordinate, [factor, offset]), (sin, cos)) in vector.iter().zip(record).zip(outs) {
        let product = i64::from(*coordinate) * i64::from(*factor as i32);
        let angle = ((product >> (shift & 31)) as u32).wrapping_add(*offset);
        (*sin, *cos) = (sine(angle), cosine(angle));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(angle: u32) {
        let exact = f64::from(angle) / 32f64.exp2() * core::f64::consts::TAU;
        for (found, exact) in [(sine(angle), exact.sin()), (cosine(angle), exact.cos())] {
            let error = (f64::from(found) / f64::from(1 << SINE_BITS) - exact).abs();
            assert!(error < (-14f64).exp2(), "{angle}: {found} {exact}");
        }
    }

    proptest! {
        #[test]
        fn sines_and_cosines_are_within_a_step(angle: u32) {
            check(angle);
        }
    }

    #[test]
    fn a_turn_is_closed_and_symmetric() {
        for number in 0..1 << 16 {
            check(number << 16);
            check((number << 16).wrapping_sub(1));
        }
        let one = 1 << SINE_BITS;
        assert_eq!([0, 1, 2, 3].map(|quarter| sine(quarter * QUARTER)), [0, one, 0, -one]);
    }
}
