//! Triangles that cross the near plane or reach far beyond the frame: cut by Sutherland and
//! Hodgman's algorithm (1974).
//!
//! Where an edge is cut follows from its ends alone, the one that is seen first: so triangles that
//! share it still do.

use super::super::fixed::divide;
use super::super::rasterise::Corner;
use super::transform::{GUARD, Lens};

/// A triangle and one more corner for each of five planes.
const CORNERS_MAX: usize = 8;

/// What is left of a triangle.
pub struct Polygon {
    places: [[i32; 3]; CORNERS_MAX],
    count: usize,
}

impl Polygon {
    /// Cuts a triangle.
    #[inline(never)]
    pub fn new(triangle: [[i32; 3]; 3], lens: &Lens) -> Self {
        let mut polygon = Self { places: [[0; 3]; CORNERS_MAX], count: 3 };
        polygon.places[..3].copy_from_slice(&triangle);
        let near = i64::from(lens.near);
        polygon.cut(|[_, _, z]| i64::from(z) - near);
        for (axis, sign) in [(0, 1), (0, -1), (1, 1), (1, -1)] {
            // |x| * 2^(focal_shift + 8) <= GUARD * z, all over 2^8.
            let reach = i64::from(GUARD >> 8);
            let shift = lens.focal_shift;
            polygon.cut(|place| {
                reach * i64::from(place[2]) - sign * (i64::from(place[axis]) << shift)
            });
        }
        polygon
    }

    /// Cuts off where `inside` is negative; it is linear.
    fn cut(&mut self, inside: impl Fn([i32; 3]) -> i64) {
        let (places, count) = (self.places, self.count);
        self.count = 0;
        for k in 0..count {
            let (here, next) = (places[k], places[(k + 1) % count]);
            let (at_here, at_next) = (inside(here), inside(next));
            if at_here >= 0 {
                self.push(here);
            }
            match (at_here >= 0, at_next >= 0) {
                (true, false) => self.push(between(here, next, at_here, at_next)),
                (false, true) => self.push(between(next, here, at_next, at_here)),
                _ => {}
            }
        }
    }

    fn push(&mut self, place: [i32; 3]) {
        if let Some(slot) = self.places.get_mut(self.count) {
            *slot = place;
            self.count += 1;
        }
    }

    /// Triangles that make it up, on the screen.
    pub fn triangles(&self, lens: &Lens) -> impl Iterator<Item = [Corner; 3]> {
        let corners = self.places.map(|place| lens.corner_held(place));
        (2..self.count).map(move |k| [corners[0], corners[k - 1], corners[k]])
    }
}

/// Where a line from `inner` to `outer` crosses a plane, from which they are as far as said.
fn between(inner: [i32; 3], outer: [i32; 3], inside: i64, outside: i64) -> [i32; 3] {
    // Not zero, since one end is outside, and below 2^47: 33 bits of it are kept.
    let way = inside - outside;
    let shift = 31u32.saturating_sub(way.leading_zeros());
    let share = divide((inside as u64 >> shift) << 30, (way as u64 >> shift).max(1)); // Q30
    let mut place = inner;
    for (x, end) in place.iter_mut().zip(outer) {
        let length = i64::from(end) - i64::from(*x);
        *x = (i64::from(*x) + ((length * share as i64 + (1 << 29)) >> 30)) as i32;
    }
    place
}
