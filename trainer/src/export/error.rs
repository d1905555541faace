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
    #[error("operator {operator} of `{tensor}` cannot be written to .tflite")]
    Operator {
        /// Its name.
        operator: &'static str,
        /// Its output's name.
        tensor: String,
    },
    /// Zeros around a picture that TFLite cannot tell.
    #[error("the padding of `{tensor}` is neither TFLite's SAME nor VALID")]
    Padding {
        /// The output's name.
        tensor: String,
    },
    /// No device is there.
    #[error("no device: {0}")]
    Device(#[from] OpenError),
    /// A device did not run it.
    #[error("the device did not run the network: {0}")]
    Inference(#[from] InferError),
    /// Too many numbers for a file.
    #[error("the network is too large for .tflite, which counts in 32 bits")]
    TooLarge,
}

impl ExportError {
    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Quantise(error) => error.advice(),
            Self::Network(_) => "change the network so that devices can run it",
            Self::Plan(PlanError::Network(_) | PlanError::TooLong { .. }) => {
                "change the network so that devices can run it: fewer layers, or other ones"
            }
            Self::Plan(PlanError::TooLarge { .. }) => {
                "take fewer channels (network.width), or halve the picture earlier"
            }
            Self::Plan(_) => "make the network smaller",
            Self::Operator { .. } => "build the network without that operator",
            Self::Padding { .. } => "give the layer one of these paddings",
            Self::Device(error) => error.advice(),
            Self::Inference(_) => "report it, with the configuration: a network that compiles runs",
            Self::TooLarge => "take fewer channels (network.width)",
        }
    }
}
