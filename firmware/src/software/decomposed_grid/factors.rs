//! `DecomposedGrid`, looking features up and reducing them: group by group, a block of points a
//! step.

use crate::kernels::grid::Rows;
use crate::kernels::grid::factors::{FEATURES_MAX, GROUP_MAX, Kind, look_up};
use crate::operands::{Operands, Words, disjoint, in_range};
use quintet_protocol::feature::Matrix;
use quintet_protocol::grid::FACTOR_WORDS;
use quintet_protocol::program::{Factors as Command, Fault};
use quintet_protocol::tile::POINT_WORDS;

/// Features of a step, of one factor; some 30 instructions each, and 100 a point and factor.
const STEP_FEATURES: usize = 1024;
/// Most groups of a command.
const GROUPS_MAX: u16 = 64;

/// Looking up under way.
pub struct Factors {
    points: Words,
    count: Words,
    factors: Words,
    table: Words,
    output: Words,
    kind: Kind,
    matrix: Matrix,
    capacity: usize,
    groups: usize,
    /// Factors of a group.
    each: usize,
    group: usize,
    point: usize,
}

impl Factors {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(1, c.group_count, 1..=GROUPS_MAX)?;
        in_range(1, usize::from(c.factors_of_group), 1..=GROUP_MAX)?;
        in_range(1, usize::from(c.features), 1..=FEATURES_MAX)?;
        let groups = usize::from(c.group_count);
        let columns = usize::from(c.matrix.first) + groups * usize::from(c.features);
        in_range(3, columns, 1..=usize::from(c.matrix.stride))?;
        let (capacity, each) = (c.capacity as usize, usize::from(c.factors_of_group));
        let points = operands.read(c.points, capacity.saturating_mul(POINT_WORDS))?;
        let count = operands.read(c.count, 1)?;
        let factors = operands.read(c.factors, groups * each * FACTOR_WORDS)?;
        let table = operands.read_all(c.table)?;
        let output = operands.write(c.output, c.matrix.words(capacity))?;
        disjoint([&points, &count, &factors, &table, &output])?;
        let Command { entry, features, reduce, adds, matrix, .. } = *c;
        let kind = Kind { entry, features, reduce, adds };
        let (group, point) = (0, 0);
        Ok(Self {
            points,
            count,
            factors,
            table,
            output,
            kind,
            matrix,
            capacity,
            groups,
            each,
            group,
            point,
        })
    }

    /// Points looked up in factors; `None` if none was left.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Option<usize> {
        let count = (*arena.get(self.count.start)? as usize).min(self.capacity);
        if self.point == count {
            (self.group, self.point) = (self.group + 1, 0);
        }
        if count == 0 || self.group >= self.groups {
            return None;
        }
        let ranges = [&self.points, &self.factors, &self.table, &self.output].map(Clone::clone);
        let [points, factors, table, output] = arena.get_disjoint_mut(ranges).ok()?;
        let first = self.group * self.each;
        let group = factors.as_chunks().0.get(first..first + self.each)?;
        let features = usize::from(self.kind.features);
        let end = count.min(self.point + (STEP_FEATURES / self.each / (features + 4)).max(1));
        let points = points.as_chunks().0.get(self.point..end)?;
        let column = usize::from(self.matrix.first) + self.group * features;
        let stride = usize::from(self.matrix.stride);
        let halves: &mut [i16] = bytemuck::cast_slice_mut(output);
        let halves = halves.get_mut(self.point * stride + column..)?;
        look_up(&self.kind, group, table, points, &mut Rows { halves, stride });
        self.point = end;
        Some(points.len() * self.each)
    }
}
