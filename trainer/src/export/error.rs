//! Why a network cannot be exported.

use quintet_driver::compile::network::PlanError;
use quintet_driver::device::OpenError;
use quintet_driver::infer::InferError;
use quintet_driver::network::NetworkError;

use crate::quantise::QuantiseError;

/// Why a network cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// It is not quantised.
    #[error(transparent)]
    Quantise(#[from] QuantiseError),
    /// No device takes it.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// It cannot be compiled.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An operator that the trainer's networks do not have.
    #[error("operator {operator} of `{tensor}` cannot be written to .tflite: leave it out")]
    Operator {
        /// Its name.
        operator: &'static str,
        /// Its output's name.
        tensor: String,
    },
    /// Zeros around a picture that TFLite cannot tell.
    #[error("the padding of `{tensor}` is neither TFLite's SAME nor VALID: use one of these")]
    Padding {
        /// The output's name.
        tensor: String,
    },
    /// No device is there.
    #[error("no device: {0}; {advice}", advice = .0.advice())]
    Device(#[from] OpenError),
    /// A device did not run it.
    #[error("the device did not run the network: {0}")]
    Inference(#[from] InferError),
    /// Too many numbers for a file.
    #[error("the network is too large for .tflite, which counts in 32 bits: make it smaller")]
    TooLarge,
}
