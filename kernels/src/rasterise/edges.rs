//! Triangles as primitives: spans between edge functions, whose nearest depth is kept.
//!
//! A pixel belongs to a triangle if its middle does; a middle on an edge, if that is a left or a
//! horizontal top one. So an edge takes, in each row, the columns from the first middle that is not
//! left of it. That number is found exactly, and by the same arithmetic for both triangles of an
//! edge: where they meet no pixel is left out and none is drawn twice.
//!
//! Depth is kept as *nearness*, nearly 2^32 at the near plane and in proportion to `1 / z`, which
//! is linear on the screen.

use super::super::fixed::{Normal, divide, leading_zeros};
use super::{Primitive, Tile};
use core::ops::Range;
use quintet_protocol::tile::{NO_TRIANGLE, SURFACE_WORDS};

/// What is nearest at a pixel: nearness, 0 where there is nothing, and number of its triangle.
pub type Surface = [u32; SURFACE_WORDS];

/// Added to the nearness of triangles, so that what rounding takes away leaves something.
pub const NEARNESS_FLOOR: u32 = 1 << 12;

/// A vertex on the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Corner {
    /// Column from the frame's left edge, Q8, up to 2^22 to either side.
    pub x: i32,
    /// Row from the frame's top, Q8, up to 2^22 to either side.
    pub y: i32,
    /// Nearly `2^32 near / z`; 0 of a vertex that is not on the screen.
    pub nearness: u32,
}

impl Corner {
    /// The first row whose middle is not above the corner.
    #[cfg_attr(not(feature = "small"), inline(always))]
    pub fn row(&self) -> i32 {
        (self.y + 127) >> 8
    }

    /// The first column whose middle is not left of the corner.
    #[cfg_attr(not(feature = "small"), inline(always))]
    pub fn column(&self) -> i32 {
        (self.x + 127) >> 8
    }
}

/// Twice the area of a triangle, Q16 px^2; negative if its front is seen: rows go down.
#[cfg_attr(not(feature = "small"), inline(always))]
pub fn area([a, b, c]: &[Corner; 3]) -> i64 {
    product(b.x - a.x, c.y - a.y) - product(c.x - a.x, b.y - a.y)
}

#[cfg_attr(not(feature = "small"), inline(always))]
fn product(a: i32, b: i32) -> i64 {
    i64::from(a) * i64::from(b)
}

/// An edge from a row on. Its column is Q48, so that the first column whose middle is not left of
/// it is what is before the point.
#[derive(Clone, Copy)]
struct Edge {
    column: i64,
    /// What `column` gains per 1/256 of a row.
    slope: i64,
}

impl Edge {
    /// From a corner down to another one, at least a row's middle between them; at row 0.
    ///
    /// The slope, columns a row in Q40, is rounded down. A point on an edge of a height of `h` (Q8)
    /// has a denominator of `h`, and is less than `h` steps away from the upper corner. So what
    /// rounding takes away, less than `h / 2^40`, makes no other middle the first for `h < 2^20`,
    /// 4096 rows; nor does `h / 2^32` for `h < 2^16`. Edges that are still longer are off by less
    /// than a 2^17th of 1/256 px, in both triangles.
    #[cfg_attr(not(feature = "small"), inline(always))]
    fn new(upper: &Corner, lower: &Corner) -> Self {
        let (dx, height) = (lower.x - upper.x, (lower.y - upper.y).max(1));
        let whole = dx.div_euclid(height);
        let rest = (dx - whole * height) as u32;
        let height = height as u32;
        let part = if height < 1 << 16 {
            let high = (rest << 16) / height;
            let rest = (rest << 16) - high * height;
            let low = (rest << 16) / height;
            u64::from(high << 16 | low) << 8
        } else {
            divide(u64::from(rest) << 40, height.into())
        };
        let slope = (i64::from(whole) << 40).wrapping_add(part as i64);
        let bias = (128 << 40) - 1;
        let column = (i64::from(upper.x) << 40).wrapping_add(bias);
        Self { column: column.wrapping_add(slope.wrapping_mul(i64::from(128 - upper.y))), slope }
    }

    /// The same at a row. Sums may wrap on the way, what they come to does not.
    #[cfg_attr(not(feature = "small"), inline(always))]
    fn at(&self, row: i32) -> Self {
        let step = self.slope.wrapping_mul(i64::from(row << 8));
        Self { column: self.column.wrapping_add(step), ..*self }
    }

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn first_column(&self) -> usize {
        ((self.column >> 48) as i32).max(0) as usize
    }

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn advance(&mut self) {
        self.column = self.column.wrapping_add(self.slope << 8);
    }
}

/// Nearness as a plane over the screen.
struct Plane {
    /// At the frame's corner, Q24.
    origin: i64,
    /// What it gains per 1/256 of a column and of a row, Q24.
    gradient: [i64; 2],
}

impl Plane {
    /// The plane through the corners of a triangle of that area, not zero.
    ///
    /// Where it is too steep, by all that there is in a pixel or two, the triangle is seen
    /// from its edge, and is as near everywhere as its farthest corner.
    #[cfg_attr(not(feature = "small"), inline(always))]
    fn new(corners: &[Corner; 3], area: i64) -> Self {
        let [a, b, c] = corners;
        let gain = |corner: &Corner| i64::from(corner.nearness) - i64::from(a.nearness);
        let (b_gain, c_gain) = (gain(b), gain(c));
        let across = b_gain * i64::from(c.y - a.y) - c_gain * i64::from(b.y - a.y);
        let down = c_gain * i64::from(b.x - a.x) - b_gain * i64::from(c.x - a.x);
        let inverse = Inverse::new(area);
        match (inverse.share(across), inverse.share(down)) {
            (Some(x), Some(y)) => {
                let at_corner = i64::from(a.nearness) + i64::from(NEARNESS_FLOOR);
                let left =
                    x.wrapping_mul(i64::from(a.x)).wrapping_add(y.wrapping_mul(i64::from(a.y)));
                Self { origin: (at_corner << 24).wrapping_sub(left), gradient: [x, y] }
            }
            _ => {
                let farthest = a.nearness.min(b.nearness).min(c.nearness);
                let everywhere = i64::from(farthest) + i64::from(NEARNESS_FLOOR);
                Self { origin: everywhere << 24, gradient: [0, 0] }
            }
        }
    }

    /// At the middle of a row's first column, Q24.
    #[cfg_attr(not(feature = "small"), inline(always))]
    fn at_row(&self, row: i32) -> i64 {
        let [x, y] = self.gradient;
        let down = y.wrapping_mul(i64::from((row << 8) + 128));
        self.origin.wrapping_add(down).wrapping_add(x.wrapping_mul(128))
    }
}

/// One over an area.
struct Inverse {
    /// `2^62` over the area's 32 leading bits.
    mantissa: i32,
    /// Zero bits before them.
    zeros: u32,
    negative: bool,
}

impl Inverse {
    #[cfg_attr(not(feature = "small"), inline(always))]
    fn new(area: i64) -> Self {
        let magnitude = area.unsigned_abs();
        let zeros = leading_zeros_wide(magnitude);
        let leading = ((magnitude << zeros) >> 32) as u32;
        let mantissa = Normal { mantissa: leading, shift: 0 }.reciprocal();
        Self { mantissa, zeros, negative: area < 0 }
    }

    /// `value / area` in Q24, if below 2^48.
    #[cfg_attr(not(feature = "small"), inline(always))]
    fn share(&self, value: i64) -> Option<i64> {
        // Bits that only repeat the sign.
        let spare = leading_zeros_wide((value ^ value >> 63) as u64 | 1) - 1;
        let leading = ((value << spare) >> 32) as i32;
        // value = leading * 2^(32 - spare), 1 / area = mantissa * 2^(zeros - 94).
        let product = i64::from(leading) * i64::from(self.mantissa);
        let down = (38 + spare) as i32 - self.zeros as i32;
        // A product has up to 62 bits.
        if down < 14 {
            return (value == 0).then_some(0);
        }
        let share = product >> down.min(63);
        Some(if self.negative { -share } else { share })
    }
}

/// Number of zero bits above the highest one.
#[cfg_attr(not(feature = "small"), inline(always))]
fn leading_zeros_wide(value: u64) -> u32 {
    match (value >> 32) as u32 {
        0 => 32 + leading_zeros(value as u32),
        high => leading_zeros(high),
    }
}

/// The rows of a triangle between two of its corners.
struct Edges {
    left: Edge,
    right: Edge,
    /// Nearness at the middle of the row's first column, Q24.
    nearness: i64,
    /// What it gains per column and per row, Q24.
    step: [i64; 2],
    number: u32,
}

impl Primitive for Edges {
    type Canvas = [Surface];

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn columns(&self) -> [usize; 2] {
        [self.left.first_column(), self.right.first_column()]
    }

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn span(&self, first: usize, skipped: usize, range: Range<usize>, surface: &mut [Surface]) {
        let Some(run) = surface.get_mut(range) else { return };
        // From the span's first column on, in this tile or not: so that the tiles make no
        // difference.
        let exact = self.nearness.wrapping_add(self.step[0].wrapping_mul(first as i64)) >> 24;
        let nearness = u32::try_from(exact).unwrap_or(if exact < 0 { 0 } else { u32::MAX });
        let step = ((self.step[0] + (1 << 23)) >> 24) as u32;
        let mut nearness = nearness.wrapping_add(step.wrapping_mul(skipped as u32));
        for pixel in run {
            // Of what is equally near the last one stays.
            if nearness >= pixel[0] {
                *pixel = [nearness, self.number];
            }
            nearness = nearness.wrapping_add(step);
        }
    }

    #[cfg_attr(not(feature = "small"), inline(always))]
    fn advance(&mut self) {
        self.left.advance();
        self.right.advance();
        self.nearness = self.nearness.wrapping_add(self.step[1]);
    }
}

impl Tile<'_, Surface> {
    /// Makes every pixel empty.
    pub fn clear(&mut self) {
        self.pixels.fill([0, NO_TRIANGLE]);
    }

    /// Draws the triangle of that number; returns how many pixels were visited.
    #[inline(never)]
    pub fn draw_triangle(&mut self, corners: &[Corner; 3], number: u32) -> u32 {
        let area = area(corners);
        if area == 0 {
            return 0;
        }
        let [upper, middle, lower] = downwards(corners);
        let plane = Plane::new(corners, area);
        let step = plane.gradient.map(|gain| gain << 8);
        let long = Edge::new(upper, lower);
        let middle_is_left = super::edges::area(&[*upper, *lower, *middle]) > 0;
        let mut visited = 0;
        for [above, below] in [[upper, middle], [middle, lower]] {
            let Some(area) = self.area([above.row(), below.row()]) else { continue };
            let row = above.row().max(self.y);
            let (long, short) = (long.at(row), Edge::new(above, below).at(row));
            let (left, right) = if middle_is_left { (short, long) } else { (long, short) };
            let edges = Edges { left, right, nearness: plane.at_row(row), step, number };
            visited += super::traverse_any(edges, self.pixels, &area);
        }
        visited
    }
}

/// Corners from the upper to the lower one.
#[cfg_attr(not(feature = "small"), inline(always))]
fn downwards([a, b, c]: &[Corner; 3]) -> [&Corner; 3] {
    let [a, b] = if a.y <= b.y { [a, b] } else { [b, a] };
    let [b, c] = if b.y <= c.y { [b, c] } else { [c, b] };
    let [a, b] = if a.y <= b.y { [a, b] } else { [b, a] };
    [a, b, c]
}
