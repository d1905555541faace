//! The corners around points, in any level and whichever of them are weighed.

use super::axis::{among, held, into_box, whole};
use super::corners::{Corner, cube, simplex, square};
use super::index::{Edged, Hashed, Index};
use super::level::Kind;
use super::{ONE, Point};
use quintet_protocol::grid::{Level, Wrap};
use quintet_protocol::program::Corners;

/// Points of a block.
pub const BLOCK: usize = 8;
/// The corners around a point, as many as are weighed.
pub type Cell = [Corner; 8];

/// Finds corners in a level.
pub struct Finder<'a> {
    kind: &'a Kind,
    level: &'a Level,
    /// Units of an entry.
    each: u32,
    /// Bits of a place that are its fraction.
    fractions: u32,
    is_held: bool,
    /// How many corners are weighed.
    count: usize,
}

impl<'a> Finder<'a> {
    pub fn new(kind: &'a Kind, level: &'a Level, each: u32) -> Self {
        let is_flat = kind.dimensions == 2;
        let (count, has_fractions) = match kind.corners {
            Corners::Nearest => (1, false),
            Corners::Linear => (if is_flat { 4 } else { 8 }, !level.nearest),
            Corners::Simplex => (if is_flat { 3 } else { 4 }, !level.nearest),
        };
        let fractions = if has_fractions { ONE - 1 } else { 0 };
        Self { kind, level, each, fractions, is_held: is_held(level), count }
    }

    /// Finds the corners around a block of points.
    pub fn find(&self, points: &[Point], cells: &mut [Cell; BLOCK]) {
        let (level, each) = (self.level, self.each);
        if level.hashed {
            self.walk(&Hashed::new(level, each), points, cells);
        } else {
            self.walk(&Edged::new(level, each), points, cells);
        }
    }

    /// The corners of a cell that are weighed.
    #[inline(always)]
    pub fn weighed<'c>(&self, cell: &'c Cell) -> &'c [Corner] {
        cell.get(..self.count).unwrap_or_default()
    }

    #[inline(never)]
    fn walk(&self, index: &impl Index, points: &[Point], cells: &mut [Cell; BLOCK]) {
        let fractions = self.fractions;
        let places = points.iter().map(|point| self.place(point));
        let pairs = places.zip(cells);
        match self.kind.corners {
            Corners::Simplex => {
                pairs.for_each(|(at, cell)| first(cell, simplex(at, fractions, index)));
            }
            _ if self.kind.dimensions == 2 => {
                pairs.for_each(|(at, cell)| first(cell, square(at, fractions, index)));
            }
            _ => pairs.for_each(|(at, cell)| *cell = cube(at, fractions, index)),
        }
    }

    /// Where a point is among the entries, Q16.
    #[inline(always)]
    fn place(&self, point: &Point) -> [i32; 3] {
        let Level { scale, offset, wraps, .. } = self.level;
        let place = |axis: usize, inside: i32| among(inside, scale[axis], *offset);
        let [x, y, z] = point.map(|word| word as i32);
        if self.is_held && self.kind.dimensions == 3 {
            return [place(0, held(x)), place(1, held(y)), place(2, held(z))];
        }
        let inside = |axis: usize, at: i32| place(axis, into_box(at, wraps[axis]));
        [inside(0, x), inside(1, y), if self.kind.dimensions == 2 { 0 } else { inside(2, z) }]
    }
}

/// Sets the first corners of a cell.
#[inline(always)]
fn first(cell: &mut Cell, [a, b, c, d]: [Corner; 4]) {
    [cell[0], cell[1], cell[2], cell[3]] = [a, b, c, d];
}

/// Whether points are held to the box along all axes.
pub fn is_held(level: &Level) -> bool {
    level.wraps == [Wrap::Clamp; 3]
}

/// Whether a level is dense and has all corners of all points, which are brought into the box.
pub fn has_corners(level: &Level, dimensions: usize) -> bool {
    let is_within = |axis: usize| {
        let (scale, last) = (level.scale[axis], i32::from(level.resolution[axis]) - 1);
        scale >= 0 && (0..last).contains(&whole(among(held(i32::MAX), scale, level.offset)))
    };
    !level.hashed && level.offset >= 0 && (0..dimensions).all(is_within)
}
