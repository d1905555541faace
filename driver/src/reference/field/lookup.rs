//! Grids and factors at points of the unit box.

use super::Rows;
use crate::scene::field::{Factor, Factors, Grid, Level};

/// Multipliers of the hash (Instant-NGP, section 3).
const PRIMES: [u32; 3] = [1, 2_654_435_761, 805_459_861];

/// Features of all levels side by side.
pub fn grid(grid: &Grid, points: &[[f64; 3]]) -> Rows {
    let width = grid.features;
    let mut rows = Rows::zeros((points.len(), grid.levels.len() * width));
    for (point, mut row) in points.iter().zip(rows.rows_mut()) {
        let row = row.as_slice_mut().expect("rows are contiguous");
        for (level, sums) in grid.levels.iter().zip(row.chunks_exact_mut(width)) {
            let cell = [0, 1, 2].map(|axis| point[axis] * level.scale[axis] + level.offset);
            let floor = cell.map(f64::floor);
            let fraction = [0, 1, 2].map(|axis| cell[axis] - floor[axis]);
            let mut add = |corner: [bool; 3], weight: f64| {
                let at = [0, 1, 2].map(|axis| floor[axis] as i64 + i64::from(corner[axis]));
                let entry = (level.first + entry(level, at)) * width;
                for (sum, feature) in sums.iter_mut().zip(&grid.table[entry..entry + width]) {
                    *sum += (weight as f32) * feature;
                }
            };
            if grid.simplex { simplex(fraction, &mut add) } else { linear(fraction, &mut add) }
        }
    }
    rows
}

/// The eight corners of a cell. One whose weight is zero may be any: it does not matter whether the
/// upper corner of a point on an edge is that of `ceil` or of `floor + 1`.
fn linear(fraction: [f64; 3], add: &mut impl FnMut([bool; 3], f64)) {
    for corner in 0..8 {
        let upper = [0, 1, 2].map(|axis| corner >> axis & 1 == 1);
        let share = |axis: usize| if upper[axis] { fraction[axis] } else { 1.0 - fraction[axis] };
        let weight = share(0) * share(1) * share(2);
        if weight != 0.0 {
            add(upper, weight);
        }
    }
}

/// The four corners of the tetrahedron that a point lies in.
fn simplex(fraction: [f64; 3], add: &mut impl FnMut([bool; 3], f64)) {
    let mut axes = [0, 1, 2];
    axes.sort_by(|&a, &b| fraction[b].total_cmp(&fraction[a]));
    let mut corner = [false; 3];
    let mut left = 1.0;
    for axis in axes {
        add(corner, left - fraction[axis]);
        left = fraction[axis];
        corner[axis] = true;
    }
    add(corner, left);
}

/// Number of an entry in its level.
fn entry(level: &Level, at: [i64; 3]) -> usize {
    if level.hashed {
        let hash = at
            .iter()
            .zip(PRIMES)
            .fold(0, |hash, (&v, prime)| hash ^ (v as u32).wrapping_mul(prime));
        return hash as usize % level.entries;
    }
    let [nx, ny, nz] = level.resolution;
    let held = |v: i64, n: usize| v.clamp(0, n as i64 - 1) as usize;
    held(at[0], nx) + nx * (held(at[1], ny) + ny * held(at[2], nz))
}

/// Features of all groups side by side.
pub fn factors(factors: &Factors, points: &[[f64; 3]]) -> Rows {
    let width = factors.features;
    let mut rows = Rows::zeros((points.len(), factors.groups.len() * width));
    let mut looked_up = vec![0.0; width];
    for (point, mut row) in points.iter().zip(rows.rows_mut()) {
        let row = row.as_slice_mut().expect("rows are contiguous");
        for (group, reduced) in factors.groups.iter().zip(row.chunks_exact_mut(width)) {
            for (number, each) in group.iter().enumerate() {
                look_up(each, point, &mut looked_up);
                for (reduced, &feature) in reduced.iter_mut().zip(&looked_up) {
                    *reduced = match (number, factors.product) {
                        (0, _) => feature,
                        (_, true) => *reduced * feature,
                        (_, false) => *reduced + feature,
                    };
                }
            }
        }
    }
    rows
}

/// Features of a plane or a line, corners aligned.
fn look_up(factor: &Factor, point: &[f64; 3], features: &mut [f32]) {
    let along = |axis: usize| {
        let (Some(&of), Some(&count)) = (factor.axes.get(axis), factor.resolution.get(axis)) else {
            return (0, 0, 0.0);
        };
        let at = point[of].clamp(0.0, 1.0) * (count - 1) as f64;
        let lower = (at as usize).min(count - 1);
        (lower, (lower + 1).min(count - 1), at - lower as f64)
    };
    let columns = factor.resolution[0];
    let ((x0, x1, fx), (y0, y1, fy)) = (along(0), along(1));
    features.fill(0.0);
    for (x, y, weight) in [
        (x0, y0, (1.0 - fx) * (1.0 - fy)),
        (x1, y0, fx * (1.0 - fy)),
        (x0, y1, (1.0 - fx) * fy),
        (x1, y1, fx * fy),
    ] {
        if weight != 0.0 {
            let entry = (x + y * columns) * features.len();
            for (feature, value) in features.iter_mut().zip(&factor.table[entry..]) {
                *feature += weight as f32 * value;
            }
        }
    }
}
