//! What a program is: commands over numbered buffers.
use serde::{Deserialize, Serialize};

/// Why a program was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum ProgramError {
    /// Placeholder until the format lands in the next commit.
    #[error("malformed")]
    Malformed,
}
