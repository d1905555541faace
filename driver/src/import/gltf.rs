//! glTF 2.0, as `.glb` or `.gltf`: Gaussians (`splats`) and triangles (`meshes`).
//!
//! ```text
//! .glb   "glTF", u32 version 2, u32 length, then chunks {u32 length, u32 kind, data}:
//!        "JSON", and perhaps "BIN\0", the content of buffer 0
//! ```
//!
//! Extensions that a file requires and that are not known here are refused by name.

mod accessor;
mod affine;
mod buffers;
mod materials;
mod meshes;
mod nodes;
mod placement;
mod skin;
mod splats;

use super::Imported;
use super::beside::Folder;
use super::bytes::Bytes;
use super::error::Fault;
use super::mesh::ImportedMesh;
pub(super) use affine::Affine;
use buffers::Document;
pub(super) use placement::Placement;
use serde_json::Value;
use std::path::Path;

/// Extensions that a file may require: the importers know them, or they change nothing that is
/// drawn.
const UNDERSTOOD: [&str; 17] = [
    splats::EXTENSION,
    "KHR_mesh_quantization",
    "KHR_texture_transform",
    "EXT_texture_webp",
    "KHR_materials_unlit",
    "KHR_materials_variants",
    "KHR_lights_punctual",
    "KHR_materials_anisotropy",
    "KHR_materials_clearcoat",
    "KHR_materials_dispersion",
    "KHR_materials_emissive_strength",
    "KHR_materials_ior",
    "KHR_materials_iridescence",
    "KHR_materials_sheen",
    "KHR_materials_specular",
    "KHR_materials_transmission",
    "KHR_materials_volume",
];
/// What to do about an extension that packs data.
const REEXPORT: &str = "Export it without compression: for meshes, `gltf-transform copy IN.glb OUT.glb` \
                        unpacks Draco and meshopt; for Gaussians, with KHR_gaussian_splatting only, \
                        or as .ply.";

/// A glTF file taken apart.
pub(super) struct File<'a> {
    json: Value,
    binary: Option<&'a [u8]>,
    folder: Folder<'a>,
}

impl<'a> File<'a> {
    /// Takes a `.glb` apart; files that it names lie in the folder.
    pub(super) fn glb(data: &'a [u8], folder: Option<&'a Path>) -> Result<Self, Fault> {
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
        let json: Value = serde_json::from_slice(json)
            .map_err(|error| Fault::malformed("JSON chunk", error.to_string()))?;
        refuse_extensions(&json)?;
        Ok(File { json, binary: Some(binary.unwrap_or_default()), folder: Folder(folder) })
    }

    /// Takes a `.gltf` apart.
    pub(super) fn json(json: Value, folder: Option<&'a Path>) -> Result<Self, Fault> {
        refuse_extensions(&json)?;
        Ok(File { json, binary: None, folder: Folder(folder) })
    }

    /// The Gaussians in it.
    pub(super) fn gaussians(&self) -> Result<Imported, Fault> {
        let placements = nodes::placements(&self.json)?;
        let format = match self.is_binary() {
            true => "glTF (.glb) with KHR_gaussian_splatting",
            false => "glTF (.gltf) with KHR_gaussian_splatting",
        };
        splats::import(&self.document()?, &placements.meshes, format)
    }

    /// The triangles in it, in the file's own axes; of a file that has Gaussians, too, turned with
    /// them to INRIA's.
    pub(super) fn mesh(&self) -> Result<ImportedMesh, Fault> {
        let placements = nodes::placements(&self.json)?;
        let format = if self.is_binary() { "glTF (.glb)" } else { "glTF (.gltf)" };
        meshes::import(&self.document()?, &placements, format)
    }

    /// Whether any of its primitives is a set of Gaussians, and whether any is made of triangles.
    pub(super) fn holds(&self) -> Holds {
        let meshes = array(&self.json["meshes"]).iter();
        let primitives = || meshes.clone().flat_map(|mesh| array(&mesh["primitives"]));
        Holds {
            gaussians: primitives().any(splats::is_gaussians),
            triangles: primitives().any(meshes::is_triangles),
        }
    }

    fn is_binary(&self) -> bool {
        self.binary.is_some()
    }

    fn document(&self) -> Result<Document<'_>, Fault> {
        Document::load(&self.json, self.binary.filter(|data| !data.is_empty()), self.folder)
    }
}

/// What a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holds {
    /// Gaussians.
    pub gaussians: bool,
    /// Triangles.
    pub triangles: bool,
}

fn refuse_extensions(json: &Value) -> Result<(), Fault> {
    let required = array(&json["extensionsRequired"]).iter().filter_map(Value::as_str);
    let strange: Vec<&str> = required.filter(|name| !UNDERSTOOD.contains(name)).take(8).collect();
    if strange.is_empty() {
        return Ok(());
    }
    let advice = match strange.as_slice() {
        ["KHR_texture_basisu", ..] => "Export its textures as PNG, JPEG or WebP.",
        _ => REEXPORT,
    };
    Err(Fault::unsupported(format!("a glTF file that requires {}", strange.join(", ")), advice))
}

/// The elements of an array; none if it is no array.
fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
