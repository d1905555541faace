//! Layout of rays and of the samples along them.
//!
//! Each pixel of a tile has a *ray*, by its number in the tile: a segment from the near end to the far
//! end of what is drawn. Places on it are *shares* of the segment, Q24: 0 at the near end, 2^24 at the
//! far one. Positions are in the unit box of the field, Q28: the box may be far smaller than the
//! segment, and a point outside it is no error.
//!
//! ```text
//! ray, 10 words                                     sample, 2 words
//! 0..3   near end, Q28 of the unit box              0  ray | place in its row << 16
//! 3..6   from the near to the far end, Q28          1  optical length: the sample's share of the
//! 6      length of the segment, Q16, in the units      segment times the ray's length, Q16
//!        that densities are per
//! 7..10  direction in world axes, of length 1, Q30  marks, a word a ray: the next interval to visit
//! ```
//!
//! A ray is cut into *intervals*: even ones, or such as a list of shares says. Samples lie by
//! [`Spacing`] in the intervals' middles or at the shares themselves.
//!
//! Samples come in batches: `count` has two words, how many samples there are, and 1 while any ray has
//! intervals to visit after them. Each sample has a point (3 words, Q28) and rows of features.

/// Words of a ray.
pub const RAY_WORDS: usize = 10;
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

/// Where the samples of a ray lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spacing {
    /// `n` intervals between `n + 1` shares, even ones `k / n`; a sample in the middle of each, as long
    /// as its interval (nerfstudio, Instant-NGP).
    Middles = 0,
    /// `n` samples at `n` shares, even ones `k / (n - 1)`; as long as the way to the next one, the
    /// last one [`ENDLESS`] (NeRF).
    Points = 1,
}

impl Spacing {
    /// Shares of a ray with so many samples.
    pub const fn shares(self, samples: usize) -> usize {
        match self {
            Self::Middles => samples + 1,
            Self::Points => samples,
        }
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
