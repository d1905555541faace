//! `CombinedGrid`, looking features up: level by level, a block of points a step.

use crate::kernels::grid::level::{Kind, look_up};
use crate::kernels::grid::{Point, Rows};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::feature::Matrix;
use quintet_protocol::grid::{LEVEL_WORDS, Level};
use quintet_protocol::program::{Fault, Interpolate as Command};
use quintet_protocol::tile::POINT_WORDS;

/// Features of a step, some 300 instructions each at most.
const STEP_FEATURES: usize = 352;
/// Most levels of a command.
const LEVELS_MAX: u16 = 1024;
/// Most features of an entry.
const FEATURES_MAX: u8 = 16;

/// Looking up under way.
pub struct Interpolate {
    points: Words,
    count: Words,
    levels: Words,
    table: Words,
    output: Words,
    kind: Kind,
    matrix: Matrix,
    capacity: usize,
    /// Whether each point names its level.
    selects: bool,
    level: usize,
    point: usize,
}

impl Interpolate {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(1, c.level_count, 1..=LEVELS_MAX)?;
        in_range(1, c.features, 1..=FEATURES_MAX)?;
        in_range(2, c.dimensions, 2..=3)?;
        in_range(2, c.dimensions, 2..=if c.selects { 2 } else { 3 })?;
        let rows_of = if c.selects { 1 } else { usize::from(c.level_count) };
        let columns = usize::from(c.matrix.first) + rows_of * usize::from(c.features);
        in_range(3, columns, 1..=usize::from(c.matrix.stride))?;
        let capacity = c.capacity as usize;
        let points = operands.read(c.points, capacity.saturating_mul(POINT_WORDS))?;
        let count = operands.read(c.count, 1)?;
        let levels = operands.read(c.levels, usize::from(c.level_count) * LEVEL_WORDS)?;
        let table = operands.read_all(c.table)?;
        let output = operands.write(c.output, c.matrix.words(capacity))?;
        disjoint([&points, &count, &levels, &table, &output])?;
        let Command { corners, dimensions, entry, features, adds, .. } = *c;
        let kind = Kind { corners, dimensions, entry, features, adds };
        let (matrix, selects) = (c.matrix, c.selects);
        let (level, point) = (0, 0);
        Ok(Self {
            points,
            count,
            levels,
            table,
            output,
            kind,
            matrix,
            capacity,
            selects,
            level,
            point,
        })
    }

    /// Points looked up in a level; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let count = (*arena.get(self.count.start)? as usize).min(self.capacity);
        if self.point == count {
            (self.level, self.point) = (self.level + 1, 0);
        }
        let ranges = [&self.points, &self.levels, &self.table, &self.output].map(Clone::clone);
        let [points, levels, table, output] = arena.get_disjoint_mut(ranges).ok()?;
        let levels: &[[u32; LEVEL_WORDS]] = levels.as_chunks().0;
        let is_last = self.selects && self.level > 0;
        if count == 0 || is_last || self.level >= levels.len() {
            return None;
        }
        let end = count.min(self.point + STEP_FEATURES / usize::from(self.kind.features));
        let points = points.as_chunks().0.get(self.point..end)?;
        let features = usize::from(self.kind.features);
        let column = usize::from(self.matrix.first) + self.level * features;
        let stride = usize::from(self.matrix.stride);
        let halves: &mut [i16] = bytemuck::cast_slice_mut(output);
        let halves = halves.get_mut(self.point * stride + column..)?;
        let mut rows = Rows { halves, stride };
        match self.selects {
            true => look_up_selected(&self.kind, levels, table, points, &mut rows),
            false => {
                let level = Level::from_words(levels.get(self.level)?);
                look_up(&self.kind, &level, table, points, &mut rows);
            }
        }
        self.point = end;
        Some(points.len())
    }
}

/// Looks each point up in the level that its third word names, or the last one. Neighbours mostly
/// have the same one.
fn look_up_selected(
    kind: &Kind,
    levels: &[[u32; LEVEL_WORDS]],
    table: &[u32],
    points: &[Point],
    rows: &mut Rows<'_>,
) {
    let Some(last) = levels.len().checked_sub(1) else { return };
    let number = |point: &Point| (point[2] as usize).min(last);
    let mut next = 0;
    for run in points.chunk_by(|a, b| number(a) == number(b)) {
        let level = run.first().and_then(|point| levels.get(number(point)));
        let halves = rows.halves.get_mut(next * rows.stride..);
        if let Some((level, halves)) = level.zip(halves) {
            let mut rows = Rows { halves, stride: rows.stride };
            look_up(kind, &Level::from_words(level), table, run, &mut rows);
        }
        next += run.len();
    }
}
