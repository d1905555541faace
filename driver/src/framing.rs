//! Cameras for scenes that come without: the whole of a scene in view, from a little above.

use crate::camera::Camera;
use crate::scene::{Content, Field, GaussianCloud, Mesh};

/// Vertical field of view in degrees.
const FOV_Y: f64 = 50.0;
/// Widest horizontal field of view in degrees; a picture that would be wider has less height of
/// view.
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

/// What can be framed: a scene of any kind.
pub trait Framed {
    /// What of it has to be in view, and which way is up.
    fn subject(&self) -> Subject;
}

/// A camera that frames a scene: three quarters from above, the whole of it in view.
pub fn framing_camera(scene: &impl Framed, size: [u16; 2]) -> Camera {
    orbit(scene, size, 1).remove(0)
}

/// `count` cameras on a circle around a scene, a little above it.
pub fn orbit(scene: &impl Framed, size: [u16; 2], count: usize) -> Vec<Camera> {
    let subject = scene.subject();
    let (distance, drop) = match subject.distance {
        Some(distance) => (distance, 0.0),
        None => subject.framed(size, count),
    };
    let [x, y, z] = subject.middle;
    let near = NEAR.min(distance / 20.0);
    (0..count)
        .map(|k| camera(size, azimuth(k, count), [x, y + drop, z], distance))
        .map(|camera| Camera { near, rotation: product(&camera.rotation, &subject.axes), ..camera })
        .collect()
}

/// Direction of a camera of an orbit, in radians.
fn azimuth(k: usize, count: usize) -> f64 {
    (AZIMUTH + 360.0 * k as f64 / count as f64).to_radians()
}

/// A camera that looks at `target` from `distance`. Axes are INRIA's: y points down.
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

/// Axes of the world, as rows: right, down and forward of somebody who stands in front of the
/// scene.
type Axes = [[f64; 3]; 3];

/// INRIA's.
const Y_DOWN: Axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
/// Those of glTF and OBJ, whose models face +z.
const Y_UP: Axes = [[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]];
/// Those of NeRF's scenes, from Blender.
const Z_UP: Axes = [[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]];

fn product(a: &Axes, b: &Axes) -> Axes {
    a.map(|row| [0, 1, 2].map(|column| (0..3).map(|k| row[k] * b[k][column]).sum()))
}

/// A point in other axes.
fn turned(axes: &Axes, point: [f64; 3]) -> [f64; 3] {
    axes.map(|row| row.iter().zip(point).map(|(entry, coordinate)| entry * coordinate).sum())
}

/// What of a scene has to be in view. All in its own axes.
pub struct Subject {
    /// From those of the world.
    axes: Axes,
    middle: [f64; 3],
    /// Half of its size along each axis, more than zero.
    half: [f64; 3],
    /// Points of it, from the middle.
    points: Vec<[f64; 3]>,
    /// How far around a point something is seen.
    margin: f64,
    /// From where it is to be seen, if that does not follow from its size.
    distance: Option<f64>,
}

impl Framed for GaussianCloud {
    fn subject(&self) -> Subject {
        let largest = |scale: &[f32; 3]| scale.iter().copied().fold(0.0, f32::max);
        let mut scales: Vec<f32> = self.scales.iter().map(largest).collect();
        scales.sort_by(f32::total_cmp);
        let typical = scales.get(scales.len() / 2).copied().unwrap_or(0.0);
        Subject::of(&self.positions, Y_DOWN, OUTLIERS, EXTENT * f64::from(typical))
    }
}

impl Framed for Mesh {
    fn subject(&self) -> Subject {
        Subject::of(&self.positions, Y_UP, 0.0, 0.0)
    }
}

impl Framed for Field {
    fn subject(&self) -> Subject {
        let [low, high] = self.bounds;
        let corner =
            |k: usize| [0, 1, 2].map(|axis| if k >> axis & 1 == 0 { low } else { high }[axis]);
        let corners: Vec<[f32; 3]> = (0..8).map(|k| corner(k).map(|v| v as f32)).collect();
        let subject = Subject::of(&corners, Z_UP, 0.0, 0.0);
        // What can be seen is between the nearest and the farthest sample, not at the box's faces.
        let middle = [0, 1, 2].map(|axis| (low[axis] + high[axis]) / 2.0);
        let count = self.views.len() as f64;
        let sum: f64 = self.views.iter().map(|(_, camera)| camera.distance(&middle)).sum();
        let [near, far] = self.sampling.range;
        let distance = if count > 0.0 { sum / count } else { (near + far) / 2.0 };
        Subject { distance: Some(distance), ..subject }
    }
}

impl Framed for Content {
    fn subject(&self) -> Subject {
        match self {
            Self::Gaussians(cloud) => cloud.subject(),
            Self::Mesh(mesh) | Self::Hybrid(mesh, _) => mesh.subject(),
            Self::Field(field) => field.subject(),
            Self::Mixed(mesh, cloud) => cloud.subject().with(&mesh.positions),
        }
    }
}

impl Subject {
    /// Of points, of which a share at either end of each axis is left out, seen from `extent`
    /// around.
    fn of(positions: &[[f32; 3]], axes: Axes, outliers: f64, extent: f64) -> Self {
        let points: Vec<[f64; 3]> =
            positions.iter().map(|point| turned(&axes, point.map(f64::from))).collect();
        let margin = extent.max(1e-6);
        let ends = [0, 1, 2].map(|axis| {
            let mut sorted: Vec<f64> = points.iter().map(|point| point[axis]).collect();
            sorted.sort_by(f64::total_cmp);
            let skip = (sorted.len() as f64 * outliers) as usize;
            let ends = (sorted.get(skip), sorted.iter().rev().nth(skip));
            if let (Some(&least), Some(&greatest)) = ends { [least, greatest] } else { [0.0; 2] }
        });
        let middle = ends.map(|[least, greatest]| (least + greatest) / 2.0);
        let half = ends.map(|[least, greatest]| (greatest - least) / 2.0 + margin);
        let from_middle = |p: &[f64; 3]| [0, 1, 2].map(|axis| p[axis] - middle[axis]);
        let inside = |p: &[f64; 3]| (0..3).all(|axis| p[axis].abs() <= half[axis]);
        let step = points.len().div_ceil(POINTS_MAX).max(1);
        let sampled = points.iter().step_by(step).map(from_middle).filter(inside).collect();
        Self { axes, middle, half, points: sampled, margin, distance: None }
    }

    /// With other points of the world, none of which is left out.
    fn with(self, positions: &[[f32; 3]]) -> Self {
        let back = [0, 1, 2].map(|row| [0, 1, 2].map(|column| self.axes[column][row]));
        let middle = self.middle;
        let in_world = |p: &[f64; 3]| {
            turned(&back, [0, 1, 2].map(|axis| p[axis] + middle[axis])).map(|v| v as f32)
        };
        let own: Vec<[f32; 3]> = self.points.iter().map(in_world).collect();
        Self::of(&[&own, positions].concat(), self.axes, 0.0, self.margin)
    }

    /// The distance from which everything is seen, and how far below the middle to aim.
    fn framed(&self, size: [u16; 2], count: usize) -> (f64, f64) {
        let directions = count.clamp(1, DIRECTIONS_MAX);
        let samples: Vec<Camera> = (0..directions)
            .map(|k| camera(size, azimuth(k, directions), self.middle, self.half[1]))
            .collect();
        // Perspective makes what is near large: aimed at the middle, the scene would not lie in the
        // middle of the picture.
        let aims = (-AIMS..=AIMS).map(|step| f64::from(step) / f64::from(AIMS) * self.half[1]);
        let framed = aims.map(|drop| {
            let needed = samples.iter().map(|camera| self.distance(camera, drop));
            (needed.fold(0.0, f64::max), drop)
        });
        framed.min_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
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
