//! A scene as a user has it: in floats, in the field's own terms, before quantisation.

pub mod field;
mod gaussians;
pub mod mesh;
mod summary;

use crate::quantise::Bounds;
pub use field::Field;
pub use gaussians::GaussianCloud;
pub use mesh::Mesh;
pub use summary::{FieldSummary, Kind, Summary};

/// What there is to be drawn.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// 3D Gaussians.
    Gaussians(GaussianCloud),
    /// Textured triangles.
    Mesh(Mesh),
    /// A radiance field: NeRF, hash grid, decomposed grid.
    Field(Field),
    /// Triangles and Gaussians in one frame, in the same world axes.
    Mixed(Mesh, GaussianCloud),
    /// Triangles whose colours come from a field at the points that are seen (MixRT).
    Hybrid(Mesh, Field),
}

/// Colour behind scenes that have none of their own.
const BLACK: [u8; 3] = [0; 3];

impl Content {
    /// The box that it is in; of captured clouds with their farthest floaters.
    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Gaussians(cloud) => Bounds::of(&cloud.positions),
            Self::Mesh(mesh) | Self::Hybrid(mesh, _) => Bounds::of(&mesh.positions),
            Self::Field(field) => Bounds { min: field.bounds[0], max: field.bounds[1] },
            Self::Mixed(mesh, cloud) => {
                Bounds::of(&[mesh.positions.as_slice(), &cloud.positions].concat())
            }
        }
    }

    /// Colour behind it: what a field was trained with, black behind others.
    pub fn background(&self) -> [u8; 3] {
        match self {
            Self::Field(field) => {
                field.sampling.background.map(|channel| (channel * 255.0).round() as u8)
            }
            _ => BLACK,
        }
    }
}
