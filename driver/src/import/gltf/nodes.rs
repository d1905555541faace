//! Where the nodes of a glTF scene place its meshes (glTF 2.0, section 3.5.3).

use super::affine::Affine;
use super::array;
use crate::import::error::Fault;
use serde_json::Value;

/// Most nodes visited; a file has one or some hundreds.
const MAX_NODES: usize = 1 << 14;

/// A mesh in the scene that is shown.
pub(super) struct Placed {
    /// Number of the mesh.
    pub mesh: usize,
    /// Number of its node.
    pub node: usize,
    /// Number of the skin that bends it.
    pub skin: Option<usize>,
    /// From the mesh's axes to the world's.
    pub transform: Affine,
}

/// The scene that is shown.
pub(super) struct Placements {
    /// Its meshes.
    pub meshes: Vec<Placed>,
    /// From each node's axes to the world's; none for a node that is not in the scene.
    pub nodes: Vec<Option<Affine>>,
}

/// The meshes in the scene that is shown. Without a scene nothing is placed, and all meshes are
/// shown as they are.
pub(super) fn placements(json: &Value) -> Result<Placements, Fault> {
    let nodes = array(&json["nodes"]);
    let scenes = array(&json["scenes"]);
    let mut found = Placements { meshes: Vec::new(), nodes: vec![None; nodes.len()] };
    let Some(shown) = scenes.get(json["scene"].as_u64().unwrap_or(0) as usize) else {
        let meshes = 0..array(&json["meshes"]).len();
        let transform = Affine::IDENTITY;
        found.meshes = meshes.map(|mesh| Placed { mesh, node: 0, skin: None, transform }).collect();
        return Ok(found);
    };
    let mut visited = 0;
    let mut open: Vec<(usize, Affine)> =
        indices(&shown["nodes"]).map(|node| (node, Affine::IDENTITY)).collect();
    while let Some((index, parent)) = open.pop() {
        visited += 1;
        if visited > nodes.len().min(MAX_NODES) {
            return Err(Fault::malformed("nodes", "form no tree, or are too many"));
        }
        let node = nodes
            .get(index)
            .ok_or_else(|| Fault::malformed("nodes", format!("there is no element {index}")))?;
        let transform = parent.then(&local(node, index)?);
        found.nodes[index] = Some(transform);
        open.extend(indices(&node["children"]).map(|child| (child, transform)));
        if let Some(mesh) = node["mesh"].as_u64() {
            let skin = node["skin"].as_u64().map(|skin| skin as usize);
            found.meshes.push(Placed { mesh: mesh as usize, node: index, skin, transform });
        }
    }
    // Of things drawn in one place the first in the file wins.
    found.meshes.sort_by_key(|placed| placed.node);
    Ok(found)
}

fn indices(list: &Value) -> impl Iterator<Item = usize> {
    array(list).iter().filter_map(|i| Some(i.as_u64()? as usize))
}

/// What a node does to what lies in it.
fn local(node: &Value, index: usize) -> Result<Affine, Fault> {
    let part = || format!("node {index}");
    let bad = |key: &str| Fault::malformed(part(), format!("has a bad {key}"));
    if !node["matrix"].is_null() {
        let matrix = numbers(node, "matrix", [0.0; 16]).ok_or_else(|| bad("matrix"))?;
        return Affine::of_matrix(&matrix).ok_or_else(|| bad("matrix"));
    }
    let scale = numbers(node, "scale", [1.0; 3]).ok_or_else(|| bad("scale"))?;
    let moved = numbers(node, "translation", [0.0; 3]).ok_or_else(|| bad("translation"))?;
    let rotation =
        numbers(node, "rotation", [0.0, 0.0, 0.0, 1.0]).ok_or_else(|| bad("rotation"))?;
    let length = rotation.iter().map(|v| v * v).sum::<f64>().sqrt();
    if !length.is_normal() {
        return Err(Fault::malformed(part(), "has a rotation of length zero"));
    }
    Ok(Affine::of_parts(scale, rotation.map(|v| v / length), moved))
}

/// Numbers of a property, all finite; the default if it is absent.
pub(super) fn numbers<const N: usize>(
    object: &Value,
    key: &str,
    default: [f64; N],
) -> Option<[f64; N]> {
    if object[key].is_null() {
        return Some(default);
    }
    let values: Option<Vec<f64>> = array(&object[key]).iter().map(Value::as_f64).collect();
    let values: [f64; N] = values?.try_into().ok()?;
    values.iter().all(|value| (*value as f32).is_finite()).then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn matrix_and_parts_place_alike() {
        let parts = json!({"translation": [1, 2, 3], "scale": [2, 3, -4],
            "rotation": [0.5, 0.5, 0.5, 0.5]}); // x to y, y to z, z to x
        let matrix = json!({"matrix": [0, 2, 0, 0, 0, 0, 3, 0, -4, 0, 0, 0, 1, 2, 3, 1]});
        for node in [parts, matrix] {
            assert_eq!(local(&node, 0).unwrap().point([1.0, 10.0, 100.0]), [-399.0, 4.0, 33.0]);
        }
    }

    #[test]
    fn cycles_and_numbers_that_are_none_are_refused() {
        let cycle = json!({"scenes": [{"nodes": [0]}],
            "nodes": [{"children": [1]}, {"children": [0]}]});
        assert!(placements(&cycle).is_err());
        assert!(local(&json!({"scale": [1, 1]}), 0).is_err());
        assert!(local(&json!({"scale": [1, 1, 1e300]}), 0).is_err());
        assert!(local(&json!({"rotation": [0, 0, 0, 0]}), 0).is_err());
        assert!(local(&json!({"matrix": [0, 2]}), 0).is_err());
    }

    #[test]
    fn children_lie_in_their_parents() {
        let file = json!({"scenes": [{"nodes": [1]}], "nodes": [
            {"mesh": 3, "translation": [0, 0, 1]},
            {"children": [0], "scale": [2, 2, 2], "translation": [5, 0, 0]}]});
        let found = placements(&file).unwrap();
        assert_eq!((found.meshes[0].mesh, found.meshes[0].node), (3, 0));
        assert_eq!(found.meshes[0].transform.point([1.0, 0.0, 0.0]), [7.0, 0.0, 2.0]);
    }
}
