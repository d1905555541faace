//! Why a self-test came to no result.

use quintet_accelerator::vectors::VectorError;

use crate::session::SessionError;

/// Why a self-test came to no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SelftestError {
    /// The known answers in this driver are damaged.
    #[error("the known answers in this driver cannot be read: {0}")]
    Vectors(VectorError),
    /// The session ended, and was not taken up again.
    #[error("{name}: {error}")]
    Session {
        /// What was checked.
        name: String,
        /// What became of the session.
        error: SessionError,
    },
}

impl SelftestError {
    /// What to do next.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Vectors(_) => "install this driver again",
            Self::Session { error, .. } => error.advice(),
        }
    }
}
