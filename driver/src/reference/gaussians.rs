//! Gaussians in floats: the projection and the kernel of Kerbl et al. 2023, as their code has it.
//!
//! 0.3 px² dilation, nothing below an opacity of 1/255, front to back by the depth of the centres.

use super::mesh::{dot, in_view, minus, normalised};
use crate::camera::Camera;
use crate::import::harmonics_basis;
use crate::scene::GaussianCloud;

/// Dilation of projected Gaussians, px².
const DILATION: f64 = 0.3;
/// Opacities below this are not drawn, higher ones than [`ALPHA_MAX`] are held to it.
const ALPHA_MIN: f64 = 1.0 / 255.0;
const ALPHA_MAX: f64 = 0.99;
/// What the projection's slope may exceed the picture by, as a share of its size on either side.
const MARGIN: f64 = 0.15;
/// Nothing is drawn behind this transmittance.
const TRANSMITTANCE_MIN: f64 = 1e-4;

/// Gaussians on the picture plane, front to back.
pub struct Splats(Vec<Splat>);

struct Splat {
    depth: f64,
    /// Place in pixels.
    center: [f64; 2],
    /// Inverse of the covariance, xx, xy, yy, per px².
    conic: [f64; 3],
    opacity: f64,
    color: [f64; 3],
}

impl Splats {
    /// Projects a cloud.
    pub fn project(cloud: &GaussianCloud, camera: &Camera) -> Self {
        let mut splats: Vec<Splat> =
            (0..cloud.len()).filter_map(|i| Splat::project(cloud, i, camera)).collect();
        splats.sort_by(|a, b| a.depth.total_cmp(&b.depth));
        Self(splats)
    }

    /// Draws them over surfaces of these depths and colours, a pixel each, row by row.
    pub fn draw(&self, width: usize, depths: &[f64], colors: &mut [[f64; 3]]) {
        let mut fronts = vec![Front { sum: [0.0; 3], transmittance: 1.0 }; depths.len()];
        for splat in &self.0 {
            let [columns, rows] = splat.extent([width, depths.len() / width.max(1)]);
            for at in rows.flat_map(|row| columns.clone().map(move |column| row * width + column)) {
                let place = [(at % width) as f64 + 0.5, (at / width) as f64 + 0.5];
                if splat.depth < depths[at] {
                    fronts[at].add(splat.alpha(place), splat.color);
                }
            }
        }
        for (color, Front { sum, transmittance }) in colors.iter_mut().zip(fronts) {
            *color = [0, 1, 2].map(|c| sum[c] + transmittance * color[c]);
        }
    }
}

/// What has been drawn at a pixel so far.
#[derive(Clone)]
struct Front {
    sum: [f64; 3],
    transmittance: f64,
}

impl Front {
    fn add(&mut self, alpha: f64, color: [f64; 3]) {
        if alpha < ALPHA_MIN || self.transmittance < TRANSMITTANCE_MIN {
            return;
        }
        self.sum = [0, 1, 2].map(|c| self.sum[c] + self.transmittance * alpha * color[c]);
        self.transmittance *= 1.0 - alpha;
    }
}

impl Splat {
    fn project(cloud: &GaussianCloud, i: usize, camera: &Camera) -> Option<Self> {
        let seen = in_view(camera, &cloud.positions[i]);
        if seen[2] < camera.near {
            return None;
        }
        let sides = [camera.width, camera.height].map(f64::from);
        let slope = |axis: usize| {
            let margin = MARGIN * sides[axis];
            let (low, high) =
                (-camera.center[axis] - margin, sides[axis] - camera.center[axis] + margin);
            (seen[axis] / seen[2]).clamp(low / camera.focal[axis], high / camera.focal[axis])
        };
        // Rows of the projection's derivative, in view axes, then in world axes.
        let rows = [0, 1].map(|axis| {
            let scale = camera.focal[axis] / seen[2];
            let row =
                [0, 1, 2].map(|k| camera.rotation[axis][k] - slope(axis) * camera.rotation[2][k]);
            row.map(|part| scale * part)
        });
        let axes = axes(cloud, i);
        let spread = rows.map(|row| axes.map(|axis| dot(row, axis)));
        let xx = dot(spread[0], spread[0]) + DILATION;
        let yy = dot(spread[1], spread[1]) + DILATION;
        let xy = dot(spread[0], spread[1]);
        let determinant = xx * yy - xy * xy;
        Some(Self {
            depth: seen[2],
            center: [0, 1]
                .map(|axis| camera.focal[axis] * seen[axis] / seen[2] + camera.center[axis]),
            conic: [yy / determinant, -xy / determinant, xx / determinant],
            opacity: f64::from(cloud.opacities[i]),
            color: color(cloud, i, camera),
        })
    }

    /// Columns and rows of a picture of this size where its opacity can reach [`ALPHA_MIN`].
    fn extent(&self, sides: [usize; 2]) -> [std::ops::Range<usize>; 2] {
        let square = 2.0 * (self.opacity / ALPHA_MIN).ln();
        let [xx, xy, yy] = self.conic;
        let determinant = xx * yy - xy * xy;
        let reach = [yy, xx].map(|part| (square.max(0.0) * part / determinant).sqrt() + 1.0);
        [0, 1].map(|axis| {
            let (low, high) = (self.center[axis] - reach[axis], self.center[axis] + reach[axis]);
            let inside = |value: f64| (value.max(0.0) as usize).min(sides[axis]);
            inside(low.floor())..inside(high.ceil())
        })
    }

    fn alpha(&self, place: [f64; 2]) -> f64 {
        let [x, y] = [0, 1].map(|axis| place[axis] - self.center[axis]);
        let [xx, xy, yy] = self.conic;
        let power = -0.5 * (xx * x * x + yy * y * y) - xy * x * y;
        (self.opacity * power.exp()).min(ALPHA_MAX)
    }
}

/// The half axes of a Gaussian in world axes: directions times standard deviations.
fn axes(cloud: &GaussianCloud, i: usize) -> [[f64; 3]; 3] {
    let [w, x, y, z] = cloud.rotations[i].map(f64::from);
    let columns = [
        [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y + w * z), 2.0 * (x * z - w * y)],
        [2.0 * (x * y - w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z + w * x)],
        [2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)],
    ];
    [0, 1, 2].map(|k| columns[k].map(|part| part * f64::from(cloud.scales[i][k])))
}

/// The colour towards the camera, not below zero.
fn color(cloud: &GaussianCloud, i: usize, camera: &Camera) -> [f64; 3] {
    let per = cloud.harmonics_per_gaussian();
    let direction = normalised(minus(cloud.positions[i].map(f64::from), camera.position()));
    let basis = harmonics_basis(direction.map(|part| part as f32));
    let mut color = cloud.colors[i].map(f64::from);
    let coefficients = cloud.harmonics[i * per..(i + 1) * per].as_chunks::<3>().0;
    for (value, coefficient) in basis.iter().zip(coefficients) {
        color = [0, 1, 2].map(|c| color[c] + f64::from(*value) * f64::from(coefficient[c]));
    }
    color.map(|part| part.max(0.0))
}
