//! Float Gaussians to the fixed-point layout of [`quintet_protocol::gaussian`].

use crate::scene::GaussianCloud;
use quintet_protocol::gaussian::{
    CHUNK_CAPACITY, CHUNK_WORDS, COVARIANCE_LIMIT, Chunk, EXPONENT_MAX, FAR, GAUSSIAN_WORDS,
    HARMONICS_SHIFT_MAX, harmonics_words,
};
use serde::{Deserialize, Serialize};

/// Opacities below this are never drawn by the INRIA rasteriser.
const OPACITY_MIN: f32 = 1.0 / 255.0;
/// Largest position offset within a chunk, in its own steps.
const OFFSET_MAX: f64 = 32_767.0;
/// Share that quantising may add to a standard deviation.
const DEVIATION_SLACK: f64 = 1.01;
/// Largest shift of a chunk's positions.
const POSITION_SHIFT_MAX: u32 = 14;

/// A quantised cloud, ready to place in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedCloud {
    /// Chunk headers.
    pub chunks: Vec<[u32; CHUNK_WORDS]>,
    /// Gaussians, chunk by chunk.
    pub gaussians: Vec<[u32; GAUSSIAN_WORDS]>,
    /// Spherical-harmonic bytes as words, [`harmonics_words`] a Gaussian.
    pub harmonics: Vec<u32>,
    /// Degree of the spherical harmonics.
    pub degree: u8,
    /// How world coordinates became scene units.
    pub frame: SceneFrame,
}

/// How world coordinates become scene units: `su = (world - origin) * units`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SceneFrame {
    /// World coordinates of the middle of the scene.
    pub origin: [f64; 3],
    /// Largest distance of a centre from the origin, in world units.
    pub radius: f64,
    /// Scene units in a world unit, a power of two.
    pub units: f64,
}

impl SceneFrame {
    /// The frame of a cloud that is seen from at most `reach` world units off its middle.
    pub fn new(cloud: &GaussianCloud, reach: f64) -> Self {
        Self::around(&[&cloud.positions], reach)
    }

    /// The frame of some lists of points that are seen from at most `reach` world units off their
    /// middle.
    pub fn around(points: &[&[[f32; 3]]], reach: f64) -> Self {
        let bounds = Bounds::of_all(points);
        let origin = bounds.middle();
        let distances = points.iter().copied().flatten().map(|p| distance(p, &origin));
        let radius = distances.fold(0.0, f64::max);
        let farthest = (radius + reach.max(radius)).max(f64::MIN_POSITIVE);
        // One bit is kept free, so that neither rounding nor a chunk's shift reaches the limit.
        let units = (f64::from(FAR) / 2.0 / farthest).log2().floor().clamp(-100.0, 100.0).exp2();
        Self { origin, radius, units }
    }
}

/// An axis-aligned box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Least coordinates.
    pub min: [f64; 3],
    /// Greatest coordinates.
    pub max: [f64; 3],
}

impl Bounds {
    /// The box around some points; around the origin when there are none.
    pub fn of(points: &[[f32; 3]]) -> Self {
        Self::of_all(&[points])
    }

    /// The box around some lists of points; around the origin when there are none.
    pub fn of_all(points: &[&[[f32; 3]]]) -> Self {
        let mut points = points.iter().copied().flatten().peekable();
        let Some(first) = points.peek() else { return Self { min: [0.0; 3], max: [0.0; 3] } };
        let first = first.map(f64::from);
        let mut bounds = Self { min: first, max: first };
        for point in points {
            for (axis, &value) in point.iter().enumerate() {
                bounds.min[axis] = bounds.min[axis].min(f64::from(value));
                bounds.max[axis] = bounds.max[axis].max(f64::from(value));
            }
        }
        bounds
    }

    /// The middle of the box.
    pub fn middle(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| (self.min[axis] + self.max[axis]) / 2.0)
    }
}

fn distance(p: &[f32; 3], q: &[f64; 3]) -> f64 {
    (0..3).map(|axis| (f64::from(p[axis]) - q[axis]).powi(2)).sum::<f64>().sqrt()
}

/// Quantises a cloud. Gaussians that can never be seen (opacity below 1/255) are left out.
pub fn quantise(cloud: &GaussianCloud, frame: SceneFrame) -> QuantisedCloud {
    let mut out = QuantisedCloud {
        chunks: Vec::new(),
        gaussians: Vec::new(),
        harmonics: Vec::new(),
        degree: cloud.degree,
        frame,
    };
    for members in chunks_of(cloud, &frame) {
        out.push_chunk(cloud, &members);
    }
    out
}

/// Cuts the visible Gaussians into groups of neighbours, each to become a chunk.
///
/// Splits the longest side of the bounding box in the middle until a group is small enough both in
/// number and in size: so a floater far outside gets a chunk of its own and does not coarsen the
/// positions of others.
fn chunks_of(cloud: &GaussianCloud, frame: &SceneFrame) -> Vec<Vec<usize>> {
    let visible: Vec<usize> =
        (0..cloud.len()).filter(|&i| cloud.opacities[i] >= OPACITY_MIN).collect();
    let mut distances: Vec<f64> =
        visible.iter().map(|&i| distance(&cloud.positions[i], &frame.origin)).collect();
    distances.sort_by(f64::total_cmp);
    // Half the radius of most of the scene: 16-bit offsets in it are finer than any picture shows.
    let longest = distances.get(distances.len() * 9 / 10).map_or(0.0, |radius| radius / 2.0);
    let (mut pending, mut done) = (vec![visible], Vec::new());
    while let Some(group) = pending.pop() {
        if group.is_empty() {
            continue;
        }
        let positions: Vec<[f32; 3]> = group.iter().map(|&i| cloud.positions[i]).collect();
        let bounds = Bounds::of(&positions);
        let side = |axis: usize| bounds.max[axis] - bounds.min[axis];
        let axis = (0..3).max_by(|&a, &b| side(a).total_cmp(&side(b))).unwrap_or(0);
        let is_small = group.len() <= CHUNK_CAPACITY && (side(axis) <= longest || group.len() == 1);
        if is_small {
            done.push(group);
            continue;
        }
        let middle = bounds.middle()[axis];
        let is_low = |i: &usize| f64::from(cloud.positions[*i][axis]) < middle;
        let (low, high): (Vec<usize>, Vec<usize>) = group.into_iter().partition(is_low);
        if low.is_empty() || high.is_empty() {
            // All in one place: cut by number.
            let all = [low, high].concat();
            done.extend(all.chunks(CHUNK_CAPACITY).map(<[usize]>::to_vec));
        } else {
            pending.extend([high, low]);
        }
    }
    done
}

impl QuantisedCloud {
    /// Number of Gaussians.
    pub fn len(&self) -> usize {
        self.gaussians.len()
    }

    /// Whether no Gaussian can be seen.
    pub fn is_empty(&self) -> bool {
        self.gaussians.is_empty()
    }

    fn push_chunk(&mut self, cloud: &GaussianCloud, members: &[usize]) {
        let positions: Vec<[f32; 3]> = members.iter().map(|&i| cloud.positions[i]).collect();
        let bounds = Bounds::of(&positions);
        let SceneFrame { origin: zero, units, .. } = self.frame;
        let to_units = |axis: usize, v: f64| (v - zero[axis]) * units;
        let middle = bounds.middle();
        let origin = [0, 1, 2].map(|axis| to_units(axis, middle[axis]).round() as i32);
        let extent = (0..3)
            .map(|axis| (bounds.max[axis] - bounds.min[axis]) / 2.0 * units + 1.0)
            .fold(0.0, f64::max);
        let shift = (0..POSITION_SHIFT_MAX)
            .find(|&shift| extent / f64::from(1u32 << shift) <= OFFSET_MAX)
            .unwrap_or(POSITION_SHIFT_MAX);
        let radius = positions.iter().map(|p| distance(p, &middle)).fold(0.0, f64::max);
        let largest = members.iter().flat_map(|&i| cloud.scales[i]).fold(0.0, f32::max);
        let (harmonics_scale, harmonics_shifts) = self.push_harmonics(cloud, members);
        let covariances: Vec<[f64; 6]> =
            members.iter().map(|&i| covariance(cloud, i, units)).collect();
        // Far smaller Gaussians than the largest of the chunk lose mantissa bits, never range.
        let exponent_bias =
            covariances.iter().map(exponent_of).max().unwrap_or_default() - EXPONENT_MAX;
        let chunk = Chunk {
            origin,
            radius: (radius * units).ceil() as i32 + 2,
            count: members.len() as u16,
            position_shift: shift as u8,
            harmonics_scale,
            exponent_bias,
            deviation: (f64::from(largest) * units * DEVIATION_SLACK + 2.0) as u32,
        };
        self.chunks.push(chunk.to_words());
        for ((&i, covariance), shift_of_harmonics) in
            members.iter().zip(covariances).zip(harmonics_shifts)
        {
            let offset = [0, 1, 2].map(|axis| {
                let exact = to_units(axis, f64::from(cloud.positions[i][axis]));
                let steps = (exact - f64::from(origin[axis])) / f64::from(1u32 << shift);
                steps.round().clamp(-OFFSET_MAX, OFFSET_MAX) as i32
            });
            let exponent = exponent_of(&covariance).max(exponent_bias);
            let covariance = (mantissas(covariance, exponent), exponent - exponent_bias);
            self.gaussians.push(gaussian(cloud, i, offset, covariance, shift_of_harmonics));
        }
    }

    /// Appends the harmonics of a chunk; returns their common scale in Q24 and each Gaussian's
    /// shift.
    fn push_harmonics(&mut self, cloud: &GaussianCloud, members: &[usize]) -> (u32, Vec<u32>) {
        let per = cloud.harmonics_per_gaussian();
        if per == 0 {
            return (0, vec![0; members.len()]);
        }
        let of = |i: usize| &cloud.harmonics[i * per..(i + 1) * per];
        let largest =
            |i: usize| of(i).iter().fold(0.0f64, |largest, &c| largest.max(f64::from(c).abs()));
        let chunk_largest = members.iter().map(|&i| largest(i)).fold(0.0, f64::max);
        // The device holds a scale below 2^23: coefficients up to 63, far beyond any colour.
        let one = f64::from(1 << 24);
        let scale = (chunk_largest / 127.0 * one).ceil().clamp(1.0, f64::from(1 << 22));
        let mut shifts = Vec::new();
        for &i in members {
            let step = |shift: u32| scale / one / f64::from(1u32 << shift);
            let fits = |shift: &u32| largest(i) <= 127.0 * step(*shift);
            let shift = (0..=HARMONICS_SHIFT_MAX).rev().find(fits).unwrap_or(0);
            let mut bytes = vec![0u8; harmonics_words(cloud.degree) * 4];
            for (byte, &c) in bytes.iter_mut().zip(of(i)) {
                *byte = (f64::from(c) / step(shift)).round().clamp(-127.0, 127.0) as i8 as u8;
            }
            self.harmonics.extend(bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)));
            shifts.push(shift);
        }
        (scale as u32, shifts)
    }
}

/// One Gaussian as words. `offset` is its position within the chunk, `covariance` its mantissas and
/// exponent.
fn gaussian(
    cloud: &GaussianCloud,
    i: usize,
    offset: [i32; 3],
    (mantissas, exponent): ([i32; 6], i32),
    harmonics_shift: u32,
) -> [u32; GAUSSIAN_WORDS] {
    let [xx, xy, xz, yy, yz, zz] = mantissas;
    let opacity = (cloud.opacities[i] * 255.0).round().clamp(1.0, 255.0) as u32;
    let [r, g, b] = cloud.colors[i];
    let field =
        |value: f32, steps: f32, max: f32| ((value + 1.0) * steps).round().clamp(0.0, max) as u32;
    let pair = |low: i32, high: i32| (low as u32 & 0xFFFF) | (high as u32) << 16;
    let exponent = exponent.clamp(0, EXPONENT_MAX);
    [
        pair(offset[0], offset[1]),
        pair(offset[2], exponent) | harmonics_shift << 22 | opacity << 24,
        pair(xx, xy),
        pair(xz, yy),
        pair(yz, zz),
        field(r, 512.0, 2047.0) | field(g, 512.0, 2047.0) << 11 | field(b, 256.0, 1023.0) << 22,
    ]
}

/// World covariance `R S^2 R^T` in su^2: xx, xy, xz, yy, yz, zz.
fn covariance(cloud: &GaussianCloud, i: usize, units: f64) -> [f64; 6] {
    let [w, x, y, z] = cloud.rotations[i].map(f64::from);
    let rotation = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
        [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
        [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
    ];
    let variance = cloud.scales[i].map(|scale| (f64::from(scale) * units).powi(2));
    let entry = |row: usize, column: usize| -> f64 {
        (0..3).map(|k| rotation[row][k] * variance[k] * rotation[column][k]).sum()
    };
    [entry(0, 0), entry(0, 1), entry(0, 2), entry(1, 1), entry(1, 2), entry(2, 2)]
}

/// The power of two that brings the largest of `values` below [`COVARIANCE_LIMIT`].
fn exponent_of(values: &[f64; 6]) -> i32 {
    let limit = f64::from(COVARIANCE_LIMIT - 1);
    let largest = values.iter().fold(0.0f64, |largest, v| largest.max(v.abs()));
    (largest / limit).log2().ceil().clamp(-200.0, 200.0) as i32
}

/// Mantissas below [`COVARIANCE_LIMIT`] for a power of two.
fn mantissas(values: [f64; 6], exponent: i32) -> [i32; 6] {
    let limit = f64::from(COVARIANCE_LIMIT - 1);
    let scale = f64::from(-exponent).exp2();
    values.map(|v| (v * scale).round().clamp(-limit, limit) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of Gaussians and one far outside.
    fn cloud_with_floater() -> GaussianCloud {
        let mut positions: Vec<[f32; 3]> = (0..300).map(|i| [i as f32 / 300.0, 0.0, 0.0]).collect();
        positions.push([2000.0, 0.0, 0.0]);
        let count = positions.len();
        GaussianCloud {
            positions,
            scales: vec![[0.01; 3]; count],
            rotations: vec![[1.0, 0.0, 0.0, 0.0]; count],
            opacities: vec![1.0; count],
            colors: vec![[0.5; 3]; count],
            degree: 0,
            harmonics: Vec::new(),
        }
    }

    #[test]
    fn a_floater_does_not_coarsen_its_neighbours() {
        let cloud = cloud_with_floater();
        let frame = SceneFrame::new(&cloud, 0.0);
        let quantised = quantise(&cloud, frame);
        assert_eq!(quantised.len(), 301);
        let chunks = quantised.chunks.iter().map(Chunk::from_words);
        assert_eq!(chunks.clone().map(|chunk| usize::from(chunk.count)).sum::<usize>(), 301);
        for chunk in chunks {
            assert!(chunk.count == 1 || chunk.position_shift == 0, "{chunk:?}");
        }
    }

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        let mut cloud = cloud_with_floater();
        cloud.opacities.fill(0.003);
        assert!(quantise(&cloud, SceneFrame::new(&cloud, 0.0)).is_empty());
    }

    #[test]
    fn gaussians_in_one_place_fill_chunks() {
        let mut cloud = cloud_with_floater();
        cloud.positions.fill([1.0; 3]);
        let quantised = quantise(&cloud, SceneFrame::new(&cloud, 0.0));
        let counts: Vec<u16> =
            quantised.chunks.iter().map(|words| Chunk::from_words(words).count).collect();
        assert_eq!(counts, [256, 45]);
    }
}
