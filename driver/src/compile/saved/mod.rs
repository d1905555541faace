//! Compiled scenes and networks as files, which are run without being compiled again.

mod container;
mod network;
mod scene;

use std::io;

pub use container::VERSION;
pub use network::SavedNetwork;
pub use scene::Saved;

/// Why a file is nothing compiled that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// The operating system could not read it.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// Another kind of file.
    #[error("it is no compiled {wanted}")]
    Magic {
        /// What it should be.
        wanted: &'static str,
    },
    /// Made for another driver.
    #[error("its layout has version {found}, and this driver reads version {VERSION}")]
    Version {
        /// Version of the file.
        found: u32,
    },
    /// It is cut short or changed.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// Its description is of another form.
    #[error("its description cannot be read: {0}")]
    Description(#[from] serde_json::Error),
}
