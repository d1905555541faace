//! Levels of grids.

use quintet_driver::quantise::grid::{Bits, GridError, grid};
use quintet_driver::scene::field::{Grid, Level};
use quintet_protocol::program::Corners;

use crate::{errors, look_up, noise, points, word};

/// A grid in floats as its definition has it: `ceil` or `floor + 1` makes no difference, since
/// where they differ the upper corner's weight is zero.
pub fn interpolate(grid: &Grid, point: &[f64; 3]) -> Vec<f64> {
    let mut row = Vec::new();
    for level in &grid.levels {
        let at = [0, 1, 2].map(|axis| point[axis] * level.scale[axis] + level.offset);
        let lower = at.map(f64::floor);
        for feature in 0..grid.features {
            let corner = |bits: usize| {
                let upper = [0, 1, 2].map(|axis| bits >> axis & 1);
                let share = |axis: usize| at[axis] - lower[axis];
                let weight = |axis| if upper[axis] == 1 { share(axis) } else { 1.0 - share(axis) };
                let whole = [0, 1, 2].map(|axis| lower[axis] as usize + upper[axis]);
                let entry = level.first + number(level, whole);
                let value = f64::from(grid.table[entry * grid.features + feature]);
                value * weight(0) * weight(1) * weight(2)
            };
            row.push((0..8).map(corner).sum());
        }
    }
    row
}

/// tiny-cuda-nn's numbers of entries: those beyond a dense level wrap as well.
fn number(level: &Level, [x, y, z]: [usize; 3]) -> usize {
    let [nx, ny, _] = level.resolution;
    let number = match level.hashed {
        true => x ^ y.wrapping_mul(2_654_435_761) ^ z.wrapping_mul(805_459_861),
        false => x + nx * (y + ny * z),
    };
    number % level.entries
}

/// Two dense levels and a hashed one, as Instant-NGP has them.
fn instant_ngp(features: usize) -> Grid {
    let dense = |side: usize, scale: f64, first| Level {
        scale: [scale; 3],
        offset: 0.5,
        resolution: [side; 3],
        first,
        entries: (side * side * side).next_multiple_of(8),
        hashed: false,
        ceils: false,
    };
    let levels = vec![
        dense(8, 7.0, 0),
        dense(10, 8.37, 512),
        Level {
            hashed: true,
            entries: 1 << 11,
            resolution: [301; 3],
            ..dense(0, 299.75, 512 + 1000)
        },
    ];
    let table = (0..(512 + 1000 + 2048) * features).map(|at| noise(1, at)).collect();
    Grid { features, levels, simplex: false, table }
}

/// Half a step of the stored features, and of the halves that come out.
fn tolerance(bits: Bits, fraction_bits: i32) -> f64 {
    let step = 1.0 / if bits == Bits::Eight { 127.0 } else { 32_767.0 };
    step * 0.52 + 0.52 * f64::from(-fraction_bits).exp2()
}

#[test]
fn levels_come_out_within_half_a_step() {
    for features in [1, 2, 3, 4, 8] {
        let floats = instant_ngp(features);
        let points = points(500);
        let words: Vec<[u32; 3]> = points.iter().map(|point| point.map(word)).collect();
        let expected: Vec<_> = points.iter().map(|point| interpolate(&floats, point)).collect();
        for bits in [Bits::Eight, Bits::Sixteen] {
            let quantised = grid(&floats, bits).unwrap();
            let found = look_up(&quantised, (Corners::Linear, 3), &words);
            // Points are rounded as well: 2^-29 of the box in 300 cells of at most two units a
            // cell.
            let most = tolerance(bits, quantised.fraction_bits) + 300.0 * 8.0 / (1u32 << 29) as f64;
            let most = most + 16.0 / 65_536.0;
            for column in 0..3 * features {
                let [worst, _] = errors(&found, &expected, column);
                assert!(worst <= most, "{features} {bits:?} {column}: {worst} > {most}");
            }
        }
    }
}

#[test]
fn what_no_device_looks_up_is_refused() {
    let floats = instant_ngp(2);
    let refused = |change: &dyn Fn(&mut Grid)| {
        let mut floats = floats.clone();
        change(&mut floats);
        grid(&floats, Bits::Eight).unwrap_err()
    };
    assert_eq!(refused(&|it| it.features = 17), GridError::Features { features: 17, most: 16 });
    assert_eq!(refused(&|it| it.levels[1].scale[2] = 16_384.0), GridError::TooFine { level: 1 });
    assert_eq!(refused(&|it| it.levels[1].scale[0] = f64::NAN), GridError::TooFine { level: 1 });
    let hash = GridError::HashSize { level: 2, entries: 2047 };
    assert_eq!(refused(&|it| it.levels[2].entries = 2047), hash);
    assert_eq!(refused(&|it| it.table.truncate(4000)), GridError::Entries { level: 2 });
    assert_eq!(refused(&|it| it.levels[0].first = 1 << 40), GridError::Entries { level: 0 });
}
