//! A mesh, alone or among Gaussians, to a bundle.
//!
//! Colours, textures and lights are made ready here (`options`); `emit` plans the arena.

mod colors;
mod emit;
mod options;

use super::scene::{Bundle, CompileError, Options};
use crate::quantise::grid::{QuantisedGrid, textures};
use crate::quantise::{
    Attribute, QuantisedCloud, QuantisedMesh, SceneFrame, quantise, quantise_mesh,
};
use crate::scene::{GaussianCloud, Mesh};
use emit::Draft;
pub(super) use options::normal_lights;
pub use options::{Filter, LIGHTS_MAX, Lights, MeshOptions, Shading};
use std::borrow::Cow;

/// Most materials of a mesh: levels that a device looks up.
pub const MATERIALS_MAX: usize = 1024;

/// What goes to the device.
struct Scene {
    frame: SceneFrame,
    mesh: QuantisedMesh,
    textures: QuantisedGrid,
    gaussians: Option<QuantisedCloud>,
    /// Lights, if they are the same from wherever they are seen.
    lights: Option<Vec<u32>>,
    shading: Shading,
    /// Whether no texel is interpolated.
    nearest: bool,
}

/// The frame of a mesh, and the Gaussians beside it, that are seen from at most `reach` world units
/// off their middle.
pub fn frame(mesh: &Mesh, gaussians: Option<&GaussianCloud>, reach: f64) -> SceneFrame {
    let gaussians = gaussians.map_or(&[][..], |cloud| &cloud.positions);
    SceneFrame::around(&[&mesh.positions, gaussians], reach)
}

/// Compiles a mesh, with the Gaussians that stand before and behind it. It can be seen from up to
/// `reach` world units off the middle of both.
///
/// # Errors
/// When there is nothing to draw, the picture is too large, or the scene does not fit.
pub fn compile(
    mesh: &Mesh,
    gaussians: Option<&GaussianCloud>,
    reach: f64,
    look: &MeshOptions,
    options: &Options,
) -> Result<Bundle, CompileError> {
    if mesh.triangles.is_empty() {
        return Err(CompileError::NoTriangles);
    }
    options.check()?;
    let count = look.lights.directional.len();
    if count > LIGHTS_MAX {
        return Err(CompileError::Lights { count, most: LIGHTS_MAX });
    }
    let frame = frame(mesh, gaussians, reach);
    let (count, most) = (mesh.materials.len(), MATERIALS_MAX);
    if count > most {
        return Err(CompileError::Materials { count, most });
    }
    let mesh = dressed(mesh, look);
    let is_lit = look.shading != Shading::Unlit;
    let cloud = gaussians.map(|cloud| quantise(cloud, frame)).filter(|cloud| !cloud.is_empty());
    let scene = Scene {
        frame,
        mesh: quantise_mesh(&mesh, &frame, Attribute::Coordinates, is_lit),
        textures: textures(&mesh).map_err(CompileError::Texture)?,
        gaussians: cloud,
        lights: (look.shading == Shading::Lambert).then(|| look.lights.words()),
        shading: look.shading,
        nearest: mesh.materials.iter().all(|material| material.nearest),
    };
    Draft::fitting(&scene, options).map(Draft::bundle)
}

/// The mesh with its materials as they are to look.
fn dressed<'a>(mesh: &'a Mesh, look: &MeshOptions) -> Cow<'a, Mesh> {
    if look.shading == Shading::Normals {
        let mut mesh = Mesh { colors: Vec::new(), ..mesh.clone() };
        for material in &mut mesh.materials {
            (material.texture, material.color, material.unlit) = (None, [1.0; 4], false);
            (material.nearest, material.cutoff) = (true, None);
        }
        return Cow::Owned(mesh);
    }
    let nearest = match look.filter {
        Filter::File => None,
        Filter::Nearest => Some(true),
        Filter::Bilinear => Some(false),
    };
    let mut mesh = Cow::Borrowed(mesh);
    if let Some(nearest) = nearest {
        mesh.to_mut().materials.iter_mut().for_each(|material| material.nearest = nearest);
    }
    match colors::as_textures(&mesh) {
        Some(textured) => Cow::Owned(textured),
        None => mesh,
    }
}
