//! Fields that were trained with nerfstudio 1.1.5: a hash grid, planes times lines, and a sum of
//! three planes.

use std::path::{Path, PathBuf};

use quintet_driver::input::array;
use quintet_driver::input::npy::Elements;
use quintet_driver::quantise::grid::{Bits, factors, grid};
use quintet_driver::scene::field::{Factor, Factors, Grid, Level};
use quintet_protocol::program::Corners;

use crate::factors::reduced;
use crate::levels::interpolate;
use crate::{errors, look_up, points, reduce, word};

/// Cells of the hash grid's levels: `floor(16 * growth^level)`, as floats of 32 bits have it.
const CELLS: [f64; 8] = [16.0, 26.0, 43.0, 70.0, 115.0, 190.0, 312.0, 511.0];
/// Entries of one of its levels.
const ENTRIES: usize = 1 << 14;

/// The folder with the fields; says so if there is none.
fn reference_folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("QUINTET_REFERENCE_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("{test}: skipped: QUINTET_REFERENCE_DIR is not set");
    }
    folder.map(|folder| folder.join("scenes/grids"))
}

/// An array of a field, its shape and numbers.
fn read(folder: &Path, field: &str, name: &str) -> (Vec<usize>, Vec<f32>) {
    let file = std::fs::read(folder.join(field).join("weights_f16.npz")).unwrap();
    let array = array(&file, &[name]).unwrap().unwrap();
    match array.elements {
        Elements::Float(numbers) => (array.shape, numbers),
        other => panic!("{}", other.name()),
    }
}

fn hash_grid(folder: &Path) -> Grid {
    let (shape, table) = read(folder, "fox_hash", "enc.hash_table");
    assert_eq!(shape, [8 * ENTRIES, 4]);
    let level = |(number, cells)| Level {
        scale: [cells; 3],
        offset: 0.0,
        resolution: [1; 3],
        first: number * ENTRIES,
        entries: ENTRIES,
        hashed: true,
        ceils: true,
    };
    let levels = CELLS.into_iter().enumerate().map(level).collect();
    Grid { features: 4, levels, simplex: false, table }
}

/// Number `index` of an array of `[factors, features, rows, columns]`, features innermost.
fn factor((shape, numbers): &(Vec<usize>, Vec<f32>), index: usize, axes: &[usize]) -> Factor {
    let [_, features, rows, columns] = shape[..] else { panic!("{shape:?}") };
    let place = rows * columns;
    let of = |at: usize| index * features * place + at % features * place + at / features;
    let table = (0..features * place).map(|at| numbers[of(at)]).collect();
    let resolution = if axes.len() == 1 { vec![rows] } else { vec![columns, rows] };
    Factor { axes: axes.to_vec(), resolution, table }
}

fn planes_times_lines(folder: &Path) -> Factors {
    let planes = read(folder, "fox_vm", "enc.plane_coef");
    let lines = read(folder, "fox_vm", "enc.line_coef");
    let group = |(index, axes): (usize, [usize; 2])| {
        vec![factor(&planes, index, &axes), factor(&lines, index, &[2 - index])]
    };
    let groups = [[0, 1], [0, 2], [1, 2]].into_iter().enumerate().map(group).collect();
    Factors { features: planes.0[1], groups, product: true }
}

fn sum_of_planes(folder: &Path) -> Factors {
    let planes = read(folder, "fox_triplane", "enc.plane_coef");
    let axes = [[0, 1], [0, 2], [1, 2]].into_iter().enumerate();
    let group = axes.map(|(index, axes)| factor(&planes, index, &axes)).collect();
    Factors { features: planes.0[1], groups: vec![group], product: false }
}

/// The largest error and the root of the mean square one of the worst column, as shares of a range.
fn shares(found: &[Vec<f64>], expected: &[Vec<f64>], range: f64) -> [f64; 2] {
    let columns = (0..expected[0].len()).map(|column| errors(found, expected, column));
    columns.fold([0.0; 2], |a, b| [0, 1].map(|it| f64::max(a[it], b[it] / range)))
}

/// The largest magnitude of features.
fn largest(table: &[f32]) -> f64 {
    table.iter().fold(0.0, |largest, feature| largest.max(f64::from(feature.abs())))
}

/// The largest number that factors of the largest features give.
fn largest_reduced(factors: &Factors) -> f64 {
    let group = |group: &Vec<Factor>| {
        let features = group.iter().map(|factor| largest(&factor.table));
        if factors.product { features.product() } else { features.sum::<f64>() }
    };
    factors.groups.iter().map(group).fold(0.0, f64::max)
}

#[test]
fn captured_fields_come_out_as_nerfstudio_has_them() {
    let Some(folder) = reference_folder("captured_fields_come_out_as_nerfstudio_has_them") else {
        return;
    };
    let points = points(1000);
    let words: Vec<[u32; 3]> = points.iter().map(|point| point.map(word)).collect();
    // The device's points are taken: rounding them is not the grid's.
    let points: Vec<[f64; 3]> =
        words.iter().map(|point| point.map(|it| f64::from(it) / f64::from(1u32 << 28))).collect();
    // Half a step, and where places and weights are cut off; halves come out.
    for (bits, step) in [(Bits::Eight, 0.5 / 127.0), (Bits::Sixteen, 0.5 / 32_767.0)] {
        let most = step + 2e-4;
        let floats = hash_grid(&folder);
        let quantised = grid(&floats, bits).unwrap();
        let found = look_up(&quantised, (Corners::Linear, 3), &words);
        let expected: Vec<_> = points.iter().map(|point| interpolate(&floats, point)).collect();
        let [worst, mean] = shares(&found, &expected, largest(&floats.table));
        println!("hash grid, {bits:?}: worst {worst:.6}, mean {mean:.6} of the range");
        assert!(worst < most, "{worst}");
        for (name, floats) in [
            ("planes times lines", planes_times_lines(&folder)),
            ("sum of planes", sum_of_planes(&folder)),
        ] {
            let quantised = factors(&floats, bits).unwrap();
            let found = reduce(&floats, &quantised, &words);
            let expected: Vec<_> = points.iter().map(|point| reduced(&floats, point)).collect();
            let [worst, mean] = shares(&found, &expected, largest_reduced(&floats));
            println!("{name}, {bits:?}: worst {worst:.6}, mean {mean:.6} of the range");
            assert!(worst < 2.0 * step + 2e-4, "{worst}");
        }
    }
}
