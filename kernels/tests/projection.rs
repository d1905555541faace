//! The projection kernel against EWA splatting in doubles (Zwicker et al. 2002, with the INRIA
//! implementation's dilation, clamp and cut-off), for random cameras, Gaussians and harmonics.
//!
//! The model takes the numbers that the kernel takes, so that what differs is arithmetic alone.

mod geometry;

use geometry::{Vec3, dot, quaternion, rotation};
use proptest::prelude::*;
use quintet_kernels::project::{Projector, Sink, Splat};
use quintet_protocol::gaussian::{
    COVARIANCE_LIMIT, Camera, Chunk, GAUSSIAN_WORDS, SPLAT_WORDS, harmonics_words,
};

const SIZE: [u16; 2] = [640, 480];

/// A Gaussian before a camera, in the kernel's words.
#[derive(Clone, Debug)]
struct Case {
    camera: Camera,
    chunk: Chunk,
    gaussian: [u32; GAUSSIAN_WORDS],
    harmonics: Vec<u8>,
    degree: u8,
    /// Largest standard deviation in the picture, px.
    deviation: f64,
}

prop_compose! {
    fn case()(
        look in quaternion(),
        // Depth in su, as a power of two; place in the picture, in half pictures.
        depth in 16.0..27.0f64,
        place in prop::array::uniform2(-1.4..1.4f64),
        // The kernel drops slopes of 4 and more: 4 * 128 px are beyond the frame's edges.
        focal in 100.0..4000.0f64,
        aspect in 0.8..1.25f64,
        eye in prop::array::uniform3(-6.0e7..6.0e7f64),
        offset in prop::array::uniform3(-32_000i32..32_000),
        shift_down in 0u32..4,
        turn in quaternion(),
        // Standard deviation in pixels, as a power of two, and the other axes' shares of it.
        deviation in -2.0..6.5f64,
        shares in prop::array::uniform2(0.01..1.0f64),
        opacity in 1u32..256,
        colour: u32,
        degree in 0u8..4,
        harmonics in prop::collection::vec(any::<u8>(), 48),
        scale in 1u32..70_000,
    ) -> Case {
        let world_to_view = rotation(look);
        let z = depth.exp2();
        let focal = [focal, focal * aspect];
        let focal_shift = focal[0].max(focal[1]).log2().ceil();
        let center = SIZE.map(|side| f64::from(side) / 2.0);
        let view = [0, 1].map(|axis| place[axis] * center[axis] / focal[axis] * z);
        let view = [view[0], view[1], z];
        let world: Vec3 = [0, 1, 2]
            .map(|k| eye[k] + (0..3).map(|row| world_to_view[row][k] * view[row]).sum::<f64>());
        // Offsets of at most a quarter of the depth.
        let position_shift = (depth - 17.0).clamp(0.0, 14.0) as u32;
        let position_shift = position_shift.saturating_sub(shift_down);
        let mut chunk = Chunk {
            origin: [0, 1, 2].map(|k| world[k].round() as i32 - (offset[k] << position_shift)),
            radius: 60_000 << position_shift,
            count: 1,
            position_shift: position_shift as u8,
            harmonics_scale: scale,
            exponent_bias: 0,
            deviation: 0,
        };
        let row_scale = [focal[0], focal[1]].map(|f| f / focal_shift.exp2());
        let row_scale = [row_scale[0], row_scale[1], 1.0];
        let q30 = |v: f64| (v * f64::from(1 << 30)).round() as i32;
        let pixels = focal_shift.exp2();
        let limit = |axis: usize, sign: f64| {
            (sign * 1.3 * center[axis] / pixels * 4096.0).round() as i32
        };
        let camera = Camera {
            matrix: [0, 1, 2].map(|row| world_to_view[row].map(|m| q30(m * row_scale[row]))),
            translation: [0, 1, 2]
                .map(|row| (-dot(&world_to_view[row], &eye) * row_scale[row]).round() as i32),
            position: eye.map(|e| e.round() as i32),
            center: center.map(|c| (c * 256.0) as i32),
            slope_limits: [limit(0, -1.0), limit(0, 1.0), limit(1, -1.0), limit(1, 1.0)],
            near: 1 << 12,
            focal_shift: focal_shift as u32,
            key_shift: 3,
        };
        let deviation = deviation.exp2();
        let world_deviation = deviation * z / focal[0].max(focal[1]);
        let variances = [1.0, shares[0], shares[1]].map(|share| (share * world_deviation).powi(2));
        let axes = rotation(turn);
        let entry = |i: usize, j: usize| {
            (0..3).map(|k| axes[i][k] * variances[k] * axes[j][k]).sum::<f64>()
        };
        let covariance =
            [entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 1), entry(1, 2), entry(2, 2)];
        let largest = covariance.iter().fold(0.0f64, |most, c| most.max(c.abs()));
        let exponent = (largest / f64::from(COVARIANCE_LIMIT - 1)).log2().ceil();
        let [xx, xy, xz, yy, yz, zz] =
            covariance.map(|c| (c / exponent.exp2()).round() as i32 as u32 & 0xFFFF);
        // Any split between the Gaussian's exponent and the chunk's will do.
        let own_exponent = colour % 64;
        chunk.exponent_bias = exponent as i32 - own_exponent as i32;
        let [px, py, pz] = offset.map(|o| o as u32 & 0xFFFF);
        let gaussian = [
            px | py << 16,
            pz | own_exponent << 16 | (scale % 4) << 22 | opacity << 24,
            xx | xy << 16,
            xz | yy << 16,
            yz | zz << 16,
            colour,
        ];
        let harmonics = harmonics[..harmonics_words(degree) * 4].to_vec();
        Case { camera, chunk, gaussian, harmonics, degree, deviation }
    }
}

fn project(case: &Case) -> Option<Splat> {
    let projector = Projector::new(case.camera, SIZE[0], SIZE[1]);
    let (mut splats, mut keys) = ([[0; SPLAT_WORDS]], [0]);
    let mut sink = Sink { splats: &mut splats, keys: &mut keys, count: 0, window: None };
    let harmonics: Vec<u32> =
        case.harmonics.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let (header, gaussians) = (case.chunk.to_words(), [case.gaussian]);
    projector.chunk(case.degree, &header, &gaussians, &harmonics, &mut sink);
    let count = sink.count;
    (count == 1).then(|| Splat::from_words(&splats[0]))
}

/// What the splat should be.
struct Exact {
    /// px.
    center: [f64; 2],
    /// Screen covariance `[a, b, c]`, px^2, dilated.
    covariance: [f64; 3],
    /// Depth, su.
    depth: f64,
    /// `ln(255 opacity)`.
    room: f64,
    colour: Vec3,
    /// Sum of the harmonics' magnitudes over a channel, at most.
    harmonics: f64,
    /// Largest error of a centre that the kernel's 14-bit matrix may make, px.
    center_error: f64,
}

fn halves(word: u32) -> [f64; 2] {
    [f64::from(word as i16), f64::from((word >> 16) as i16)]
}

impl Exact {
    fn new(case: &Case) -> Self {
        let Case { camera, chunk, gaussian: w, .. } = case;
        let step = f64::from(1u32 << chunk.position_shift);
        let ([px, py], [pz, _]) = (halves(w[0]), halves(w[1]));
        let world: Vec3 = [0, 1, 2].map(|k| f64::from(chunk.origin[k]) + [px, py, pz][k] * step);
        let matrix = camera.matrix.map(|row| row.map(|m| f64::from(m) / f64::from(1 << 30)));
        let view: Vec3 =
            [0, 1, 2].map(|k| dot(&matrix[k], &world) + f64::from(camera.translation[k]));
        let pixels = f64::from(1u32 << camera.focal_shift);
        let slope = [view[0] / view[2], view[1] / view[2]];
        let center = [0, 1].map(|k| slope[k] * pixels + f64::from(camera.center[k]) / 256.0);
        let limits = camera.slope_limits.map(|limit| f64::from(limit) / 4096.0);
        let held = [slope[0].clamp(limits[0], limits[1]), slope[1].clamp(limits[2], limits[3])];
        let rows = [0, 1].map(|k| [0, 1, 2].map(|j| matrix[k][j] - held[k] * matrix[2][j]) as Vec3);
        let exponent = (w[1] >> 16 & 0x3F) as i32 + case.chunk.exponent_bias;
        let exponent = f64::from(exponent).exp2();
        let ([xx, xy], [xz, yy], [yz, zz]) = (halves(w[2]), halves(w[3]), halves(w[4]));
        let sigma = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]];
        let quadratic = |s: &Vec3, t: &Vec3| {
            let product = [0, 1, 2].map(|i| dot(&sigma[i], t));
            dot(s, &product) * exponent * (pixels / view[2]).powi(2)
        };
        let covariance = [
            quadratic(&rows[0], &rows[0]) + 0.3,
            quadratic(&rows[0], &rows[1]),
            quadratic(&rows[1], &rows[1]) + 0.3,
        ];
        let (colour, harmonics) = colour(case, &world);
        Self {
            center,
            covariance,
            depth: view[2],
            room: f64::from(w[1] >> 24).ln(),
            colour,
            harmonics,
            center_error: pixels / view[2]
                * 4.0
                * step
                * (1.0 + slope[0].abs().max(slope[1].abs())),
        }
    }

    /// Half extents of the visible ellipse, px.
    fn half_extents(&self) -> [f64; 2] {
        [0, 2].map(|k| (2.0 * self.room * self.covariance[k]).sqrt())
    }
}

/// The INRIA polynomials (`eval_sh` in its `utils/sh_utils.py`).
fn colour(case: &Case, world: &Vec3) -> (Vec3, f64) {
    let word = case.gaussian[5];
    let mut colour = [
        f64::from(word & 0x7FF) / 512.0 - 1.0,
        f64::from(word >> 11 & 0x7FF) / 512.0 - 1.0,
        f64::from(word >> 22) / 256.0 - 1.0,
    ];
    let v: Vec3 = [0, 1, 2].map(|k| world[k] - f64::from(case.camera.position[k]));
    let length = dot(&v, &v).sqrt();
    let [x, y, z] = v.map(|c| c / length);
    let (xx, yy, zz) = (x * x, y * y, z * z);
    let basis = [
        -0.4886025119029199 * y,
        0.4886025119029199 * z,
        -0.4886025119029199 * x,
        1.0925484305920792 * x * y,
        -1.0925484305920792 * y * z,
        0.31539156525252005 * (2.0 * zz - xx - yy),
        -1.0925484305920792 * x * z,
        0.5462742152960396 * (xx - yy),
        -0.5900435899266435 * y * (3.0 * xx - yy),
        2.890611442640554 * x * y * z,
        -0.4570457994644658 * y * (4.0 * zz - xx - yy),
        0.3731763325901154 * z * (2.0 * zz - 3.0 * xx - 3.0 * yy),
        -0.4570457994644658 * x * (4.0 * zz - xx - yy),
        1.445305721320277 * z * (xx - yy),
        -0.5900435899266435 * x * (xx - 3.0 * yy),
    ];
    let shift = 24 + (case.gaussian[1] >> 22 & 3);
    let scale = f64::from(case.chunk.harmonics_scale) / f64::from(1 << shift);
    let count = (usize::from(case.degree) + 1).pow(2) - 1;
    let mut sums = [0.0; 3];
    for (value, triple) in basis.iter().zip(case.harmonics.as_chunks::<3>().0).take(count) {
        for (k, byte) in triple.iter().enumerate() {
            let coefficient = f64::from(*byte as i8) * scale;
            colour[k] += value * coefficient;
            sums[k] += coefficient.abs();
        }
    }
    (colour, sums.into_iter().fold(0.0, f64::max))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]
    #[test]
    fn splats_follow_the_model(case in case()) {
        let exact = Exact::new(&case);
        let halves = exact.half_extents();
        // Bounds are rounded up by as much as 1 %, twice, and a pixel.
        let slack = halves.map(|half| 0.02 * half + 1.5 + exact.center_error);
        // The kernel bounds columns by the box around a parallelogram around the ellipse.
        let [a, b, c] = exact.covariance;
        let m = b / c;
        let v = a - m * b;
        let around = [(2.0 * exact.room * v).sqrt() + m.abs() * halves[1], halves[1]];
        let within = |half: f64, axis: usize| {
            exact.center[axis] + half > 0.5
                && exact.center[axis] - half < f64::from(SIZE[axis]) - 0.5
        };
        let Some(splat) = project(&case) else {
            let seen = exact.room > 0.01 && within(halves[0] - slack[0], 0)
                && within(halves[1] - slack[1], 1);
            prop_assert!(!seen, "a visible Gaussian is missing");
            return Ok(());
        };
        let there = [0, 1].map(|axis| within(1.02 * around[axis] + slack[axis], axis));
        prop_assert!(there == [true; 2], "an invisible one is there");
        prop_assert!(exact.depth >= f64::from(case.camera.near) - 8.0);

        for axis in [0, 1] {
            let error = (f64::from(splat.center[axis]) / 256.0 - exact.center[axis]).abs();
            let most = 1.5 / 256.0 + exact.center_error;
            prop_assert!(error <= most, "centre off by {error} px");
        }

        // Derivatives of the projection have 12 bits: 0.2 % of the longest axis.
        let noise = 0.01 + 0.004 * case.deviation.powi(2);
        let found_c = f64::from(1 << 27) / f64::from(splat.inverse_variance_y);
        prop_assert!((found_c - c).abs() <= noise + c * 1e-3, "variance {found_c} for {c}");
        let found_m = f64::from(splat.slope) / 65536.0;
        let slope_error = noise * (1.0 + m.abs()) / (c - noise).max(0.25) + 2e-4;
        prop_assert!((found_m - m).abs() <= slope_error, "slope {found_m} for {m}");
        let v_error = noise * (1.0 + m.abs()).powi(2) * 2.0 + v * 1e-3;
        let found_v = f64::from(1 << 27) / f64::from(splat.inverse_row_variance);
        prop_assert!((found_v - v).abs() <= v_error, "conditional variance {found_v} for {v}");

        for (axis, found) in [(0, splat.columns), (1, splat.rows)] {
            let noise = noise * exact.room / halves[axis];
            for (bound, sign) in [(found[0], -1.0), (found[1], 1.0)] {
                let edge = exact.center[axis] + sign * halves[axis];
                let edge = edge.clamp(0.0, f64::from(SIZE[axis]));
                let error = (f64::from(bound) - edge) * sign;
                // Never less than the ellipse's pixels.
                prop_assert!(error >= -0.51 - exact.center_error - noise, "{error} px short");
                let most = slack[axis] + 1.02 * (around[axis] - halves[axis]) + noise;
                prop_assert!(error <= most, "{error} px too far, {most} at most");
            }
        }

        for (found, exact_channel) in splat.color.iter().zip(exact.colour) {
            let found = f64::from(*found) / 4096.0;
            let error = (found - exact_channel.clamp(0.0, 7.9999)).abs();
            // The direction is good to 0.4 %, the polynomials of degree 3 amplify that.
            prop_assert!(error <= 0.005 * exact.harmonics + 1e-3, "{found} for {exact_channel}");
        }
        prop_assert_eq!(u32::from(splat.opacity), case.gaussian[1] >> 24);
    }
}

/// So that the property above is about something.
#[test]
fn a_gaussian_on_the_axis_is_in_the_middle() {
    let camera = Camera {
        matrix: [[1 << 30, 0, 0], [0, 1 << 30, 0], [0, 0, 1 << 30]],
        center: [320 << 8, 240 << 8],
        slope_limits: [-4096, 4096, -4096, 4096],
        near: 1,
        focal_shift: 9,
        ..Camera::default()
    };
    let origin = [0, 0, 1 << 20];
    let chunk = Chunk { origin, radius: 1, count: 1, ..Chunk::default() };
    // 512 px at 2^20 su: a pixel is 2^11 su. Variance of 2^13 2^13 su^2 = 16 px^2.
    let gaussian = [0, 13 << 16 | 255 << 24, 1 << 13, 1 << 29, 1 << 29, 1023];
    let harmonics = Vec::new();
    let case = Case { camera, chunk, gaussian, harmonics, degree: 0, deviation: 4.0 };
    let splat = project(&case).unwrap();
    assert_eq!((splat.center, splat.slope), ([320 << 8, 240 << 8], 0));
    let variance = f64::from(1 << 27) / f64::from(splat.inverse_variance_y);
    assert!((variance - 16.3).abs() < 0.02, "{variance}");
    // sqrt(2 ln 255 * 16.3) = 13.44 px either way.
    assert_eq!(splat.rows, [227, 253]);
    assert_eq!(splat.color, [1023 * 8 - 4096, 0, 0]);
}
