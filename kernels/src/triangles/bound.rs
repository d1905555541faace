//! What each triangle touches, once a frame: so that a tile passes over all others at a glance, and
//! over those that are seen from behind.

use super::super::rasterise::{Corner, area};
use super::clip::Polygon;
use super::transform::{Lens, Seen};
use quintet_protocol::mesh::{SEEN_WORDS, TRIANGLE_WORDS, Triangle};

/// Bits of a row; a frame has up to 4096.
const ROW_BITS: u32 = 13;
const BEHIND: u32 = 1 << 26;
const CLIPPED: u32 = 1 << 27;

/// The rows of the frame that a triangle touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// First row and one past the last.
    pub rows: [i32; 2],
    /// Whether it is seen from behind.
    pub behind: bool,
    /// Whether some of it has to be cut off.
    pub clipped: bool,
}

impl Bound {
    /// Reads a bound.
    #[inline(always)]
    pub fn from_word(word: u32) -> Self {
        let row = |word: u32| (word & ((1 << ROW_BITS) - 1)) as i32;
        let rows = [row(word), row(word >> ROW_BITS)];
        Self { rows, behind: word & BEHIND != 0, clipped: word & CLIPPED != 0 }
    }

    /// Writes a bound.
    pub fn to_word(self) -> u32 {
        let [first, end] = self.rows.map(|row| row as u32);
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        first | end << ROW_BITS | flag(self.behind, BEHIND) | flag(self.clipped, CLIPPED)
    }
}

/// Triangles and their vertices, as they are seen.
#[derive(Clone, Copy)]
pub struct Meshes<'a> {
    /// The camera's lens.
    pub lens: Lens,
    /// Vertices.
    pub seen: &'a [[u32; SEEN_WORDS]],
    /// Triangles.
    pub triangles: &'a [[u32; TRIANGLE_WORDS]],
}

impl Meshes<'_> {
    /// A triangle of that number; none if it or one of its vertices does not exist.
    #[inline(always)]
    pub fn triangle(&self, number: usize) -> Option<(Triangle, [&[u32; SEEN_WORDS]; 3])> {
        let triangle = Triangle::from_words(self.triangles.get(number)?);
        let [a, b, c] = triangle.vertices.map(|vertex| self.seen.get(vertex as usize));
        Some((triangle, [a?, b?, c?]))
    }

    /// What is left of a triangle that has to be cut.
    #[inline(never)]
    pub fn clipped(&self, vertices: [&[u32; SEEN_WORDS]; 3]) -> Polygon {
        Polygon::new(vertices.map(|vertex| Seen::from_words(vertex).place), &self.lens)
    }

    /// What a triangle touches of a frame of that size, nothing if it is not to be seen.
    #[inline(never)]
    pub fn bound(&self, number: usize, size: [i32; 2]) -> Bound {
        let Some((triangle, vertices)) = self.triangle(number) else { return Bound::default() };
        let corners = vertices.map(Seen::corner);
        let clipped = corners.iter().any(|corner| corner.nearness == 0);
        let mut extent = Extent::NOTHING;
        if clipped {
            self.clipped(vertices).triangles(&self.lens).for_each(|part| extent.add(&part));
        } else {
            extent.add(&corners);
        }
        let behind = extent.area > 0;
        if extent.area == 0 || behind && !triangle.double_sided {
            return Bound::default();
        }
        let [columns, rows] = [0, 1].map(|axis| {
            let [first, end] = extent.ends[axis];
            [first.max(0), end.min(size[axis])]
        });
        let is_seen = columns[0] < columns[1] && rows[0] < rows[1];
        if is_seen { Bound { rows, behind, clipped } } else { Bound::default() }
    }
}

/// What parts of a triangle touch.
struct Extent {
    /// First column and one past the last, first row and one past the last.
    ends: [[i32; 2]; 2],
    /// Twice their area, Q16 px^2, negative if they are seen from the front.
    area: i64,
}

impl Extent {
    const NOTHING: Self = Self { ends: [[i32::MAX, i32::MIN]; 2], area: 0 };

    #[inline(always)]
    fn add(&mut self, corners: &[Corner; 3]) {
        self.area += area(corners);
        for corner in corners {
            for (ends, place) in self.ends.iter_mut().zip([corner.column(), corner.row()]) {
                *ends = [ends[0].min(place), ends[1].max(place)];
            }
        }
    }
}
