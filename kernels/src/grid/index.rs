//! From whole coordinates to numbers of units in a level: a unit is what is looked up at a time,
//! and an entry has one or more.

use quintet_protocol::grid::{HASH_PRIMES, Level, Wrap};

/// How entries are numbered.
pub trait Index: Copy {
    /// What the lower and the upper corner along an axis contribute.
    fn terms(&self, axis: usize, whole: i32) -> [u32; 2];

    /// Contributions of two axes.
    fn join(&self, a: u32, b: u32) -> u32;

    /// The number of the first unit of the entry to which all axes contributed.
    fn number(&self, joined: u32) -> u32;
}

/// A hashed level.
#[derive(Clone, Copy)]
pub struct Hashed {
    /// Of the number of an entry.
    pub mask: u32,
    /// Of an entry.
    units: u32,
}

/// A dense level beyond which no corner lies.
#[derive(Clone, Copy)]
pub struct Inside {
    /// Units from an entry to the next along each axis.
    pub strides: [u32; 3],
}

/// A dense level, corners beyond which are those of other entries.
#[derive(Clone, Copy)]
pub struct Edged {
    /// Greatest coordinate along each axis.
    last: [i32; 3],
    /// What stands for lesser ones than zero, and for greater ones than that.
    beyond: [[i32; 2]; 3],
    strides: [u32; 3],
}

impl Hashed {
    pub fn new(level: &Level, units: u32) -> Self {
        Self { mask: mask(level.entries), units }
    }
}

/// The mask of a hash to so many entries, or the power of two below.
fn mask(entries: u32) -> u32 {
    u32::MAX >> 1 >> entries.max(1).leading_zeros().min(31)
}

impl Inside {
    pub fn new(level: &Level, units: u32) -> Self {
        Self { strides: strides(level, units) }
    }
}

impl Edged {
    pub fn new(level: &Level, units: u32) -> Self {
        let last = level.resolution.map(|side| i32::from(side.max(1)) - 1);
        let beyond = |axis: usize| match level.wraps[axis] {
            Wrap::Repeat => [last[axis], 0],
            Wrap::Clamp | Wrap::Mirror => [0, last[axis]],
        };
        Self { last, beyond: [beyond(0), beyond(1), beyond(2)], strides: strides(level, units) }
    }

    /// The entry that stands for a coordinate.
    #[inline(always)]
    fn entry(&self, axis: usize, whole: i32) -> u32 {
        let [before, behind] = self.beyond[axis];
        let entry = if whole < 0 { before } else { whole };
        (if whole > self.last[axis] { behind } else { entry }) as u32
    }
}

fn strides(level: &Level, units: u32) -> [u32; 3] {
    let [nx, ny, _] = level.resolution.map(u32::from);
    let row = units.wrapping_mul(nx);
    [units, row, row.wrapping_mul(ny)]
}

impl Index for Hashed {
    #[inline(always)]
    fn terms(&self, axis: usize, whole: i32) -> [u32; 2] {
        let lower = (whole as u32).wrapping_mul(HASH_PRIMES[axis]);
        [lower, lower.wrapping_add(HASH_PRIMES[axis])]
    }

    #[inline(always)]
    fn join(&self, a: u32, b: u32) -> u32 {
        a ^ b
    }

    #[inline(always)]
    fn number(&self, joined: u32) -> u32 {
        (joined & self.mask).wrapping_mul(self.units)
    }
}

impl Index for Inside {
    #[inline(always)]
    fn terms(&self, axis: usize, whole: i32) -> [u32; 2] {
        let lower = (whole as u32).wrapping_mul(self.strides[axis]);
        [lower, lower.wrapping_add(self.strides[axis])]
    }

    #[inline(always)]
    fn join(&self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn number(&self, joined: u32) -> u32 {
        joined
    }
}

impl Index for Edged {
    #[inline(always)]
    fn terms(&self, axis: usize, whole: i32) -> [u32; 2] {
        let upper = whole.wrapping_add(1);
        [whole, upper].map(|whole| self.entry(axis, whole).wrapping_mul(self.strides[axis]))
    }

    #[inline(always)]
    fn join(&self, a: u32, b: u32) -> u32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn number(&self, joined: u32) -> u32 {
        joined
    }
}
