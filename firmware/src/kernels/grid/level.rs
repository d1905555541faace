//! `CombinedGrid`: looks points up in a level of a grid.
//!
//! What renderers mostly do is compiled for it: cells of hashed and dense grids in three dimensions, and
//! of textures in two. Anything else goes the general way, to the same bits.

use super::axis::{among, held, into_box, whole};
use super::corners::{Around, Cell, Linear, List, Nearest, Simplex, Walk};
use super::index::{Any, Edged, Hashed, Index, Inside};
use super::unit::Unit;
use super::{ONE, Point, Rows, put, scaled};
use quintet_protocol::grid::{Level, Wrap};
use quintet_protocol::program::{Corners, GridEntry};

/// What is looked up, and how.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Corners that are weighed.
    pub corners: Corners,
    /// Two or three.
    pub dimensions: u8,
    /// What an entry consists of.
    pub entry: GridEntry,
    /// Features of an entry, at least one.
    pub features: u8,
    /// Whether numbers are added to what is in a row.
    pub adds: bool,
}

/// Looks points up in a level whose entries are in `table`, one for each row.
pub fn look_up(kind: &Kind, level: &Level, table: &[u32], points: &[Point], rows: &mut Rows<'_>) {
    match (kind.entry, kind.features % 4) {
        (GridEntry::Halves, 0 | 2) => units::<[i16; 2]>(kind, level, table, points, rows),
        (GridEntry::Halves, _) => units::<[i16; 1]>(kind, level, table, points, rows),
        (_, 0) => units::<u32>(kind, level, table, points, rows),
        (_, 2) => units::<[u8; 2]>(kind, level, table, points, rows),
        (_, _) => units::<[u8; 1]>(kind, level, table, points, rows),
    }
}

/// Looks points up, a unit of their entries after another.
fn units<U: Unit>(
    kind: &Kind,
    level: &Level,
    table: &[u32],
    points: &[Point],
    rows: &mut Rows<'_>,
) {
    let each = usize::from(kind.features) / U::FEATURES;
    let [first, count] = [level.first, level.entries].map(|it| (it as usize).saturating_mul(each));
    let table: &[U] = bytemuck::cast_slice(table);
    // A level that is not wholly in the table has no entries at all.
    let entries = table.get(first..first.saturating_add(count)).unwrap_or_default();
    for unit in 0..each {
        let pass = Pass {
            level,
            units: entries.get(unit..).unwrap_or_default(),
            dimensions: kind.dimensions,
            zero: if kind.entry == GridEntry::Bytes { 128 } else { 0 },
            fractions: if level.nearest { 0 } else { ONE - 1 },
            adds: kind.adds,
        };
        let halves = rows.halves.get_mut(unit * U::FEATURES..).unwrap_or_default();
        let rows = halves.chunks_mut(rows.stride);
        pass.rows(kind.corners, each as u32, points.iter().zip(rows));
    }
}

/// One unit of the entries of a level.
struct Pass<'a, U> {
    level: &'a Level,
    /// From the unit of the first entry on.
    units: &'a [U],
    dimensions: u8,
    /// Stored for a feature that is zero.
    zero: i32,
    /// Bits of a place that are its fraction.
    fractions: u32,
    adds: bool,
}

/// Points and their rows.
trait Job<'r>: Iterator<Item = (&'r Point, &'r mut [i16])> {}
impl<'r, I: Iterator<Item = (&'r Point, &'r mut [i16])>> Job<'r> for I {}

impl<U: Unit> Pass<'_, U> {
    /// Looks up the unit, of which there are `each` an entry.
    fn rows<'r>(&self, corners: Corners, each: u32, job: impl Job<'r>) {
        let level = self.level;
        let is_common = each.is_power_of_two() && U::FEATURES > 1;
        match (self.dimensions, corners) {
            (3, Corners::Linear) if is_common && level.hashed && is_held(level) => {
                self.in_box::<Linear>(Hashed::new(level, each), job);
            }
            (3, Corners::Linear) if is_common && is_inside(level) => {
                self.in_box::<Linear>(Inside::new(level, each), job);
            }
            (3, Corners::Simplex) if is_common && level.hashed && is_held(level) => {
                self.in_box::<Simplex>(Hashed::new(level, each), job);
            }
            (3, Corners::Simplex) if is_common && is_inside(level) => {
                self.in_box::<Simplex>(Inside::new(level, each), job);
            }
            (2, Corners::Linear) if U::FEATURES == 4 && !level.hashed => {
                self.in_texture::<Linear>(each, job);
            }
            (2, Corners::Nearest) if U::FEATURES == 4 && !level.hashed => {
                self.in_texture::<Nearest>(each, job);
            }
            _ => self.anywhere(corners, each, job),
        }
    }

    /// In three dimensions, points being held to the box.
    #[inline(never)]
    fn in_box<'r, W: Walk<3>>(&self, index: impl Index, job: impl Job<'r>) {
        let Level { scale, offset, .. } = *self.level;
        let place = |point: &Point| {
            [0, 1, 2].map(|axis| among(held(point[axis] as i32), scale[axis], offset))
        };
        for (point, row) in job {
            let (at, fractions) = (place(point), self.fractions);
            self.row(row, &Cell::<W, _, 3>::new(at, fractions, &index));
        }
    }

    /// In a dense level of two dimensions.
    #[inline(never)]
    fn in_texture<'r, W: Walk<2>>(&self, each: u32, job: impl Job<'r>) {
        let index = Edged::new(self.level, each);
        let Level { scale, offset, wraps, .. } = *self.level;
        let place = |point: &Point, axis: usize| {
            among(into_box(point[axis] as i32, wraps[axis]), scale[axis], offset)
        };
        for (point, row) in job {
            let (at, fractions) = ([place(point, 0), place(point, 1), 0], self.fractions);
            self.row(row, &Cell::<W, _, 2>::new(at, fractions, &index));
        }
    }

    /// In any level, any way.
    #[inline(never)]
    fn anywhere<'r>(&self, corners: Corners, each: u32, job: impl Job<'r>) {
        let index = Any::new(self.level, each);
        let Level { scale, offset, wraps, .. } = *self.level;
        let place = |point: &Point| {
            let inside = |axis: usize| into_box(point[axis] as i32, wraps[axis]);
            [0, 1, 2].map(|axis| among(inside(axis), scale[axis], offset))
        };
        for (point, row) in job {
            let at = (place(point), self.fractions);
            self.row(row, &List::new(corners, self.dimensions, at, &index));
        }
    }

    /// Writes what comes of corners; zeros, if one has no entry.
    #[inline(always)]
    fn row(&self, row: &mut [i16], corners: &impl Around) {
        let mut sums = U::Sums::default();
        let found = corners.visit(|number, weight| {
            self.units.get(number)?.add(&mut sums, weight);
            Some(())
        });
        let multiplier = if found.is_some() { self.level.multiplier } else { 0 };
        let numbers = U::sums(sums, self.zero).map(|sum| scaled(sum, multiplier));
        put(row, numbers, self.adds);
    }
}

/// Whether points are held to the box along all axes.
fn is_held(level: &Level) -> bool {
    level.wraps == [Wrap::Clamp; 3]
}

/// Whether a dense level has all corners of all points, which are held to the box.
fn is_inside(level: &Level) -> bool {
    let is_within = |axis: usize| {
        let (scale, last) = (level.scale[axis], i32::from(level.resolution[axis]) - 1);
        scale >= 0 && whole(among(held(i32::MAX), scale, level.offset)) < last
    };
    !level.hashed && is_held(level) && level.offset >= 0 && (0..3).all(is_within)
}
