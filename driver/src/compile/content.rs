//! A scene of any kind to a bundle.

use super::field::{self, FieldOptions};
use super::mesh::{self, MeshOptions};
use super::{Bundle, CompileError, Options, compile};
use crate::camera::Camera;
use crate::quantise::{SceneFrame, quantise};
use crate::scene::{Content, GaussianCloud, Mesh};

/// How a scene is drawn; what does not concern its kind has no effect.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Method {
    /// Triangles.
    pub mesh: MeshOptions,
    /// Radiance fields.
    pub field: FieldOptions,
}

/// Compiles a scene for cameras such as these, and such as are no farther from its middle.
///
/// # Errors
/// When there is nothing to draw, the picture is too large, or the scene does not fit.
pub fn content(
    content: &Content,
    cameras: &[Camera],
    method: &Method,
    options: &Options,
) -> Result<Bundle, CompileError> {
    let triangles = |mesh: &Mesh, cloud: Option<&GaussianCloud>| {
        let reach = reach(mesh::frame(mesh, cloud, 0.0), cameras);
        mesh::compile(mesh, cloud, reach, &method.mesh, options)
    };
    match content {
        Content::Gaussians(cloud) => {
            let reach = reach(SceneFrame::new(cloud, 0.0), cameras);
            compile(&quantise(cloud, SceneFrame::new(cloud, reach)), options)
        }
        Content::Mesh(mesh) => triangles(mesh, None),
        Content::Mixed(mesh, cloud) => triangles(mesh, Some(cloud)),
        Content::Field(field) => field::compile(field, cameras, &method.field, options),
        Content::Hybrid(mesh, field) => {
            let reach = reach(mesh::frame(mesh, None, 0.0), cameras);
            field::compile_surface(mesh, field, cameras, reach, &method.field, options)
        }
    }
}

/// Distance of the farthest camera from the middle of a scene, world units.
fn reach(frame: SceneFrame, cameras: &[Camera]) -> f64 {
    cameras.iter().map(|camera| camera.distance(&frame.origin)).fold(0.0, f64::max)
}
