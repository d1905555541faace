//! Float grids, their factors and textures to the layouts of [`quintet_protocol::grid`].

mod factors;
mod levels;
mod textures;

use quintet_protocol::grid::{FACTOR_WORDS, LEVEL_WORDS};
use quintet_protocol::program::GridEntry;

pub use factors::factors;
pub use levels::grid;
pub use textures::{TEXTURE_BITS, textures};

/// Most features of an entry of a combined grid.
pub const GRID_FEATURES_MAX: usize = 16;
/// Most features of an entry of a factor.
pub const FACTOR_FEATURES_MAX: usize = 64;
/// Most fraction bits of a feature: smaller ones are as good as none.
const FRACTION_BITS_MAX: f64 = 30.0;

/// Bits of each feature of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bits {
    /// Bytes, with a scale for each level.
    Eight,
    /// Halves.
    Sixteen,
}

/// Levels of a combined grid, ready to place in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedGrid {
    /// Levels, [`LEVEL_WORDS`] each.
    pub levels: Vec<u32>,
    /// Entries of all levels.
    pub table: Vec<u32>,
    /// What an entry consists of.
    pub entry: GridEntry,
    /// Features of an entry.
    pub features: usize,
    /// Fraction bits of the halves that come out.
    pub fraction_bits: i32,
}

/// Factors of a decomposed grid, ready to place in the arena.
#[derive(Clone, Debug, PartialEq)]
pub struct QuantisedFactors {
    /// Factors, [`FACTOR_WORDS`] each, group by group.
    pub factors: Vec<u32>,
    /// Entries of all factors.
    pub table: Vec<u32>,
    /// What an entry consists of.
    pub entry: GridEntry,
    /// Fraction bits of the halves that come out.
    pub fraction_bits: i32,
}

/// Why a grid has no such layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GridError {
    /// An entry has too many features, or none.
    #[error("{features} features an entry; a device looks up 1 to {most}")]
    Features {
        /// How many it has.
        features: usize,
        /// How many it may have.
        most: usize,
    },
    /// A level has more cells than coordinates can tell apart.
    #[error("level {level} has more than 16 383 cells along an axis")]
    TooFine {
        /// Its number.
        level: usize,
    },
    /// A hashed level's size is not a power of two.
    #[error("level {level} is hashed to {entries} entries, which is not a power of two")]
    HashSize {
        /// Its number.
        level: usize,
        /// Its size.
        entries: usize,
    },
    /// Entries are fewer than the shape says, or none.
    #[error("level or factor {level} has fewer entries than its shape says")]
    Entries {
        /// Its number.
        level: usize,
    },
    /// A group has a number of factors, or these an extent, that no device takes.
    #[error("group {group} is not of 1 to 3 planes and lines of 1 to 16 384 entries a side")]
    Group {
        /// Its number.
        group: usize,
    },
}

impl Bits {
    fn entry(self) -> GridEntry {
        match self {
            Self::Eight => GridEntry::Bytes,
            Self::Sixteen => GridEntry::Halves,
        }
    }

    /// The largest feature that is stored.
    fn most(self) -> f64 {
        match self {
            Self::Eight => 127.0,
            Self::Sixteen => 32_767.0,
        }
    }

    /// Appends a feature, in steps.
    fn push(self, bytes: &mut Vec<u8>, steps: f64) {
        let steps = steps.round().clamp(-self.most(), self.most()) as i16;
        match self {
            Self::Eight => bytes.push((steps + 128) as u8),
            Self::Sixteen => bytes.extend(steps.to_le_bytes()),
        }
    }
}

impl QuantisedGrid {
    /// How many levels there are.
    pub fn level_count(&self) -> usize {
        self.levels.len() / LEVEL_WORDS
    }

    /// Bytes of levels and entries.
    pub fn bytes(&self) -> usize {
        (self.levels.len() + self.table.len()) * 4
    }
}

impl QuantisedFactors {
    /// How many factors there are.
    pub fn factor_count(&self) -> usize {
        self.factors.len() / FACTOR_WORDS
    }

    /// Bytes of factors and entries.
    pub fn bytes(&self) -> usize {
        (self.factors.len() + self.table.len()) * 4
    }
}

/// Fraction bits with which numbers of at most this magnitude fill halves.
fn fraction_bits(largest: f64) -> i32 {
    (32_767.0 / largest.max(f64::MIN_POSITIVE)).log2().floor().clamp(-16.0, FRACTION_BITS_MAX)
        as i32
}

/// The largest magnitude among some numbers.
fn largest(values: impl IntoIterator<Item = f32>) -> f64 {
    values.into_iter().fold(0.0, |largest, value| largest.max(f64::from(value.abs())))
}

/// Bytes as words, zeros behind the last one.
fn words(mut bytes: Vec<u8>) -> Vec<u32> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
}
