//! Cameras for scenes that come without: the whole of a cloud in view, from a little above.

use crate::camera::Camera;
use crate::quantise::Bounds;
use crate::scene::GaussianCloud;

/// Vertical field of view in degrees.
const FOV_Y: f64 = 50.0;
/// Widest horizontal field of view in degrees; a picture that would be wider has less height of view.
const FOV_X_MAX: f64 = 100.0;
/// Elevation above the horizon in degrees.
const ELEVATION: f64 = 20.0;
/// Direction of the first camera in degrees: not straight from the front.
const AZIMUTH: f64 = 30.0;
/// Share of the picture's sides that the scene may fill.
const FILLED: f64 = 0.92;
/// Share of the Gaussians left out at either end of each axis: captures have floaters far outside.
const OUTLIERS: f64 = 0.01;
/// Standard deviations of a Gaussian that are seen.
const EXTENT: f64 = 3.0;
/// Most Gaussians that are looked at.
const POINTS_MAX: usize = 4096;
/// Most directions of an orbit that are looked from.
const DIRECTIONS_MAX: usize = 16;
/// Heights that are tried for what to aim at, to either side of the middle.
const AIMS: i32 = 16;
/// The INRIA rasteriser's near distance in world units.
const NEAR: f64 = 0.2;

/// A camera that frames a cloud: three quarters from above, the whole of it in view.
pub fn framing_camera(cloud: &GaussianCloud, size: [u16; 2]) -> Camera {
    orbit(cloud, size, 1).remove(0)
}

/// `count` cameras on a circle around a cloud, a little above it.
pub fn orbit(cloud: &GaussianCloud, size: [u16; 2], count: usize) -> Vec<Camera> {
    let subject = Subject::of(cloud);
    let directions = count.clamp(1, DIRECTIONS_MAX);
    let samples: Vec<Camera> = (0..directions)
        .map(|k| camera(size, azimuth(k, directions), subject.middle, subject.half[1]))
        .collect();
    // Perspective makes what is near large: aimed at the middle, the scene would not lie in the
    // middle of the picture.
    let aims = (-AIMS..=AIMS).map(|step| f64::from(step) / f64::from(AIMS) * subject.half[1]);
    let framed = aims.map(|drop| {
        let needed = samples.iter().map(|camera| subject.distance(camera, drop));
        (needed.fold(0.0, f64::max), drop)
    });
    let (distance, drop) = framed.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default();
    let [x, y, z] = subject.middle;
    let near = NEAR.min(distance / 20.0);
    (0..count)
        .map(|k| camera(size, azimuth(k, count), [x, y + drop, z], distance))
        .map(|camera| Camera { near, ..camera })
        .collect()
}

/// Direction of a camera of an orbit, in radians.
fn azimuth(k: usize, count: usize) -> f64 {
    (AZIMUTH + 360.0 * k as f64 / count as f64).to_radians()
}

/// A camera that looks at `target` from `distance`. World axes are INRIA's: y points down.
fn camera(size: [u16; 2], azimuth: f64, target: [f64; 3], distance: f64) -> Camera {
    let (sin_elevation, cos_elevation) = ELEVATION.to_radians().sin_cos();
    let [x, y, z] = target;
    let eye = [
        x + distance * cos_elevation * azimuth.sin(),
        y - distance * sin_elevation,
        z - distance * cos_elevation * azimuth.cos(),
    ];
    let [width, height] = size.map(f64::from);
    let half_tangent = |degrees: f64| (degrees.to_radians() / 2.0).tan();
    let narrowed = half_tangent(FOV_X_MAX) * height / width;
    let fov_y = 2.0 * half_tangent(FOV_Y).min(narrowed).atan();
    Camera::look_at(size, fov_y.to_degrees(), eye, target, [0.0, -1.0, 0.0])
}

/// What of a cloud has to be in view.
struct Subject {
    middle: [f64; 3],
    /// Half of its size along each axis, more than zero.
    half: [f64; 3],
    /// Centres of Gaussians, from the middle.
    points: Vec<[f64; 3]>,
    /// How far a Gaussian is seen from its centre.
    margin: f64,
}

impl Subject {
    fn of(cloud: &GaussianCloud) -> Self {
        let mut bounds = Bounds::of(&cloud.positions);
        for axis in 0..3 {
            let mut sorted: Vec<f32> = cloud.positions.iter().map(|p| p[axis]).collect();
            sorted.sort_by(f32::total_cmp);
            let skip = (sorted.len() as f64 * OUTLIERS) as usize;
            if let (Some(&min), Some(&max)) = (sorted.get(skip), sorted.iter().rev().nth(skip)) {
                (bounds.min[axis], bounds.max[axis]) = (f64::from(min), f64::from(max));
            }
        }
        let mut scales: Vec<f32> =
            cloud.scales.iter().map(|scale| scale.iter().copied().fold(0.0, f32::max)).collect();
        scales.sort_by(f32::total_cmp);
        let typical = scales.get(scales.len() / 2).copied().unwrap_or(0.0);
        let margin = (EXTENT * f64::from(typical)).max(1e-6);
        let half = [0, 1, 2].map(|axis| (bounds.max[axis] - bounds.min[axis]) / 2.0 + margin);
        let middle = bounds.middle();
        let from_middle = |p: &[f32; 3]| [0, 1, 2].map(|axis| f64::from(p[axis]) - middle[axis]);
        let inside = |p: &[f64; 3]| (0..3).all(|axis| p[axis].abs() <= half[axis]);
        let step = cloud.len().div_ceil(POINTS_MAX).max(1);
        let sampled = cloud.positions.iter().step_by(step).map(from_middle);
        Self { middle, half, points: sampled.filter(inside).collect(), margin }
    }

    /// The least distance at which a camera of this direction sees everything, when it is aimed
    /// `drop` below the middle.
    fn distance(&self, camera: &Camera, drop: f64) -> f64 {
        let slopes = [
            f64::from(camera.width) / 2.0 / camera.focal[0] * FILLED,
            f64::from(camera.height) / 2.0 / camera.focal[1] * FILLED,
        ];
        let needed = |&[x, y, z]: &[f64; 3]| {
            let point = [x, y - drop, z];
            let [x, y, z] = camera.rotation.map(|row| -> f64 {
                row.iter().zip(point).map(|(entry, coordinate)| entry * coordinate).sum()
            });
            // It has the depth `distance + z`, of which it may be off the axis by the slope.
            ((x.abs() + self.margin) / slopes[0]).max((y.abs() + self.margin) / slopes[1]) - z
        };
        self.points.iter().map(needed).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(positions: Vec<[f32; 3]>, scale: f32) -> GaussianCloud {
        GaussianCloud { scales: vec![[scale; 3]; positions.len()], positions, ..Default::default() }
    }

    /// Picture coordinates of a point, as shares of the sides.
    fn seen(camera: &Camera, point: [f32; 3]) -> [f64; 2] {
        let [x, y, z] = [0, 1, 2].map(|row| {
            (0..3).map(|k| camera.rotation[row][k] * f64::from(point[k])).sum::<f64>()
                + camera.translation[row]
        });
        assert!(z > camera.near);
        [
            (x / z * camera.focal[0] + camera.center[0]) / f64::from(camera.width),
            (y / z * camera.focal[1] + camera.center[1]) / f64::from(camera.height),
        ]
    }

    #[test]
    fn every_view_of_an_orbit_shows_the_whole_cloud_and_fills_the_picture() {
        let corners =
            (0..8).map(|k| [(k & 1) as f32 * 4.0, (k >> 1 & 1) as f32, (k >> 2) as f32 * 2.0]);
        let corners: Vec<[f32; 3]> = corners.collect();
        for size in [[320, 240], [240, 320], [16, 400]] {
            let mut widest = 0.0_f64;
            for camera in orbit(&cloud(corners.clone(), 0.0), size, 5) {
                for &corner in &corners {
                    for share in seen(&camera, corner) {
                        assert!((0.03..=0.97).contains(&share), "{share}");
                        widest = widest.max((share - 0.5).abs());
                    }
                }
            }
            assert!(widest > 0.45, "{widest}");
        }
    }

    #[test]
    fn a_single_gaussian_is_framed_by_its_extent() {
        let camera = framing_camera(&cloud(vec![[5.0, 5.0, 5.0]], 0.1), [100, 100]);
        let distance = camera.distance(&[5.0; 3]);
        assert!((0.5..2.0).contains(&distance), "{distance}");
    }

    #[test]
    fn floaters_are_left_out() {
        let mut positions = vec![[0.0; 3]; 300];
        positions.iter_mut().enumerate().for_each(|(k, p)| *p = [k as f32 / 300.0, 0.0, 0.0]);
        let before = framing_camera(&cloud(positions.clone(), 0.01), [64, 64]);
        positions[0] = [1000.0, 1000.0, 1000.0];
        let after = framing_camera(&cloud(positions, 0.01), [64, 64]);
        assert!((before.distance(&[0.5, 0.0, 0.0]) - after.distance(&[0.5, 0.0, 0.0])).abs() < 0.1);
    }
}
