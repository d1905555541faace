//! Factors of decomposed grids.

use quintet_driver::quantise::grid::{Bits, GridError, factors};
use quintet_driver::scene::field::{Factor, Factors};

use crate::{errors, noise, points, reduce, word};

/// Factors in floats, corners aligned.
pub fn reduced(factors: &Factors, point: &[f64; 3]) -> Vec<f64> {
    let value = |factor: &Factor, feature: usize| {
        let at = |axis: usize| match factor.axes.get(axis) {
            Some(&of) => point[of] * (factor.resolution[axis] - 1) as f64,
            None => 0.0,
        };
        let columns = factor.resolution[0];
        let rows = factor.resolution.get(1).copied().unwrap_or(1);
        let (x, y) = (at(0), at(1));
        let entry = |dx: usize, dy: usize| {
            let column = (x.floor() as usize + dx).min(columns - 1);
            let row = (y.floor() as usize + dy).min(rows - 1);
            let at = (row * columns + column) * factors.features + feature;
            f64::from(factor.table[at])
        };
        let (fx, fy) = (x - x.floor(), y - y.floor());
        let row = |dy| entry(0, dy) * (1.0 - fx) + entry(1, dy) * fx;
        row(0) * (1.0 - fy) + row(1) * fy
    };
    let mut numbers = Vec::new();
    for group in &factors.groups {
        for feature in 0..factors.features {
            let values = group.iter().map(|factor| value(factor, feature));
            numbers.push(if factors.product { values.product() } else { values.sum::<f64>() });
        }
    }
    numbers
}

/// Two groups, of three factors each, with ranges that differ.
fn made_up(features: usize, product: bool) -> Factors {
    let factor = |seed: u32, axes: &[usize], resolution: &[usize], range: f32| {
        let count = resolution.iter().product::<usize>() * features;
        let table = (0..count).map(|at| noise(seed, at) * range).collect();
        Factor { axes: axes.to_vec(), resolution: resolution.to_vec(), table }
    };
    let groups = vec![
        vec![
            factor(1, &[0, 1], &[9, 12], 1.5),
            factor(2, &[2], &[17], 0.25),
            factor(3, &[1, 2], &[1, 5], 0.5),
        ],
        vec![
            factor(4, &[0, 2], &[30, 30], 0.1),
            factor(5, &[1], &[8], 3.0),
            factor(6, &[0], &[1], 2.0),
        ],
    ];
    Factors { features, groups, product }
}

#[test]
fn products_and_sums_come_out_as_in_floats() {
    for (features, product, bits) in [
        (12, true, Bits::Sixteen),
        (12, true, Bits::Eight),
        (5, false, Bits::Sixteen),
        (7, false, Bits::Eight),
    ] {
        let floats = made_up(features, product);
        let quantised = factors(&floats, bits).unwrap();
        let points = points(300);
        let words: Vec<[u32; 3]> = points.iter().map(|point| point.map(word)).collect();
        let found = reduce(&floats, &quantised, &words);
        let expected: Vec<_> = points.iter().map(|point| reduced(&floats, point)).collect();
        // Half a step of each factor, of a product times the others' largest values.
        let step = 0.52 / if bits == Bits::Eight { 127.0 } else { 32_767.0 };
        let ranges = [[1.5, 0.25, 0.5], [0.1, 3.0, 2.0]];
        for column in 0..2 * features {
            let ranges: &[f64; 3] = &ranges[column / features];
            let largest = ranges.iter().copied().fold(0.0, f64::max);
            let error = match product {
                true => 3.0 * step * ranges.iter().product::<f64>(),
                false => 3.0 * step * largest,
            };
            // Places are cut off at Q16, and halves come out.
            let cut =
                3.0 * 8.0 / 65_536.0 * if product { ranges.iter().product() } else { largest };
            let most = error + cut + 0.52 * f64::from(-quantised.fraction_bits).exp2();
            let [worst, _] = errors(&found, &expected, column);
            assert!(worst <= most, "{features} {product} {bits:?} {column}: {worst} > {most}");
        }
    }
}

#[test]
fn what_no_device_reduces_is_refused() {
    let refused = |change: &dyn Fn(&mut Factors)| {
        let mut floats = made_up(4, true);
        change(&mut floats);
        factors(&floats, Bits::Sixteen).unwrap_err()
    };
    let features = GridError::Features { features: 65, most: 64 };
    assert_eq!(refused(&|it| it.features = 65), features);
    let group = GridError::Group { group: 1 };
    assert_eq!(refused(&|it| it.groups[1].clear()), group);
    assert_eq!(refused(&|it| it.groups[1][0].axes = vec![0, 3]), group);
    assert_eq!(refused(&|it| it.groups[1][0].axes = vec![0, 1, 2]), group);
    assert_eq!(refused(&|it| it.groups[1][1].resolution = vec![0]), group);
    let fewer = GridError::Entries { level: 0 };
    assert_eq!(refused(&|it| it.groups[0][0].table.truncate(3)), fewer);
}
