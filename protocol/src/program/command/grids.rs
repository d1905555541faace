//! The commands that look features up in grids. Layouts: [`crate::grid`].

use super::super::BufferId;
use super::record::{Record, pack};
use crate::feature::Matrix;

/// Interpolates features at points: in textures, dense grids or hash grids, one or many levels of
/// them, side by side in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interpolate {
    /// Points, 3 words each.
    pub points: BufferId,
    /// One word: how many there are.
    pub count: BufferId,
    /// Levels, constant.
    pub levels: BufferId,
    /// Entries of all levels, constant.
    pub table: BufferId,
    /// Rows of features, written.
    pub output: BufferId,
    /// Parameter 0: most points.
    pub capacity: u32,
    /// Parameter 1, low half: number of levels, 1..=1024.
    pub level_count: u16,
    /// Parameter 1, high half, low byte: features of an entry, 1..=16.
    pub features: u8,
    /// Parameter 1, high half, high byte.
    pub entry: GridEntry,
    /// Parameter 2, lowest byte.
    pub corners: Corners,
    /// Parameter 2, second byte: dimensions, 2 or 3.
    pub dimensions: u8,
    /// Parameter 2, third byte: whether a point's third coordinate is the number of the only level
    /// that is looked up, 0 or 1; there are two dimensions then.
    pub selects: bool,
    /// Parameter 2, highest byte: whether features are added to what is in the row, 0 or 1.
    pub adds: bool,
    /// Parameter 3: columns that are written.
    pub matrix: Matrix,
}

/// What an entry of a grid consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GridEntry {
    /// Bytes, 128 standing for zero.
    Bytes = 0,
    /// Signed halves.
    Halves = 1,
    /// Bytes that stand for themselves, as those of pictures do.
    Pixels = 2,
}

/// Which corners of a cell are weighed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Corners {
    /// The cell's own entry alone.
    Nearest = 0,
    /// All `2^d`, bi- or trilinear.
    Linear = 1,
    /// The `d + 1` of the simplex that the point lies in.
    Simplex = 2,
}

/// Looks features up in the factors of a decomposed grid, planes and lines, and reduces them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factors {
    /// Points, 3 words each.
    pub points: BufferId,
    /// One word: how many there are.
    pub count: BufferId,
    /// Factors, constant, those of a group one after another.
    pub factors: BufferId,
    /// Entries of all factors, constant.
    pub table: BufferId,
    /// Rows of features, written.
    pub output: BufferId,
    /// Parameter 0: most points.
    pub capacity: u32,
    /// Parameter 1, low half: number of groups, 1..=64: each gives `features` columns.
    pub group_count: u16,
    /// Parameter 1, high half, low byte: factors of a group, 1..=3, which are reduced.
    pub factors_of_group: u8,
    /// Parameter 1, high half, high byte: features of an entry, 1..=64.
    pub features: u8,
    /// Parameter 2, lowest byte.
    pub entry: GridEntry,
    /// Parameter 2, second byte.
    pub reduce: FactorReduce,
    /// Parameter 2, third byte: whether features are added to what is in the row, 0 or 1.
    pub adds: bool,
    /// Parameter 3: columns that are written.
    pub matrix: Matrix,
}

/// How the factors of a group become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorReduce {
    /// Their product (TensoRF, K-Planes).
    Product = 0,
    /// Their sum (EG3D's tri-planes, MeRF).
    Sum = 1,
}

impl Interpolate {
    pub(super) fn parse(r: &Record) -> Self {
        let [level_count, rest] = r.pair(1);
        let [features, entry] = rest.to_le_bytes();
        let [corners, dimensions, selects, adds] = r.parameters[2].to_le_bytes();
        Self {
            points: r.buffer(0),
            count: r.buffer(1),
            levels: r.buffer(2),
            table: r.buffer(3),
            output: r.buffer(4),
            capacity: r.parameters[0],
            level_count,
            features,
            entry: r.known(1, GridEntry::of(entry), GridEntry::Bytes),
            corners: r.known(2, Corners::of(corners), Corners::Nearest),
            dimensions,
            selects: r.flag_in(2, selects),
            adds: r.flag_in(2, adds),
            matrix: r.matrix(3),
        }
    }

    pub(super) fn record(&self) -> Record {
        let rest = u16::from_le_bytes([self.features, self.entry as u8]);
        let kind = [self.corners as u8, self.dimensions, self.selects.into(), self.adds.into()];
        let Self { points, count, levels, table, output, .. } = *self;
        let levels_and_features = pack([self.level_count, rest]);
        let matrix = self.matrix.parameter();
        Record::new(
            [points, count, levels, table, output],
            [self.capacity, levels_and_features, u32::from_le_bytes(kind), matrix],
        )
    }
}

impl Factors {
    pub(super) fn parse(r: &Record) -> Self {
        let [group_count, rest] = r.pair(1);
        let [factors_of_group, features] = rest.to_le_bytes();
        let [entry, reduce, adds, zero] = r.parameters[2].to_le_bytes();
        r.require(2, zero == 0);
        Self {
            points: r.buffer(0),
            count: r.buffer(1),
            factors: r.buffer(2),
            table: r.buffer(3),
            output: r.buffer(4),
            capacity: r.parameters[0],
            group_count,
            factors_of_group,
            features,
            entry: r.known(2, GridEntry::of(entry), GridEntry::Bytes),
            reduce: {
                r.require(2, reduce <= 1);
                if reduce == 0 { FactorReduce::Product } else { FactorReduce::Sum }
            },
            adds: r.flag_in(2, adds),
            matrix: r.matrix(3),
        }
    }

    pub(super) fn record(&self) -> Record {
        let rest = u16::from_le_bytes([self.factors_of_group, self.features]);
        let kind = [self.entry as u8, self.reduce as u8, self.adds.into(), 0];
        let Self { points, count, factors, table, output, .. } = *self;
        let groups_and_features = pack([self.group_count, rest]);
        let matrix = self.matrix.parameter();
        Record::new(
            [points, count, factors, table, output],
            [self.capacity, groups_and_features, u32::from_le_bytes(kind), matrix],
        )
    }
}

impl Corners {
    pub(super) fn of(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Nearest),
            1 => Some(Self::Linear),
            2 => Some(Self::Simplex),
            _ => None,
        }
    }
}

impl GridEntry {
    /// Bytes of a feature.
    pub const fn bytes(self) -> usize {
        match self {
            Self::Bytes | Self::Pixels => 1,
            Self::Halves => 2,
        }
    }

    pub(super) fn of(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Bytes),
            1 => Some(Self::Halves),
            2 => Some(Self::Pixels),
            _ => None,
        }
    }
}
