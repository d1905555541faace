//! Float scenes to the fixed-point layouts of the protocol.

pub mod dense;
mod gaussians;
pub mod grid;
pub mod waves;

pub use gaussians::{Bounds, QuantisedCloud, SceneFrame, quantise};
