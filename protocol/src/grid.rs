//! Layout of grids in the arena: the levels of combined ones, textures among them, and the factors
//! of decomposed ones.
//!
//! A point is three words, Q28 of the unit box ([`crate::tile`]); along each axis it is first
//! brought into the box, as [`Wrap`] says.
//!
//! # Levels
//!
//! A level's entries are at the integers of its own coordinates, `point * scale + offset`. What is
//! interpolated there becomes a row's numbers by `value * multiplier / 2^16`, rounded, ties up;
//! numbers that no half can hold wrap.
//!
//! ```text
//! level, 10 words
//! 0..3  scale along x, y, z: entries a side of the box, Q17; not negative
//! 3     offset, Q16, signed; less than 2^14 either way
//! 4     number of its first entry in the table
//! 5     entries, at least one
//! 6     nx | ny << 16   entries along the axes, of a dense level; at least one
//! 7     nz | wraps << 16, two bits an axis, from x on | hashed << 24 | nearest << 25
//! 8     multiplier, signed
//! 9     zero
//! ```
//!
//! Entry `(x, y, z)` of a dense level has number `x + y * nx + z * nx * ny`. A coordinate below 0,
//! or not below the resolution, is that of the nearest entry, or along an axis that repeats the one
//! at the other end. In a hashed level the number is `(x ^ y * 2654435761 ^ z * 805459861) &
//! (entries - 1)` (Müller et al. 2022, equation 4); `entries` is a power of two, else the one below
//! it is taken. A level or factor that is not wholly in the table has no entries; a point one of
//! whose corners has no entry gets zeros.
//!
//! In a `nearest` level the fraction of a coordinate is dropped, whatever corners are weighed.
//!
//! Features of an entry lie together, entries one after another without padding. Bytes are
//! unsigned: a feature is `byte - 128`, of pixels it is the byte. Halves are signed.
//!
//! # Factors
//!
//! A factor is a plane or a line whose first and last entries lie at the ends of the box:
//! `point * (n - 1)`; its points are held to the box.
//!
//! ```text
//! factor, 4 words
//! 0  axis of the columns | axis of the rows << 8, 0..=2
//! 1  columns | rows << 16, 1..=2^14; a line has one row
//! 2  number of its first entry in the table
//! 3  multiplier, signed; that of a group's first factor counts
//! ```
//!
//! An entry is a whole number of words. Factors are reduced as halves, a byte counting for 256
//! times its feature: the product of two becomes a number by `product * multiplier / 2^32`, of
//! three by `product * multiplier / 2^48`, a sum by `sum * multiplier / 2^16`, rounded, ties up.

use crate::program::GridEntry;

/// Words of a level.
pub const LEVEL_WORDS: usize = 10;
/// Words of a factor.
pub const FACTOR_WORDS: usize = 4;
/// Fraction bits of a level's scale.
pub const SCALE_BITS: u32 = 17;
/// Fraction bits of a level's own coordinates.
pub const COORDINATE_BITS: u32 = 16;
/// Multiplier by which a feature is left as it is.
pub const MULTIPLIER_ONE: i32 = 1 << 16;
/// What coordinates along x, y and z are multiplied by in a hash (Müller et al. 2022, section 4).
pub const HASH_PRIMES: [u32; 3] = [1, 2_654_435_761, 805_459_861];
/// Most entries along an axis of a factor.
pub const FACTOR_SIDE_MAX: u16 = 1 << 14;

/// How a coordinate outside `0..1` is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wrap {
    /// As the nearest one inside.
    #[default]
    Clamp = 0,
    /// Its fraction.
    Repeat = 1,
    /// Its fraction, or one minus that in every other box.
    Mirror = 2,
}

/// A level of a combined grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Entries a side of the box, Q17.
    pub scale: [i32; 3],
    /// Added to coordinates, Q16.
    pub offset: i32,
    /// Number of the first entry.
    pub first: u32,
    /// Number of entries.
    pub entries: u32,
    /// Entries along each axis, of a dense level.
    pub resolution: [u16; 3],
    /// What lies outside, along each axis.
    pub wraps: [Wrap; 3],
    /// Whether entries are found by a hash.
    pub hashed: bool,
    /// Whether fractions of coordinates are dropped.
    pub nearest: bool,
    /// From features to numbers, Q16.
    pub multiplier: i32,
}

/// A plane or a line of a decomposed grid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Factor {
    /// Axes of the point along columns and rows, 0..=2.
    pub axes: [u8; 2],
    /// Columns and rows.
    pub resolution: [u16; 2],
    /// Number of the first entry.
    pub first: u32,
    /// From the reduced features of a group to numbers.
    pub multiplier: i32,
}

/// Words of an entry of a [`Factor`].
pub const fn factor_entry_words(features: u8, entry: GridEntry) -> usize {
    (features as usize * entry.bytes()).div_ceil(4)
}

impl Wrap {
    /// Of two bits; both set is as the first one set.
    const fn of(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Clamp,
            1 => Self::Repeat,
            _ => Self::Mirror,
        }
    }
}

impl Level {
    /// Reads a level: any words are one.
    pub fn from_words(w: &[u32; LEVEL_WORDS]) -> Self {
        Self {
            scale: [w[0] as i32, w[1] as i32, w[2] as i32],
            offset: w[3] as i32,
            first: w[4],
            entries: w[5],
            resolution: [w[6] as u16, (w[6] >> 16) as u16, w[7] as u16],
            wraps: [Wrap::of(w[7] >> 16), Wrap::of(w[7] >> 18), Wrap::of(w[7] >> 20)],
            hashed: w[7] >> 24 & 1 != 0,
            nearest: w[7] >> 25 & 1 != 0,
            multiplier: w[8] as i32,
        }
    }

    /// Writes a level.
    pub fn to_words(&self) -> [u32; LEVEL_WORDS] {
        let ([sx, sy, sz], [nx, ny, nz]) = (self.scale, self.resolution.map(u32::from));
        let [wx, wy, wz] = self.wraps.map(|wrap| wrap as u32);
        let flags = u32::from(self.hashed) << 24 | u32::from(self.nearest) << 25;
        [
            sx as u32,
            sy as u32,
            sz as u32,
            self.offset as u32,
            self.first,
            self.entries,
            nx | ny << 16,
            nz | (wx | wy << 2 | wz << 4) << 16 | flags,
            self.multiplier as u32,
            0,
        ]
    }
}

impl Factor {
    /// Reads a factor: any words are one.
    pub fn from_words(w: &[u32; FACTOR_WORDS]) -> Self {
        Self {
            axes: [w[0] as u8, (w[0] >> 8) as u8],
            resolution: [w[1] as u16, (w[1] >> 16) as u16],
            first: w[2],
            multiplier: w[3] as i32,
        }
    }

    /// Writes a factor.
    pub fn to_words(&self) -> [u32; FACTOR_WORDS] {
        let pair = |[low, high]: [u32; 2], bits: u32| low | high << bits;
        let (axes, sides) = (self.axes.map(u32::from), self.resolution.map(u32::from));
        [pair(axes, 8), pair(sides, 16), self.first, self.multiplier as u32]
    }
}
