//! A compiled scene as a file.
//!
//! The file is laid out as [`super::container`] says.
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

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::SavedError;
use super::container::{self, Constant, Kind, Pieces};
use crate::camera::Camera;
use crate::compile::CameraSlot;
use crate::compile::scene::{Bundle, Split, Streamed};
use crate::scene::Summary;

const SCENE: Kind = Kind { magic: *b"QNTB", name: "scene" };
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
struct Pages {
    buffer: u16,
    split: Split,
    bytes: Vec<usize>,
}

impl Saved {
    /// Whether a file begins as these do.
    pub fn is_one(path: &Path) -> bool {
        SCENE.begins(path)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A [`SavedError`].
    pub fn read(path: &Path) -> Result<Self, SavedError> {
        Self::from_bytes(&container::read(path)?)
    }

    /// The content of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Bundle { program, constants, cameras, arena_bytes, tile, streamed } = &self.bundle;
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
            constants: Constant::all(constants),
            slots: cameras.clone(),
            pages,
            views: self.views.clone(),
        };
        let constants = constants.iter().map(|constant| &constant.bytes);
        let pages = streamed.iter().flat_map(|it| &it.pages);
        SCENE.seal(&description, [program].into_iter().chain(constants).chain(pages))
    }

    /// From the content of a file.
    ///
    /// # Errors
    /// A [`SavedError`], but never [`SavedError::Io`].
    pub fn from_bytes(file: &[u8]) -> Result<Self, SavedError> {
        let (description, pieces) = SCENE.open(file)?;
        Self::assemble(description, pieces)
    }

    fn assemble(description: Description, mut pieces: Pieces<'_>) -> Result<Self, SavedError> {
        let Description { name, summary, size, tile, arena, views, slots, .. } = description;
        let of_size = |(_, camera): &(_, Camera)| [camera.width, camera.height] == size;
        if !size.iter().all(|side| (1..=SIDE_MAX).contains(side)) || !views.iter().all(of_size) {
            return Err(SavedError::Damaged("its pictures have no size, or several"));
        }
        let program = pieces.take(description.program)?.to_vec();
        let constants = pieces.constants(description.constants)?;
        let streamed = match description.pages {
            None => None,
            Some(Pages { buffer, split, bytes }) => {
                Some(Streamed { buffer, pages: pieces.pages(bytes)?, split })
            }
        };
        pieces.end()?;
        let bundle =
            Bundle { program, constants, cameras: slots, arena_bytes: arena, tile, streamed };
        Ok(Self { name, summary, size, views, bundle })
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
    fn a_description_that_promises_more_than_there_is_is_refused() {
        let sealed = |description: &str| {
            let description: serde_json::Value = serde_json::from_str(description).unwrap();
            Saved::from_bytes(&SCENE.seal(&description, []))
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
