//! The corners of a cell and their weights.

use super::ONE;
use super::axis::whole;
use super::index::{Any, Index};
use core::marker::PhantomData;
use quintet_protocol::program::Corners;

/// What is done with a corner: the number of its first unit, and its weight, Q16. `None` ends the walk.
pub trait Visit: FnMut(usize, u32) -> Option<()> {}
impl<F: FnMut(usize, u32) -> Option<()>> Visit for F {}

/// The corners around a place.
pub trait Around {
    /// Visits each of them.
    fn visit(&self, visit: impl Visit) -> Option<()>;
}

/// Which corners of a cell are weighed, in `D` dimensions.
pub trait Walk<const D: usize> {
    /// Visits the corners around a place, Q16; `fractions` has the bits of it that are its fraction, or
    /// none, to leave them out.
    fn walk(at: [i32; 3], fractions: u32, index: &impl Index, visit: impl Visit) -> Option<()>;
}

/// The lower corner alone.
pub struct Nearest;
/// All `2^D`.
pub struct Linear;
/// Those `D + 1` that lie on the way from the lower to the upper corner along the axes in the order of
/// their fractions, greatest first (Kuhn 1960); linear in each of the simplices.
pub struct Simplex;

/// The corners of a cell that are weighed as `W` says.
pub struct Cell<'a, W, I, const D: usize> {
    at: [i32; 3],
    fractions: u32,
    index: &'a I,
    walk: PhantomData<W>,
}

impl<'a, W, I, const D: usize> Cell<'a, W, I, D> {
    /// Those around a place, as [`Walk::walk`] has it with its fractions.
    #[inline(always)]
    pub fn new(at: [i32; 3], fractions: u32, index: &'a I) -> Self {
        Self { at, fractions, index, walk: PhantomData }
    }
}

impl<W: Walk<D>, I: Index, const D: usize> Around for Cell<'_, W, I, D> {
    #[inline(always)]
    fn visit(&self, visit: impl Visit) -> Option<()> {
        W::walk(self.at, self.fractions, self.index, visit)
    }
}

impl<const D: usize> Walk<D> for Nearest {
    #[inline(always)]
    fn walk(at: [i32; 3], _: u32, index: &impl Index, mut visit: impl Visit) -> Option<()> {
        let lower = |axis: usize| index.terms(axis, whole(at[axis]))[0];
        let mut joined = index.join(lower(0), lower(1));
        if D == 3 {
            joined = index.join(joined, lower(2));
        }
        visit(index.number(joined), ONE)
    }
}

/// Visits both corners of a cell's edge along x, which share a weight.
#[inline(always)]
fn edge(
    [lower, upper]: [u32; 2],
    (joined, weight, x): (u32, u32, u32),
    index: &impl Index,
    visit: &mut impl Visit,
) -> Option<()> {
    let share = weight.wrapping_mul(x) >> 16;
    visit(index.number(index.join(lower, joined)), weight.wrapping_sub(share))?;
    visit(index.number(index.join(upper, joined)), share)
}

impl<const D: usize> Walk<D> for Linear {
    #[inline(always)]
    fn walk(at: [i32; 3], fractions: u32, index: &impl Index, mut visit: impl Visit) -> Option<()> {
        let terms = |axis: usize| index.terms(axis, whole(at[axis]));
        let share = |axis: usize| at[axis] as u32 & fractions;
        let (xs, ys, x, y) = (terms(0), terms(1), share(0), share(1));
        if D == 2 {
            edge(xs, (ys[0], ONE - y, x), index, &mut visit)?;
            return edge(xs, (ys[1], y, x), index, &mut visit);
        }
        let (zs, z) = (terms(2), share(2));
        // Shares of the four edges, which sum to one: a product of two fractions fits 32 bits.
        let both = y.wrapping_mul(z) >> 16;
        let [only_y, only_z] = [y - both, z - both];
        edge(xs, (index.join(ys[0], zs[0]), ONE - y - only_z, x), index, &mut visit)?;
        edge(xs, (index.join(ys[1], zs[0]), only_y, x), index, &mut visit)?;
        edge(xs, (index.join(ys[0], zs[1]), only_z, x), index, &mut visit)?;
        edge(xs, (index.join(ys[1], zs[1]), both, x), index, &mut visit)
    }
}

impl<const D: usize> Walk<D> for Simplex {
    #[inline(always)]
    fn walk(at: [i32; 3], fractions: u32, index: &impl Index, mut visit: impl Visit) -> Option<()> {
        let axis = |axis: usize| {
            let [lower, upper] = index.terms(axis, whole(at[axis]));
            (at[axis] as u32 & fractions, lower, upper)
        };
        let mut axes = [axis(0), axis(1), if D == 3 { axis(2) } else { (0, 0, 0) }];
        let mut sort = |a: usize, b: usize| {
            if axes[a].0 < axes[b].0 {
                axes.swap(a, b);
            }
        };
        sort(0, 1);
        if D == 3 {
            sort(1, 2);
            sort(0, 1);
        }
        let [(x, x0, x1), (y, y0, y1), (z, z0, z1)] = axes;
        let join = |a, b, c| {
            let joined = index.join(a, b);
            index.number(if D == 3 { index.join(joined, c) } else { joined })
        };
        visit(join(x0, y0, z0), ONE - x)?;
        visit(join(x1, y0, z0), x - y)?;
        visit(join(x1, y1, z0), y - z)?;
        if D == 3 { visit(join(x1, y1, z1), z) } else { Some(()) }
    }
}

/// The corners of any cell.
pub struct List {
    corners: [(usize, u32); 8],
    count: usize,
}

impl List {
    /// Those around a place, as [`Walk::walk`] has it with its fractions.
    #[inline(never)]
    pub fn new(
        corners: Corners,
        dimensions: u8,
        (at, fractions): ([i32; 3], u32),
        index: &Any,
    ) -> Self {
        let mut list = Self { corners: [(0, 0); 8], count: 0 };
        let push = |number, weight| {
            *list.corners.get_mut(list.count)? = (number, weight);
            list.count += 1;
            Some(())
        };
        // There is a place for each, so that no walk ends early.
        let _ = match (dimensions, corners) {
            (2, Corners::Nearest) => <Nearest as Walk<2>>::walk(at, fractions, index, push),
            (_, Corners::Nearest) => <Nearest as Walk<3>>::walk(at, fractions, index, push),
            (2, Corners::Linear) => <Linear as Walk<2>>::walk(at, fractions, index, push),
            (_, Corners::Linear) => <Linear as Walk<3>>::walk(at, fractions, index, push),
            (2, Corners::Simplex) => <Simplex as Walk<2>>::walk(at, fractions, index, push),
            (_, Corners::Simplex) => <Simplex as Walk<3>>::walk(at, fractions, index, push),
        };
        list
    }
}

impl Around for List {
    #[inline(always)]
    fn visit(&self, mut visit: impl Visit) -> Option<()> {
        let corners = self.corners.get(..self.count).unwrap_or_default();
        corners.iter().try_for_each(|&(number, weight)| visit(number, weight))
    }
}
