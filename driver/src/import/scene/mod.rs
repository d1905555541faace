//! Scenes of every kind: Gaussians, triangles, radiance fields, and scene files that put several of
//! them together.
//!
//! The importers look at the content of a file, one after another, until one knows it.

mod compose;
mod file;

use super::error::{Fault, ImportError};
use super::{Imported, ImportedField, ImportedMesh, ImportedSurfaces, field, surfaces};
use crate::camera::Camera;
use crate::scene::Content;
use compose::{Part, Piece, compose};
use std::path::{Path, PathBuf};

/// What besides its file says how a scene is imported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SceneOptions {
    /// A picture on all triangles, in place of those that their file names.
    pub texture: Option<PathBuf>,
}

impl SceneOptions {
    /// With a picture on all triangles.
    pub fn with_texture(texture: Option<PathBuf>) -> Self {
        Self { texture }
    }
}

/// A scene and what its files say about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportedScene {
    /// Names of the formats with their versions, such as `SPZ v4`.
    pub format: String,
    /// What is drawn.
    pub content: Content,
    /// Cameras that the files tell of, and their names.
    pub views: Vec<(String, Camera)>,
    /// Whether a file says that its Gaussians were trained with an antialiasing filter; see
    /// [`Imported::antialiased`].
    pub antialiased: bool,
    /// Gaussians left out because they hold NaN or infinite values.
    pub dropped: usize,
    /// What else the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// Imports a scene of any kind from a file or a folder.
///
/// # Errors
///
/// [`ImportError`] names the file, what is wrong and where; [`ImportError::help`] what to do.
pub fn scene(path: &Path, options: &SceneOptions) -> Result<ImportedScene, ImportError> {
    let in_file = |fault: Fault| fault.in_file(path.display());
    match file::read(path).map_err(in_file)? {
        Some(_) if options.texture.is_some() => Err(in_file(Fault::unsupported(
            "a scene file with a texture from outside",
            "Name the texture in the scene file, beside the file of the triangles.",
        ))),
        Some(scene) => scene.import(path.parent().unwrap_or(Path::new(""))).map_err(in_file),
        None => {
            let pieces = pieces(path, options.texture.as_deref())?;
            compose(vec![Part::new(path.display().to_string(), pieces)]).map_err(in_file)
        }
    }
}

/// Imports several scenes, of triangles and of Gaussians, that are one frame. Triangles are turned
/// to the axes of Gaussians.
///
/// # Errors
///
/// As [`scene`]; fields cannot be drawn together with others.
pub fn scenes(paths: &[PathBuf], options: &SceneOptions) -> Result<ImportedScene, ImportError> {
    let mut parts = Vec::new();
    for path in paths {
        let in_file = |fault: Fault| fault.in_file(path.display());
        if file::read(path).map_err(in_file)?.is_some() {
            return Err(in_file(file::nested()));
        }
        parts
            .push(Part::new(path.display().to_string(), pieces(path, options.texture.as_deref())?));
    }
    let together = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
    compose(parts).map_err(|fault| fault.in_file(together.join(" and ")))
}

/// What is in a file that is no scene file.
fn pieces(path: &Path, texture: Option<&Path>) -> Result<Vec<Piece>, ImportError> {
    let unknown = match surfaces(path, texture) {
        Err(error) if error.is_unknown() => error,
        found => {
            let ImportedSurfaces { mesh, gaussians } = found?;
            let (mesh, gaussians) = (mesh.map(Piece::Mesh), gaussians.map(Piece::Gaussians));
            return Ok(mesh.into_iter().chain(gaussians).collect());
        }
    };
    match field(path) {
        // Both know the file by its look; the first has the word for what is no field either.
        Err(error) if error.is_unknown() => Err(unknown.of_any_kind()),
        field => Ok(vec![Piece::Field(Box::new(field?))]),
    }
}
