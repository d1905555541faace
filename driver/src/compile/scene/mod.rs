//! A quantised scene to a bundle.
//!
//! A scene that fits is sent once and stays; one that does not stays with the driver, and the device
//! pulls what it needs.

mod resident;
mod streamed;
mod tile;

use super::field::FieldError;
use super::{CameraKind, CameraSlot, Parts, Placed};
use crate::quantise::QuantisedCloud;
pub use streamed::{Split, Streamed};

/// Bits of a digit of the depth sort: two digits make keys of 22 bits.
const DIGIT_BITS: u8 = 11;
/// Bits of a depth key.
pub const KEY_BITS: u32 = 2 * DIGIT_BITS as u32;
/// What to make of a scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Columns of the picture.
    pub width: u16,
    /// Rows of the picture.
    pub height: u16,
    /// Colour behind everything.
    pub background: [u8; 3],
    /// Bytes of the device's arena.
    pub arena_bytes: usize,
}

/// A program with its constants, planned for one size of arena.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    /// The encoded program, which lies at byte 0 of the arena.
    pub program: Vec<u8>,
    /// Constants and where they go.
    pub constants: Vec<Placed>,
    /// Where the camera goes before each frame; there is no other input.
    pub cameras: Vec<CameraSlot>,
    /// Bytes of arena in use.
    pub arena_bytes: usize,
    /// Columns and rows of a tile, or region.
    pub tile: [u16; 2],
    /// The pages that stay with the driver, if the scene does not fit as a whole.
    pub streamed: Option<Streamed>,
}

impl Bundle {
    /// Bytes that go over the link before the first frame.
    pub fn upload_bytes(&self) -> usize {
        self.parts().upload_bytes()
    }

    /// What a device is sent.
    pub fn parts(&self) -> Parts<'_> {
        let pages = self.streamed.as_ref().map(|it| (it.buffer, it.pages.as_slice()));
        Parts { program: &self.program, constants: &self.constants, pages }
    }
}

/// Why a scene cannot be compiled.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Nothing in the scene can be seen.
    #[error("the scene has no Gaussian with an opacity of 1/255 or more: there is nothing to draw")]
    Empty,
    /// The picture's size is not one that a device can draw.
    #[error("a picture of {width}x{height} cannot be drawn: sides go from 1 to 4096 pixels")]
    PictureSize {
        /// Columns asked for.
        width: u16,
        /// Rows asked for.
        height: u16,
    },
    /// The arena holds not even the least that drawing this scene in parts takes.
    #[error(
        "{gaussians} Gaussians in {chunks} chunks need {needed} bytes of arena at the least, even \
         streamed, and the device has {available}"
    )]
    TooLarge {
        /// Gaussians in the scene.
        gaussians: usize,
        /// Chunks that they come in.
        chunks: usize,
        /// Bytes needed.
        needed: usize,
        /// Bytes of arena.
        available: usize,
    },
    /// A radiance field cannot be.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Compiles a scene.
///
/// # Errors
/// When there is nothing to draw, the picture is too large, or the scene does not fit.
pub fn compile(cloud: &QuantisedCloud, options: &Options) -> Result<Bundle, CompileError> {
    let Options { width, height, arena_bytes: available, .. } = *options;
    if cloud.is_empty() {
        return Err(CompileError::Empty);
    }
    if !(1..=4096).contains(&width) || !(1..=4096).contains(&height) {
        return Err(CompileError::PictureSize { width, height });
    }
    resident::compile(cloud, options).or_else(|resident| {
        streamed::compile(cloud, options).map_err(|streamed| CompileError::TooLarge {
            gaussians: cloud.len(),
            chunks: cloud.chunks.len(),
            needed: resident.min(streamed),
            available,
        })
    })
}
