//! What is given up, and what is said to be given up.

use super::*;
use crate::scene::field::{
    ColorActivation, DensityActivation, Model, Node, Output, Outside, Sampling, WavesOf,
};
use quintet_protocol::ray::Spacing;

const SIZE: [u16; 2] = [32, 24];

/// Gaussian `i` is `i + 1` large along two axes, and flat.
fn cloud(count: usize) -> Content {
    Content::Gaussians(GaussianCloud {
        positions: (0..count).map(|i| [i as f32; 3]).collect(),
        scales: (0..count).map(|i| [i as f32 + 1.0, 0.001, i as f32 + 1.0]).collect(),
        rotations: vec![[1.0, 0.0, 0.0, 0.0]; count],
        opacities: vec![0.5; count],
        colors: vec![[0.5; 3]; count],
        degree: 1,
        harmonics: (0..count * 9).map(|i| i as f32).collect(),
    })
}

fn field(coarse: usize, fine: usize) -> Content {
    let dense = Node::Dense {
        inputs: vec![0],
        weights: vec![0.1; 24 * 4],
        bias: vec![0.0; 4],
        relu: false,
    };
    let waves =
        Node::Waves { of: WavesOf::Position, frequencies: vec![1.0; 4], includes_input: false };
    Content::Field(Field {
        bounds: [[0.0; 3], [1.0; 3]],
        outside: Outside::Empty,
        proposal: None,
        model: Model {
            nodes: vec![waves, dense],
            density: Some(Output { node: 1, column: 3, activation: DensityActivation::Relu }),
            color: Some(Output { node: 1, column: 0, activation: ColorActivation::Sigmoid }),
            deferred: None,
        },
        sampling: Sampling {
            range: [1.0, 2.0],
            along_rays: false,
            coarse,
            fine,
            spacing: Spacing::Middles,
            padding: 0.0,
            background: [0.0; 3],
        },
        occupancy: None,
        views: Vec::new(),
    })
}

/// What is drawn for a budget, as one number.
fn drawn(content: &Content, budget: u64) -> Option<usize> {
    match Choice::of_budget(content, SIZE, &FieldOptions::default(), budget) {
        Ok(Choice::Gaussians { drawn, .. }) => Some(drawn),
        Ok(Choice::Samples { drawn, .. }) => Some(drawn[0]),
        Ok(Choice::Everything) => Some(usize::MAX),
        Err(_) => None,
    }
}

#[test]
fn a_larger_budget_never_draws_less() {
    for content in [cloud(900), field(64, 0), field(64, 128)] {
        let drawn: Vec<_> = (0..800).map(|step| drawn(&content, 100_000 * step)).collect();
        assert!(drawn.is_sorted(), "{drawn:?}");
        assert_eq!((drawn[0], drawn[799]), (None, Some(usize::MAX)));
        assert!(drawn.iter().collect::<std::collections::HashSet<_>>().len() > 5, "{drawn:?}");
    }
}

#[test]
fn what_is_chosen_is_the_most_that_the_budget_has() {
    let cost = |count: usize| 100 + 7 * count as u64;
    for budget in [107, 113, 114, 500, 799, 800, 801, 9999] {
        let found = most(1, 100, budget, cost).unwrap();
        assert!(cost(found) <= budget && (found == 100 || cost(found + 1) > budget), "{budget}");
    }
    assert_eq!(most(1, 100, 106, cost), Err(BudgetError::TooSmall { least: 107 }));
    assert_eq!(most(1, 0, 0, cost), Ok(1), "of nothing there is nothing to leave out");
}

#[test]
fn the_largest_and_most_opaque_gaussians_stay_in_their_order() {
    let mut content = cloud(8);
    let Content::Gaussians(cloud) = &mut content else { unreachable!() };
    cloud.opacities[7] = 0.001;
    Choice::of_quality(&content, Quality::Medium).apply(&mut content);
    let Content::Gaussians(cloud) = &content else { unreachable!() };
    assert_eq!(cloud.positions, [3, 4, 5, 6].map(|i| [i as f32; 3]));
    assert_eq!(cloud.harmonics[..9], [27, 28, 29, 30, 31, 32, 33, 34, 35].map(|i| i as f32));
    assert_eq!(cloud.harmonics.len(), 36);
}

#[test]
fn qualities_take_shares_of_samples_that_devices_take() {
    for (own, low, medium) in [
        ([64, 128], [16, 32], [32, 64]),
        ([64, 0], [16, 0], [32, 0]),
        ([6, 5], [4, 4], [4, 4]),
        ([1, 0], [1, 0], [1, 0]),
    ] {
        for (quality, expected) in
            [(Quality::Low, low), (Quality::Medium, medium), (Quality::High, own)]
        {
            let mut content = field(own[0], own[1]);
            let choice = Choice::of_quality(&content, quality);
            assert_eq!(choice == Choice::Everything, expected == own);
            choice.apply(&mut content);
            let Content::Field(field) = &content else { unreachable!() };
            assert_eq!([field.sampling.coarse, field.sampling.fine], expected);
        }
    }
}
