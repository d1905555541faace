//! Layout of rays, of the samples along them, and of what is composed of these.
//!
//! Each pixel of a tile has a *ray*, by its number in the tile: a segment from the near end to the
//! far end of what is drawn. Places on it are *shares* of the segment, Q24: 0 at the near end, 2^24
//! at the far one. Positions are in the unit box of the field, Q28: the box may be far smaller than
//! the segment, and a point outside it is no error.
//!
//! ```text
//! ray, 10 words                                     sample, 2 words
//! 0..3   near end, Q28 of the unit box              0  ray | place in its row << 16
//! 3..6   from the near to the far end, Q28          1  optical length: the sample's share of the
//! 6      length of the segment, Q16, in the units      segment times the ray's length, Q16
//!        that densities are per
//! 7..10  direction in world axes, of length 1, Q30  marks, a word a ray: the next sample to look at
//! ```
//!
//! Samples lie at even shares or at those of a list, as [`Spacing`] says. They come in batches:
//! `count` has two words, how many samples there are, and 1 while any ray may have more after them.
//! Each sample has a point (3 words, Q28) and rows of features.
//!
//! Rays come of a camera. Numbers of two words have the low one first.
//!
//! ```text
//! camera of rays, 32 words
//! 0..6    eye, Q28 of the unit box, two words a number
//! 6..12   direction through the middle of the frame's first pixel in world axes, as long as it is to
//!         a depth of 1, Q40, two words a number
//! 12..18  what the next column adds to that
//! 18..24  what the next row adds to that
//! 24..27  way to the near end, Q24 of the unit box's sides
//! 27..30  way from the near to the far end, Q24 of the unit box's sides, unsigned
//! 30      that way, Q16, in the units that densities are per
//! 31      1 where ways are along rays, 0 where they are along the camera's axis
//! ```
//!
//! Which parts of the box there is anything in is told by *occupancy*: a bit for each cell, two
//! words for a block of 4^3 of them, then a byte for each block, four a word. Blocks are numbered
//! `x + n (y + n z)` by their places along the three axes, `n` of them along each, cells in a block
//! `x + 4 (y + 4 z)`; low bits and bytes come first. A block's byte is 0 where a cell of it is
//! occupied, else how many blocks off, in the greatest of the three directions, the nearest block
//! is that has one, and `n` where there is none.
//!
//! What becomes of a density and of a colour, both halves as a network leaves them, `x`:
//!
//! ```text
//! activations, 515 words
//! 0         0 for a density that is linear above zero, 1 for one by table
//! 1         linear: multiplier | shift << 16; the optical depth is
//!           max(x, 0) * multiplier * optical length >> shift; a multiplier of 16, a shift of 6 bits
//! 2..259    by table: every 256 steps of x from -2^15 on, z in Q26, and between them on lines;
//!           the optical depth is 2^-z * optical length * 2^30
//! 259..515  colour: every 256 steps of x from -2^15 on, in the low half what it is, Q15, and in the
//!           high half, signed, what is added on the way to the next entry
//! ```
//!
//! Optical depths are binary, Q26: of light, 2^-depth gets through.

/// Words of a ray.
pub const RAY_WORDS: usize = 10;
/// Words of a camera of rays.
pub const RAY_CAMERA_WORDS: usize = 32;
/// Words of a sample.
pub const SAMPLE_WORDS: usize = 2;
/// Words of the count of a batch of samples.
pub const COUNT_WORDS: usize = 2;
/// The word of a count that says whether there are samples after the batch.
pub const MORE_SAMPLES_WORD: u16 = 1;
/// The end of a segment as a share.
pub const SHARE_ONE: u32 = 1 << 24;
/// Optical length of a last sample that has no end, as a NeRF's: opaque if there is any density.
pub const ENDLESS: u32 = u32::MAX;

/// Fraction bits of a direction of [`RayCamera`].
pub const DIRECTION_BITS: u32 = 40;
/// Fraction bits of the ways of [`RayCamera`], in sides of the unit box.
pub const WAY_BITS: u32 = 24;
/// Most samples of a ray.
pub const SAMPLES_MAX: u32 = 4096;
/// Binary logarithm of the cells along a side of a block of an occupancy grid.
pub const BLOCK_BITS: u32 = 2;
/// Steps of a half from entry to entry of the tables of activations.
pub const ACTIVATION_STEP: usize = 256;
/// First of the words of a density's table.
pub const DENSITY_TABLE: usize = 2;
/// Entries of a density's table.
pub const DENSITY_ENTRIES: usize = 257;
/// First of the words of a colour's table.
pub const COLOR_TABLE: usize = DENSITY_TABLE + DENSITY_ENTRIES;
/// Entries of a colour's table.
pub const COLOR_ENTRIES: usize = 256;
/// Words of activations.
pub const ACTIVATION_WORDS: usize = COLOR_TABLE + COLOR_ENTRIES;
/// Fraction bits of an optical depth.
pub const DEPTH_BITS: u32 = 26;

/// Where the samples of a ray lie, and how long they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// In the middles of even intervals, `(k + 1/2) / n`. A sample is as long as the way to the
    /// next one, the last one as the way to the end of the segment. Samples that are focused take
    /// the place of the even ones: `(k + 1/2) / m` of the weights' histogram over the even
    /// intervals.
    Middles = 0,
    /// On even points from end to end, `k / (n - 1)`. A sample is as long as the way to the next
    /// one, the last one [`ENDLESS`]. Samples that are focused come beside the even ones: `k / (m -
    /// 1)` of the weights' histogram over the intervals between the even points' middles, with
    /// neither the first nor the last weight (NeRF's `sample_pdf`).
    Points = 1,
}

/// Words of an occupancy grid of `2^bits` cells along each side.
pub const fn occupancy_words(bits: u32) -> usize {
    let (cells, blocks) = (1usize << (3 * bits), 1usize << (3 * (bits - BLOCK_BITS)));
    cells / 32 + blocks.div_ceil(4)
}

/// A camera of rays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RayCamera {
    /// Where it is, Q28 of the unit box.
    pub eye: [i64; 3],
    /// Direction through the middle of the frame's first pixel, world axes, at a depth of 1, Q40.
    pub corner: [i64; 3],
    /// What the next column adds to that.
    pub column: [i64; 3],
    /// What the next row adds to that.
    pub row: [i64; 3],
    /// Way to the near end, Q24 of the unit box's sides.
    pub near: [u32; 3],
    /// Way from the near to the far end, Q24 of the unit box's sides.
    pub reach: [u32; 3],
    /// That way, Q16, in the units that densities are per.
    pub length: u32,
    /// Whether ways are along rays, in place of along the camera's axis.
    pub along_rays: bool,
}

impl RayCamera {
    /// Reads a camera of rays.
    pub fn from_words(w: &[u32; RAY_CAMERA_WORDS]) -> Self {
        let wide = |at: usize| {
            [0, 2, 4].map(|k| (u64::from(w[at + k + 1]) << 32 | u64::from(w[at + k])) as i64)
        };
        Self {
            eye: wide(0),
            corner: wide(6),
            column: wide(12),
            row: wide(18),
            near: [w[24], w[25], w[26]],
            reach: [w[27], w[28], w[29]],
            length: w[30],
            along_rays: w[31] != 0,
        }
    }

    /// Writes a camera of rays.
    pub fn to_words(&self) -> [u32; RAY_CAMERA_WORDS] {
        let mut words = [0; RAY_CAMERA_WORDS];
        let wide = [self.eye, self.corner, self.column, self.row];
        for (pair, number) in words.as_chunks_mut::<2>().0.iter_mut().zip(wide.as_flattened()) {
            *pair = [*number as u32, (*number >> 32) as u32];
        }
        words[24..27].copy_from_slice(&self.near);
        words[27..30].copy_from_slice(&self.reach);
        words[30] = self.length;
        words[31] = self.along_rays.into();
        words
    }
}

/// A ray.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ray {
    /// Near end in the unit box, Q28.
    pub start: [i32; 3],
    /// From the near to the far end, Q28.
    pub span: [i32; 3],
    /// Length of the segment in the units that densities are per, Q16.
    pub length: u32,
    /// Direction in world axes, of length 1, Q30.
    pub direction: [i32; 3],
}

impl Ray {
    /// Reads a ray.
    pub fn from_words(w: &[u32; RAY_WORDS]) -> Self {
        let three = |at: usize| [w[at] as i32, w[at + 1] as i32, w[at + 2] as i32];
        Self { start: three(0), span: three(3), length: w[6], direction: three(7) }
    }

    /// Writes a ray.
    pub fn to_words(&self) -> [u32; RAY_WORDS] {
        let ([a, b, c], [d, e, f]) = (self.start.map(|v| v as u32), self.span.map(|v| v as u32));
        let [x, y, z] = self.direction.map(|v| v as u32);
        [a, b, c, d, e, f, self.length, x, y, z]
    }
}
