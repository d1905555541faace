//! `Vector`: what runs beside the micro-operators. Feature `tensor` has what networks need, on
//! tensors of signed bytes; `ray` what rays and their samples need.

#[cfg(feature = "ray")]
mod ray;
#[cfg(feature = "tensor")]
mod tensor;

#[cfg(feature = "ray")]
pub use ray::{Composite, Focus, Gather, Harmonics, Shade, Waves};
#[cfg(feature = "tensor")]
pub use tensor::{Copying, Elementwise, Fill, Lookup, Pool, Reduce, Resize, Softmax};
