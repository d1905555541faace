//! The arithmetic of the micro-operators, on slices of words. Integers only; the same bits on every
//! target. Every kernel takes hostile data: whatever the words are, it ends and stays in its slices.

pub mod convolve;
pub mod depthwise;
pub mod elementwise;
pub mod finish;
pub mod fixed;
mod harmonics;
pub mod project;
pub mod rasterise;
pub mod reduce;
pub mod requantise;
pub mod softmax;
pub mod sort;
mod tables;
pub mod to_byte;
pub mod window;
