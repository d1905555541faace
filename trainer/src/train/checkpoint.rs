//! Checkpoints: all that training needs to go on as if it had never stopped.
//!
//! A file is {magic, u32 version, u32 CRC-32 of what follows, [`Checkpoint`] as postcard},
//! little-endian. Floats are kept bit by bit.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::log::Log;
use super::training::Snapshot;
use crate::whole_file;

const MAGIC: [u8; 8] = *b"quintet\x1a";
/// Of the format; to be raised with any change of what [`Checkpoint`] holds.
const VERSION: u32 = 2;
const HEADER: usize = MAGIC.len() + 8;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// What is trained and how: [`Config::identity`](crate::config::Config::identity).
    pub identity: String,
    /// Of the samples: [`Split::fingerprint`](crate::data::Split::fingerprint).
    pub fingerprint: u32,
    /// What was learnt.
    pub snapshot: Snapshot,
    /// What was logged.
    pub log: Log,
}

/// Why a checkpoint cannot be used. [`CheckpointError::advice`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{}: it is no checkpoint", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Another version of this program wrote it.
    #[error("{}: its format has version {found}, and this program reads {VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It is not what was written.
    #[error("{}: it is damaged ({reason})", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// In what way.
        reason: String,
    },
}

impl CheckpointError {
    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Io { .. } => "check the folder's permissions and the space on its disk",
            Self::Foreign { .. } => "choose another folder with --output",
            Self::Version { .. } => {
                "go on with the version that began it, or begin anew with --overwrite"
            }
            Self::Damaged { .. } => "put a copy in its place, or begin anew with --overwrite",
        }
    }
}

impl Checkpoint {
    /// Writes it to a file, in place of the one that is there, which stays whole until then.
    ///
    /// # Errors
    /// A [`CheckpointError`].
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let payload = postcard::to_allocvec(self)
            .map_err(|error| damaged(path, format!("it cannot be written: {error}")))?;
        let mut bytes = Vec::with_capacity(HEADER + payload.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(crc32fast::hash(&payload).to_le_bytes());
        bytes.extend(payload);
        whole_file::write(path, &bytes)
            .map_err(|source| CheckpointError::Io { path: path.to_owned(), source })
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`CheckpointError`].
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let bytes = std::fs::read(path)
            .map_err(|source| CheckpointError::Io { path: path.to_owned(), source })?;
        Self::parse(&bytes, path)
    }

    fn parse(bytes: &[u8], path: &Path) -> Result<Self, CheckpointError> {
        let foreign = || CheckpointError::Foreign { path: path.to_owned() };
        let rest = bytes.strip_prefix(&MAGIC).ok_or_else(foreign)?;
        let cut = || damaged(path, "it is cut short".into());
        let (version, rest) = rest.split_first_chunk().ok_or_else(cut)?;
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(CheckpointError::Version { path: path.to_owned(), found });
        }
        let (sum, payload) = rest.split_first_chunk().ok_or_else(cut)?;
        if u32::from_le_bytes(*sum) != crc32fast::hash(payload) {
            return Err(damaged(path, "its checksum does not match".into()));
        }
        postcard::from_bytes(payload).map_err(|error| damaged(path, error.to_string()))
    }
}

fn damaged(path: &Path, reason: String) -> CheckpointError {
    CheckpointError::Damaged { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::State;
    use crate::train::optimise::Optimiser;
    use crate::train::training::Stage;

    fn checkpoint() -> Checkpoint {
        let parameters = vec![1.0, -0.0, f32::MIN_POSITIVE / 2.0, 0.1];
        let state = State { parameters, statistics: vec![2.5], ranges: vec![[-1.0, 1.0]] };
        let snapshot = Snapshot {
            step: 70_000,
            stage: Stage::Linearise,
            state: state.clone(),
            optimiser: Optimiser { velocity: vec![-3.0; 4] },
            inner_statistics: vec![0.5],
            teacher: Some(state),
        };
        let log = Log::default();
        Checkpoint { identity: "epochs = 3".into(), fingerprint: 7, snapshot, log }
    }

    /// A file of its own for a test.
    fn file(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("quintet-checkpoint-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    }

    #[test]
    fn what_is_written_is_read_bit_by_bit() {
        let path = file("whole");
        let wanted = checkpoint();
        wanted.write(&path).unwrap();
        let read = Checkpoint::read(&path).unwrap();
        let bits = |it: &Checkpoint| {
            it.snapshot.state.parameters.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!((bits(&read), &read), (bits(&wanted), &wanted));
        assert!(!whole_file::unfinished(&path).exists());
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let path = file("flipped");
        checkpoint().write(&path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        for place in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << (place % 8);
            assert!(Checkpoint::parse(&flipped, &path).is_err(), "byte {place} is flipped");
            assert!(Checkpoint::parse(&bytes[..place], &path).is_err(), "{place} bytes are left");
        }
    }

    #[test]
    fn other_files_and_other_versions_are_told_apart() {
        let path = Path::new("x");
        let foreign = Checkpoint::parse(b"epoch,step,loss\n1,2,3", path).unwrap_err();
        assert!(matches!(foreign, CheckpointError::Foreign { .. }), "{foreign}");
        let later = [&MAGIC[..], &[9, 0, 0, 0]].concat();
        let later = Checkpoint::parse(&later, path).unwrap_err();
        assert!(matches!(later, CheckpointError::Version { found: 9, .. }), "{later}");
    }

    #[test]
    fn a_checkpoint_that_was_cut_off_while_it_was_written_leaves_the_one_before() {
        let path = file("before");
        let before = checkpoint();
        before.write(&path).unwrap();
        std::fs::write(whole_file::unfinished(&path), b"quint").unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap(), before);
        before.write(&path).unwrap();
        assert_eq!(Checkpoint::read(&path).unwrap(), before);
    }
}
