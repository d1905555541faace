//! Volume rendering in integers, with the tables that the driver makes, against the same in floats.

use proptest::prelude::*;
use quintet_driver::quantise::rays::{RayFrame, activations};
use quintet_driver::scene::field::{ColorActivation, DensityActivation};
use quintet_firmware::kernels::rays::compose::{Activations, Columns, Target};
use quintet_protocol::ray::ENDLESS;
use quintet_protocol::tile::TRANSMITTANCE_ONE;

const DENSITY_BITS: i32 = 10;
const COLOR_BITS: i32 = 11;
/// Length of a ray, world units.
const LENGTH: f64 = 4.0;
const OPAQUE: u32 = 16;

/// A ray's samples: their shares of the ray, densities and colours before activation.
#[derive(Clone, Debug)]
struct Ray {
    lengths: Vec<f64>,
    is_endless: bool,
    /// Density, then three colours.
    rows: Vec<[i16; 4]>,
}

fn density_of(activation: DensityActivation, x: f64) -> f64 {
    match activation {
        DensityActivation::Relu => x.max(0.0),
        DensityActivation::Exp { shift } => (x + f64::from(shift)).exp(),
        DensityActivation::Softplus { shift, scale } => {
            f64::from(scale) * (x + f64::from(shift)).exp().ln_1p()
        }
    }
}

fn color_of(activation: ColorActivation, x: f64) -> f64 {
    match activation {
        ColorActivation::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        ColorActivation::Identity => x.clamp(0.0, 1.0),
    }
}

/// Colours and transmittance in floats, and the samples' weights.
fn exact(ray: &Ray, density: DensityActivation, color: ColorActivation) -> ([f64; 4], Vec<f64>) {
    let (mut sums, mut transmittance, mut weights) = ([0.0; 4], 1.0, Vec::new());
    for (number, (row, length)) in ray.rows.iter().zip(&ray.lengths).enumerate() {
        let sigma = density_of(density, f64::from(row[0]) / f64::from(1 << DENSITY_BITS));
        let is_endless = ray.is_endless && number + 1 == ray.rows.len();
        let length = if is_endless { 1e10 } else { *length };
        let weight = transmittance * -(-sigma * length).exp_m1();
        for (sum, &number) in sums.iter_mut().zip(&row[1..]) {
            *sum += weight * color_of(color, f64::from(number) / f64::from(1 << COLOR_BITS));
        }
        transmittance -= weight;
        weights.push(weight);
    }
    sums[3] = transmittance;
    (sums, weights)
}

/// The same by the device, in batches of so many samples.
fn composed(
    ray: &Ray,
    density: DensityActivation,
    color: ColorActivation,
    batch: usize,
) -> ([f64; 4], Vec<f64>) {
    let unit = RayFrame::new([[0.0; 3], [1.0; 3]], [2.0, 2.0 + LENGTH], true).density_unit;
    let words = activations(density, DENSITY_BITS, color, COLOR_BITS, unit);
    let activations = Activations::new(words.first_chunk().unwrap()).unwrap();
    let count = ray.rows.len();
    let samples: Vec<[u32; 2]> = (0u32..)
        .zip(&ray.lengths)
        .map(|(number, length)| {
            let is_endless = ray.is_endless && number as usize + 1 == count;
            let length = (length / unit * 65_536.0).round() as u32;
            [number << 16, if is_endless { ENDLESS } else { length }]
        })
        .collect();
    let mut accumulators = [TRANSMITTANCE_ONE, 0, 0, 0];
    let mut weights = vec![0; count];
    let mut target = Target {
        accumulators: &mut accumulators,
        accumulator_words: 4,
        weights: Some((&mut weights, count)),
        opaque: OPAQUE,
    };
    for (samples, rows) in samples.chunks(batch).zip(ray.rows.chunks(batch)) {
        let rows = rows.as_flattened();
        let densities = Columns { rows, stride: 4, first: 0 };
        let colors = Columns { rows, stride: 4, first: 1 };
        target.compose(samples, 0, &activations, densities, Some(colors));
    }
    let [transmittance, sums @ ..] = accumulators;
    let [r, g, b] = sums.map(|sum| f64::from(sum) / f64::from(1 << 26));
    let weights = weights.iter().map(|&weight| f64::from(weight) / f64::from(1 << 30)).collect();
    ([r, g, b, f64::from(transmittance) / 65_536.0], weights)
}

fn any_density() -> impl Strategy<Value = DensityActivation> {
    prop_oneof![
        Just(DensityActivation::Relu),
        (-2.0f32..2.0).prop_map(|shift| DensityActivation::Exp { shift }),
        (-10.0f32..2.0, 0.1f32..30.0)
            .prop_map(|(shift, scale)| DensityActivation::Softplus { shift, scale }),
    ]
}

fn any_color() -> impl Strategy<Value = ColorActivation> {
    prop_oneof![Just(ColorActivation::Sigmoid), Just(ColorActivation::Identity)]
}

/// Rays of up to 192 samples with all kinds of densities, from thin fog to walls.
fn any_ray() -> impl Strategy<Value = Ray> {
    let row = [any::<i16>(), any::<i16>(), any::<i16>()];
    let middle = -9000i16..9000;
    let rows = (middle, 0i16..6000).prop_flat_map(move |(middle, spread)| {
        let density = middle - spread..=middle + spread;
        prop::collection::vec((density, row).prop_map(|(d, [r, g, b])| [d, r, g, b]), 2..192)
    });
    (rows, any::<bool>(), any::<u32>()).prop_map(|(rows, is_endless, seed)| {
        // Uneven lengths that sum up to the ray's.
        let part = |k: usize| f64::from((seed ^ k as u32).wrapping_mul(0x9E37_79B1) >> 16) + 10.0;
        let total: f64 = (0..rows.len()).map(part).sum();
        let lengths = (0..rows.len()).map(|k| part(k) / total * LENGTH).collect();
        Ray { lengths, is_endless, rows }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn rays_are_composed_as_in_floats(
        ray in any_ray(),
        density in any_density(),
        color in any_color(),
    ) {
        let (expected, weights) = exact(&ray, density, color);
        let (found, found_weights) = composed(&ray, density, color, usize::MAX);
        for (found, expected) in found.iter().zip(expected) {
            // Half a step of a byte.
            prop_assert!((found - expected).abs() < 1.0 / 512.0, "{found} {expected}");
        }
        for (found, expected) in found_weights.iter().zip(weights) {
            prop_assert!((found - expected).abs() < 1.0 / 1024.0, "{found} {expected}");
        }
    }

    #[test]
    fn it_does_not_matter_where_a_batch_ends(
        ray in any_ray(),
        density in any_density(),
        color in any_color(),
        batch in 1usize..40,
    ) {
        let whole = composed(&ray, density, color, usize::MAX);
        prop_assert_eq!(composed(&ray, density, color, batch), whole);
    }
}

/// Error of 2000 rays in decibels.
#[test]
fn a_picture_of_random_rays_is_off_by_less_than_55_decibels() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut squares, mut count) = (0.0, 0.0);
    let rays = (any_ray(), any_density(), any_color());
    for _ in 0..2000 {
        let (ray, density, color) = rays.new_tree(&mut runner).unwrap().current();
        let (expected, _) = exact(&ray, density, color);
        let (found, _) = composed(&ray, density, color, 16);
        for (found, expected) in found.iter().zip(expected).take(3) {
            squares += (found - expected).powi(2);
            count += 1.0;
        }
    }
    let decibels = 10.0 * (squares / count).log10();
    println!("{decibels:.1} dB");
    assert!(decibels < -55.0, "{decibels}");
}

#[test]
fn thin_fog_is_not_lost() {
    // Up to 1/700 of such opacities is lost to the line that stands for the exponential.
    // Of the light a thousandth is lost in each of 1024 samples, then a hundred-thousandth.
    for (each, color) in [(1e-3, 20_000), (1e-5, 20_000)] {
        let unit = LENGTH / 1024.0;
        let row = [((each / unit).ln() * 1024.0).round() as i16, color, 0, 0];
        let rows = vec![row; 1024];
        let ray = Ray { lengths: vec![unit; 1024], is_endless: false, rows };
        let density = DensityActivation::Exp { shift: 0.0 };
        let (expected, _) = exact(&ray, density, ColorActivation::Identity);
        let (found, _) = composed(&ray, density, ColorActivation::Identity, 100);
        assert!((found[3] - expected[3]).abs() < 1.0 / 2048.0, "{found:?} {expected:?}");
        assert!((found[0] - expected[0]).abs() < 1.0 / 2048.0, "{found:?} {expected:?}");
    }
}
