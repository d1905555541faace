//! Where a bundle takes its camera, and in what form.

use crate::camera::{Camera, CameraError};
use crate::compile::{KEY_BITS, mesh};
use crate::quantise::SceneFrame;
use crate::quantise::rays::RayFrame;
use serde::{Deserialize, Serialize};

/// A place in the arena that wants the camera before each frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CameraSlot {
    /// Byte offset.
    pub offset: u32,
    /// What it wants of the camera.
    pub kind: CameraKind,
}

/// A form of the camera. A program that draws in several ways has the same camera in several forms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CameraKind {
    /// A [`quintet_protocol::gaussian::Camera`]: what projects Gaussians and vertices.
    View(SceneFrame),
    /// A [`quintet_protocol::ray::RayCamera`]: what casts rays through a field.
    Rays(RayFrame),
    /// Lights along the view's axes that show normals as colours, as [`mesh::Shading::Normals`]
    /// wants them.
    NormalLights,
}

impl CameraSlot {
    /// The words that go there for a camera.
    ///
    /// # Errors
    /// When the camera leaves the device's numeric range.
    pub fn words(&self, camera: &Camera) -> Result<Vec<u32>, CameraError> {
        match &self.kind {
            CameraKind::View(frame) => Ok(camera.quantise(frame, KEY_BITS)?.to_words().to_vec()),
            CameraKind::Rays(frame) => Ok(camera.rays(frame)?.to_words().to_vec()),
            CameraKind::NormalLights => Ok(mesh::normal_lights(camera)),
        }
    }

    /// The same as bytes.
    ///
    /// # Errors
    /// As [`CameraSlot::words`].
    pub fn bytes(&self, camera: &Camera) -> Result<Vec<u8>, CameraError> {
        Ok(super::plan::to_bytes(&self.words(camera)?))
    }
}
