//! Triangles of a glTF file (section 3.7.2): every primitive of a scene in one mesh, in world axes.
//!
//! | attribute | becomes |
//! |---|---|
//! | `POSITION` | positions, by skin or node; quantised ones too (`KHR_mesh_quantization`) |
//! | `NORMAL` | normals; primitives without any are flat |
//! | `TEXCOORD_n` | the coordinates of the set that the base colour's texture names |
//! | `COLOR_0` | colours |
//! | `JOINTS_0`, `WEIGHTS_0`, targets | what they do at rest |

use super::accessor::Accessor;
use super::affine::Affine;
use super::buffers::Document;
use super::materials::{Mapping, Materials};
use super::nodes::{Placed, Placements};
use super::skin::{Skin, morph, morph_weights};
use super::{REEXPORT, array, splats};
use crate::import::error::Fault;
use crate::import::limits;
use crate::import::mesh::{ImportedMesh, Part, join};
use serde_json::Value;

/// Modes of primitives.
const TRIANGLES: u64 = 4;
const STRIP: u64 = 5;
const FAN: u64 = 6;

/// Whether a primitive is made of triangles.
pub(super) fn is_triangles(primitive: &Value) -> bool {
    (TRIANGLES..=FAN).contains(&mode(primitive))
}

fn mode(primitive: &Value) -> u64 {
    if primitive["mode"].is_null() { TRIANGLES } else { primitive["mode"].as_u64().unwrap_or(0) }
}

/// Imports all triangles of a scene.
pub(super) fn import(
    document: &Document,
    placements: &Placements,
    format: &'static str,
) -> Result<ImportedMesh, Fault> {
    let mut draft = Draft {
        document,
        materials: Materials::new(document),
        parts: Vec::new(),
        vertices: 0,
        triangles: 0,
    };
    let (mut others, mut has_gaussians) = (0, false);
    for placed in &placements.meshes {
        let mesh = document.item("meshes", placed.mesh as u64)?;
        let node = &document.json["nodes"][placed.node];
        let weights = morph_weights(node, mesh);
        let skin = match placed.skin {
            Some(skin) => Some(Skin::read(document, skin, &placements.nodes)?),
            None => None,
        };
        for primitive in array(&mesh["primitives"]) {
            if is_triangles(primitive) {
                draft.push(primitive, placed, skin.as_ref(), &weights)?;
            } else if splats::is_gaussians(primitive) {
                has_gaussians = true;
            } else {
                others += 1;
            }
        }
    }
    if draft.triangles == 0 {
        let advice = "Check the export: lines, points and empty scenes have none.";
        return Err(Fault::unsupported("a glTF scene without triangles", advice));
    }
    let Materials { materials, textures, mut notes, .. } = draft.materials;
    if others > 0 {
        notes.push(format!("{others} primitives of points or lines are not drawn."));
    }
    let mut mesh = join(draft.parts, materials, textures)?;
    if has_gaussians {
        for vector in mesh.positions.iter_mut().chain(&mut mesh.normals) {
            *vector = splats::AXES.vector(*vector);
        }
    }
    Ok(ImportedMesh { format, mesh, notes })
}

/// A mesh in the making.
struct Draft<'a> {
    document: &'a Document<'a>,
    materials: Materials<'a>,
    parts: Vec<Part>,
    vertices: u64,
    triangles: u64,
}

impl Draft<'_> {
    /// Adds a primitive.
    fn push(
        &mut self,
        primitive: &Value,
        placed: &Placed,
        skin: Option<&Skin>,
        weights: &[f64],
    ) -> Result<(), Fault> {
        refuse_packing(primitive)?;
        let document = self.document;
        let (material, mapping) = self.materials.of(primitive)?;
        let attributes = &primitive["attributes"];
        let positions = Accessor::of(document, &attributes["POSITION"], "POSITION", 3)?;
        let count = positions.count;
        // Before anything is copied: nodes may show one mesh thousands of times.
        self.vertices = self.vertices.saturating_add(count as u64);
        limits::check_vertices(self.vertices)?;
        let mut part = Part {
            positions: (0..count).map(|i| positions.get(i)).collect(),
            normals: normals(document, attributes, count)?,
            coordinates: coordinates(document, attributes, &mapping, count)?,
            colors: colors(document, attributes, count)?,
            triangles: triangles(document, primitive, count)?,
            material,
        };
        self.triangles = self.triangles.saturating_add(part.triangles.len() as u64);
        limits::check_triangles(self.triangles)?;
        morph(document, primitive, weights, "POSITION", &mut part.positions)?;
        if !part.normals.is_empty() {
            morph(document, primitive, weights, "NORMAL", &mut part.normals)?;
        }
        let bent = match skin {
            Some(skin) => skin.transforms(document, attributes, count)?,
            None => None,
        };
        place(&mut part, bent.as_deref(), &placed.transform);
        self.parts.push(part);
        Ok(())
    }
}

/// Moves vertices to the world: by their own transformations if a skin bends them (the node's own
/// then does not count, section 3.7.3.3), or else by the node's.
fn place(part: &mut Part, bent: Option<&[Affine]>, node: &Affine) {
    let of_vertex = |i: usize| bent.map_or(node, |bent| &bent[i]);
    for (i, point) in part.positions.iter_mut().enumerate() {
        *point = of_vertex(i).point(point.map(f64::from)).map(|part| part as f32);
    }
    for (i, normal) in part.normals.iter_mut().enumerate() {
        let turned = of_vertex(i).normal(normal.map(f64::from));
        // Before they become floats, in which the squares of large scales overflow.
        let largest = turned.iter().fold(0.0_f64, |largest, part| largest.max(part.abs()));
        *normal = turned.map(|part| (part / largest) as f32);
    }
    if bent.is_none() && node.mirrors() {
        // A mirror image is seen from the other side.
        part.triangles.iter_mut().for_each(|triangle| triangle.swap(1, 2));
    }
}

fn normals(document: &Document, attributes: &Value, count: usize) -> Result<Vec<[f32; 3]>, Fault> {
    if attributes["NORMAL"].is_null() {
        return Ok(Vec::new());
    }
    let normals = Accessor::of(document, &attributes["NORMAL"], "NORMAL", 3)?;
    one_a_vertex("NORMAL", &normals, count)?;
    Ok((0..count).map(|i| normals.get(i)).collect())
}

fn coordinates(
    document: &Document,
    attributes: &Value,
    mapping: &Mapping,
    count: usize,
) -> Result<Vec<[f32; 2]>, Fault> {
    let name = format!("TEXCOORD_{}", mapping.set);
    if attributes[&name].is_null() {
        return Ok(Vec::new());
    }
    let coordinates = Accessor::of(document, &attributes[&name], &name, 2)?;
    one_a_vertex(&name, &coordinates, count)?;
    Ok((0..count).map(|i| mapping.apply(coordinates.get(i))).collect())
}

fn colors(document: &Document, attributes: &Value, count: usize) -> Result<Vec<[f32; 4]>, Fault> {
    let index = &attributes["COLOR_0"];
    let Some(number) = index.as_u64() else { return Ok(Vec::new()) };
    let has_opacity = document.item("accessors", number)?["type"] == "VEC4";
    let width = if has_opacity { 4 } else { 3 };
    let colors = Accessor::of(document, index, "COLOR_0", width)?;
    one_a_vertex("COLOR_0", &colors, count)?;
    let of_vertex = |i| match has_opacity {
        true => colors.get(i),
        false => {
            let [r, g, b] = colors.get(i);
            [r, g, b, 1.0]
        }
    };
    Ok((0..count).map(of_vertex).collect())
}

fn one_a_vertex(name: &str, accessor: &Accessor, count: usize) -> Result<(), Fault> {
    if accessor.count == count {
        return Ok(());
    }
    let reason = format!("has {} elements for {count} vertices", accessor.count);
    Err(Fault::malformed(format!("attribute {name}"), reason))
}

/// The triangles of a primitive; incomplete ones at its end are left out.
fn triangles(
    document: &Document,
    primitive: &Value,
    vertices: usize,
) -> Result<Vec<[u32; 3]>, Fault> {
    let corners: Vec<u32> = match primitive["indices"].is_null() {
        true => (0..vertices as u32).collect(),
        false => {
            let indices = Accessor::of(document, &primitive["indices"], "indices", 1)?;
            limits::check_triangles(indices.count as u64 / 3)?;
            let wrong = || Fault::malformed("indices", "are no unsigned integers");
            let index = |i| Ok(indices.integers::<1>(i).ok_or_else(wrong)?[0]);
            (0..indices.count).map(index).collect::<Result<_, Fault>>()?
        }
    };
    if let Some(corner) = corners.iter().find(|&&corner| corner as usize >= vertices) {
        let reason = format!("name vertex {corner}, and there are {vertices}");
        return Err(Fault::malformed("indices", reason));
    }
    let windows = corners.windows(3);
    Ok(match mode(primitive) {
        STRIP => windows
            .enumerate()
            .map(|(i, w)| if i % 2 == 0 { [w[0], w[1], w[2]] } else { [w[0], w[2], w[1]] })
            .collect(),
        FAN => windows.map(|w| [corners[0], w[1], w[2]]).collect(),
        _ => corners.as_chunks().0.to_vec(),
    })
}

/// Refuses triangles that lie compressed, by the extension's name.
fn refuse_packing(primitive: &Value) -> Result<(), Fault> {
    let names = primitive["extensions"].as_object().into_iter().flat_map(|all| all.keys());
    match names.into_iter().find(|name| name.contains("compression")) {
        Some(name) => Err(Fault::unsupported(format!("a glTF file with {name}"), REEXPORT)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::beside::Folder;
    use serde_json::json;

    /// Triangles of a primitive of this mode with five vertices.
    fn of_mode(mode: u64) -> Vec<[u32; 3]> {
        let json = json!({});
        let document = Document::load(&json, None, Folder(None)).unwrap();
        triangles(&document, &json!({"mode": mode}), 5).unwrap()
    }

    #[test]
    fn strips_and_fans_keep_their_winding() {
        assert_eq!(of_mode(TRIANGLES), [[0, 1, 2]]);
        assert_eq!(of_mode(STRIP), [[0, 1, 2], [1, 3, 2], [2, 3, 4]]);
        assert_eq!(of_mode(FAN), [[0, 1, 2], [0, 2, 3], [0, 3, 4]]);
    }

    #[test]
    fn a_mirror_turns_the_winding_and_keeps_normals_outside() {
        let mut part = Part {
            positions: vec![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]],
            normals: vec![[0.0, 0.0, 1.0]; 3],
            triangles: vec![[2, 0, 1]],
            ..Part::default()
        };
        let mirror = Affine::of_parts([1.0, 1.0, -1.0], [0.0, 0.0, 0.0, 1.0], [0.0; 3]);
        place(&mut part, None, &mirror);
        assert_eq!((part.triangles[0], part.normals[0]), ([2, 1, 0], [0.0, 0.0, -1.0]));
    }
}
