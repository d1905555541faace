//! Quantised grids, factors and textures, as the device looks them up, against what they are in
//! floats.
//!
//! Fields of a captured scene, with nerfstudio's encodings, are looked for in the folder that
//! `QUINTET_REFERENCE_DIR` names. With `--nocapture` their errors are printed.

mod captured;
mod factors;
mod levels;
mod textures;

use quintet_driver::quantise::grid::{QuantisedFactors, QuantisedGrid};
use quintet_driver::scene::field;
use quintet_firmware::kernels::grid::{Rows, factors as of_factors, level as of_level};
use quintet_protocol::grid::{LEVEL_WORDS, Level};
use quintet_protocol::program::{Corners, FactorReduce};

/// A made-up number in `-1..1`, the same for the same seed and place.
fn noise(seed: u32, at: usize) -> f32 {
    let mut state = (at as u32).wrapping_mul(0x9E37_79B1) ^ seed.wrapping_mul(0x85EB_CA6B) | 1;
    for _ in 0..3 {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
    }
    state as i32 as f32 / 2_147_483_648.0
}

/// Points of the unit box.
fn points(count: usize) -> Vec<[f64; 3]> {
    let coordinate = |at| f64::from(noise(5, at)) * 0.5 + 0.5;
    (0..count).map(|at| [0, 1, 2].map(|axis| coordinate(3 * at + axis))).collect()
}

/// A point as the device has it.
fn word(coordinate: f64) -> u32 {
    (coordinate * f64::from(1u32 << 28)).round() as i32 as u32
}

/// Numbers of all levels at points, which come to the device as words.
fn look_up(
    grid: &QuantisedGrid,
    (corners, dimensions): (Corners, u8),
    points: &[[u32; 3]],
) -> Vec<Vec<f64>> {
    let kind = of_level::Kind {
        corners,
        dimensions,
        entry: grid.entry,
        features: grid.features as u8,
        adds: false,
    };
    let stride = grid.level_count() * grid.features;
    let mut halves = vec![0; points.len() * stride];
    for (number, words) in grid.levels.as_chunks::<LEVEL_WORDS>().0.iter().enumerate() {
        let halves = &mut halves[number * grid.features..];
        let level = Level::from_words(words);
        of_level::look_up(&kind, &level, &grid.table, points, &mut Rows { halves, stride });
    }
    numbers(&halves, stride, grid.fraction_bits)
}

/// Numbers of all groups of factors at points.
fn reduce(
    floats: &field::Factors,
    quantised: &QuantisedFactors,
    points: &[[u32; 3]],
) -> Vec<Vec<f64>> {
    let reduce = if floats.product { FactorReduce::Product } else { FactorReduce::Sum };
    let features = floats.features as u8;
    let kind = of_factors::Kind { entry: quantised.entry, features, reduce, adds: false };
    let stride = floats.groups.len() * floats.features;
    let mut halves = vec![0; points.len() * stride];
    let mut factors = quantised.factors.as_chunks().0;
    for (number, group) in floats.groups.iter().enumerate() {
        let (words, rest) = factors.split_at(group.len());
        factors = rest;
        let halves = &mut halves[number * floats.features..];
        of_factors::look_up(&kind, words, &quantised.table, points, &mut Rows { halves, stride });
    }
    numbers(&halves, stride, quantised.fraction_bits)
}

fn numbers(halves: &[i16], stride: usize, fraction_bits: i32) -> Vec<Vec<f64>> {
    let unit = f64::from(-fraction_bits).exp2();
    let row = |row: &[i16]| row.iter().map(|&half| f64::from(half) * unit).collect();
    halves.chunks(stride).map(row).collect()
}

/// The largest difference between two columns of numbers, and the root of the mean square.
fn errors(found: &[Vec<f64>], expected: &[Vec<f64>], column: usize) -> [f64; 2] {
    assert_eq!(found.len(), expected.len());
    let differences = found.iter().zip(expected).map(|(found, expected)| {
        assert_eq!(found.len(), expected.len());
        (found[column] - expected[column]).abs()
    });
    let differences: Vec<f64> = differences.collect();
    let squares: f64 = differences.iter().map(|it| it * it).sum();
    let largest = differences.iter().copied().fold(0.0, f64::max);
    [largest, (squares / differences.len() as f64).sqrt()]
}
