//! Where the samples of a ray lie, as shares of its segment.

use quintet_protocol::ray::Spacing;

/// Intervals flatter than this, as a share of all weights, are taken for flat.
const FLAT: f64 = 1e-5;

/// Even shares of `count` samples.
pub fn even(spacing: Spacing, count: usize) -> Vec<f64> {
    match spacing {
        Spacing::Middles => (0..count).map(|k| (k as f64 + 0.5) / count as f64).collect(),
        Spacing::Points => (0..count).map(|k| k as f64 / (count - 1) as f64).collect(),
    }
}

/// Shares of samples that are spent by the weights of `coarse` even ones.
///
/// `Middles` draws `fine` samples from the histogram over the even intervals, each in the middle of
/// its part of the whole, in place of the even ones. `Points` draws `fine` from the histogram over
/// the middles between samples, ends included, beside the even ones.
pub fn focus(
    spacing: Spacing,
    coarse: usize,
    fine: usize,
    weights: &[f64],
    padding: f64,
) -> Vec<f64> {
    match spacing {
        Spacing::Middles => {
            let edges: Vec<f64> = (0..=coarse).map(|k| k as f64 / coarse as f64).collect();
            let draws = (0..fine).map(|k| (k as f64 + 0.5) / fine as f64);
            draw(&edges, weights, padding, draws)
        }
        Spacing::Points => {
            let even = even(spacing, coarse);
            let middles: Vec<f64> = even.windows(2).map(|w| (w[0] + w[1]) / 2.0).collect();
            let draws = (0..fine).map(|k| k as f64 / (fine - 1).max(1) as f64);
            let mut shares = draw(&middles, &weights[1..coarse - 1], padding, draws);
            shares.extend(even);
            shares.sort_by(f64::total_cmp);
            shares
        }
    }
}

/// Where a histogram's integral, of weights between edges, reaches each of ascending parts of it.
fn draw(
    edges: &[f64],
    weights: &[f64],
    padding: f64,
    parts: impl Iterator<Item = f64>,
) -> Vec<f64> {
    let total: f64 = weights.iter().map(|weight| weight + padding).sum();
    let mut bin = 0;
    let mut below = 0.0;
    let share = |part: f64| {
        let height = |bin: usize| (weights[bin] + padding) / total;
        while bin + 1 < weights.len() && part >= below + height(bin) {
            below += height(bin);
            bin += 1;
        }
        let height = height(bin);
        let into = (part - below) / if height < FLAT { 1.0 } else { height };
        edges[bin] + into.clamp(0.0, 1.0) * (edges[bin + 1] - edges[bin])
    };
    parts.map(share).collect()
}
