//! Layout of what commands hand on to each other that draw a frame tile by tile.
//!
//! A program draws one *tile* after another, a rectangle of the frame, by a loop from a
//! [`NextTile`](crate::program::NextTile) to a [`Repeat`](crate::program::Repeat) on its cursor.
//! Pixels of a tile are numbered row by row. Everything that has a colour ends in the tile's
//! *accumulators*: splats, surfaces and rays alike, so that one frame may have all of them.
//!
//! ```text
//! cursor, 5 words                          accumulator, 1 + channels words
//! 0  number of the next tile               0   transmittance, Q16: 2^16 where nothing is in front
//! 1  1 while there is a next tile          1.. sums, Q26: each already times what it is seen through
//! 2  first column | first row << 16
//! 3  columns | rows << 16
//! 4  pixels
//! ```
//!
//! Colours have three channels, red, green, blue, 1 being display white.
//!
//! A surface is drawn as *fragments*: what of it is seen, a row of each of these matrices a pixel.
//!
//! ```text
//! pixels       word: number of the pixel in its tile
//! coordinates  3 words: texture coordinates u, v in Q28, 1 for the whole texture, and number of the material
//! points       3 words: position in the unit box of a field, Q28
//! normals      2 words: x, y, z as halves, Q14, of length 1, in world or view axes, and zero
//! ```
//!
//! `pixels` begins with a word that says how many fragments there are; they come row by row. The
//! surface has two words for each pixel of the tile, fragment or not: how near the nearest triangle
//! is, in proportion to `1 / depth`, and its number; zero and all ones where there is none.

/// Words of a cursor.
pub const CURSOR_WORDS: usize = 5;
/// The word of a cursor that says whether there is a next tile.
pub const MORE_TILES_WORD: u16 = 1;
/// One in the transmittance of an accumulator.
pub const TRANSMITTANCE_ONE: u32 = 1 << 16;
/// Fraction bits of the sums of an accumulator.
pub const SUM_BITS: u32 = 26;
/// Words of a pixel of the surface.
pub const SURFACE_WORDS: usize = 2;
/// Number of the triangle of a pixel without a surface.
pub const NO_TRIANGLE: u32 = u32::MAX;
/// Largest side of a frame.
pub const FRAME_SIDE_MAX: u16 = 4096;
/// Largest side of a tile.
pub const TILE_SIDE_MAX: u16 = 2048;
/// Words of a point or of texture coordinates.
pub const POINT_WORDS: usize = 3;
/// Fraction bits of a point: 1 is the side of the unit box, or the whole texture.
pub const POINT_BITS: u32 = 28;
/// Words of a normal.
pub const NORMAL_WORDS: usize = 2;

/// Which part of a frame is being drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// Number of the next tile.
    pub next: u32,
    /// Whether there is one.
    pub more: bool,
    /// First column and row of this tile.
    pub corner: [u16; 2],
    /// Columns and rows.
    pub size: [u16; 2],
    /// Their product.
    pub pixels: u32,
}

impl Cursor {
    /// Reads a cursor.
    pub fn from_words(w: &[u32; CURSOR_WORDS]) -> Self {
        let pair = |word: u32| [(word & 0xFFFF) as u16, (word >> 16) as u16];
        Self { next: w[0], more: w[1] != 0, corner: pair(w[2]), size: pair(w[3]), pixels: w[4] }
    }

    /// Writes a cursor.
    pub fn to_words(&self) -> [u32; CURSOR_WORDS] {
        let pair = |[low, high]: [u16; 2]| u32::from(low) | u32::from(high) << 16;
        [self.next, self.more.into(), pair(self.corner), pair(self.size), self.pixels]
    }
}
