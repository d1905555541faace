//! Where a configuration's data come from.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{DataError, Split, cifar10, digits, idx, images, sounds};

/// A data set, as the table `[data]` of a configuration tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum Source {
    /// CIFAR-10, packed as JPEG or in its own binary version.
    Cifar10 {
        /// Its folder.
        path: PathBuf,
    },
    /// MNIST and its like, in the IDX format.
    Idx {
        /// The folder of the four files.
        path: PathBuf,
    },
    /// The handwritten digits that are part of the program.
    Digits {},
    /// A folder of pictures.
    Images(images::Images),
    /// A folder of sounds.
    Sounds(sounds::Sounds),
}

impl Source {
    /// Takes the data from another place. Whether they come from a place at all.
    pub fn set_path(&mut self, path: PathBuf) -> bool {
        let place = match self {
            Self::Cifar10 { path } | Self::Idx { path } => path,
            Self::Digits {} => return false,
            Self::Images(images) => &mut images.path,
            Self::Sounds(sounds) => &mut sounds.path,
        };
        *place = path;
        true
    }

    /// Reads the set; relative paths begin at `base`.
    ///
    /// # Errors
    /// A [`DataError`].
    pub fn read(&self, base: &Path) -> Result<Split, DataError> {
        match self {
            Self::Cifar10 { path } => cifar10::read(&base.join(path)),
            Self::Idx { path } => idx::read(&base.join(path)),
            Self::Digits {} => digits::read(),
            Self::Images(images) => images.read(base),
            Self::Sounds(sounds) => sounds.read(base),
        }
    }
}
