//! Importers of meshes: glTF (`gltf`) and Wavefront OBJ (`obj`).
//!
//! Meshes keep the axes of their file, where y mostly points up; those that come with Gaussians are
//! turned with them to INRIA's.

use super::error::{Fault, ImportError};
use super::{Imported, detect, limits};
use crate::input::image::decode_texture;
use crate::scene::Mesh;
use crate::scene::mesh::{Material, Texture, Wrap};
use std::path::Path;

/// The formats that can be imported, for messages.
pub const MESH_FORMATS: &str =
    "glTF 2.0 (.glb, .gltf) without compression, Wavefront .obj with .mtl";

/// A mesh and what its file says about it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ImportedMesh {
    /// Name of the format.
    pub format: &'static str,
    /// The triangles: every index is in range, every number finite, every normal of length 1.
    pub mesh: Mesh,
    /// What else the user should know, a sentence each.
    pub notes: Vec<String>,
}

/// What a file has to show that is made of triangles or Gaussians: one of them, or both in the same
/// world axes.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedSurfaces {
    /// Its triangles.
    pub mesh: Option<ImportedMesh>,
    /// Its Gaussians.
    pub gaussians: Option<Imported>,
}

/// Imports the triangles and the Gaussians in a file, whichever it has; a `texture` as for
/// [`mesh`].
///
/// # Errors
///
/// As [`mesh`] and [`gaussians`](super::gaussians()).
pub fn surfaces(path: &Path, texture: Option<&Path>) -> Result<ImportedSurfaces, ImportError> {
    if path.is_dir() {
        return Ok(ImportedSurfaces { mesh: None, gaussians: Some(super::gaussians(path)?) });
    }
    let read = || {
        let (name, data) = read(path)?;
        detect::surfaces(&name, &data, path.parent())
    };
    let (mut mesh, gaussians) = read().map_err(|fault| fault.in_file(path.display()))?;
    if let (Some(mesh), Some(picture)) = (&mut mesh, texture) {
        mesh.cover(picture)?;
    }
    Ok(ImportedSurfaces { mesh, gaussians })
}

/// Imports a mesh from a file. A `texture`, the path of a picture, takes the place of all its
/// materials.
///
/// # Errors
///
/// [`ImportError`] names the file, what is wrong and where; [`ImportError::help`] what to do.
pub fn mesh(path: &Path, texture: Option<&Path>) -> Result<ImportedMesh, ImportError> {
    let read = || {
        let (name, data) = read(path)?;
        detect::mesh(&name, &data, path.parent())
    };
    let mut imported = read().map_err(|fault| fault.in_file(path.display()))?;
    if let Some(picture) = texture {
        imported.cover(picture)?;
    }
    Ok(imported)
}

/// Imports a mesh from a file's content; `name` is for messages and, by its ending, for formats
/// without a mark. Meshes of several files (`.gltf` with `.bin`, `.obj` with `.mtl`) need [`mesh`].
///
/// # Errors
///
/// As [`mesh`].
pub fn mesh_from_bytes(name: &str, bytes: &[u8]) -> Result<ImportedMesh, ImportError> {
    detect::mesh(name, bytes, None).map_err(|fault| fault.in_file(name))
}

/// The name and the content of a file.
fn read(path: &Path) -> Result<(String, Vec<u8>), Fault> {
    limits::check_bytes("the file", std::fs::metadata(path)?.len())?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok((name, std::fs::read(path)?))
}

/// Decodes a picture of at most `most` texels; `part` of the scene holds it.
pub(super) fn decoded(part: &str, file: &[u8], most: u64) -> Result<Texture, Fault> {
    let texture =
        decode_texture(file).map_err(|error| Fault::malformed(part, error.to_string()))?;
    let size = (texture.rgba.len() / 4) as u64;
    if size > most {
        return Err(Fault::TooLarge { what: "the number of texels", size, limit: most });
    }
    Ok(texture)
}

/// A material that says nothing: white, seen from its front.
pub(super) fn plain_material(name: &str) -> Material {
    Material {
        name: name.to_owned(),
        color: [1.0; 4],
        texture: None,
        wrap: [Wrap::Repeat; 2],
        double_sided: false,
        unlit: false,
        cutoff: None,
        nearest: false,
    }
}

impl ImportedMesh {
    /// Gives all triangles a picture in place of their materials.
    fn cover(&mut self, picture: &Path) -> Result<(), ImportError> {
        let read = || {
            limits::check_member(std::fs::metadata(picture)?.len())?;
            decoded("the texture", &std::fs::read(picture)?, limits::MAX_TEXELS)
        };
        let texture = read().map_err(|fault: Fault| fault.in_file(picture.display()))?;
        if self.mesh.coordinates.is_empty() {
            self.notes.push("It has no texture coordinates: one texel is drawn everywhere.".into());
        }
        let double_sided = self.mesh.materials.iter().any(|material| material.double_sided);
        let plain = plain_material("texture");
        self.mesh.materials = vec![Material { texture: Some(0), double_sided, ..plain }];
        self.mesh.material_of.fill(0);
        self.mesh.textures = vec![texture];
        Ok(())
    }
}

/// Some triangles of one material. Arrays of vertices have one entry a vertex, or none.
#[derive(Clone, Debug, Default)]
pub(super) struct Part {
    pub positions: Vec<[f32; 3]>,
    pub normals: Vec<[f32; 3]>,
    pub coordinates: Vec<[f32; 2]>,
    pub colors: Vec<[f32; 4]>,
    pub triangles: Vec<[u32; 3]>,
    pub material: u16,
}

impl Part {
    /// The part as a mesh of its own, to be joined with others.
    fn into_mesh(self) -> Mesh {
        Mesh {
            material_of: vec![self.material; self.triangles.len()],
            positions: self.positions,
            normals: self.normals,
            coordinates: self.coordinates,
            colors: self.colors,
            triangles: self.triangles,
            ..Mesh::default()
        }
    }
}

/// Puts parts together. What some have and others lack gets a value: normals those of the faces,
/// coordinates zero, colours white.
pub(super) fn join(
    parts: Vec<Part>,
    materials: Vec<Material>,
    textures: Vec<Texture>,
) -> Result<Mesh, Fault> {
    join_meshes(parts.into_iter().map(Part::into_mesh).collect(), materials, textures)
}

/// As [`join`], of meshes whose triangles refer to these materials.
pub(super) fn join_meshes(
    parts: Vec<Mesh>,
    materials: Vec<Material>,
    textures: Vec<Texture>,
) -> Result<Mesh, Fault> {
    let has_normals = parts.iter().any(|part| !part.normals.is_empty());
    let has_coordinates = parts.iter().any(|part| !part.coordinates.is_empty());
    let has_colors = parts.iter().any(|part| !part.colors.is_empty());
    let mut all = Mesh { materials, textures, ..Mesh::default() };
    for mut part in parts {
        if has_normals && part.normals.is_empty() {
            part = part.with_face_normals();
        }
        let count = part.positions.len();
        part.coordinates.resize(if has_coordinates { count } else { 0 }, [0.0; 2]);
        part.colors.resize(if has_colors { count } else { 0 }, [1.0; 4]);
        let first = all.positions.len() as u32;
        limits::check_vertices((all.positions.len() + count) as u64)?;
        limits::check_triangles((all.triangles.len() + part.triangles.len()) as u64)?;
        all.positions.append(&mut part.positions);
        all.normals.append(&mut part.normals);
        all.coordinates.append(&mut part.coordinates);
        all.colors.append(&mut part.colors);
        all.material_of.append(&mut part.material_of);
        all.triangles.extend(part.triangles.iter().map(|triangle| triangle.map(|v| v + first)));
    }
    put_right(&mut all)?;
    Ok(all)
}

/// Refuses positions that are no numbers, and gives other values that are none a place.
fn put_right(mesh: &mut Mesh) -> Result<(), Fault> {
    let finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
    let bad = mesh.positions.iter().position(|point| !finite(point));
    if let Some(vertex) = bad {
        let reason = format!("vertex {vertex} holds a NaN or infinite value");
        return Err(Fault::malformed("positions", reason));
    }
    for normal in &mut mesh.normals {
        let square: f64 = normal.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
        *normal = match square.sqrt() {
            length if length.is_normal() => normal.map(|v| (f64::from(v) / length) as f32),
            _ => [0.0, 0.0, 1.0],
        };
    }
    for pair in mesh.coordinates.iter_mut().filter(|pair| !finite(*pair)) {
        *pair = [0.0; 2];
    }
    for value in mesh.colors.as_flattened_mut() {
        *value = if value.is_nan() { 1.0 } else { value.clamp(0.0, 1.0) };
    }
    Ok(())
}
