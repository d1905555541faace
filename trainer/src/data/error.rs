//! What can be wrong with data, and what to do next.

use std::path::PathBuf;

/// Why data could not be read. [`DataError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The system refused, or a packed file is damaged.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What is looked for is not in a folder.
    #[error("{}: there is no {what}", path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
        /// What is looked for.
        what: String,
    },
    /// A file is not what it should be.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong, and where.
        reason: String,
    },
    /// An option of the data's configuration cannot be met.
    #[error("`{option}` of the data: {reason}")]
    Option {
        /// Its name.
        option: &'static str,
        /// Why not.
        reason: String,
    },
}

impl DataError {
    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                "check `path` of the data; it counts from the folder of the configuration"
            }
            Self::Io { .. } => "check the file's permissions; if it is damaged, fetch it again",
            Self::Missing { .. } => {
                "check `path` and `kind` of the data, and that all files have been unpacked there"
            }
            Self::Malformed { .. } => "fetch the file again, or take it out of the folder",
            Self::Option { .. } => "change the option in the configuration",
        }
    }
}
