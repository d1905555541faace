//! Which cells of a field's box there is anything in: found by looking at it from all sides in
//! floats.

use std::thread;

use crate::reference::field::{Ray, Renderer};
use crate::scene::field::{Model, Occupancy};

/// What a sample must hide for its cell to be occupied.
const ALPHA_MIN: f64 = 1e-3;
/// Points of a cell that are looked at, along each axis.
const POINTS: usize = 2;
/// Points that are evaluated together.
const BLOCK: usize = 8192;
/// Box sides that rays may reach outside of it, less than what devices can say.
const REACH: f64 = 7.0;

/// A box of cells.
struct Cells {
    bounds: [[f64; 3]; 2],
    side: usize,
}

/// The box that holds all that rays go through.
pub fn around(rays: &[Ray]) -> [[f64; 3]; 2] {
    let mut bounds = [[f64::INFINITY; 3], [f64::NEG_INFINITY; 3]];
    for point in rays.iter().flat_map(|ray| [ray.point(0.0), ray.point(1.0)]) {
        for axis in 0..3 {
            bounds[0][axis] = bounds[0][axis].min(point[axis]);
            bounds[1][axis] = bounds[1][axis].max(point[axis]);
        }
    }
    bounds
}

/// Occupied cells of the box `bounds`, `side` along each axis, for samples as long as `step` world
/// units; a cell beside one that hides something is occupied as well.
pub fn bake(
    renderer: &Renderer<'_>,
    model: &Model,
    bounds: [[f64; 3]; 2],
    side: usize,
    step: f64,
) -> Occupancy {
    let coarse_side = (side / 2).max(4);
    let coarse = Cells { bounds, side: coarse_side };
    let all: Vec<usize> = (0..coarse_side.pow(3)).collect();
    let seen = spread(&coarse.occupied(renderer, model, &all, step), coarse_side);
    let fine = Cells { bounds, side };
    let parent = |cell: usize| {
        let [x, y, z] = position(cell, side).map(|at| at * coarse_side / side);
        x + coarse_side * (y + coarse_side * z)
    };
    let inside: Vec<usize> = (0..side.pow(3)).filter(|&cell| seen[parent(cell)]).collect();
    Occupancy { side, cells: spread(&fine.occupied(renderer, model, &inside, step), side) }
}

/// A box for a field that has none: about what is occupied of the box `around` some rays, with a
/// cell of nothing on all sides, so that nothing is outside either.
pub fn shrink(
    renderer: &Renderer<'_>,
    model: &Model,
    around: [[f64; 3]; 2],
    side: usize,
    step: f64,
) -> [[f64; 3]; 2] {
    let cells = Cells { bounds: around, side };
    let all: Vec<usize> = (0..side.pow(3)).collect();
    let occupied = spread(&cells.occupied(renderer, model, &all, step), side);
    let mut found = [[side; 3], [0; 3]];
    for (number, _) in occupied.iter().enumerate().filter(|(_, occupied)| **occupied) {
        for (axis, at) in position(number, side).into_iter().enumerate() {
            found[0][axis] = found[0][axis].min(at);
            found[1][axis] = found[1][axis].max(at + 1);
        }
    }
    let mut bounds = around;
    for axis in 0..3 {
        let length = around[1][axis] - around[0][axis];
        let cell = length / side as f64;
        let [least, greatest] = [found[0][axis], found[1][axis].max(found[0][axis])];
        let middle = around[0][axis] + cell * (least + greatest) as f64 / 2.0;
        let half = (cell * ((greatest - least) as f64 / 2.0 + 1.0)).max(length / REACH);
        bounds[0][axis] = middle - half;
        bounds[1][axis] = middle + half;
    }
    bounds
}

impl Cells {
    /// Which of these cells hide something by themselves.
    fn occupied(
        &self,
        renderer: &Renderer<'_>,
        model: &Model,
        cells: &[usize],
        step: f64,
    ) -> Vec<bool> {
        let least = -(1.0 - ALPHA_MIN).ln() / step;
        let in_cell = POINTS.pow(3);
        let hides = |block: &[usize]| -> Vec<usize> {
            let points = |&cell: &usize| (0..in_cell).map(move |number| self.point(cell, number));
            let points: Vec<[f64; 3]> = block.iter().flat_map(points).collect();
            let densities = renderer.density(model, &points);
            let cells = block.iter().zip(densities.chunks(in_cell));
            let hides = |densities: &[f32]| densities.iter().any(|&it| f64::from(it) > least);
            cells.filter(|(_, densities)| hides(densities)).map(|(&cell, _)| cell).collect()
        };
        let threads = thread::available_parallelism().map_or(1, |count| count.get());
        let mut occupied = vec![false; self.side.pow(3)];
        thread::scope(|scope| {
            let shares = cells.chunks(cells.len().div_ceil(threads).max(1));
            let share = |share: &'_ [usize]| -> Vec<usize> {
                share.chunks(BLOCK / in_cell).flat_map(hides).collect()
            };
            let workers: Vec<_> = shares.map(|cells| scope.spawn(move || share(cells))).collect();
            for worker in workers {
                worker
                    .join()
                    .expect("it panics on nothing")
                    .into_iter()
                    .for_each(|cell| occupied[cell] = true);
            }
        });
        occupied
    }

    /// A point of a cell: one of a lattice, which is shifted from cell to cell.
    fn point(&self, cell: usize, number: usize) -> [f64; 3] {
        let at = position(cell, self.side);
        let place = position(number, POINTS);
        // Weyl's sequence: no two cells alike, and no line of cells either.
        let shift =
            [0.754_877_666, 0.569_840_291, 0.430_159_709].map(|v| (cell as f64 * v).fract());
        [0, 1, 2].map(|axis| {
            let share = (place[axis] as f64 + shift[axis]) / POINTS as f64;
            let [least, greatest] = [self.bounds[0][axis], self.bounds[1][axis]];
            least + (greatest - least) * (at[axis] as f64 + share) / self.side as f64
        })
    }
}

/// Cells that are occupied or touch one that is.
fn spread(cells: &[bool], side: usize) -> Vec<bool> {
    let mut cells = cells.to_vec();
    for stride in [1, side, side * side] {
        let before = cells.clone();
        for (number, cell) in cells.iter_mut().enumerate() {
            let at = number / stride % side;
            *cell |= at > 0 && before[number - stride];
            *cell |= at + 1 < side && before[number + stride];
        }
    }
    cells
}

/// Column, row and layer of a cell.
fn position(cell: usize, side: usize) -> [usize; 3] {
    [1, side, side * side].map(|stride| cell / stride % side)
}
