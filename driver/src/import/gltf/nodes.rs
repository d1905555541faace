//! Where the nodes of a glTF scene place its meshes (glTF 2.0, section 3.5.3).
//!
//! Gaussians can be moved, turned and scaled evenly; other matrices (shear, mirrors, uneven scale)
//! are refused, since harmonics have no exact image under them.

use super::array;
use crate::import::axes::{HarmonicRotation, quaternion_product, quaternion_turn};
use crate::import::draft::Gaussian;
use crate::import::error::Fault;
use serde_json::Value;

/// Most nodes visited; a file of Gaussians has one or a few.
const MAX_NODES: usize = 1 << 14;

/// A similarity: scaled by `scale`, then turned, then moved.
#[derive(Clone)]
pub(super) struct Placement {
    scale: f32,
    rotation: [f32; 4],
    translation: [f32; 3],
    /// Absent when nothing turns.
    harmonics: Option<HarmonicRotation>,
}

/// The meshes in the scene that is shown, each with its placement.
pub(super) fn placed_meshes(json: &Value) -> Result<Vec<(usize, Placement)>, Fault> {
    let nodes = array(&json["nodes"]);
    let scenes = array(&json["scenes"]);
    let shown = scenes.get(json["scene"].as_u64().unwrap_or(0) as usize);
    let Some(shown) = shown else {
        // Without a scene, nothing is placed: show all meshes as they are.
        let meshes = array(&json["meshes"]).len();
        return Ok((0..meshes).map(|mesh| (mesh, Placement::identity())).collect());
    };
    let indices = |list: &Value| -> Vec<usize> {
        array(list).iter().filter_map(|i| Some(i.as_u64()? as usize)).collect()
    };
    let mut placed = Vec::new();
    let mut visited = 0;
    let mut open: Vec<(usize, Placement)> =
        indices(&shown["nodes"]).into_iter().map(|node| (node, Placement::identity())).collect();
    while let Some((index, parent)) = open.pop() {
        visited += 1;
        if visited > nodes.len().min(MAX_NODES) {
            return Err(Fault::malformed("nodes", "form no tree, or are too many"));
        }
        let node = nodes
            .get(index)
            .ok_or_else(|| Fault::malformed("nodes", format!("there is no element {index}")))?;
        let placement = parent.then(&Placement::of(node, index)?);
        for child in indices(&node["children"]) {
            open.push((child, placement.clone()));
        }
        if let Some(mesh) = node["mesh"].as_u64() {
            placed.push((mesh as usize, placement));
        }
    }
    Ok(placed)
}

impl Placement {
    fn identity() -> Placement {
        Placement::new(1.0, [1.0, 0.0, 0.0, 0.0], [0.0; 3])
    }

    fn new(scale: f32, rotation: [f32; 4], translation: [f32; 3]) -> Placement {
        let turns = rotation[1..].iter().any(|&part| part != 0.0);
        let harmonics = turns.then(|| HarmonicRotation::new(rotation));
        Placement { scale, rotation, translation, harmonics }
    }

    fn of(node: &Value, index: usize) -> Result<Placement, Fault> {
        let part = || format!("node {index}");
        let numbers = |key: &str, default: &[f32]| -> Result<Vec<f32>, Fault> {
            if node[key].is_null() {
                return Ok(default.to_vec());
            }
            let values: Vec<f32> =
                array(&node[key]).iter().filter_map(|v| Some(v.as_f64()? as f32)).collect();
            if values.len() != default.len() || values.iter().any(|value| !value.is_finite()) {
                return Err(Fault::malformed(part(), format!("has a bad {key}")));
            }
            Ok(values)
        };
        if !node["matrix"].is_null() {
            return Placement::of_matrix(&numbers("matrix", &[0.0; 16])?, index);
        }
        let scale = numbers("scale", &[1.0; 3])?;
        if !(nearly(scale[0], scale[1]) && nearly(scale[0], scale[2]) && scale[0] > 0.0) {
            return Err(uneven(index));
        }
        let r = numbers("rotation", &[0.0, 0.0, 0.0, 1.0])?;
        let length = r.iter().map(|v| v * v).sum::<f32>().sqrt();
        if !(length.is_normal()) {
            return Err(Fault::malformed(part(), "has a rotation of length zero"));
        }
        let t = numbers("translation", &[0.0; 3])?;
        let rotation = [r[3], r[0], r[1], r[2]].map(|v| v / length);
        Ok(Placement::new(scale[0], rotation, [t[0], t[1], t[2]]))
    }

    /// From a column-major matrix.
    fn of_matrix(m: &[f32], index: usize) -> Result<Placement, Fault> {
        let column = |c: usize| [m[4 * c], m[4 * c + 1], m[4 * c + 2]];
        let [x, y, z] = [column(0), column(1), column(2)];
        let dot = |a: [f32; 3], b: [f32; 3]| a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        let cross = |a: [f32; 3], b: [f32; 3]| {
            [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
        };
        let square = dot(x, x);
        let even = nearly(square, dot(y, y)) && nearly(square, dot(z, z));
        let right = [dot(x, y), dot(y, z), dot(z, x)].iter().all(|v| v.abs() <= 1e-4 * square);
        let affine = m[3] == 0.0 && m[7] == 0.0 && m[11] == 0.0 && m[15] == 1.0;
        if !(even && right && affine && square.is_normal() && dot(cross(x, y), z) > 0.0) {
            return Err(uneven(index));
        }
        let scale = square.sqrt();
        let rotation = quaternion_of([x, y, z].map(|axis| axis.map(|v| v / scale)));
        Ok(Placement::new(scale, rotation, column(3)))
    }

    /// First `child`, then this.
    fn then(&self, child: &Placement) -> Placement {
        Placement::new(
            self.scale * child.scale,
            quaternion_product(self.rotation, child.rotation),
            self.point(child.translation),
        )
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

fn nearly(a: f32, b: f32) -> bool {
    (a - b).abs() <= 1e-4 * a.abs()
}

fn uneven(index: usize) -> Fault {
    Fault::unsupported(
        format!("a glTF file whose node {index} mirrors, shears or scales unevenly"),
        "Apply the node's transform in the tool that made it, and export again.",
    )
}

/// The unit quaternion (w, x, y, z) of a rotation matrix given by its columns: the largest
/// component from the diagonal, the others from it (Shepperd 1978).
fn quaternion_of([x, y, z]: [[f32; 3]; 3]) -> [f32; 4] {
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
    use serde_json::json;

    #[test]
    fn matrix_and_parts_place_alike() {
        let parts = json!({"translation": [1, 2, 3], "scale": [2, 2, 2],
            "rotation": [0.5, 0.5, 0.5, 0.5]}); // x to y, y to z, z to x
        let matrix = json!({"matrix": [0, 2, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, 1, 2, 3, 1]});
        for node in [parts, matrix] {
            let placement = Placement::of(&node, 0).unwrap();
            let [x, y, z] = placement.point([1.0, 0.0, 0.0]);
            assert!((x - 1.0).abs() < 1e-5 && (y - 4.0).abs() < 1e-5 && (z - 3.0).abs() < 1e-5);
        }
    }

    #[test]
    fn mirrors_and_cycles_are_refused() {
        assert!(Placement::of(&json!({"scale": [1, 1, -1]}), 0).is_err());
        assert!(Placement::of(&json!({"scale": [1, 2, 1]}), 0).is_err());
        let cycle = json!({"scenes": [{"nodes": [0]}],
            "nodes": [{"children": [1]}, {"children": [0]}]});
        assert!(placed_meshes(&cycle).is_err());
    }
}
