//! Why logs cannot be read, and what to do next.

use std::fmt;
use std::io;
use std::path::PathBuf;

use quintet_protocol::link::BuildId;

/// Why a device's logs cannot be read. [`LogError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The device sends no logs.
    #[error("this device sends no logs")]
    NoLogs,
    /// The device does not say which build it is.
    #[error("the device has no build id, so its image cannot be found")]
    NoBuildId,
    /// No image with the device's build id is here.
    #[error("no image with the device's build id {build} in {}", Folders(folders))]
    NotFound {
        /// The device's build id.
        build: BuildId,
        /// Where it was looked for.
        folders: Vec<PathBuf>,
    },
    /// The image that was named is of another build than the one on the device.
    #[error("{} has build id {found}, the device has {build}", path.display())]
    OtherBuild {
        /// The image.
        path: PathBuf,
        /// Its build id.
        found: BuildId,
        /// The device's build id.
        build: BuildId,
    },
    /// A file cannot be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file is not a firmware image.
    #[error("{} is not a firmware image: {reason}", path.display())]
    NoImage {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An image has no messages that can be decoded.
    #[error("the messages of {} cannot be decoded: {reason}", path.display())]
    NoMessages {
        /// The image.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl LogError {
    /// What the user can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NoLogs => {
                "boards log, emulated ones too; the virtual device does not: it is part of this \
                 command, which says what goes wrong by itself"
            }
            Self::NoBuildId => "build the board with `cargo xtask firmware`, and flash it",
            Self::NotFound { .. } | Self::OtherBuild { .. } => {
                "name the ELF file that was flashed with --elf, or its folder with \
                 QUINTET_FIRMWARE_DIR; or build with `cargo xtask firmware` and flash that"
            }
            Self::Unreadable { .. } => "check the path and its permissions",
            Self::NoImage { .. } | Self::NoMessages { .. } => {
                "name an ELF file that `cargo xtask firmware` built with --elf"
            }
        }
    }
}

struct Folders<'a>(&'a [PathBuf]);

impl fmt::Display for Folders<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folders: Vec<_> = self.0.iter().map(|folder| folder.display().to_string()).collect();
        to.write_str(&folders.join(", "))
    }
}
