//! A scene as a user has it: in floats, in the field's own terms, before quantisation.

pub mod field;
mod gaussians;
pub mod mesh;
mod summary;

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
