//! The arithmetic of layers, forward and backward, on slices of floats.
//!
//! Pictures are NHWC and weights have their output channel last, so that the innermost loop always
//! runs over channels. Sums are written out in lanes of a fixed order, with fused multiply-adds, so
//! that a result has the same bits on every machine and with every number of threads.
//!
//! Every kernel is compiled with AVX2 and FMA and without, and chooses when it runs.

pub mod depthwise;
pub mod frame;
pub mod matrix;
pub mod normalise;
pub mod patches;
pub mod pool;
