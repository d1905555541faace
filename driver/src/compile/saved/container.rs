//! What files of compiled scenes and networks have in common.
//!
//! ```text
//! 0   4   magic: "QNTB" of a scene, "QNTN" of a network
//! 4   4   version of this layout, u32 little-endian: 1
//! 8   8   bytes of the description, u64 little-endian
//! 16  .   description: JSON
//! .   .   program; constants, in the description's order; pages, likewise: end to end
//! .   32  SHA-256 of all before
//! ```

use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::SavedError;
use crate::compile::Placed;

/// Version of the layout that is read and written.
pub const VERSION: u32 = 1;
/// Bytes before the description.
const HEADER_BYTES: usize = 16;
/// Bytes of a SHA-256.
const DIGEST_BYTES: usize = 32;
/// Most bytes of a file: an arena has less than 4 GiB, and pages are of scenes of a few.
const BYTES_MAX: u64 = 8 << 30;

/// What a file is of.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// Its first bytes.
    pub magic: [u8; 4],
    /// For messages.
    pub name: &'static str,
}

/// A constant, of a description.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Constant {
    offset: u32,
    bytes: usize,
}

impl Kind {
    /// Whether a file begins as these do.
    pub fn begins(self, path: &Path) -> bool {
        let mut head = [0; 4];
        let file = std::fs::File::open(path);
        file.and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == self.magic
    }

    /// The content of a file with this description and these pieces.
    pub fn seal<'a>(
        self,
        description: &impl Serialize,
        pieces: impl IntoIterator<Item = &'a Vec<u8>>,
    ) -> Vec<u8> {
        let description = serde_json::to_vec(description).expect("numbers and text are JSON");
        let mut file = [self.magic, VERSION.to_le_bytes()].concat();
        file.extend((description.len() as u64).to_le_bytes());
        file.extend(description);
        pieces.into_iter().for_each(|piece| file.extend(piece));
        let digest = Sha256::digest(&file);
        file.extend(digest);
        file
    }

    /// The description and the pieces of a file.
    pub fn open<D: DeserializeOwned>(self, file: &[u8]) -> Result<(D, Pieces<'_>), SavedError> {
        let cut = SavedError::Damaged("it is cut short");
        if !file.starts_with(&self.magic) {
            return Err(SavedError::Magic { wanted: self.name });
        }
        let Some((header, _)) = file.split_first_chunk::<HEADER_BYTES>() else { return Err(cut) };
        let ([_, version, length @ ..], _) = header.as_chunks::<4>() else { return Err(cut) };
        let found = u32::from_le_bytes(*version);
        if found != VERSION {
            return Err(SavedError::Version { found });
        }
        let Some((content, digest)) = file.split_last_chunk::<DIGEST_BYTES>() else {
            return Err(cut);
        };
        if Sha256::digest(content).as_slice() != digest {
            return Err(SavedError::Damaged("its digest is not that of its content"));
        }
        let length = length
            .iter()
            .rev()
            .fold(0, |high, &low| high << 32 | u64::from(u32::from_le_bytes(low)));
        let mut pieces = Pieces(content.get(HEADER_BYTES..).unwrap_or_default());
        let description = pieces.take(usize::try_from(length).unwrap_or(usize::MAX))?;
        Ok((serde_json::from_slice(description)?, pieces))
    }
}

/// The content of a file, unless it is larger than any of these.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, SavedError> {
    if std::fs::metadata(path)?.len() > BYTES_MAX {
        return Err(SavedError::Damaged("it is larger than any of these"));
    }
    Ok(std::fs::read(path)?)
}

impl Constant {
    /// All of them, as a description has them.
    pub fn all(constants: &[Placed]) -> Vec<Self> {
        let constant = |it: &Placed| Self { offset: it.offset, bytes: it.bytes.len() };
        constants.iter().map(constant).collect()
    }
}

/// What is left of a file.
pub(super) struct Pieces<'a>(&'a [u8]);

impl<'a> Pieces<'a> {
    /// The next piece.
    pub fn take(&mut self, bytes: usize) -> Result<&'a [u8], SavedError> {
        let split = self.0.split_at_checked(bytes);
        let (piece, rest) = split.ok_or(SavedError::Damaged("it is cut short"))?;
        self.0 = rest;
        Ok(piece)
    }

    /// The next pieces, constants.
    pub fn constants(&mut self, constants: Vec<Constant>) -> Result<Vec<Placed>, SavedError> {
        let placed = |Constant { offset, bytes }| {
            let bytes = self.take(bytes)?.to_vec();
            Ok(Placed { name: "constants", offset, bytes })
        };
        constants.into_iter().map(placed).collect()
    }

    /// The next pieces, of so many bytes each.
    pub fn pages(&mut self, bytes: Vec<usize>) -> Result<Vec<Vec<u8>>, SavedError> {
        bytes.into_iter().map(|bytes| Ok(self.take(bytes)?.to_vec())).collect()
    }

    /// Refuses what is left.
    pub fn end(self) -> Result<(), SavedError> {
        if self.0.is_empty() {
            return Ok(());
        }
        Err(SavedError::Damaged("there is more in it than its description says"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Kind = Kind { magic: *b"TEST", name: "test" };

    #[derive(Debug)]
    struct Content {
        description: String,
        constants: Vec<Placed>,
        pages: Vec<Vec<u8>>,
    }

    fn open(file: &[u8]) -> Result<Content, SavedError> {
        let (description, mut pieces) = TEST.open(file)?;
        let constants = pieces.constants(vec![Constant { offset: 8, bytes: 300 }])?;
        let pages = pieces.pages(vec![50, 70])?;
        pieces.end()?;
        Ok(Content { description, constants, pages })
    }

    fn sealed() -> Vec<u8> {
        TEST.seal(&"a description", &[vec![1; 300], vec![2; 50], vec![3; 70]])
    }

    #[test]
    fn what_was_sealed_is_opened() {
        let content = open(&sealed()).unwrap();
        assert_eq!(content.description, "a description");
        let [constant] = &content.constants[..] else { panic!("one was sealed") };
        assert_eq!((constant.offset, &constant.bytes), (8, &vec![1; 300]));
        assert_eq!(content.pages, [vec![2; 50], vec![3; 70]]);
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let file = sealed();
        for at in 0..file.len() {
            let mut changed = file.clone();
            changed[at] ^= 4;
            assert!(open(&changed).is_err(), "byte {at}");
            assert!(open(&file[..at]).is_err(), "{at} bytes");
        }
        let mut newer = file;
        newer[4] = 2;
        let error = open(&newer).unwrap_err().to_string();
        assert!(error.contains("version 2"), "{error}");
    }

    #[test]
    fn more_than_is_described_is_refused() {
        let file = TEST.seal(&"a description", &[vec![1; 300], vec![2; 50], vec![3; 71]]);
        assert!(matches!(open(&file), Err(SavedError::Damaged(_))));
    }
}
