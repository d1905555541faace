//! Layout of a window and of the bounds of chunks in the arena: how a frame is drawn in parts.
//!
//! A *region* is a rectangle of the frame. Its chunks are visited from front to back; splats gather
//! in the arena, and those nearer than the next chunk's nearest are drawn when room is needed for
//! more. So each chunk is visited once for each region that it touches. Where even the splats that
//! cannot be drawn yet are too many, the farthest are dropped: the *window* is made to end there,
//! and when all before that has been drawn another window begins, for which chunks are visited
//! again.
//!
//! ```text
//! window, 10 words                            bounds of a chunk, 4 words
//! 0     splats in the arena                   0  first row | one past the last << 16
//! 1     1 while there is something to draw    1  first column | one past the last << 16
//! 2     region                                2  least depth key
//! 3     1 while nothing is drawn in it        3  greatest depth key | exact << 31
//! 4, 5  first place: key, Gaussian
//! 6, 7  end: key, Gaussian
//! 8     next chunk, by its place in their order
//! 9     splats of lesser keys are ready to be drawn
//! ```

/// Words of a window.
pub const WINDOW_WORDS: usize = 10;
/// Place of the word in a window that says whether there is something to draw.
pub const MORE_WORD: u16 = 1;
/// Words of the bounds of a chunk.
pub const BOUNDS_WORDS: usize = 4;
/// The key at which a region's last window ends; beyond any depth.
pub const LAST_KEY: u32 = u32::MAX;
/// Mark of exact bounds; keys are below 2^28.
const EXACT: u32 = 1 << 31;

/// A place in the order in which splats are drawn: by depth key, then by number of the Gaussian.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Depth key.
    pub key: u32,
    /// `chunk << 8 | place in it`.
    pub gaussian: u32,
}

impl Place {
    /// Behind everything.
    pub const LAST: Self = Self { key: LAST_KEY, gaussian: 0 };
}

/// A window, as commands hand it on to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Splats in the arena.
    pub count: u32,
    /// Whether there is something to draw.
    pub more: bool,
    /// Number of the region.
    pub region: u32,
    /// Whether nothing has been drawn in the region.
    pub blank: bool,
    /// Where it begins.
    pub first: Place,
    /// Where it ends: this place is not part of it.
    pub end: Place,
    /// Next chunk to visit, by its place in their order.
    pub next: u32,
    /// Splats of lesser keys are ready to be drawn: no chunk to come has one in front of them.
    pub ready: u32,
}

impl Window {
    /// The first window of a region; there is something to draw.
    pub const fn of_region(region: u32) -> Self {
        let first = Place { key: 0, gaussian: 0 };
        let end = Place::LAST;
        Self { count: 0, more: true, region, blank: true, first, end, next: 0, ready: 0 }
    }

    /// Reads a window.
    pub fn from_words(w: &[u32; WINDOW_WORDS]) -> Self {
        Self {
            count: w[0],
            more: w[1] != 0,
            region: w[2],
            blank: w[3] != 0,
            first: Place { key: w[4], gaussian: w[5] },
            end: Place { key: w[6], gaussian: w[7] },
            next: w[8],
            ready: w[9],
        }
    }

    /// Writes a window.
    pub fn to_words(&self) -> [u32; WINDOW_WORDS] {
        let Self { count, more, region, blank, first, end, next, ready } = *self;
        let (first, end) = ([first.key, first.gaussian], [end.key, end.gaussian]);
        let (more, blank) = (more.into(), blank.into());
        [count, more, region, blank, first[0], first[1], end[0], end[1], next, ready]
    }
}

/// Where all splats of a chunk lie; some of it may be empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// First row and one past the last, within the frame.
    pub rows: [u16; 2],
    /// First column and one past the last, within the frame.
    pub columns: [u16; 2],
    /// Least and greatest depth key.
    pub keys: [u32; 2],
    /// Whether they are those of its splats, the least key apart, and not only an estimate.
    pub exact: bool,
}

impl Bounds {
    /// Of a chunk that cannot be seen.
    pub const NOWHERE: Self =
        Self { rows: [0; 2], columns: [0; 2], keys: [LAST_KEY, 0], exact: false };

    /// Reads bounds.
    pub fn from_words(w: &[u32; BOUNDS_WORDS]) -> Self {
        let pair = |word: u32| [(word & 0xFFFF) as u16, (word >> 16) as u16];
        let (keys, exact) = ([w[2], w[3] & !EXACT], w[3] & EXACT != 0);
        Self { rows: pair(w[0]), columns: pair(w[1]), keys, exact }
    }

    /// Writes bounds.
    pub fn to_words(&self) -> [u32; BOUNDS_WORDS] {
        let pair = |[low, high]: [u16; 2]| u32::from(low) | u32::from(high) << 16;
        let far = self.keys[1] & !EXACT | u32::from(self.exact) << 31;
        [pair(self.rows), pair(self.columns), self.keys[0], far]
    }
}
