//! The corners of a cell and their weights. Of a place, Q16, `fractions` has the bits that are its
//! fraction, or none, to leave fractions out: then the first corner has all the weight.

use super::ONE;
use super::axis::whole;
use super::index::Index;

/// A corner: the number of its first unit, and its weight, Q16.
pub type Corner = (u32, u32);

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

/// The lower corner of a place in two dimensions, alone.
#[inline(always)]
pub fn nearest(at: [i32; 3], index: &impl Index) -> [Corner; 1] {
    let lower = |axis: usize| index.terms(axis, whole(at[axis]))[0];
    [(index.number(index.join(lower(0), lower(1))), ONE)]
}

/// The corners around a place in two dimensions.
#[inline(always)]
pub fn square(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 4] {
    let terms = |axis: usize| index.terms(axis, whole(at[axis]));
    let [x, y] = [at[0], at[1]].map(|place| place as u32 & fractions);
    let (xs, [above, below]) = (terms(0), terms(1));
    let [a, b] = edge(xs, (above, ONE - y, x), index);
    let [c, d] = edge(xs, (below, y, x), index);
    [a, b, c, d]
}

/// The corners around a place in three dimensions.
#[inline(always)]
pub fn cube(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 8] {
    let terms = |axis: usize| index.terms(axis, whole(at[axis]));
    let [x, y, z] = at.map(|place| place as u32 & fractions);
    let (xs, ys, zs) = (terms(0), terms(1), terms(2));
    // Shares of the four edges, which sum to one: a product of two fractions fits 32 bits.
    let both = y.wrapping_mul(z) >> 16;
    let [only_y, only_z] = [y - both, z - both];
    let of = |y: usize, z: usize, weight| edge(xs, (index.join(ys[y], zs[z]), weight, x), index);
    let [a, b] = of(0, 0, ONE - y - only_z);
    let [c, d] = of(1, 0, only_y);
    let [e, f] = of(0, 1, only_z);
    let [g, h] = of(1, 1, both);
    [a, b, c, d, e, f, g, h]
}

/// An axis of a cell: the fraction along it, and the terms of its ends.
type Axis = (u32, [u32; 2]);

/// In the order of fractions, the greater one first.
#[inline(always)]
fn descending(a: Axis, b: Axis) -> [Axis; 2] {
    if a.0 < b.0 { [b, a] } else { [a, b] }
}

/// The corners on the way from the lower to the upper one along the axes in the order of their
/// fractions, greatest first (Kuhn 1960); linear in each of the simplices. In two dimensions, whose
/// third fraction is zero, they are the first three.
#[inline(always)]
pub fn simplex(at: [i32; 3], fractions: u32, index: &impl Index) -> [Corner; 4] {
    let axis = |axis: usize| (at[axis] as u32 & fractions, index.terms(axis, whole(at[axis])));
    let [a, b] = descending(axis(0), axis(1));
    let [b, (z, zs)] = descending(b, axis(2));
    let [(x, xs), (y, ys)] = descending(a, b);
    let number =
        |i: usize, j: usize, k: usize| index.number(index.join(index.join(xs[i], ys[j]), zs[k]));
    let lower = [(number(0, 0, 0), ONE - x), (number(1, 0, 0), x - y)];
    let [a, b] = lower;
    [a, b, (number(1, 1, 0), y - z), (number(1, 1, 1), z)]
}
