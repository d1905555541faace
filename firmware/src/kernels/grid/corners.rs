//! The corners of a cell and their weights.

use super::ONE;
use super::axis::whole;
use super::index::{Any, Index};
use quintet_protocol::program::Corners;

/// A corner: the number of its first unit, and its weight, Q16.
pub type Corner = (u32, u32);

/// Which corners of a cell are weighed, in `D` dimensions.
pub trait Walk<const D: usize> {
    /// All of them, an array.
    type Corners: AsRef<[Corner]> + Copy + Default;

    /// The corners around a place, Q16; `fractions` has the bits of it that are its fraction, or none, to
    /// leave them out.
    fn corners(at: [i32; 3], fractions: u32, index: &impl Index) -> Self::Corners;
}

/// The lower corner alone.
pub struct Nearest;
/// All `2^D`.
pub struct Linear;
/// Those `D + 1` that lie on the way from the lower to the upper corner along the axes in the order of
/// their fractions, greatest first (Kuhn 1960); linear in each of the simplices.
pub struct Simplex;

impl<const D: usize> Walk<D> for Nearest {
    type Corners = [Corner; 1];

    #[inline(always)]
    fn corners(at: [i32; 3], _: u32, index: &impl Index) -> [Corner; 1] {
        let lower = |axis: usize| index.terms(axis, whole(at[axis]))[0];
        let joined = index.join(lower(0), lower(1));
        let joined = if D == 3 { index.join(joined, lower(2)) } else { joined };
        [(index.number(joined), ONE)]
    }
}

/// Both corners of a cell's edge along x, which share a weight.
#[inline(always)]
fn edge(
    [lower, upper]: [u32; 2],
    (joined, weight, x): (u32, u32, u32),
    index: &impl Index,
) -> [Corner; 2] {
    let share = weight.wrapping_mul(x) >> 16;
    let number = |term| index.number(index.join(term, joined));
    [(number(lower), weight.wrapping_sub(share)), (number(upper), share)]
}

impl Walk<2> for Linear {
    type Corners = [Corner; 4];

    #[inline(always)]
    fn corners(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 4] {
        let terms = |axis: usize| index.terms(axis, whole(at[axis]));
        let [x, y] = [at[0], at[1]].map(|place| place as u32 & fractions);
        let (xs, [above, below]) = (terms(0), terms(1));
        let [a, b] = edge(xs, (above, ONE - y, x), index);
        let [c, d] = edge(xs, (below, y, x), index);
        [a, b, c, d]
    }
}

impl Walk<3> for Linear {
    type Corners = [Corner; 8];

    #[inline(always)]
    fn corners(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 8] {
        let terms = |axis: usize| index.terms(axis, whole(at[axis]));
        let [x, y, z] = at.map(|place| place as u32 & fractions);
        let (xs, ys, zs) = (terms(0), terms(1), terms(2));
        // Shares of the four edges, which sum to one: a product of two fractions fits 32 bits.
        let both = y.wrapping_mul(z) >> 16;
        let [only_y, only_z] = [y - both, z - both];
        let of =
            |y: usize, z: usize, weight| edge(xs, (index.join(ys[y], zs[z]), weight, x), index);
        let [a, b] = of(0, 0, ONE - y - only_z);
        let [c, d] = of(1, 0, only_y);
        let [e, f] = of(0, 1, only_z);
        let [g, h] = of(1, 1, both);
        [a, b, c, d, e, f, g, h]
    }
}

/// An axis of a cell: the fraction along it, and the terms of its ends.
type Axis = (u32, [u32; 2]);

/// In the order of fractions, the greater one first.
#[inline(always)]
fn descending(a: Axis, b: Axis) -> [Axis; 2] {
    if a.0 < b.0 { [b, a] } else { [a, b] }
}

impl Walk<2> for Simplex {
    type Corners = [Corner; 3];

    #[inline(always)]
    fn corners(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 3] {
        let axis = |axis: usize| (at[axis] as u32 & fractions, index.terms(axis, whole(at[axis])));
        let [(x, xs), (y, ys)] = descending(axis(0), axis(1));
        let number = |i: usize, j: usize| index.number(index.join(xs[i], ys[j]));
        [(number(0, 0), ONE - x), (number(1, 0), x - y), (number(1, 1), y)]
    }
}

impl Walk<3> for Simplex {
    type Corners = [Corner; 4];

    #[inline(always)]
    fn corners(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 4] {
        let axis = |axis: usize| (at[axis] as u32 & fractions, index.terms(axis, whole(at[axis])));
        let [a, b] = descending(axis(0), axis(1));
        let [b, (z, zs)] = descending(b, axis(2));
        let [(x, xs), (y, ys)] = descending(a, b);
        let number = |i: usize, j: usize, k: usize| {
            index.number(index.join(index.join(xs[i], ys[j]), zs[k]))
        };
        let lower = [(number(0, 0, 0), ONE - x), (number(1, 0, 0), x - y)];
        let [a, b] = lower;
        [a, b, (number(1, 1, 0), y - z), (number(1, 1, 1), z)]
    }
}

/// The corners of any cell.
#[derive(Clone, Copy, Default)]
pub struct List {
    corners: [Corner; 8],
    count: usize,
}

impl List {
    /// Those around a place, as [`Walk::corners`] has it with its fractions.
    #[inline(never)]
    pub fn new(
        corners: Corners,
        dimensions: u8,
        (at, fractions): ([i32; 3], u32),
        index: &Any,
    ) -> Self {
        match (dimensions, corners) {
            (2, Corners::Nearest) => <Nearest as Walk<2>>::corners(at, fractions, index).into(),
            (_, Corners::Nearest) => <Nearest as Walk<3>>::corners(at, fractions, index).into(),
            (2, Corners::Linear) => <Linear as Walk<2>>::corners(at, fractions, index).into(),
            (_, Corners::Linear) => <Linear as Walk<3>>::corners(at, fractions, index).into(),
            (2, Corners::Simplex) => <Simplex as Walk<2>>::corners(at, fractions, index).into(),
            (_, Corners::Simplex) => <Simplex as Walk<3>>::corners(at, fractions, index).into(),
        }
    }
}

impl<const N: usize> From<[Corner; N]> for List {
    fn from(some: [Corner; N]) -> Self {
        let mut corners = [(0, 0); 8];
        corners.iter_mut().zip(some).for_each(|(place, corner)| *place = corner);
        Self { corners, count: N }
    }
}

impl AsRef<[Corner]> for List {
    fn as_ref(&self) -> &[Corner] {
        self.corners.get(..self.count).unwrap_or_default()
    }
}
