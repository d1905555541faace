//! `CombinedGrid`: looks points up in a level of a grid.
//!
//! What renderers mostly do is compiled for it: cells of hashed and dense grids of three
//! dimensions, with entries of four bytes or two, and of textures. Anything else goes the general
//! way, block by block, to the same bits; and so does all in a small build.

use super::axis::{among, held, into_box};
use super::cells::{BLOCK, Cell, Finder, has_corners, is_held};
#[cfg(not(armv7em_dsp))]
use super::corners::square;
use super::corners::{Corner, cube, nearest, simplex};
use super::index::{Hashed, Inside};
use super::unit::{FourBytes, Unit};
use super::{ONE, Point, Rows, put, scaled};
use crate::SMALL;
use quintet_protocol::grid::Level;
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
#[inline(never)]
pub fn look_up(kind: &Kind, level: &Level, table: &[u32], points: &[Point], rows: &mut Rows<'_>) {
    let is_plain = !kind.adds && !level.nearest;
    match (kind.entry, kind.features) {
        (GridEntry::Halves, features) if features % 2 == 0 && !SMALL => {
            Pass::<[i16; 2]>::new(kind, level, table).anywhere(points, rows);
        }
        (GridEntry::Halves, _) => Pass::<[i16; 1]>::new(kind, level, table).anywhere(points, rows),
        (_, 4) if is_plain && Pass::<FourBytes>::new(kind, level, table).commonly(points, rows) => {
        }
        (_, features) if features % 4 == 0 && !SMALL => {
            Pass::<FourBytes>::new(kind, level, table).anywhere(points, rows);
        }
        (_, 2)
            if is_plain
                && !SMALL
                && Pass::<[u8; 2]>::new(kind, level, table).cubes(points, rows) => {}
        (_, _) => Pass::<[u8; 1]>::new(kind, level, table).anywhere(points, rows),
    }
}

/// A level whose entries are units.
struct Pass<'a, U> {
    kind: &'a Kind,
    level: &'a Level,
    /// Units of all entries.
    units: &'a [U],
    /// How many an entry has.
    each: usize,
    /// Stored for a feature that is zero.
    zero: i32,
}

impl<'a, U: Unit> Pass<'a, U> {
    fn new(kind: &'a Kind, level: &'a Level, table: &'a [u32]) -> Self {
        let each = usize::from(kind.features) / U::FEATURES;
        let range = [level.first, level.entries].map(|it| (it as usize).saturating_mul(each));
        let [first, count] = range;
        let table: &[U] = bytemuck::cast_slice(table);
        // A level that is not wholly in the table has no entries at all.
        let units = table.get(first..first.saturating_add(count)).unwrap_or_default();
        let zero = if kind.entry == GridEntry::Bytes { 128 } else { 0 };
        Self { kind, level, units, each, zero }
    }

    /// In any level, any way: finds the corners around a block of points, then what comes of them,
    /// unit by unit.
    #[inline(never)]
    fn anywhere(&self, points: &[Point], rows: &mut Rows<'_>) {
        let finder = Finder::new(self.kind, self.level, self.each as u32);
        let mut cells = [Cell::default(); BLOCK];
        let blocks = rows.halves.chunks_mut(rows.stride.saturating_mul(BLOCK));
        for (points, halves) in points.chunks(BLOCK).zip(blocks) {
            finder.find(points, &mut cells);
            let rows = halves.chunks_mut(rows.stride).take(points.len());
            for (cell, row) in cells.iter().zip(rows) {
                let corners = finder.weighed(cell);
                for unit in 0..self.each {
                    let row = row.get_mut(unit * U::FEATURES..).unwrap_or_default();
                    let units = self.units.get(unit..).unwrap_or_default();
                    self.row(row, units, corners, self.kind.adds);
                }
            }
        }
    }

    /// Writes what comes of corners; zeros, if one has no entry.
    #[inline(always)]
    fn row(&self, row: &mut [i16], units: &[U], corners: &[Corner], adds: bool) {
        let mut sums = U::Sums::default();
        let found = corners.iter().try_for_each(|&(number, weight)| {
            units.get(number as usize)?.add(&mut sums, weight);
            Some(())
        });
        let multiplier = if found.is_some() { self.level.multiplier } else { 0 };
        let Some(row) = row.get_mut(..U::FEATURES) else { return };
        let numbers = U::sums(sums, self.zero).map(|sum| scaled(sum, multiplier));
        put(row, numbers, adds);
    }
}

/// What renderers mostly do, where an entry is one unit.
impl<U: Unit> Pass<'_, U> {
    /// All corners in three dimensions, points being held to the box, of a level that has them;
    /// whether it was such a one.
    #[inline(never)]
    fn cubes(&self, points: &[Point], rows: &mut Rows<'_>) -> bool {
        let level = self.level;
        if self.kind.dimensions != 3 || self.kind.corners != Corners::Linear || !is_held(level) {
            return false;
        }
        if level.hashed {
            let index = Hashed::new(level, 1);
            self.in_box(points, rows, |at| cube(at, ONE - 1, &index));
        } else if has_corners(level, 3) {
            let index = Inside::new(level, 1);
            self.in_box(points, rows, |at| cube(at, ONE - 1, &index));
        } else {
            return false;
        }
        true
    }

    /// In three dimensions, points being held to the box.
    #[inline(always)]
    fn in_box<const N: usize>(
        &self,
        points: &[Point],
        rows: &mut Rows<'_>,
        around: impl Fn([i32; 3]) -> [Corner; N],
    ) {
        let Level { scale, offset, .. } = *self.level;
        self.each_point(points, rows, |point| {
            around([0, 1, 2].map(|axis| among(held(point[axis] as i32), scale[axis], offset)))
        });
    }

    /// Finds the corners around each point and what comes of them, in registers where these
    /// suffice.
    #[inline(always)]
    fn each_point<const N: usize>(
        &self,
        points: &[Point],
        rows: &mut Rows<'_>,
        around: impl Fn(&Point) -> [Corner; N],
    ) {
        for (point, row) in points.iter().zip(rows.halves.chunks_mut(rows.stride)) {
            self.row(row, self.units, &around(point), false);
        }
    }
}

/// As before, and where entries are texels.
impl Pass<'_, FourBytes> {
    /// Cells of grids in three dimensions, points being held to the box, and of textures that have
    /// all corners; whether the level was such a one.
    fn commonly(&self, points: &[Point], rows: &mut Rows<'_>) -> bool {
        let (level, dimensions) = (self.level, self.kind.dimensions);
        match (dimensions, self.kind.corners) {
            _ if SMALL => return false,
            #[cfg(armv7em_dsp)]
            (_, Corners::Linear) if self.by_assembly(points, rows) => {}
            #[cfg(not(armv7em_dsp))]
            (3, Corners::Linear) => return self.cubes(points, rows),
            (3, Corners::Simplex) if is_held(level) && level.hashed => {
                let index = Hashed::new(level, 1);
                self.in_box(points, rows, |at| simplex(at, ONE - 1, &index));
            }
            #[cfg(not(armv7em_dsp))]
            (2, Corners::Linear) if has_corners(level, 2) => {
                let index = Inside::new(level, 1);
                self.in_texture(points, rows, |at| square(at, ONE - 1, &index));
            }
            (2, Corners::Nearest) if has_corners(level, 2) => {
                let index = Inside::new(level, 1);
                self.in_texture(points, rows, |at| nearest(at, &index));
            }
            _ => return false,
        }
        true
    }

    /// All corners of a level that has them; whether the assembly does that.
    #[cfg(armv7em_dsp)]
    fn by_assembly(&self, points: &[Point], rows: &mut Rows<'_>) -> bool {
        let (level, zero, dimensions) = (self.level, self.zero, self.kind.dimensions);
        let block = super::armv7em::Block { level, entries: self.units, zero, points, rows };
        match dimensions {
            2 if has_corners(level, 2) => block.texture(&Inside::new(level, 1)),
            3 if is_held(level) && level.hashed => block.hashed(&Hashed::new(level, 1)),
            3 if is_held(level) && has_corners(level, 3) => block.inside(&Inside::new(level, 1)),
            _ => false,
        }
    }

    /// In two dimensions.
    #[inline(always)]
    fn in_texture<const N: usize>(
        &self,
        points: &[Point],
        rows: &mut Rows<'_>,
        around: impl Fn([i32; 3]) -> [Corner; N],
    ) {
        let Level { scale, offset, wraps, .. } = *self.level;
        self.each_point(points, rows, |point| {
            let inside = |axis: usize| into_box(point[axis] as i32, wraps[axis]);
            let place = |axis: usize| among(inside(axis), scale[axis], offset);
            around([place(0), place(1), 0])
        });
    }
}
