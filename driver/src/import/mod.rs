//! Importers: from the field's file formats to [`crate::scene`] in `field` to
//! [`crate::scene::field`] and, in `network`, to [`crate::network`].
//!
//! [`gaussians`] takes a path, [`gaussians_from_bytes`] a file's content. Both look at the content
//! first; a name's ending decides only for the two formats without a mark of their own.
//!
//! | format | file | mark | what the importer accepts |
//! |---|---|---|---|
//! | INRIA 3DGS | `ply` | `ply` | binary little-endian, degree 0..=3, any scalar types |
//! | PlayCanvas compressed | `ply::compressed` | `ply`, element `chunk` | with and without `sh` |
//! | antimatter15 | `splat` | none: `.splat` | |
//! | Niantic SPZ | `spz` | gzip or `NGSP` | versions 2, 3 (gzip) and 4 (Zstandard) |
//! | PlayCanvas SOG | `sog` | zip, or a folder with `meta.json` | versions 1 and 2 |
//! | GaussianSplats3D | `ksplat` | none: `.ksplat` | compression 0, 1 and 2 |
//! | glTF 2.0 | `gltf` | `glTF` or JSON | `KHR_gaussian_splatting`, uncompressed |
//!
//! All give INRIA's axes (x right, y down, z forward); `.spz` and glTF are turned (`axes`).
//! Triangles of glTF and OBJ files are imported by [`mesh()`].
//! What may be wrong with the values of a single Gaussian is put right or left out in `draft`;
//! how much a file may ask for is in [`limits`].

mod axes;
mod beside;
mod bytes;
mod detect;
mod draft;
mod error;
mod field;
mod gltf;
mod inflate;
mod ksplat;
pub mod limits;
mod mesh;
mod network;
mod obj;
mod onnx;
mod ply;
mod scene;
mod sog;
mod splat;
mod spz;
mod tflite;
pub(crate) mod zip;

use crate::scene::GaussianCloud;
pub(crate) use axes::harmonics_basis;
pub(crate) use bytes::half;
use draft::{Draft, Finished};
use std::path::Path;

pub use error::{Fault, ImportError, Wanted};
pub use field::{FIELD_FORMATS, ImportedField, field, field_from_bytes};
pub use mesh::{ImportedMesh, ImportedSurfaces, MESH_FORMATS, mesh, mesh_from_bytes, surfaces};
pub use network::{ImportedNetwork, NETWORK_FORMATS, holds_network, network, network_from_bytes};
pub use scene::{ImportedScene, SceneOptions, scene, scenes};

/// The formats of Gaussians that can be imported, for messages.
pub const FORMATS: &str = "3DGS .ply (INRIA, or PlayCanvas compressed), .splat, .ksplat, \
                           .spz (versions 2 to 4), SOG (.sog, or a folder with meta.json), \
                           .glb and .gltf with KHR_gaussian_splatting";

/// A scene and what its file says about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Imported {
    /// Name of the format with its version, such as `SPZ v4`.
    pub format: &'static str,
    /// The Gaussians.
    pub cloud: GaussianCloud,
    /// Whether the file says that the scene was trained with an antialiasing filter
    /// (Mip-Splatting, Yu et al., CVPR 2024): opacity is then to be compensated for the dilation.
    pub antialiased: bool,
    /// Gaussians left out because they hold NaN or infinite values; at most half of them.
    pub dropped: usize,
    /// What else the user should know, a sentence each.
    pub notes: Vec<String>,
}

impl Imported {
    fn new(format: &'static str, draft: Draft) -> Result<Imported, Fault> {
        let Finished { cloud, dropped, unoriented } = draft.finish()?;
        let mut notes = Vec::new();
        if dropped > 0 {
            notes.push(format!("{dropped} Gaussians with NaN or infinite values were left out."));
        }
        if unoriented > 0 {
            notes.push(format!("{unoriented} Gaussians without a rotation got the identity."));
        }
        Ok(Imported { format, cloud, antialiased: false, dropped, notes })
    }
}

/// Imports a scene of Gaussians from a file, or from a SOG scene's folder or `meta.json`.
///
/// # Errors
///
/// [`ImportError`] names the file, what is wrong and where; [`ImportError::help`] what to do.
pub fn gaussians(path: &Path) -> Result<Imported, ImportError> {
    from_path(path).map_err(|fault| fault.in_file(path.display()))
}

/// Imports a scene from a file's content; `name` is for messages and, by its ending, for the
/// formats without a mark. Formats of several files (SOG folders, `.gltf` with `.bin`) need
/// [`gaussians`].
///
/// # Errors
///
/// As [`gaussians`].
pub fn gaussians_from_bytes(name: &str, bytes: &[u8]) -> Result<Imported, ImportError> {
    detect::import(name, bytes, None).map_err(|fault| fault.in_file(name))
}

fn from_path(path: &Path) -> Result<Imported, Fault> {
    if path.is_dir() {
        return sog::import_folder(path);
    }
    let size = std::fs::metadata(path)?.len();
    limits::check_bytes("the file", size)?;
    let data = std::fs::read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    detect::import(&name, &data, path.parent())
}
