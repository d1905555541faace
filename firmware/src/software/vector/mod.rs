//! `Vector`: what runs beside the micro-operators. Feature `tensor` has what networks need, on
//! tensors of signed bytes, and each of its commands has one; `ray` what rays and their samples need.

#[cfg(feature = "ray")]
mod ray;
#[cfg(feature = "_tensor")]
mod tensor;

#[cfg(feature = "ray")]
pub use ray::{Composite, Focus, Gather, Harmonics, Shade, Waves};
#[cfg(feature = "_tensor")]
pub use tensor::*;
