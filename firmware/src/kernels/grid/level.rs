//! `CombinedGrid`: looks points up in a level of a grid.
//!
//! What renderers mostly do is compiled for it: cells of hashed and dense grids in three dimensions, and
//! of textures in two. Anything else goes the general way, to the same bits.

use super::axis::{among, held, into_box, whole};
use super::corners::{Corner, Linear, List, Nearest, Simplex, Walk};
use super::index::{Any, Hashed, Index, Inside};
use super::unit::{FourBytes, Unit};
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
        (_, 0) => units::<FourBytes>(kind, level, table, points, rows),
        (_, 2) => units::<[u8; 2]>(kind, level, table, points, rows),
        (_, _) => units::<[u8; 1]>(kind, level, table, points, rows),
    }
}

/// As [`look_up`], where entries are units of so many features.
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
    let pass = Pass {
        level,
        // A level that is not wholly in the table has no entries at all.
        units: table.get(first..first.saturating_add(count)).unwrap_or_default(),
        each,
        zero: if kind.entry == GridEntry::Bytes { 128 } else { 0 },
        fractions: if level.nearest { 0 } else { ONE - 1 },
        adds: kind.adds,
    };
    pass.rows(kind, points, rows);
}

/// A level whose entries are units.
struct Pass<'a, U> {
    level: &'a Level,
    /// Units of all entries.
    units: &'a [U],
    /// How many an entry has.
    each: usize,
    /// Stored for a feature that is zero.
    zero: i32,
    /// Bits of a place that are its fraction.
    fractions: u32,
    adds: bool,
}

impl<U: Unit> Pass<'_, U> {
    fn rows(&self, kind: &Kind, points: &[Point], rows: &mut Rows<'_>) {
        let (level, each) = (self.level, self.each as u32);
        let is_wide = U::FEATURES > 1;
        let is_hashed = is_wide && level.hashed && each.is_power_of_two() && is_held(level);
        let is_inside = is_wide && is_held(level) && has_corners(level, 3);
        let is_texture = U::FEATURES == 4 && has_corners(level, 2);
        match (kind.dimensions, kind.corners) {
            #[cfg(armv7em_dsp)]
            (2, Corners::Linear) if is_texture && self.by_assembly(2, points, rows) => {}
            #[cfg(armv7em_dsp)]
            (3, Corners::Linear)
                if (is_hashed || is_inside) && self.by_assembly(3, points, rows) => {}
            (3, Corners::Linear) if is_hashed => {
                self.in_box::<Linear>(Hashed::new(level, each), points, rows);
            }
            (3, Corners::Linear) if is_inside => {
                self.in_box::<Linear>(Inside::new(level, each), points, rows);
            }
            (3, Corners::Simplex) if is_hashed => {
                self.in_box::<Simplex>(Hashed::new(level, each), points, rows);
            }
            (3, Corners::Simplex) if is_inside => {
                self.in_box::<Simplex>(Inside::new(level, each), points, rows);
            }
            (2, Corners::Linear) if is_texture => self.in_texture::<Linear>(points, rows),
            (2, Corners::Nearest) if is_texture => self.in_texture::<Nearest>(points, rows),
            _ => self.anywhere(kind, points, rows),
        }
    }

    /// All corners of a hashed level, or of a dense one that has them; whether the assembly does that.
    #[cfg(armv7em_dsp)]
    fn by_assembly(&self, dimensions: u8, points: &[Point], rows: &mut Rows<'_>) -> bool {
        let (level, zero) = (self.level, self.zero);
        let is_plain = U::FEATURES == 4 && self.each == 1 && !self.adds && !level.nearest;
        let entries = if is_plain { bytemuck::cast_slice(self.units) } else { &[] };
        let block = super::armv7em::Block { level, entries, zero, points, rows };
        match (dimensions, level.hashed) {
            (2, _) => block.texture(&Inside::new(level, 1)),
            (_, true) => block.hashed(&Hashed::new(level, 1)),
            (_, false) => block.inside(&Inside::new(level, 1)),
        }
    }

    /// In three dimensions, points being held to the box.
    #[inline(never)]
    fn in_box<W: Walk<3>>(&self, index: impl Index, points: &[Point], rows: &mut Rows<'_>) {
        let Level { scale, offset, .. } = *self.level;
        self.each_point(points, rows, |point| {
            let place = |axis: usize| among(held(point[axis] as i32), scale[axis], offset);
            W::corners([place(0), place(1), place(2)], self.fractions, &index)
        });
    }

    /// In two dimensions, in a dense level that has all corners.
    #[inline(never)]
    fn in_texture<W: Walk<2>>(&self, points: &[Point], rows: &mut Rows<'_>) {
        let index = Inside::new(self.level, self.each as u32);
        let Level { scale, offset, wraps, .. } = *self.level;
        self.each_point(points, rows, |point| {
            let inside = |axis: usize| into_box(point[axis] as i32, wraps[axis]);
            let place = |axis: usize| among(inside(axis), scale[axis], offset);
            W::corners([place(0), place(1), 0], self.fractions, &index)
        });
    }

    /// In any level, any way.
    #[inline(never)]
    fn anywhere(&self, kind: &Kind, points: &[Point], rows: &mut Rows<'_>) {
        let index = Any::new(self.level, self.each as u32);
        let Level { scale, offset, wraps, .. } = *self.level;
        self.each_point(points, rows, |point| {
            let inside = |axis: usize| into_box(point[axis] as i32, wraps[axis]);
            let at = [0, 1, 2].map(|axis| among(inside(axis), scale[axis], offset));
            List::new(kind.corners, kind.dimensions, (at, self.fractions), &index)
        });
    }

    /// Finds the corners around each point, then what comes of them, unit by unit.
    #[inline(always)]
    fn each_point<C: AsRef<[Corner]>>(
        &self,
        points: &[Point],
        rows: &mut Rows<'_>,
        around: impl Fn(&Point) -> C,
    ) {
        let rows = rows.halves.chunks_mut(rows.stride);
        if self.each == 1 {
            // Corners are in registers, where these suffice.
            for (point, row) in points.iter().zip(rows) {
                self.row(row, self.units, around(point).as_ref());
            }
            return;
        }
        for (point, row) in points.iter().zip(rows) {
            let corners = around(point);
            for (unit, row) in row.chunks_mut(U::FEATURES).take(self.each).enumerate() {
                let units = self.units.get(unit..).unwrap_or_default();
                self.row(row, units, corners.as_ref());
            }
        }
    }

    /// Writes what comes of corners; zeros, if one has no entry.
    #[inline(always)]
    fn row(&self, row: &mut [i16], units: &[U], corners: &[Corner]) {
        let mut sums = U::Sums::default();
        let found = corners.iter().try_for_each(|&(number, weight)| {
            units.get(number as usize)?.add(&mut sums, weight);
            Some(())
        });
        let multiplier = if found.is_some() { self.level.multiplier } else { 0 };
        let Some(row) = row.get_mut(..U::FEATURES) else { return };
        let numbers = U::sums(sums, self.zero).map(|sum| scaled(sum, multiplier));
        put(row, numbers, self.adds);
    }
}

/// Whether points are held to the box along all axes.
fn is_held(level: &Level) -> bool {
    level.wraps == [Wrap::Clamp; 3]
}

/// Whether a level is dense and has all corners of all points, which are brought into the box.
fn has_corners(level: &Level, dimensions: usize) -> bool {
    let is_within = |axis: usize| {
        let (scale, last) = (level.scale[axis], i32::from(level.resolution[axis]) - 1);
        scale >= 0 && (0..last).contains(&whole(among(held(i32::MAX), scale, level.offset)))
    };
    !level.hashed && level.offset >= 0 && (0..dimensions).all(is_within)
}
