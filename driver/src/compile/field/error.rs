//! Why a field cannot be compiled.

use crate::camera::CameraError;

/// Why a field cannot be compiled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FieldError {
    /// Nothing says what is a density.
    #[error("the field has no density: nothing of it can be seen")]
    NoDensity,
    /// Nothing says what is a colour.
    #[error("the field has no colour")]
    NoColor,
    /// A node has no form that a device takes.
    #[error("node {node} of the field: {reason}")]
    Node {
        /// Its number.
        node: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A number of samples that devices do not take.
    #[error("{samples} samples a ray, and a device takes {least} to {most}")]
    Samples {
        /// How many.
        samples: usize,
        /// Fewest.
        least: usize,
        /// Most.
        most: usize,
    },
    /// The arena does not hold what drawing a few pixels takes.
    #[error(
        "drawing the field takes {needed} bytes of arena at the least, and the device has {available}"
    )]
    TooLarge {
        /// Bytes needed.
        needed: usize,
        /// Bytes of arena.
        available: usize,
    },
    /// A camera that it is to be seen from cannot be used.
    #[error(transparent)]
    Camera(#[from] CameraError),
}
