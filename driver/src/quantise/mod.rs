//! Float scenes to the fixed-point layouts of the protocol.

pub mod dense;
pub mod fit;
mod gaussians;
pub mod grid;
mod mesh;
pub mod rays;
pub mod waves;

pub use gaussians::{Bounds, QuantisedCloud, SceneFrame, quantise};
pub use mesh::{Attribute, QuantisedMesh, quantise_mesh};
