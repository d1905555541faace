//! Renderers in floats, straight from the definitions: what scenes are calibrated by, and what the
//! device's pictures are held against.
//!
//! They share no code with what makes bundles and take no short cuts, so they are slow.

pub mod field;
mod gaussians;
pub mod hybrid;
pub mod mesh;
