//! Bounds of chunks hold all their splats, for any camera: culling by them drops nothing.

mod geometry;

use geometry::{Vec3, dot, quaternion, rotation};
use proptest::prelude::*;
use quintet_kernels::project::{Bounder, Projector, Sink, Splat};
use quintet_protocol::gaussian::{
    CHUNK_CAPACITY, COVARIANCE_LIMIT, Camera, Chunk, EXPONENT_MAX, GAUSSIAN_WORDS, SPLAT_WORDS,
};

/// A Gaussian of a chunk: place in its sphere, axes, standard deviations as shares of the largest.
type Member = (Vec3, [f64; 4], Vec3, u8);

fn members() -> impl Strategy<Value = Vec<Member>> {
    let place = prop::array::uniform3(-0.57..0.57f64);
    let shares = prop::array::uniform3(0.001..1.0f64);
    prop::collection::vec((place, quaternion(), shares, 1u8..), 1..24)
}

/// The words of a Gaussian whose positions are shifted by `shift`, as the driver quantises it.
fn gaussian(member: &Member, radius: f64, deviation: f64, shift: u8, bias: i32) -> [u32; 6] {
    let (place, turn, shares, opacity) = member;
    let axes = rotation(*turn);
    let entry = |i: usize, j: usize| {
        (0..3).map(|k| axes[i][k] * (shares[k] * deviation).powi(2) * axes[j][k]).sum::<f64>()
    };
    let covariance = [entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 1), entry(1, 2), entry(2, 2)];
    let largest = covariance.iter().fold(0.0f64, |most, c| most.max(c.abs()));
    let exponent = (largest / f64::from(COVARIANCE_LIMIT - 1)).log2().ceil();
    let exponent = exponent.clamp(f64::from(bias), f64::from(bias + EXPONENT_MAX));
    let [xx, xy, xz, yy, yz, zz] =
        covariance.map(|c| (c / exponent.exp2()).round() as i32 as u32 & 0xFFFF);
    let p = place.map(|c| (c * radius / f64::from(1 << shift)).round() as i32 as u32 & 0xFFFF);
    let own = (exponent as i32 - bias) as u32;
    [
        p[0] | p[1] << 16,
        p[2] | own << 16 | u32::from(*opacity) << 24,
        xx | xy << 16,
        xz | yy << 16,
        yz | zz << 16,
        0,
    ]
}

prop_compose! {
    /// A chunk before a camera, from one that fills the picture to one that is a dot.
    fn case()(
        look in quaternion(),
        depth in 13.0..27.0f64,
        // From far outside the picture on one side to as far on the other; behind the camera too.
        slope in prop::array::uniform2(-3.0..3.0f64),
        behind in prop::bool::weighted(0.1),
        focal in 20.0..3000.0f64,
        aspect in 0.7..1.4f64,
        size in prop::array::uniform2(1u16..700),
        eye in prop::array::uniform3(-6.0e7..6.0e7f64),
        // Radius and deviation as powers of two of the depth.
        radius in -9.0..1.0f64,
        deviation in -14.0..0.5f64,
        near in 0.0..14.0f64,
        key_shift in 0u32..8,
        members in members(),
    ) -> (Camera, [u16; 2], Chunk, Vec<[u32; GAUSSIAN_WORDS]>) {
        let world_to_view = rotation(look);
        let z = depth.exp2();
        let (radius, deviation) = ((depth + radius).exp2(), (depth + deviation).exp2());
        let focal = [focal, focal * aspect];
        let pixels = focal[0].max(focal[1]).log2().ceil().exp2();
        let sign = if behind { -1.0 } else { 1.0 };
        let view = [slope[0] * z, slope[1] * z, z * sign];
        let origin: Vec3 = [0, 1, 2]
            .map(|k| eye[k] + (0..3).map(|row| world_to_view[row][k] * view[row]).sum::<f64>());
        let shift = (0..14).find(|&shift| radius / f64::from(1u32 << shift) < 32_000.0);
        let shift = shift.unwrap_or(14);
        let bias = (deviation.powi(2) / 16_383.0).log2().ceil() as i32 - EXPONENT_MAX;
        let gaussians: Vec<_> = members
            .iter()
            .map(|member| gaussian(member, radius, deviation, shift, bias))
            .collect();
        let chunk = Chunk {
            origin: origin.map(|c| c.round() as i32),
            radius: radius.ceil() as i32 + 2,
            count: gaussians.len() as u16,
            position_shift: shift,
            harmonics_scale: 0,
            exponent_bias: bias,
            deviation: (deviation * 1.01).ceil() as u32 + 1,
        };
        let rows = [focal[0] / pixels, focal[1] / pixels, 1.0];
        let q30 = |v: f64| (v * f64::from(1 << 30)).round() as i32;
        let limit = |axis: usize, sign: f64| {
            (sign * 1.3 * f64::from(size[axis]) / 2.0 / pixels * 4096.0).round() as i32
        };
        let camera = Camera {
            matrix: [0, 1, 2].map(|row| world_to_view[row].map(|m| q30(m * rows[row]))),
            translation: [0, 1, 2]
                .map(|row| (-dot(&world_to_view[row], &eye) * rows[row]).round() as i32),
            position: eye.map(|e| e.round() as i32),
            center: size.map(|side| i32::from(side) << 7),
            slope_limits: [limit(0, -1.0), limit(0, 1.0), limit(1, -1.0), limit(1, 1.0)],
            near: near.exp2() as i32,
            focal_shift: pixels.log2() as u32,
            key_shift,
        };
        (camera, size, chunk, gaussians)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn no_splat_leaves_the_bounds_of_its_chunk((camera, size, chunk, gaussians) in case()) {
        let projector = Projector::new(camera, size[0], size[1]);
        let header = chunk.to_words();
        let bounds = Bounder::new(&projector).bounds(&header);
        let (mut splats, mut keys) = ([[0; SPLAT_WORDS]; CHUNK_CAPACITY], [0; CHUNK_CAPACITY]);
        let mut sink = Sink { splats: &mut splats, keys: &mut keys, count: 0, window: None };
        projector.chunk(0, &header, &gaussians, &[], &mut sink);
        let count = sink.count;
        for (words, key) in splats.iter().zip(keys).take(count) {
            let splat = Splat::from_words(words);
            let within = |a: [u16; 2], b: [u16; 2]| b[0] <= a[0] && a[1] <= b[1];
            prop_assert!(within(splat.rows, bounds.rows), "{splat:?} {bounds:?}");
            prop_assert!(within(splat.columns, bounds.columns), "{splat:?} {bounds:?}");
            prop_assert!((bounds.keys[0]..=bounds.keys[1]).contains(&key), "{key} {bounds:?}");
        }
    }
}
