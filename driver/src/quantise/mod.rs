//! Float scenes to the fixed-point layouts of the protocol.

pub mod dense;
pub mod fit;
mod gaussians;
pub mod grid;
pub mod rays;
pub mod waves;

pub use gaussians::{Bounds, QuantisedCloud, SceneFrame, quantise};
