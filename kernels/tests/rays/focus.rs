//! Shares of focused samples, against NeRF's `sample_pdf` and nerfstudio's in floats.

use proptest::prelude::*;
use quintet_kernels::rays::focus::Focus;
use quintet_protocol::ray::{SHARE_ONE, Spacing};

const WEIGHT_ONE: f64 = (1u32 << 30) as f64;

/// Where parts of the histogram's sum are reached, and how much a step of the sum makes of that.
fn reached(edges: &[f64], weights: &[f64], parts: &[f64]) -> Vec<(f64, f64)> {
    let total: f64 = weights.iter().sum();
    let place = |&part: &f64| {
        let (mut interval, mut below) = (0, 0.0);
        while interval + 1 < weights.len() && part * total >= below + weights[interval] {
            below += weights[interval];
            interval += 1;
        }
        let into = ((part * total - below) / weights[interval]).clamp(0.0, 1.0);
        let length = edges[interval + 1] - edges[interval];
        // Steps of what sums have at least 31 bits of become so much of a share. They may also
        // decide on which side of an edge a part is reached.
        let around = &weights[interval.saturating_sub(1)..weights.len().min(interval + 2)];
        let slope = length * total / around.iter().fold(f64::MAX, |least, &w| least.min(w));
        (edges[interval] + into * length, slope / 2.0f64.powi(30))
    };
    parts.iter().map(place).collect()
}

/// The shares, and how much a step of the sum makes of each.
fn expected(spacing: Spacing, fine: usize, weights: &[f64]) -> Vec<(f64, f64)> {
    let coarse = weights.len() as f64;
    match spacing {
        Spacing::Middles => {
            let edges: Vec<f64> = (0..=weights.len()).map(|k| k as f64 / coarse).collect();
            let parts: Vec<f64> = (0..fine).map(|k| (k as f64 + 0.5) / fine as f64).collect();
            reached(&edges, weights, &parts)
        }
        Spacing::Points => {
            let middle = |k: usize| (k as f64 + 0.5) / (coarse - 1.0);
            let edges: Vec<f64> = (0..weights.len() - 1).map(middle).collect();
            let parts: Vec<f64> = (0..fine).map(|k| k as f64 / (fine - 1) as f64).collect();
            let mut shares = reached(&edges, &weights[1..weights.len() - 1], &parts);
            shares.extend((0..weights.len()).map(|k| (k as f64 / (coarse - 1.0), 0.0)));
            shares.sort_by(|a, b| a.0.total_cmp(&b.0));
            shares
        }
    }
}

fn any_spacing() -> impl Strategy<Value = Spacing> {
    prop_oneof![Just(Spacing::Middles), Just(Spacing::Points)]
}

/// Weights of a ray: mostly little, and somewhere much.
fn any_weights() -> impl Strategy<Value = Vec<u32>> {
    let weight = prop_oneof![3 => 0u32..1000, 1 => 0u32..1 << 24, 1 => 0u32..1 << 29];
    prop::collection::vec(weight, 4..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn shares_are_those_of_the_float_formula(
        spacing in any_spacing(),
        weights in any_weights(),
        fine in 2u32..200,
        padding in prop_oneof![Just(10_737u32), Just(1_073_742), 1u32..1 << 30],
    ) {
        let coarse = weights.len() as u32;
        let kernel = Focus::new(spacing, [coarse, fine], padding);
        let mut found = vec![0; kernel.shares() as usize];
        kernel.spend(&weights, &mut found);
        prop_assert!(found.is_sorted() && found.iter().all(|&share| share <= SHARE_ONE));
        let padded: Vec<f64> =
            weights.iter().map(|&w| (f64::from(w) + f64::from(padding)) / WEIGHT_ONE).collect();
        // Of a sum from four on, each weight loses up to a step.
        let is_great = padded.iter().sum::<f64>() >= 4.0;
        let steps = if is_great { f64::from(coarse) } else { 4.0 };
        let expected = expected(spacing, fine as usize, &padded);
        prop_assert_eq!(found.len(), expected.len());
        for (&found, (exact, slope)) in found.iter().zip(expected) {
            let error = (f64::from(found) / f64::from(SHARE_ONE) - exact).abs();
            prop_assert!(error < 2.0f64.powi(-20) + steps * slope, "{error} {slope}");
        }
    }

    #[test]
    fn any_weights_give_shares_of_the_ray(
        spacing in any_spacing(),
        weights in prop::collection::vec(any::<u32>(), 4..=1024),
        fine in 2u32..=1024,
        padding in 1u32..=1 << 30,
    ) {
        let kernel = Focus::new(spacing, [weights.len() as u32, fine], padding);
        let mut found = vec![u32::MAX; kernel.shares() as usize];
        kernel.spend(&weights, &mut found);
        prop_assert!(found.is_sorted() && found.iter().all(|&share| share <= SHARE_ONE));
    }
}

#[test]
fn nothing_found_spreads_samples_evenly() {
    let kernel = Focus::new(Spacing::Middles, [64, 32], 1);
    let mut found = [0; 32];
    kernel.spend(&[0; 64], &mut found);
    for (number, share) in (0..).zip(found) {
        assert_eq!(share, SHARE_ONE / 64 * (2 * number + 1));
    }
}
