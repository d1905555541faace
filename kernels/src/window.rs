//! Windows: which splats belong to one, and what to do when it overflows.

use super::project::Splat;
use quintet_protocol::gaussian::SPLAT_WORDS;
use quintet_protocol::window::{Bounds, LAST_KEY, Place, Window};

/// A rectangle of the frame: first row or column and one past the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Rows.
    pub rows: [u16; 2],
    /// Columns.
    pub columns: [u16; 2],
}

impl Region {
    /// Whether a rectangle of those rows and columns shares a pixel with this one.
    #[inline(always)]
    pub fn touches(&self, rows: [u16; 2], columns: [u16; 2]) -> bool {
        let meet = |a: [u16; 2], b: [u16; 2]| a[0] < b[1] && b[0] < a[1];
        meet(self.rows, rows) && meet(self.columns, columns)
    }
}

/// The splats of a window in the arena: three slices of one length.
pub struct Store<'a> {
    /// Splats.
    pub splats: &'a mut [[u32; SPLAT_WORDS]],
    /// Their depth keys.
    pub keys: &'a mut [u32],
    /// The numbers of their Gaussians.
    pub gaussians: &'a mut [u32],
}

impl<'a> Store<'a> {
    /// A store over words as commands have them: the keys come first, the numbers follow.
    pub fn new(splats: &'a mut [u32], keys: &'a mut [u32]) -> Self {
        let splats = splats.as_chunks_mut().0;
        let (keys, gaussians) = keys.split_at_mut(keys.len() / 2);
        Self { splats, keys, gaussians }
    }

    fn place(&self, at: usize) -> Place {
        let word = |words: &[u32]| words.get(at).copied().unwrap_or(LAST_KEY);
        Place { key: word(self.keys), gaussian: word(self.gaussians) }
    }

    /// Keeps those of the first `count` splats that are to stay; returns how many.
    pub fn retain(&mut self, count: usize, stays: impl Fn(Place) -> bool) -> usize {
        let mut left = 0;
        for at in 0..count.min(self.splats.len()) {
            if !stays(self.place(at)) {
                continue;
            }
            if left < at {
                self.splats[left] = self.splats[at];
                self.keys[left] = self.keys[at];
                self.gaussians[left] = self.gaussians[at];
            }
            left += 1;
        }
        left
    }

    /// Drops the farthest of `count` splats so that `most` are left; returns the first place that
    /// was dropped. Places differ, so there is one that has just `most` before it.
    #[inline(never)]
    pub fn trim(&mut self, count: usize, most: usize) -> (usize, Place) {
        let count = count.min(self.keys.len());
        let keys = &self.keys[..count];
        let key = least(|key| keys.iter().filter(|&&it| it <= key).count() > most);
        let before = keys.iter().filter(|&&it| it < key).count();
        let equals = || keys.iter().zip(&*self.gaussians).filter(|&(&it, _)| it == key);
        let gaussian =
            least(|gaussian| before + equals().filter(|&(_, &it)| it <= gaussian).count() > most);
        let end = Place { key, gaussian };
        (self.retain(count, |place| place < end), end)
    }
}

/// The least number of which something holds that then holds of all greater ones.
fn least(holds: impl Fn(u32) -> bool) -> u32 {
    let (mut low, mut high) = (0, u32::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Tells which splats of a chunk lie in a window, and finds out what the chunk's bounds are.
pub struct Kept<'a> {
    /// The numbers of the Gaussians of the splats that are kept.
    pub gaussians: &'a mut [u32],
    /// The window.
    pub window: Window,
    /// Its region.
    pub region: Region,
    /// Number of the chunk's first Gaussian.
    pub first_gaussian: u32,
    /// What is known of the chunk. Exact bounds are not measured again.
    pub bounds: Bounds,
    /// What was measured.
    pub measured: Bounds,
}

impl Kept<'_> {
    /// The chunk's bounds, after it was projected. The least key stays what it was, as the order of
    /// chunks goes by it.
    pub fn exact(&self) -> Bounds {
        match self.bounds.exact {
            true => self.bounds,
            false => Bounds {
                keys: [self.bounds.keys[0], self.measured.keys[1]],
                exact: true,
                ..self.measured
            },
        }
    }
}

/// Nothing measured yet.
pub const UNMEASURED: Bounds =
    Bounds { rows: [u16::MAX, 0], columns: [u16::MAX, 0], keys: [LAST_KEY, 0], exact: false };

impl Kept<'_> {
    /// Whether a splat of that depth key may be of use.
    #[inline(always)]
    pub(crate) fn wants(&self, key: u32) -> bool {
        !self.bounds.exact || key >= self.window.first.key && key <= self.window.end.key
    }

    /// Whether a splat is kept, as number `place`; of every splat the bounds are measured.
    #[inline(always)]
    pub(crate) fn keeps(&mut self, splat: &Splat, key: u32, number: u32, place: usize) -> bool {
        if !self.bounds.exact {
            let wider = |a: [u16; 2], b: [u16; 2]| [a[0].min(b[0]), a[1].max(b[1])];
            self.measured.rows = wider(self.measured.rows, splat.rows);
            self.measured.columns = wider(self.measured.columns, splat.columns);
            self.measured.keys[1] = self.measured.keys[1].max(key);
        }
        let its = Place { key, gaussian: self.first_gaussian.wrapping_add(number) };
        let within = its >= self.window.first && its < self.window.end;
        if !within || !self.region.touches(splat.rows, splat.columns) {
            return false;
        }
        let Some(gaussian) = self.gaussians.get_mut(place) else { return false };
        *gaussian = its.gaussian;
        true
    }
}
