//! `DecomposedGrid`: looks points up in planes and lines, and reduces these.

use super::super::fixed::mul_hi;
use super::axis::{among, held, whole};
use super::{ONE, Point, Rows, fraction, put, scaled};
use crate::SMALL;
use bytemuck::Pod;
use quintet_protocol::grid::{
    FACTOR_SIDE_MAX, FACTOR_WORDS, Factor, SCALE_BITS, factor_entry_words,
};
use quintet_protocol::program::{FactorReduce, GridEntry};

/// Most features of an entry.
pub const FEATURES_MAX: usize = 64;
/// Most factors of a group.
pub const GROUP_MAX: usize = 3;
/// By how much the halves of a sum are shifted right, so that those of a group fit a word.
const SUM_SHIFT: u32 = 2;

/// What is looked up, and how.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// What an entry consists of.
    pub entry: GridEntry,
    /// Features of an entry, 1..=[`FEATURES_MAX`].
    pub features: u8,
    /// How factors are reduced.
    pub reduce: FactorReduce,
    /// Whether numbers are added to what is in a row.
    pub adds: bool,
}

/// A group of factors, as words.
pub type Group<'a> = &'a [[u32; FACTOR_WORDS]];

/// What is stored for a feature.
trait Feature: Pod + Into<i32> {
    /// Left shift to a half.
    const SHIFT: u32;
}

impl Feature for u8 {
    const SHIFT: u32 = 8;
}

impl Feature for i16 {
    const SHIFT: u32 = 0;
}

/// What becomes of a feature, a half in Q16, and of what was reduced before it.
#[derive(Clone, Copy)]
enum Fold {
    Set,
    Multiply,
    Add,
}

impl Fold {
    /// What becomes of what was `before` and of a feature's value.
    #[inline(always)]
    fn of(self, before: i32, value: i32) -> i32 {
        match self {
            Self::Set => value,
            Self::Multiply => mul_hi(before, value),
            Self::Add => before.wrapping_add(value >> SUM_SHIFT),
        }
    }
}

/// Looks points up in a group of up to [`GROUP_MAX`] factors whose entries are in `table`, one for
/// each row. If those of one are not, all numbers are zero.
#[inline(never)]
pub fn look_up(
    kind: &Kind,
    group: Group<'_>,
    table: &[u32],
    points: &[Point],
    rows: &mut Rows<'_>,
) {
    match kind.entry {
        GridEntry::Halves => reduce::<i16>(kind, group, table, points, rows),
        GridEntry::Bytes | GridEntry::Pixels => reduce::<u8>(kind, group, table, points, rows),
    }
}

/// As [`look_up`], with features stored as `T`.
#[inline(never)]
fn reduce<T: Feature>(
    kind: &Kind,
    group: Group<'_>,
    table: &[u32],
    points: &[Point],
    rows: &mut Rows<'_>,
) {
    let each = factor_entry_words(kind.features, kind.entry) * 4 / size_of::<T>();
    let table: &[T] = bytemuck::cast_slice(table);
    let mut places = [const { Place::NONE }; GROUP_MAX];
    for (place, words) in places.iter_mut().zip(group) {
        *place = Place::new(&Factor::from_words(words), table, each);
    }
    let places = places.get(..group.len()).unwrap_or_default();
    let zero = if kind.entry == GridEntry::Bytes { 128 } else { 0 };
    let multiplier = group.first().map_or(0, |words| Factor::from_words(words).multiplier);
    let (first, then, multiplier) = match kind.reduce {
        FactorReduce::Product => (Fold::Set, Fold::Multiply, multiplier),
        FactorReduce::Sum => (Fold::Add, Fold::Add, multiplier.wrapping_shl(SUM_SHIFT)),
    };
    let mut features = [0; FEATURES_MAX];
    let features = features.get_mut(..kind.features.into()).unwrap_or_default();
    for (point, row) in points.iter().zip(rows.halves.chunks_mut(rows.stride)) {
        if let Fold::Add = first {
            features.fill(0);
        }
        let mut fold = first;
        let found = places.iter().try_for_each(|place| {
            place.weigh(point, zero, features, fold)?;
            fold = then;
            Some(())
        });
        let multiplier = if found.is_some() { multiplier } else { 0 };
        put(row, features.iter().map(|&sum| scaled(sum, multiplier)), kind.adds);
    }
}

/// A factor. Steps are counted in features.
#[derive(Clone, Copy)]
struct Place<'a, T> {
    axes: [usize; 2],
    /// From the box to columns and rows, Q17.
    scale: [i32; 2],
    /// Its entries; none, if not all are in the table.
    entries: &'a [T],
    /// From an entry to the next, and to the next row.
    steps: [usize; 2],
    /// To the upper corners: none where there is a single column, or row.
    upper: [usize; 2],
}

impl<'a, T: Feature> Place<'a, T> {
    const NONE: Self =
        Self { axes: [0; 2], scale: [0; 2], entries: &[], steps: [0; 2], upper: [0; 2] };

    fn new(factor: &Factor, table: &'a [T], each: usize) -> Self {
        let sides = factor.resolution.map(|side| side.clamp(1, FACTOR_SIDE_MAX));
        let steps = [each, each * usize::from(sides[0])];
        let count = steps[1].saturating_mul(sides[1].into());
        let first = (factor.first as usize).saturating_mul(each);
        let upper = |axis: usize| if sides[axis] > 1 { steps[axis] } else { 0 };
        Self {
            axes: factor.axes.map(|axis| usize::from(axis.min(2))),
            scale: sides.map(|side| i32::from(side - 1) << SCALE_BITS),
            entries: table.get(first..first.saturating_add(count)).unwrap_or_default(),
            steps,
            upper: [upper(0), upper(1)],
        }
    }

    /// Folds the features at a point into those before.
    #[inline(always)]
    fn weigh(&self, point: &Point, zero: i32, features: &mut [i32], fold: Fold) -> Option<()> {
        let at = |axis: usize| {
            let coordinate = point.get(self.axes[axis]).map_or(0, |&word| word as i32);
            among(held(coordinate), self.scale[axis], 0)
        };
        let (x, y) = (at(0), at(1));
        let [lower_x, lower_y] = [whole(x), whole(y)].map(|whole| whole as usize);
        let lower = lower_x * self.steps[0] + lower_y * self.steps[1];
        let entry = self.entries.get(lower..)?;
        let corner = |offset: usize| entry.get(offset..offset + features.len());
        let ([right, down], (x, y)) = (self.upper, (fraction(x), fraction(y)));
        if down == 0 && !SMALL {
            let corners = [corner(0)?, corner(right)?];
            fold_in(corners, [ONE - x, x], zero, features, fold);
        } else {
            let corners = [corner(0)?, corner(right)?, corner(down)?, corner(right + down)?];
            let both = x.wrapping_mul(y) >> 16;
            let weights = [ONE - x - (y - both), x - both, y - both, both];
            fold_in(corners, weights, zero, features, fold);
        }
        Some(())
    }
}

/// Folds the weighted sums of corners, all as long as `features`, into these.
#[inline(never)]
fn fold_in<T: Feature, const N: usize>(
    corners: [&[T]; N],
    weights: [u32; N],
    zero: i32,
    features: &mut [i32],
    fold: Fold,
) {
    match fold {
        _ if SMALL => fold_with(corners, weights, zero, features, fold),
        Fold::Set => fold_with(corners, weights, zero, features, Fold::Set),
        Fold::Multiply => fold_with(corners, weights, zero, features, Fold::Multiply),
        Fold::Add => fold_with(corners, weights, zero, features, Fold::Add),
    }
}

#[inline(always)]
fn fold_with<T: Feature, const N: usize>(
    corners: [&[T]; N],
    weights: [u32; N],
    zero: i32,
    features: &mut [i32],
    fold: Fold,
) {
    let count = features.len();
    let corners = corners.map(|corner| corner.get(..count).unwrap_or_default());
    if corners.iter().any(|corner| corner.len() != count) {
        return;
    }
    for (i, feature) in features.iter_mut().enumerate() {
        let mut sum = -(zero << 16);
        for (corner, weight) in corners.iter().zip(weights) {
            let stored: i32 = corner[i].into();
            sum = sum.wrapping_add(stored.wrapping_mul(weight as i32));
        }
        *feature = fold.of(*feature, sum << T::SHIFT);
    }
}
