//! Weights rounded together, so that their errors cancel for inputs as they come (Frantar et al.
//! 2022, GPTQ; Babai's nearest plane for the lattice of roundings).
//!
//! The error of a layer's output is `e' C e` for errors `e` of weights and the inputs' covariance
//! `C`. With `C = L L'` the weights are rounded from the last to the first, each after what the
//! errors of those before it ask of it. What is left of the mean goes to the bias.

/// Part of the mean variance that is added to each: covariances are of a sample.
const DAMPING: f64 = 0.01;

/// What is known of a layer's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Mean of each column.
    means: Vec<f64>,
    /// Columns in the order of their rounding, the first one last.
    order: Vec<usize>,
    /// `L` in that order, row-major.
    factor: Vec<f64>,
}

impl Fit {
    /// What rows of so many columns say, row-major, each of which counts by its weight. Columns
    /// that are always the same are rounded by themselves.
    pub fn new(rows: &[f32], columns: usize, weights: &[f64]) -> Self {
        let total = weights.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        let mut means = vec![0.0; columns];
        for (row, weight) in rows.chunks_exact(columns).zip(weights) {
            let share = weight / total;
            means.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) * share);
        }
        let mut order: Vec<usize> = (0..columns).collect();
        let mut covariance = covariance(rows, &means, weights, total);
        let variance = |column: usize| covariance[column * columns + column];
        order.sort_by(|&a, &b| variance(a).total_cmp(&variance(b)));
        let damping = (0..columns).map(variance).sum::<f64>() / columns.max(1) as f64 * DAMPING;
        for column in 0..columns {
            covariance[column * columns + column] += damping.max(f64::MIN_POSITIVE);
        }
        let at = |row: usize, column: usize| covariance[order[row] * columns + order[column]];
        let factor = cholesky(columns, at);
        Self { means, order, factor }
    }

    /// Whole numbers for weights in steps of their scale, each within `-most..=most`.
    pub fn round(&self, weights: &[f64], most: f64) -> Vec<f64> {
        let columns = self.order.len();
        let mut rounded = vec![0.0; columns];
        let mut errors = vec![0.0; columns];
        for (number, &column) in self.order.iter().enumerate().rev() {
            let below =
                (number + 1..columns).map(|k| self.factor[k * columns + number] * errors[k]);
            let asked = below.sum::<f64>() / self.factor[number * columns + number];
            rounded[column] = (weights[column] + asked).round().clamp(-most, most);
            errors[number] = weights[column] - rounded[column];
        }
        rounded
    }

    /// What errors of weights make of the mean.
    pub fn mean(&self, errors: impl Iterator<Item = f64>) -> f64 {
        self.means.iter().zip(errors).map(|(mean, error)| mean * error).sum()
    }
}

/// Covariance of columns, row-major.
fn covariance(rows: &[f32], means: &[f64], weights: &[f64], total: f64) -> Vec<f64> {
    let columns = means.len();
    let mut centred = ndarray::Array2::zeros((rows.len() / columns.max(1), columns));
    let rows = rows.chunks_exact(columns.max(1)).zip(weights);
    for ((row, weight), mut to) in rows.zip(centred.rows_mut()) {
        let root = (weight / total).sqrt();
        for ((to, &x), mean) in to.iter_mut().zip(row).zip(means) {
            *to = (f64::from(x) - mean) * root;
        }
    }
    let covariance: ndarray::Array2<f64> = centred.t().dot(&centred);
    covariance.iter().copied().collect()
}

/// The lower triangular `L` with `L L'` of a positive definite matrix, row-major.
fn cholesky(size: usize, matrix: impl Fn(usize, usize) -> f64) -> Vec<f64> {
    let mut factor = vec![0.0; size * size];
    for row in 0..size {
        for column in 0..=row {
            let (above, below) = (&factor[column * size..], &factor[row * size..]);
            let dot: f64 = above[..column].iter().zip(&below[..column]).map(|(a, b)| a * b).sum();
            let left = matrix(row, column) - dot;
            factor[row * size + column] = match row == column {
                true => left.max(f64::MIN_POSITIVE).sqrt(),
                false => left / factor[column * size + column],
            };
        }
    }
    factor
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of numbers that hang together, as a layer's do.
    fn rows(count: usize, columns: usize) -> Vec<f32> {
        let wave = |row: usize, k: usize| ((row * (k + 1)) as f32 * 0.7).sin();
        let number = |row: usize, column: usize| {
            (0..4).map(|k| wave(row, k) * ((column * (k + 3)) as f32).cos()).sum::<f32>()
                + 0.05 * wave(row, column + 9)
                + 2.0
        };
        (0..count * columns).map(|at| number(at / columns, at % columns)).collect()
    }

    fn error(rows: &[f32], errors: &[f64], mean: f64) -> f64 {
        let of_row =
            |row: &[f32]| row.iter().zip(errors).map(|(&x, e)| f64::from(x) * e).sum::<f64>();
        rows.chunks_exact(errors.len()).map(|row| (of_row(row) - mean).powi(2)).sum::<f64>().sqrt()
    }

    #[test]
    fn weights_that_are_rounded_together_lose_far_less() {
        let columns = 24;
        let rows = rows(400, columns);
        let fit = Fit::new(&rows, columns, &[1.0; 400]);
        let weights: Vec<f64> = (0..columns).map(|k| 60.0 * (k as f64 * 1.7).sin()).collect();
        let errors = |rounded: &[f64]| -> Vec<f64> {
            weights.iter().zip(rounded).map(|(a, b)| a - b).collect()
        };
        let plain = errors(&weights.iter().map(|w| w.round()).collect::<Vec<_>>());
        let together = errors(&fit.round(&weights, 127.0));
        let loss = |errors: &[f64]| error(&rows, errors, fit.mean(errors.iter().copied()));
        assert!(loss(&together) < 0.4 * loss(&plain), "{} {}", loss(&together), loss(&plain));
    }

    #[test]
    fn columns_that_never_change_are_rounded_by_themselves_and_held_to_the_range() {
        let mut rows = rows(50, 4);
        rows.chunks_exact_mut(4).for_each(|row| row[2] = 0.0);
        let fit = Fit::new(&rows, 4, &[1.0; 50]);
        let rounded = fit.round(&[3.4, -200.0, 0.0, 7.0], 127.0);
        assert_eq!((rounded[1], rounded[2]), (-127.0, 0.0));
    }
}
