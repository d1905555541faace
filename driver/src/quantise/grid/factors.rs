//! Factors of decomposed grids.

use super::{
    Bits, FACTOR_FEATURES_MAX, GridError, QuantisedFactors, fraction_bits, largest, words,
};
use crate::scene::field;
use quintet_protocol::grid::{FACTOR_SIDE_MAX, Factor, factor_entry_words};

/// Quantises factors: of a product each has its own scale, of a sum all of a group have the same;
/// all groups come out with the same fraction bits.
///
/// # Errors
/// [`GridError`]: no device takes such factors.
pub fn factors(factors: &field::Factors, bits: Bits) -> Result<QuantisedFactors, GridError> {
    let features = factors.features;
    if !(1..=FACTOR_FEATURES_MAX).contains(&features) {
        return Err(GridError::Features { features, most: FACTOR_FEATURES_MAX });
    }
    for (number, group) in factors.groups.iter().enumerate() {
        check(number, group, features)?;
    }
    let ranges = factors.groups.iter().map(|group| range_of(factors, group));
    let fraction_bits = fraction_bits(ranges.fold(0.0, f64::max));
    let entry_bytes = factor_entry_words(features as u8, bits.entry()) * 4;
    let (mut out, mut bytes) = (Vec::new(), Vec::new());
    for group in &factors.groups {
        let steps = steps_of(factors, group, bits);
        let multiplier = multiplier_of(factors.product, &steps, bits, fraction_bits);
        for (factor, step) in group.iter().zip(steps) {
            let second = |values: &[usize], none| values.get(1).copied().unwrap_or(none);
            let quantised = Factor {
                axes: [factor.axes[0] as u8, second(&factor.axes, 0) as u8],
                resolution: [factor.resolution[0] as u16, second(&factor.resolution, 1) as u16],
                first: (bytes.len() / entry_bytes) as u32,
                multiplier,
            };
            out.extend(quantised.to_words());
            for entry in factor.table.chunks_exact(features) {
                entry.iter().for_each(|&value| bits.push(&mut bytes, f64::from(value) / step));
                bytes.resize(bytes.len().next_multiple_of(4), 0);
            }
        }
    }
    let (table, entry) = (words(bytes), bits.entry());
    Ok(QuantisedFactors { factors: out, table, entry, fraction_bits })
}

fn check(number: usize, group: &[field::Factor], features: usize) -> Result<(), GridError> {
    let is_right = |factor: &field::Factor| {
        let sides = 1..=usize::from(FACTOR_SIDE_MAX);
        (1..=2).contains(&factor.axes.len())
            && factor.axes.len() == factor.resolution.len()
            && factor.axes.iter().all(|&axis| axis < 3)
            && factor.resolution.iter().all(|side| sides.contains(side))
    };
    if !(1..=3).contains(&group.len()) || !group.iter().all(is_right) {
        return Err(GridError::Group { group: number });
    }
    let is_whole = |factor: &field::Factor| {
        factor.table.len() == factor.resolution.iter().product::<usize>() * features
    };
    match group.iter().all(is_whole) {
        true => Ok(()),
        false => Err(GridError::Entries { level: number }),
    }
}

/// The largest number that can come of a group.
fn range_of(factors: &field::Factors, group: &[field::Factor]) -> f64 {
    let of_feature = |feature: usize| {
        let ranges = group.iter().map(|factor| {
            largest(factor.table.iter().copied().skip(feature).step_by(factors.features))
        });
        if factors.product { ranges.product() } else { ranges.sum::<f64>() }
    };
    (0..factors.features).map(of_feature).fold(0.0, f64::max)
}

/// What a step of each factor of a group stands for.
fn steps_of(factors: &field::Factors, group: &[field::Factor], bits: Bits) -> Vec<f64> {
    let step = |range: f64| range.max(f64::MIN_POSITIVE) / bits.most();
    let ranges = group.iter().map(|factor| largest(factor.table.iter().copied()));
    if factors.product {
        ranges.map(step).collect()
    } else {
        vec![step(ranges.fold(0.0, f64::max)); group.len()]
    }
}

/// From what factors of these steps are reduced to, to numbers of so many fraction bits.
fn multiplier_of(product: bool, steps: &[f64], bits: Bits, fraction_bits: i32) -> i32 {
    // Bytes are reduced as the high ones of halves.
    let unit = match bits {
        Bits::Eight => 1.0 / 256.0,
        Bits::Sixteen => 1.0,
    };
    let scaled = steps.iter().map(|step| step * unit * 65_536.0);
    let reduced = if product { scaled.product() } else { scaled.fold(0.0, f64::max) };
    (reduced * f64::from(fraction_bits).exp2()).round() as i32
}
