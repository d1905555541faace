//! `Gemm`: rows times columns, summed and requantised.
//!
//! Feature `convolve` has what networks need, `dense` what features of points go through.

#[cfg(feature = "convolve")]
mod convolve;
#[cfg(feature = "convolve")]
mod convolve_depthwise;
#[cfg(feature = "dense")]
mod dense;
#[cfg(feature = "dense")]
mod perceptron;
#[cfg(feature = "convolve")]
mod weights;

#[cfg(feature = "convolve")]
pub use convolve::Convolve;
#[cfg(feature = "convolve")]
pub use convolve_depthwise::ConvolveDepthwise;
#[cfg(feature = "dense")]
pub use dense::Dense;
#[cfg(feature = "dense")]
pub use perceptron::Perceptron;
