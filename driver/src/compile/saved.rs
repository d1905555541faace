//! A compiled scene as a file, which is drawn without being compiled again.
//!
//! ```text
//! 0   4   magic "QNTB"
//! 4   4   version of this layout, u32 little-endian: 1
//! 8   8   bytes of the description, u64 little-endian
//! 16  .   description: JSON
//! .   .   program; constants, in the description's order; pages, likewise: end to end
//! .   32  SHA-256 of all before
//! ```
//!
//! | description | what |
//! |---|---|
//! | `name`, `summary` | the scene's file, and its numbers: a [`Summary`] |
//! | `size`, `tile` | columns and rows of the picture, and of a tile or region |
//! | `arena` | bytes of arena that it was planned for and takes |
//! | `program` | bytes of the program, which goes to byte 0 of the arena |
//! | `constants` | `offset` in the arena and `bytes` of each |
//! | `slots` | where the camera goes before each frame, in which form: [`CameraSlot`]s |
//! | `pages` | null, or of a scene that is streamed: number of its `buffer`, `split`, `bytes` of each |
//! | `views` | cameras to draw it with, each with a name or null: [`Camera`]s |

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::scene::{Bundle, Split, Streamed};
use super::{CameraSlot, Placed};
use crate::camera::Camera;
use crate::scene::Summary;

/// The first bytes of a file.
pub const MAGIC: [u8; 4] = *b"QNTB";
/// Version of the layout that is read and written.
pub const VERSION: u32 = 1;
/// Bytes before the description.
const HEADER_BYTES: usize = 16;
/// Bytes of a SHA-256.
const DIGEST_BYTES: usize = 32;
/// Most bytes of a file: an arena has less than 4 GiB, and pages are of scenes of a few.
const BYTES_MAX: u64 = 8 << 30;

/// Longest side of a picture.
const SIDE_MAX: u16 = 4096;

/// A compiled scene and what there is to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Saved {
    /// The scene's file.
    pub name: String,
    /// The scene in numbers.
    pub summary: Summary,
    /// Columns and rows of the picture.
    pub size: [u16; 2],
    /// Cameras to draw it with, and their names if they have any.
    pub views: Vec<(Option<String>, Camera)>,
    /// What a device is sent.
    pub bundle: Bundle,
}

/// Why a file is no compiled scene that can be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SavedError {
    /// The operating system could not read it.
    #[error("cannot read it: {0}")]
    Io(#[from] io::Error),
    /// Another kind of file.
    #[error("it is not a compiled scene")]
    Magic,
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

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    summary: Summary,
    size: [u16; 2],
    tile: [u16; 2],
    arena: usize,
    program: usize,
    constants: Vec<Constant>,
    slots: Vec<CameraSlot>,
    pages: Option<Pages>,
    views: Vec<(Option<String>, Camera)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Constant {
    offset: u32,
    bytes: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    buffer: u16,
    split: Split,
    bytes: Vec<usize>,
}

impl Saved {
    /// Whether a file begins as these do.
    pub fn is_one(path: &Path) -> bool {
        let mut head = [0; MAGIC.len()];
        let file = std::fs::File::open(path);
        file.and_then(|mut file| io::Read::read_exact(&mut file, &mut head)).is_ok()
            && head == MAGIC
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`SavedError`].
    pub fn read(path: &Path) -> Result<Self, SavedError> {
        if std::fs::metadata(path)?.len() > BYTES_MAX {
            return Err(SavedError::Damaged("it is larger than any of these"));
        }
        Self::from_bytes(&std::fs::read(path)?)
    }

    /// The content of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Bundle { program, constants, cameras, arena_bytes, tile, streamed } = &self.bundle;
        let constant = |it: &Placed| Constant { offset: it.offset, bytes: it.bytes.len() };
        let pages = streamed.as_ref().map(|it| Pages {
            buffer: it.buffer,
            split: it.split,
            bytes: it.pages.iter().map(Vec::len).collect(),
        });
        let description = Description {
            name: self.name.clone(),
            summary: self.summary.clone(),
            size: self.size,
            tile: *tile,
            arena: *arena_bytes,
            program: program.len(),
            constants: constants.iter().map(constant).collect(),
            slots: cameras.clone(),
            pages,
            views: self.views.clone(),
        };
        let description = serde_json::to_vec(&description).expect("numbers and text are JSON");
        let mut file = [MAGIC, VERSION.to_le_bytes()].concat();
        file.extend((description.len() as u64).to_le_bytes());
        file.extend(description);
        file.extend(program);
        constants.iter().for_each(|constant| file.extend(&constant.bytes));
        streamed.iter().flat_map(|it| &it.pages).for_each(|page| file.extend(page));
        let digest = Sha256::digest(&file);
        file.extend(digest);
        file
    }

    /// From the content of a file.
    ///
    /// # Errors
    /// A [`SavedError`], but never [`SavedError::Io`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, SavedError> {
        let cut = SavedError::Damaged("it is cut short");
        if !file.starts_with(&MAGIC) {
            return Err(SavedError::Magic);
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
        Self::assemble(serde_json::from_slice(description)?, pieces)
    }

    fn assemble(description: Description, mut pieces: Pieces<'_>) -> Result<Self, SavedError> {
        let Description { name, summary, size, tile, arena, views, slots, .. } = description;
        let of_size = |(_, camera): &(_, Camera)| [camera.width, camera.height] == size;
        if !size.iter().all(|side| (1..=SIDE_MAX).contains(side)) || !views.iter().all(of_size) {
            return Err(SavedError::Damaged("its pictures have no size, or several"));
        }
        let program = pieces.take(description.program)?.to_vec();
        let constants = description.constants.into_iter().map(|Constant { offset, bytes }| {
            let bytes = pieces.take(bytes)?.to_vec();
            Ok(Placed { name: "constants", offset, bytes })
        });
        let constants = constants.collect::<Result<_, SavedError>>()?;
        let streamed = match description.pages {
            None => None,
            Some(Pages { buffer, split, bytes }) => {
                let pages = bytes.into_iter().map(|bytes| Ok(pieces.take(bytes)?.to_vec()));
                let pages = pages.collect::<Result<_, SavedError>>()?;
                Some(Streamed { buffer, pages, split })
            }
        };
        let Pieces(rest) = pieces;
        if !rest.is_empty() {
            return Err(SavedError::Damaged("there is more in it than its description says"));
        }
        let bundle =
            Bundle { program, constants, cameras: slots, arena_bytes: arena, tile, streamed };
        Ok(Self { name, summary, size, views, bundle })
    }
}

/// What is left of a file.
struct Pieces<'a>(&'a [u8]);

impl<'a> Pieces<'a> {
    fn take(&mut self, bytes: usize) -> Result<&'a [u8], SavedError> {
        let split = self.0.split_at_checked(bytes);
        let (piece, rest) = split.ok_or(SavedError::Damaged("it is cut short"))?;
        self.0 = rest;
        Ok(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compile::{Options, compile};
    use crate::framing::orbit;
    use crate::quantise::{SceneFrame, quantise};
    use crate::scene::{Content, GaussianCloud};

    /// A scene of some Gaussians, streamed or not.
    fn saved(arena_bytes: usize) -> Saved {
        let count = 3000;
        let place = |k: usize| [k % 17, k % 31, k % 101].map(|part| part as f32 / 7.0);
        let cloud = GaussianCloud {
            positions: (0..count).map(place).collect(),
            scales: vec![[0.1, 0.2, 0.3]; count],
            rotations: vec![[1.0, 0.0, 0.0, 0.0]; count],
            opacities: vec![0.7; count],
            colors: vec![[0.3, 0.5, 0.7]; count],
            degree: 0,
            harmonics: Vec::new(),
        };
        let size = [40, 30];
        let views = orbit(&cloud, size, 3).into_iter().map(|camera| (None, camera)).collect();
        let quantised = quantise(&cloud, SceneFrame::new(&cloud, 50.0));
        let [width, height] = size;
        let options = Options { width, height, background: [0; 3], arena_bytes };
        let bundle = compile(&quantised, &options).unwrap();
        let summary = Content::Gaussians(cloud).summary();
        Saved { name: "made up".into(), summary, size, views, bundle }
    }

    #[test]
    fn what_was_written_is_read() {
        for (arena, is_streamed) in [(16 << 20, false), (120 << 10, true)] {
            let mut saved = saved(arena);
            assert_eq!(saved.bundle.streamed.is_some(), is_streamed);
            let read = Saved::from_bytes(&saved.to_bytes()).unwrap();
            // Constants lose their names, which are for messages only.
            saved.bundle.constants.iter_mut().for_each(|constant| constant.name = "constants");
            assert!(read == saved);
        }
    }

    #[test]
    fn damage_is_noticed_wherever_it_is() {
        let file = saved(16 << 20).to_bytes();
        for at in [0, 3, 4, 9, 40, file.len() / 2, file.len() - 40, file.len() - 1] {
            let mut changed = file.clone();
            changed[at] ^= 4;
            assert!(Saved::from_bytes(&changed).is_err(), "byte {at}");
        }
        for length in [0, 3, 4, 12, 16, 47, 48, 100, file.len() - 1] {
            assert!(Saved::from_bytes(&file[..length]).is_err(), "{length} bytes");
        }
        let mut newer = file;
        newer[4] = 2;
        let error = Saved::from_bytes(&newer).unwrap_err().to_string();
        assert!(error.contains("version 2"), "{error}");
    }

    #[test]
    fn a_description_that_promises_more_than_there_is_is_refused() {
        let sealed = |description: &str| {
            let mut file = [MAGIC, VERSION.to_le_bytes()].concat();
            file.extend((description.len() as u64).to_le_bytes());
            file.extend(description.as_bytes());
            let digest = Sha256::digest(&file);
            file.extend(digest);
            Saved::from_bytes(&file)
        };
        let summary = serde_json::to_string(&saved(16 << 20).summary).unwrap();
        let with = |size: &str, program: &str| {
            sealed(&format!(
                r#"{{"name": "", "summary": {summary}, "size": {size}, "tile": [8, 8], "arena": 4,
                    "program": {program}, "constants": [], "slots": [], "pages": null, "views": []}}"#
            ))
        };
        assert!(with("[8, 8]", "0").is_ok());
        for (size, program) in
            [("[8, 8]", "1"), ("[8, 8]", "18446744073709551615"), ("[0, 8]", "0")]
        {
            assert!(matches!(with(size, program), Err(SavedError::Damaged(_))), "{size} {program}");
        }
        assert!(matches!(sealed("{}"), Err(SavedError::Description(_))));
    }
}
