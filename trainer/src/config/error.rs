//! What can be wrong with a configuration, and what to do next.

use std::path::PathBuf;

/// Why a configuration cannot be used. [`ConfigError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not TOML, or has keys or values that there are not.
    #[error("{}: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// A value is out of its range.
    #[error("{}{}: `{key}` {reason}", path.display(), line.map_or(String::new(), |it| format!(":{it}")))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// Where the key stands, from 1; none if it does not, and has its default.
        line: Option<usize>,
        /// The key, from the root.
        key: String,
        /// What its value is, and what it can be.
        reason: String,
    },
    /// It cannot be written as TOML.
    #[error("the configuration cannot be kept: {0}")]
    Unwritten(String),
}

impl ConfigError {
    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the path; trainer/configs/ has examples",
            Self::Syntax { .. } => "correct that line; trainer/README.md lists all keys",
            Self::Invalid { .. } | Self::Unwritten(_) => "change the value in the configuration",
        }
    }
}
