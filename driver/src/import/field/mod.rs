//! Importers of radiance fields: from the field's file formats to [`crate::scene::field`].
//!
//! | format | file | mark | what the importer accepts |
//! |---|---|---|---|
//! | nerfstudio's encodings | `grids` | `.npz` with `meta.json` beside it or in it | hash, planes and lines, tri-plane |
//! | NeRF | `nerf` | names of tensors | nerf-pytorch, krrish94's and yenchenlin's |
//! | Instant-NGP | `ngp` | MessagePack, also compressed | snapshots with hash or dense grids |
//! | TensoRF | `tensorf` | `kwargs` in a checkpoint | planes and lines, lines; shading by a network |
//! | MERF, baked | `merf` | `scene_params.json` | the box that is not contracted |
//!
//! Checkpoints are `.safetensors` or PyTorch's (`torch`), of which nothing is ever executed. A file
//! of tensors gives them by their names (`tensors`); a format builds a graph of them (`graph`).

mod graph;
mod grids;
mod merf;
mod nerf;
mod ngp;
mod npz;
mod recipe;
mod safetensors;
mod tensorf;
mod tensors;
mod torch;

use super::beside::Folder;
use super::error::{Fault, ImportError};
use super::zip::Zip;
use super::{detect, inflate, limits};
use crate::scene::Field;
use crate::scene::field::Factor;
use std::path::Path;

/// The formats that can be imported, for messages.
pub const FIELD_FORMATS: &str =
    "NeRF checkpoints (.safetensors), nerfstudio's grids (.npz with meta.json)";

/// A radiance field and what its file says about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportedField {
    /// Name of the format.
    pub format: &'static str,
    /// The field.
    pub field: Field,
    /// What else the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// Imports a radiance field from a file or a folder.
///
/// # Errors
///
/// [`ImportError`] names the file, what is wrong and where; [`ImportError::help`] what to do.
pub fn field(path: &Path) -> Result<ImportedField, ImportError> {
    from_path(path).and_then(checked).map_err(|fault| fault.in_file(path.display()))
}

/// Imports a radiance field from a file's content; `name` is for messages. Formats of several files
/// need [`field`].
///
/// # Errors
///
/// As [`field`].
pub fn field_from_bytes(name: &str, bytes: &[u8]) -> Result<ImportedField, ImportError> {
    import(bytes, None).and_then(checked).map_err(|fault| fault.in_file(name))
}

fn from_path(path: &Path) -> Result<ImportedField, Fault> {
    if path.is_dir() {
        return import_folder(path);
    }
    import(&read(path)?, path.parent())
}

/// Refuses boxes and distances that no computation can go on with.
fn checked(imported: ImportedField) -> Result<ImportedField, Fault> {
    let Field { bounds: [least, greatest], sampling, .. } = &imported.field;
    let [near, far] = sampling.range;
    let usable = |least: f64, most: f64| least < most && (most - least).is_finite();
    let boxed = least.iter().zip(greatest).all(|(&least, &most)| usable(least, most));
    match boxed && near >= 0.0 && usable(near, far) {
        true => Ok(imported),
        false => {
            let reason = format!("{least:?} to {greatest:?}, {near} to {far}, are unusable");
            Err(Fault::malformed("the box and the distances", reason))
        }
    }
}

/// A file's content, unless it is beyond all limits.
fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let at_file = |error: std::io::Error| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Fault::Io(std::io::Error::new(error.kind(), format!("{name}: {error}")))
    };
    limits::check_field(std::fs::metadata(path).map_err(at_file)?.len())?;
    std::fs::read(path).map_err(at_file)
}

fn import_folder(folder: &Path) -> Result<ImportedField, Fault> {
    for name in ["meta.json", "scene_params.json"] {
        if folder.join(name).is_file() {
            return import(&read(&folder.join(name))?, Some(folder));
        }
    }
    Err(Fault::no_field("a folder without meta.json and scene_params.json"))
}

/// Imports a file's content; `folder` is where other files that belong to it lie.
fn import(data: &[u8], folder: Option<&Path>) -> Result<ImportedField, Fault> {
    match data {
        [] => return Err(Fault::no_field("an empty file")),
        [b'P', b'K', 3, 4, ..] => return import_zip(data, folder),
        [0x1f, 0x8b, 8, ..] | [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => {
            return import_compressed(data);
        }
        _ if data.starts_with(torch::LEGACY_MAGIC) => {
            return import_torch(&torch::Checkpoint::read_legacy(data)?, folder);
        }
        _ if safetensors::plausible(data) => {
            let file = safetensors::Safetensors::open(data)?;
            return nerf::import(&file, &recipe::Recipe::beside(folder)?);
        }
        _ => {}
    }
    if ngp::plausible(data) {
        return ngp::import(data);
    }
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii_start();
    if text.first() == Some(&b'{') {
        return import_json(text, folder);
    }
    Err(Fault::no_field(detect::kind(data)))
}

/// Imports a compressed snapshot of Instant-NGP: gzip, as zstr writes it, or zlib.
fn import_compressed(data: &[u8]) -> Result<ImportedField, Fault> {
    let plain = inflate::whole(data, limits::MAX_MEMBER, "the snapshot")?;
    match ngp::plausible(&plain) {
        true => ngp::import(&plain),
        false => Err(Fault::no_field("compressed data of another kind")),
    }
}

fn import_zip(data: &[u8], folder: Option<&Path>) -> Result<ImportedField, Fault> {
    let zip = Zip::open(data)?;
    if zip.names().any(|name| name.ends_with("data.pkl")) {
        let archive = torch::Archive::open(data)?;
        return import_torch(&torch::Checkpoint::read(&archive)?, folder);
    }
    if !zip.names().any(|name| name.ends_with(".npy")) {
        return Err(Fault::no_field(detect::zip_kind(zip.names())));
    }
    let meta = folder.map(|folder| folder.join("meta.json")).filter(|meta| meta.is_file());
    let meta = match meta {
        _ if zip.names().any(|name| name == "meta.json") => zip.read("meta.json")?,
        Some(meta) => read(&meta)?,
        None => {
            return Err(Fault::unsupported(
                "a NumPy archive (.npz) of a field without its meta.json",
                "Put meta.json beside it and import it by its path, or put it into the archive.",
            ));
        }
    };
    grids::import(&npz::Npz::open(data)?, &meta)
}

/// Imports what a checkpoint of PyTorch holds.
fn import_torch(
    checkpoint: &torch::Checkpoint,
    folder: Option<&Path>,
) -> Result<ImportedField, Fault> {
    if tensorf::plausible(checkpoint) {
        return tensorf::import(checkpoint);
    }
    nerf::import(checkpoint, &recipe::Recipe::beside(folder)?)
}

/// Imports what a JSON text describes, from the files beside it.
fn import_json(text: &[u8], folder: Option<&Path>) -> Result<ImportedField, Fault> {
    let json: serde_json::Value = serde_json::from_slice(text)
        .map_err(|error| Fault::malformed("JSON text", error.to_string()))?;
    let Some(folder) = folder else {
        return Err(Fault::unsupported(
            "the JSON text of a field without the files beside it",
            "Import it by its path.",
        ));
    };
    if json.get("triplane_resolution").is_some() {
        return merf::import(text, Folder(Some(folder)));
    }
    if json.get("n_coarse").is_some() {
        let data = read(&only_npz(folder)?)?;
        return grids::import(&npz::Npz::open(&data)?, text);
    }
    Err(Fault::no_field(detect::json_kind(&json)))
}

/// The only NumPy archive of a folder.
fn only_npz(folder: &Path) -> Result<std::path::PathBuf, Fault> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "npz") {
            found.push(path);
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        all => {
            let reason = format!("there are {} .npz files beside it in place of one", all.len());
            Err(Fault::malformed("meta.json", reason))
        }
    }
}

/// The box between two numbers along each axis.
fn cube(least: f64, greatest: f64) -> [[f64; 3]; 2] {
    [[least; 3], [greatest; 3]]
}

/// A plane or a line of which each feature lies by itself, as torch's tensors
/// `[features][rows][columns]` do; there is at least one feature.
fn factor(axes: Vec<usize>, resolution: Vec<usize>, features: usize, values: &[f32]) -> Factor {
    let entries = values.len() / features;
    let of = |entry: usize| (0..features).map(move |feature| values[feature * entries + entry]);
    Factor { axes, resolution, table: (0..entries).flat_map(of).collect() }
}
