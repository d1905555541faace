//! glTF 2.0 with `KHR_gaussian_splatting` (Khronos, ratified), as `.glb` or `.gltf`.
//!
//! ```text
//! .glb   "glTF", u32 version 2, u32 length, then chunks {u32 length, u32 kind, data}:
//!        "JSON", and perhaps "BIN\0", the content of buffer 0
//! ```
//!
//! Each primitive of mode POINTS with the extension is a set of Gaussians; its node places it.
//!
//! | attribute | type | means |
//! |---|---|---|
//! | `POSITION` | VEC3 | centre |
//! | `KHR_gaussian_splatting:ROTATION` | VEC4 | quaternion x, y, z, w |
//! | `KHR_gaussian_splatting:SCALE` | VEC3 | standard deviations, linear (drafts: logarithms) |
//! | `KHR_gaussian_splatting:OPACITY` | SCALAR | 0..=1 |
//! | `KHR_gaussian_splatting:SH_DEGREE_l_COEF_n` | VEC3 | harmonic n of degree l |
//!
//! Axes are left, up, forward (section 3.4). Numbers may be floats or integers, normalised or not.

mod accessor;
mod buffers;
mod nodes;

use super::axes::HalfTurn;
use super::bytes::Bytes;
use super::draft::{Draft, Gaussian, color_of_dc};
use super::error::Fault;
use super::{Imported, limits};
use accessor::Accessor;
use buffers::Document;
use nodes::Placement;
use serde_json::Value;
use std::path::Path;

const EXTENSION: &str = "KHR_gaussian_splatting";
/// Extensions that a file may require: they change nothing that the importer would not see.
const UNDERSTOOD: [&str; 2] = [EXTENSION, "KHR_mesh_quantization"];
const REEXPORT: &str = "Export it uncompressed, with KHR_gaussian_splatting only, or as .ply.";

/// Imports a `.glb`.
pub(super) fn import_glb(data: &[u8], folder: Option<&Path>) -> Result<Imported, Fault> {
    let mut bytes = Bytes::new(data);
    bytes.take(4, 1, "header")?;
    let version = bytes.u32("header")?;
    if version != 2 {
        let what = format!("a .glb of version {version}");
        return Err(Fault::unsupported(what, "Export it as glTF 2.0."));
    }
    bytes.u32("header")?;
    let (mut json, mut binary) = (None, None);
    while bytes.position() < data.len() && binary.is_none() {
        let length = bytes.u32("chunk header")? as usize;
        let kind = bytes.array::<4>("chunk header")?;
        let chunk = bytes.take(length, 1, "chunk")?;
        match &kind {
            b"JSON" if json.is_none() => json = Some(chunk),
            b"BIN\0" => binary = Some(chunk),
            _ => {} // "Client implementations MUST ignore chunks with unknown types."
        }
    }
    let json = json.ok_or_else(|| Fault::malformed("chunks", "none is JSON"))?;
    let json = serde_json::from_slice(json)
        .map_err(|error| Fault::malformed("JSON chunk", error.to_string()))?;
    import(json, binary, folder, "glTF (.glb) with KHR_gaussian_splatting")
}

/// Imports a `.gltf`.
pub(super) fn import_json(json: Value, folder: Option<&Path>) -> Result<Imported, Fault> {
    import(json, None, folder, "glTF (.gltf) with KHR_gaussian_splatting")
}

fn import(
    json: Value,
    binary: Option<&[u8]>,
    folder: Option<&Path>,
    format: &'static str,
) -> Result<Imported, Fault> {
    refuse_extensions(&json)?;
    let placed = nodes::placed_meshes(&json)?;
    let document = Document::load(&json, binary, folder)?;
    let mut sets = Vec::new();
    for (mesh, placement) in &placed {
        for primitive in array(&json["meshes"][mesh]["primitives"]) {
            if !primitive["extensions"][EXTENSION].is_null() {
                sets.push((Primitive::read(&document, primitive)?, placement));
            }
        }
    }
    if sets.is_empty() {
        let advice = "Train or export a 3D Gaussian scene from it first.";
        return Err(Fault::unsupported("a glTF scene without Gaussians (meshes only)", advice));
    }
    let count: u64 = sets.iter().map(|(set, _)| set.position.count as u64).sum();
    let degree = sets.iter().map(|(set, _)| set.degree).max().unwrap_or(0);
    let mut draft = Draft::new(limits::check_count(count)?, degree);
    for (set, placement) in &sets {
        set.decode(placement, &mut draft);
    }
    let mut imported = Imported::new(format, draft)?;
    if sets.iter().any(|(set, _)| set.linear_light) {
        let note = "Colours are in linear light; they are kept so, and look dark without a tone \
                    curve.";
        imported.notes.push(note.into());
    }
    Ok(imported)
}

fn refuse_extensions(json: &Value) -> Result<(), Fault> {
    let required = array(&json["extensionsRequired"]).iter().filter_map(Value::as_str);
    let strange: Vec<&str> = required.filter(|name| !UNDERSTOOD.contains(name)).take(8).collect();
    if strange.is_empty() {
        return Ok(());
    }
    Err(Fault::unsupported(format!("a glTF file that requires {}", strange.join(", ")), REEXPORT))
}

/// The elements of an array; none if it is no array.
fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A set of Gaussians.
struct Primitive<'a> {
    position: Accessor<'a>,
    rotation: Accessor<'a>,
    scale: Accessor<'a>,
    opacity: Accessor<'a>,
    dc: Accessor<'a>,
    degree: u8,
    rest: Vec<Accessor<'a>>,
    linear_light: bool,
}

impl<'a> Primitive<'a> {
    fn read(document: &'a Document, primitive: &Value) -> Result<Primitive<'a>, Fault> {
        let extension = &primitive["extensions"][EXTENSION];
        check_kind(primitive, extension)?;
        let attributes = &primitive["attributes"];
        let own = |name: &str, width: usize| -> Result<Accessor<'a>, Fault> {
            let name = format!("{EXTENSION}:{name}");
            Accessor::of(document, &attributes[&name], &name, width)
        };
        let position = Accessor::of(document, &attributes["POSITION"], "POSITION", 3)?;
        let mut degree = 0;
        let mut rest = Vec::new();
        while degree < 3 && has_degree(attributes, degree + 1) {
            degree += 1;
            for n in 0..=2 * degree {
                rest.push(own(&format!("SH_DEGREE_{degree}_COEF_{n}"), 3)?);
            }
        }
        let set = Primitive {
            rotation: own("ROTATION", 4)?,
            scale: own("SCALE", 3)?,
            opacity: own("OPACITY", 1)?,
            dc: own("SH_DEGREE_0_COEF_0", 3)?,
            position,
            degree,
            rest,
            linear_light: extension["colorSpace"] == "lin_rec709_display",
        };
        set.check_counts()?;
        Ok(set)
    }

    fn check_counts(&self) -> Result<(), Fault> {
        let count = self.position.count;
        let others = [&self.rotation, &self.scale, &self.opacity, &self.dc];
        match others.into_iter().chain(&self.rest).find(|other| other.count != count) {
            None => Ok(()),
            Some(other) => {
                let reason = format!("accessors of {count} and {} elements", other.count);
                Err(Fault::malformed("attributes", reason))
            }
        }
    }

    fn decode(&self, placement: &Placement, draft: &mut Draft) {
        let axes = HalfTurn(2);
        let mut harmonics = vec![0.0; 3 * self.rest.len()];
        for i in 0..self.position.count {
            let [x, y, z, w] = self.rotation.get(i);
            let [opacity] = self.opacity.get(i);
            let dc: [f32; 3] = self.dc.get(i);
            let mut gaussian = Gaussian {
                position: self.position.get(i),
                scale: self.scale.get(i),
                rotation: [w, x, y, z],
                opacity,
                color: dc.map(color_of_dc),
            };
            for (values, accessor) in harmonics.chunks_exact_mut(3).zip(&self.rest) {
                values.copy_from_slice(&accessor.get::<3>(i));
            }
            placement.apply(&mut gaussian, &mut harmonics);
            gaussian.position = axes.vector(gaussian.position);
            gaussian.rotation = axes.world(gaussian.rotation);
            axes.harmonics(&mut harmonics);
            draft.push(&gaussian, &harmonics);
        }
    }
}

fn has_degree(attributes: &Value, degree: u8) -> bool {
    attributes.get(format!("{EXTENSION}:SH_DEGREE_{degree}_COEF_0")).is_some()
}

/// Refuses, by name, primitives whose values mean something else.
fn check_kind(primitive: &Value, extension: &Value) -> Result<(), Fault> {
    if let Some(name) = extension["extensions"].as_object().and_then(|all| all.keys().next()) {
        return Err(Fault::unsupported(format!("a glTF file with {name}"), REEXPORT));
    }
    if primitive["mode"].as_u64() != Some(0) {
        return Err(Fault::malformed("primitive", "Gaussians in a mode other than 0 (POINTS)"));
    }
    let kernel = extension["kernel"].as_str().unwrap_or("ellipse");
    if kernel != "ellipse" {
        let shown: String = kernel.chars().take(40).collect();
        return Err(Fault::unsupported(format!("a glTF file with kernel {shown:?}"), REEXPORT));
    }
    if primitive["attributes"].get("_ROTATION").is_some() {
        let what = "a glTF file of an early draft of KHR_gaussian_splatting (attribute _ROTATION)";
        return Err(Fault::unsupported(what, "Export it again with a current exporter."));
    }
    Ok(())
}
