//! Scene files, `.quintet.json`: which files make a scene, and where they are in it.
//!
//! ```json
//! { "quintet": 1,
//!   "parts": [
//!     { "file": "robot.sog" },
//!     { "file": "cow.obj", "kind": "mesh", "texture": "cow.png",
//!       "transform": { "position": [0, 0.4, 0], "rotation": [0, 1, 0, 0], "scale": 0.5 } } ],
//!   "views": { "front": { "width": 320, "height": 240, "fx": 250, "fy": 250, "cx": 160, "cy": 120,
//!     "world_to_camera": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 3], [0, 0, 0, 1]] } } }
//! ```
//!
//! | key | what |
//! |---|---|
//! | `quintet` | version of this format: 1 |
//! | `parts` | triangles and Gaussians of one frame, or a single scene of any kind |
//! | `mesh`, `field` | in place of `parts`, a hybrid: triangles whose colours are the field's where they are seen (MixRT) |
//! | `views` | cameras, as in a [camera file](crate::camera_file); may be left out |
//!
//! | key of a part | what |
//! |---|---|
//! | `file` | from the folder of the scene file; a part may be this text alone |
//! | `kind` | `gaussians`, `mesh` or `field`: refused if it is not; may be left out |
//! | `texture` | the picture on its triangles, in place of those that its file names |
//! | `transform` | where it is: `matrix`, 4x4, row-major; or `scale` (a number, or three), then `rotation` (quaternion x, y, z, w), then `position` |
//!
//! The world has the axes of the files; where there are Gaussians, theirs (x right, y down, z
//! forward), to which triangles are turned before their transform. Gaussians are not mirrored,
//! sheared or scaled unevenly; a field is not placed at all: place the triangles. Unknown keys are
//! refused.

use super::compose::{Kind, Part, compose, hybrid};
use super::{Fault, ImportedScene, pieces};
use crate::camera_file;
use crate::import::gltf::Affine;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::Path;

/// Version of the format.
const VERSION: u64 = 1;
/// Key that only these files have.
const KEY: &str = "quintet";
/// Ending of their names.
const ENDING: &str = ".quintet.json";
/// Most bytes of a scene file.
const BYTES_MAX: u64 = 16 << 20;
/// Most parts.
const PARTS_MAX: usize = 256;

/// A scene file, read but for the files that it names.
pub(super) struct SceneFile {
    parts: Vec<Record>,
    hybrid: Option<[Record; 2]>,
    views: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "quintet")]
    _version: u64,
    parts: Option<Vec<Value>>,
    mesh: Option<Value>,
    field: Option<Value>,
    views: Option<Value>,
}

/// A part as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// What it is called in messages.
    #[serde(skip)]
    label: String,
    file: String,
    kind: Option<Kind>,
    texture: Option<String>,
    transform: Option<Transform>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Transform {
    matrix: Option<[[f64; 4]; 4]>,
    position: Option<[f64; 3]>,
    rotation: Option<[f64; 4]>,
    scale: Option<Scale>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
enum Scale {
    Even(f64),
    Uneven([f64; 3]),
}

/// Reads a file, if it is a scene file: by its key, or by the ending of its name.
pub(super) fn read(path: &Path) -> Result<Option<SceneFile>, Fault> {
    let named = path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(ENDING));
    let metadata = std::fs::metadata(path)?;
    if metadata.is_dir() || (!named && path.extension().is_none_or(|ending| ending != "json")) {
        return Ok(None);
    }
    if metadata.len() > BYTES_MAX {
        let (size, limit) = (metadata.len(), BYTES_MAX);
        return if named {
            Err(Fault::TooLarge { what: "the file", size, limit })
        } else {
            Ok(None)
        };
    }
    let text = std::fs::read(path)?;
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    let json: Value = match serde_json::from_slice(text) {
        Err(error) if named => return Err(Fault::malformed("JSON text", error.to_string())),
        Err(_) => return Ok(None),
        Ok(json) => json,
    };
    match json.get(KEY).map(Value::as_u64) {
        Some(Some(VERSION)) => parse(json).map(Some),
        Some(version) => {
            let version = version.map_or("another kind".into(), |version| version.to_string());
            Err(Fault::unsupported(
                format!("a scene file of version {version}"),
                "This driver reads version 1: \"quintet\": 1.",
            ))
        }
        None if named => Err(Fault::malformed("the scene file", "has no \"quintet\": 1")),
        None => Ok(None),
    }
}

fn parse(json: Value) -> Result<SceneFile, Fault> {
    let Document { parts, mesh, field, views, .. } = from_value("the scene file", json)?;
    match (parts, mesh, field) {
        (Some(parts), None, None) => {
            if !(1..=PARTS_MAX).contains(&parts.len()) {
                let reason = format!("has {} parts, not 1 to {PARTS_MAX}", parts.len());
                return Err(Fault::malformed("the scene file", reason));
            }
            let records = parts.into_iter().zip(1..);
            let records = records.map(|(part, number)| Record::new(format!("part {number}"), part));
            Ok(SceneFile { parts: records.collect::<Result<_, _>>()?, hybrid: None, views })
        }
        (None, Some(mesh), Some(field)) => {
            let hybrid = [Record::new("mesh".into(), mesh)?, Record::new("field".into(), field)?];
            Ok(SceneFile { parts: Vec::new(), hybrid: Some(hybrid), views })
        }
        _ => Err(Fault::malformed(
            "the scene file",
            "wants \"parts\", or both \"mesh\" and \"field\" of a hybrid, and not all of them",
        )),
    }
}

impl SceneFile {
    /// Imports the parts; their files lie in a folder.
    pub(super) fn import(self, folder: &Path) -> Result<ImportedScene, Fault> {
        let mut scene = match self.hybrid {
            Some([mesh, field]) => hybrid(mesh.import(folder)?, field.import(folder)?)?,
            None => {
                let parts = self.parts.into_iter().map(|part| part.import(folder));
                compose(parts.collect::<Result<_, _>>()?)?
            }
        };
        if let Some(views) = self.views {
            let views = camera_file::views(views);
            scene.views = views.map_err(|error| Fault::malformed("views", error.to_string()))?;
        }
        Ok(scene)
    }
}

impl Record {
    fn new(label: String, json: Value) -> Result<Self, Fault> {
        if let Value::String(file) = json {
            return Ok(Self { label, file, kind: None, texture: None, transform: None });
        }
        let record: Self = from_value(&label, json)?;
        Ok(Self { label, ..record })
    }

    fn import(self, folder: &Path) -> Result<Part, Fault> {
        let path = folder.join(&self.file);
        let texture = self.texture.as_ref().map(|texture| folder.join(texture));
        let part = self.label;
        let inside = |error| Fault::Part { part: part.clone(), error: Box::new(error) };
        let nested_file = read(&path).map_err(|fault| inside(fault.in_file(&self.file)))?;
        if nested_file.is_some() {
            return Err(inside(nested().in_file(&self.file)));
        }
        let pieces = pieces(&path, texture.as_deref()).map_err(inside)?;
        let transform = self.transform.map(|it| it.affine(&part)).transpose()?;
        let imported = Part { label: part, pieces, transform };
        imported.check(self.kind, self.texture.is_some())?;
        Ok(imported)
    }
}

impl Transform {
    fn affine(&self, part: &str) -> Result<Affine, Fault> {
        let wrong = |reason: &str| Fault::malformed(format!("{part}, transform"), reason);
        let is_split = self.position.is_some() || self.rotation.is_some() || self.scale.is_some();
        let Some(rows) = self.matrix else {
            let scale = match self.scale.unwrap_or(Scale::Even(1.0)) {
                Scale::Even(scale) => [scale; 3],
                Scale::Uneven(scale) => scale,
            };
            let rotation = self.rotation.unwrap_or([0.0, 0.0, 0.0, 1.0]);
            let length = rotation.iter().map(|v| v * v).sum::<f64>().sqrt();
            if !length.is_normal() {
                return Err(wrong("its rotation is a quaternion of length zero"));
            }
            let moved = self.position.unwrap_or_default();
            return Ok(Affine::of_parts(scale, rotation.map(|v| v / length), moved));
        };
        if is_split {
            return Err(wrong("has a matrix, and position, rotation or scale besides"));
        }
        let columns: [f64; 16] = std::array::from_fn(|at| rows[at % 4][at / 4]);
        Affine::of_matrix(&columns)
            .ok_or_else(|| wrong("the last row of its matrix is not 0 0 0 1"))
    }
}

/// A scene file that another names.
pub(super) fn nested() -> Fault {
    Fault::unsupported(
        "a scene file as a part of another scene",
        "Name the files of its parts in its place.",
    )
}

fn from_value<T: DeserializeOwned>(part: &str, json: Value) -> Result<T, Fault> {
    serde_json::from_value(json).map_err(|error| Fault::malformed(part, error.to_string()))
}
