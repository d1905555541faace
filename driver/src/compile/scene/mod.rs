//! A quantised scene to a bundle.
//!
//! A scene that fits is sent once and stays; one that does not stays with the driver, and the
//! device pulls what it needs.

pub(super) mod gaussians;
mod resident;
mod streamed;
pub(super) mod tile;

use super::field::FieldError;
use super::{CameraKind, CameraSlot, Parts, Placed};
use crate::quantise::QuantisedCloud;
use crate::quantise::grid::GridError;
pub use streamed::{Split, Streamed};

/// Bits of a digit of the depth sort: two digits make keys of 22 bits.
pub(super) const DIGIT_BITS: u8 = 11;
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

impl Options {
    /// Refuses pictures that a device cannot draw.
    pub(super) fn check(&self) -> Result<(), CompileError> {
        let Self { width, height, .. } = *self;
        match (1..=4096).contains(&width) && (1..=4096).contains(&height) {
            true => Ok(()),
            false => Err(CompileError::PictureSize { width, height }),
        }
    }
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
    /// A mesh without a triangle.
    #[error("the mesh has no triangles: there is nothing to draw")]
    NoTriangles,
    /// A texture that the device cannot look up.
    #[error("a texture cannot be used: {0}")]
    Texture(GridError),
    /// More materials than a device takes.
    #[error("{count} materials; a device takes up to {most}")]
    Materials {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// More lights than a device takes.
    #[error("{count} lights; a device takes up to {most} beside the ambient one")]
    Lights {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// The arena is too small for a mesh, which has to be there as a whole.
    #[error(
        "{vertices} vertices, {triangles} triangles and {texels} bytes of textures{beside} need \
         {needed} bytes of arena at the least, and the device has {available}",
        beside = if *gaussians > 0 { format!(", with {gaussians} Gaussians,") } else { String::new() }
    )]
    MeshTooLarge {
        /// Vertices of the mesh, as the device has them.
        vertices: usize,
        /// Its triangles.
        triangles: usize,
        /// Bytes of its textures.
        texels: usize,
        /// Gaussians beside it.
        gaussians: usize,
        /// Bytes needed.
        needed: usize,
        /// Bytes of arena.
        available: usize,
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

impl CompileError {
    /// Bytes of arena that are needed at the least, if it is for lack of these.
    pub fn needed(&self) -> Option<usize> {
        match *self {
            Self::TooLarge { needed, .. }
            | Self::MeshTooLarge { needed, .. }
            | Self::Field(FieldError::TooLarge { needed, .. }) => Some(needed),
            _ => None,
        }
    }
}

/// Compiles a scene.
///
/// # Errors
/// When there is nothing to draw, the picture is too large, or the scene does not fit.
pub fn compile(cloud: &QuantisedCloud, options: &Options) -> Result<Bundle, CompileError> {
    let available = options.arena_bytes;
    if cloud.is_empty() {
        return Err(CompileError::Empty);
    }
    options.check()?;
    resident::compile(cloud, options).or_else(|resident| {
        streamed::compile(cloud, options).map_err(|streamed| CompileError::TooLarge {
            gaussians: cloud.len(),
            chunks: cloud.chunks.len(),
            needed: resident.min(streamed),
            available,
        })
    })
}
