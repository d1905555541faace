//! Products of matrices with few columns: what pointwise, dense and (through patches) all other
//! convolutions come down to.
//!
//! `x` is rows x depth, weights are depth x columns, `y` is rows x columns; all row-major.

use multiversion::multiversion;

/// Columns of a panel: two registers of eight floats.
const WIDE: usize = 16;
/// Columns of the last panel where no more are needed.
const NARROW: usize = 8;
/// Rows of a tile: 6 x 16 sums fill the registers of AVX2.
const TILE: usize = 6;
/// Rows whose operands stay in the first cache while weights' gradients are summed.
const BLOCK: usize = 96;

/// Runs `$body::<R, W>(...)` for a tile of `$rows` rows and `$width` columns.
macro_rules! tiles {
    (($rows:expr, $width:expr), $body:ident $arguments:tt) => {
        tiles!(($rows, $width), $body $arguments, 1 2 3 4 5 6)
    };
    (($rows:expr, $width:expr), $body:ident $arguments:tt, $($count:literal)*) => {
        match ($rows, $width) {
            $(
                ($count, WIDE) => $body::<$count, WIDE> $arguments,
                ($count, NARROW) => $body::<$count, NARROW> $arguments,
                ($count, 1) => $body::<$count, 1> $arguments,
            )*
            (rows, width) => unreachable!("no tile has {rows} x {width}"),
        }
    };
}

/// Weights in panels of 16 columns, the last perhaps of 8, each depth x columns and filled up with
/// zeros.
#[derive(Clone, Debug, Default)]
pub struct Panels {
    depth: usize,
    columns: usize,
    data: Vec<f32>,
}

impl Panels {
    /// Packs `weights` of depth x columns.
    pub fn pack(&mut self, weights: &[f32], depth: usize, columns: usize) {
        self.fill(depth, columns, |row, column| weights[row * columns + column]);
    }

    /// Packs the transpose of `weights` of depth x columns: columns x depth.
    pub fn pack_transposed(&mut self, weights: &[f32], depth: usize, columns: usize) {
        self.fill(columns, depth, |row, column| weights[column * columns + row]);
    }

    fn fill(&mut self, depth: usize, columns: usize, at: impl Fn(usize, usize) -> f32) {
        (self.depth, self.columns) = (depth, columns);
        self.data.clear();
        for (first, width) in panels(columns) {
            for row in 0..depth {
                let value = |column| if column < columns { at(row, column) } else { 0.0 };
                self.data.extend((first..first + width).map(value));
            }
        }
    }
}

/// First column and width of each panel.
fn panels(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..columns)
        .step_by(WIDE)
        .map(move |first| (first, if columns - first <= NARROW { NARROW } else { WIDE }))
}

/// `y = x * weights`, plus `bias` of one number a column.
///
/// # Panics
/// When lengths do not match.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn multiply(x: &[f32], weights: &Panels, bias: Option<&[f32]>, y: &mut [f32]) {
    let (depth, columns) = (weights.depth, weights.columns);
    let rows = y.len() / columns;
    assert_eq!(x.len(), rows * depth);
    assert_eq!(y.len(), rows * columns);
    let mut row = 0;
    while row < rows {
        let count = TILE.min(rows - row);
        let x = &x[row * depth..(row + count) * depth];
        let y = &mut y[row * columns..(row + count) * columns];
        let mut data = &weights.data[..];
        for (first, width) in panels(columns) {
            let (panel, rest) = data.split_at(depth * width);
            data = rest;
            let used = width.min(columns - first);
            tiles!((count, width), tile(x, panel, bias, y, depth, columns, first, used));
        }
        row += count;
    }
}

/// `R` rows of `x` times a panel of `W` columns.
#[inline(always)]
#[expect(clippy::too_many_arguments, reason = "a loop body with a name")]
fn tile<const R: usize, const W: usize>(
    x: &[f32],
    panel: &[f32],
    bias: Option<&[f32]>,
    y: &mut [f32],
    depth: usize,
    columns: usize,
    first: usize,
    used: usize,
) {
    let mut sums = [[0.0f32; W]; R];
    // Lengths that the compiler can see: no bound is checked in the loop.
    let rows: [&[f32]; R] = std::array::from_fn(|row| &x[row * depth..][..depth]);
    let panel = &panel.as_chunks::<W>().0[..depth];
    for k in 0..depth {
        let weights = &panel[k];
        // Written out, since otherwise the compiler keeps the sums in memory.
        macro_rules! rows {
            ($($row:literal)*) => { $(
                if $row < R {
                    let factor = rows[$row][k];
                    let sums = &mut sums[$row];
                    for column in 0..W {
                        sums[column] = factor.mul_add(weights[column], sums[column]);
                    }
                }
            )* };
        }
        rows!(0 1 2 3 4 5);
    }
    // A copy, since what is indexed at run time cannot be kept in registers.
    let mut results = sums;
    for (row, results) in results.iter_mut().enumerate() {
        if let Some(bias) = bias {
            for (result, bias) in results.iter_mut().zip(&bias[first..first + used]) {
                *result += bias;
            }
        }
        let y = &mut y[row * columns + first..][..used];
        if used == W {
            y.copy_from_slice(results);
        } else {
            y.copy_from_slice(&results[..used]);
        }
    }
}

/// `gradient += transpose(x) * dy`: the gradient of weights of depth x columns.
///
/// # Panics
/// When lengths do not match.
#[multiversion(targets("x86_64+avx2+fma"))]
pub fn accumulate(x: &[f32], dy: &[f32], columns: usize, gradient: &mut [f32]) {
    let depth = gradient.len() / columns;
    let rows = dy.len() / columns;
    assert_eq!(x.len(), rows * depth);
    for row in (0..rows).step_by(BLOCK) {
        let end = rows.min(row + BLOCK);
        let (x, dy) = (&x[row * depth..end * depth], &dy[row * columns..end * columns]);
        let mut k = 0;
        while k < depth {
            let tall = TILE.min(depth - k);
            let mut column = 0;
            while column < columns {
                let left = columns - column;
                let width = if left >= WIDE {
                    WIDE
                } else if left >= NARROW {
                    NARROW
                } else {
                    1
                };
                let at = (k, column);
                tiles!((tall, width), outer(x, dy, depth, columns, at, gradient));
                column += width;
            }
            k += tall;
        }
    }
}

/// A tile of `R` x `W` of [`accumulate`], summed over all rows.
#[inline(always)]
fn outer<const R: usize, const W: usize>(
    x: &[f32],
    dy: &[f32],
    depth: usize,
    columns: usize,
    (k, column): (usize, usize),
    gradient: &mut [f32],
) {
    let mut sums = [[0.0f32; W]; R];
    for (x, dy) in x.chunks_exact(depth).zip(dy.chunks_exact(columns)) {
        let x: &[f32; R] = x[k..k + R].try_into().expect("a slice of that length");
        let dy: &[f32; W] = dy[column..column + W].try_into().expect("a slice of that length");
        for row in 0..R {
            for c in 0..W {
                sums[row][c] = x[row].mul_add(dy[c], sums[row][c]);
            }
        }
    }
    for (row, sums) in sums.iter().enumerate() {
        let gradient = &mut gradient[(k + row) * columns + column..][..W];
        for (gradient, sum) in gradient.iter_mut().zip(sums) {
            *gradient += sum;
        }
    }
}

/// `gradient += ` the sum of `dy`'s rows: the gradient of a bias.
pub fn accumulate_rows(dy: &[f32], gradient: &mut [f32]) {
    for row in dy.chunks_exact(gradient.len()) {
        for (gradient, dy) in gradient.iter_mut().zip(row) {
            *gradient += dy;
        }
    }
}
