//! How a node moves, turns and scales the Gaussians of its mesh.
//!
//! Gaussians can be moved, turned and scaled evenly; other matrices (shear, mirrors, uneven scale)
//! are refused, since harmonics have no exact image under them.

use super::affine::{Affine, cross, dot};
use crate::import::axes::{HarmonicRotation, quaternion_product, quaternion_turn};
use crate::import::draft::Gaussian;
use crate::import::error::Fault;

/// A similarity: scaled by `scale`, then turned, then moved.
pub(super) struct Placement {
    scale: f32,
    rotation: [f32; 4],
    translation: [f32; 3],
    /// Absent when nothing turns.
    harmonics: Option<HarmonicRotation>,
}

impl Placement {
    /// The placement by the node with the number `index`.
    pub(super) fn of(affine: &Affine, index: usize) -> Result<Placement, Fault> {
        let [x, y, z, translation] = affine.0;
        let square = dot(x, x);
        let even = nearly(square, dot(y, y)) && nearly(square, dot(z, z));
        let right = [dot(x, y), dot(y, z), dot(z, x)].iter().all(|v| v.abs() <= 1e-4 * square);
        if !(even && right && square.is_normal() && dot(cross(x, y), z) > 0.0) {
            return Err(uneven(index));
        }
        let scale = square.sqrt();
        let rotation = quaternion_of([x, y, z].map(|axis| axis.map(|v| v / scale)));
        let rotation = rotation.map(|part| part as f32);
        let turns = rotation[1..].iter().any(|&part| part != 0.0);
        let harmonics = turns.then(|| HarmonicRotation::new(rotation));
        let translation = translation.map(|part| part as f32);
        Ok(Placement { scale: scale as f32, rotation, translation, harmonics })
    }

    fn point(&self, p: [f32; 3]) -> [f32; 3] {
        let turned = if self.harmonics.is_some() { quaternion_turn(self.rotation, p) } else { p };
        std::array::from_fn(|axis| turned[axis] * self.scale + self.translation[axis])
    }

    /// Places a Gaussian.
    pub(super) fn apply(&self, gaussian: &mut Gaussian, harmonics: &mut [f32]) {
        gaussian.position = self.point(gaussian.position);
        gaussian.scale = gaussian.scale.map(|scale| scale * self.scale);
        if let Some(rotation) = &self.harmonics {
            gaussian.rotation = quaternion_product(self.rotation, gaussian.rotation);
            rotation.apply(harmonics);
        }
    }
}

fn nearly(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * a.abs()
}

fn uneven(index: usize) -> Fault {
    Fault::unsupported(
        format!("a glTF file whose node {index} mirrors, shears or scales its Gaussians unevenly"),
        "Apply the node's transform in the tool that made it, and export again.",
    )
}

/// The unit quaternion (w, x, y, z) of a rotation matrix given by its columns: the largest
/// component from the diagonal, the others from it (Shepperd 1978).
fn quaternion_of([x, y, z]: [[f64; 3]; 3]) -> [f64; 4] {
    let squares = [
        1.0 + x[0] + y[1] + z[2],
        1.0 + x[0] - y[1] - z[2],
        1.0 - x[0] + y[1] - z[2],
        1.0 - x[0] - y[1] + z[2],
    ];
    let largest = (0..4).max_by(|&a, &b| squares[a].total_cmp(&squares[b])).unwrap_or(0);
    let twice = squares[largest].sqrt();
    let (wx, wy, wz) = (y[2] - z[1], z[0] - x[2], x[1] - y[0]);
    let (xy, xz, yz) = (x[1] + y[0], z[0] + x[2], y[2] + z[1]);
    let q = match largest {
        0 => [squares[0], wx, wy, wz],
        1 => [wx, squares[1], xy, xz],
        2 => [wy, xy, squares[2], yz],
        _ => [wz, xz, yz, squares[3]],
    };
    q.map(|v| v / (2.0 * twice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaussians_go_where_points_go() {
        // x to y, y to z, z to x, twice as large.
        let affine = Affine::of_parts([2.0; 3], [0.5; 4], [1.0, 2.0, 3.0]);
        let [x, y, z] = Placement::of(&affine, 0).unwrap().point([1.0, 0.0, 0.0]);
        assert!((x - 1.0).abs() < 1e-5 && (y - 4.0).abs() < 1e-5 && (z - 3.0).abs() < 1e-5);
    }

    #[test]
    fn mirrors_and_uneven_scales_are_refused() {
        for scale in [[1.0, 1.0, -1.0], [1.0, 2.0, 1.0]] {
            assert!(
                Placement::of(&Affine::of_parts(scale, [0.0, 0.0, 0.0, 1.0], [0.0; 3]), 0).is_err()
            );
        }
    }
}
