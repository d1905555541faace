//! What a chunk can touch: a rectangle of the frame and an interval of depth keys that hold all of
//! its splats, from nothing but its header.
//!
//! The centres lie in a sphere, which gives the depths and, divided, the slopes. A splat reaches as
//! far from its centre as its standard deviation `s` times 3.34, since `sqrt(2 ln 255) = 3.331` is
//! where the largest opacity falls to 1/255 and the kernel rounds up by 0.8 % in steps of 1/256 px.
//! With `t` the row of the projection's derivative times depth, `s <= sqrt((|t| deviation / z)^2 +
//! 0.3)`: at most the sum of both roots. That holds for rows; for columns the kernel adds the
//! half-width of a row and its drift, `sqrt(v) + sqrt(a - v) <= sqrt(2 a)`.

use super::Projector;
use crate::fixed::divide_signed;
use quintet_protocol::gaussian::{CHUNK_WORDS, Chunk, FAR};
use quintet_protocol::window::Bounds;

/// Reach of a splat in standard deviations: 3.34 and some 5 % for the kernel's rounding, in halves.
const REACH_HALVES: i64 = 7;
/// Reach that the dilation adds, `3.34 * sqrt(0.3)` px, and a pixel for rounding, Q8.
const DILATION_REACH: i64 = 3 << 8;
/// Largest deviation in units of depth, Q16: beyond it a chunk may touch everything.
const DEVIATION_MAX: i64 = 1 << 24;
/// Slopes at which the kernel draws nothing, Q16.
const SLOPE_MAX: i64 = 4 << 16;

/// Finds bounds for one camera.
pub struct Bounder<'a> {
    projector: &'a Projector,
    /// Lengths of the matrix' rows, Q12, rounded up.
    rows: [i64; 3],
}

impl<'a> Bounder<'a> {
    /// Prepares for a projector's camera.
    #[inline(never)]
    pub fn new(projector: &'a Projector) -> Self {
        let length = |row: [i16; 3]| {
            let square: u32 = row.iter().map(|&m| i32::from(m).pow(2) as u32).sum();
            i64::from(square.isqrt() >> 2) + 2
        };
        Self { projector, rows: projector.matrix.map(length) }
    }

    /// The bounds of a chunk.
    #[inline(never)]
    pub fn bounds(&self, header: &[u32; CHUNK_WORDS]) -> Bounds {
        let chunk = Chunk::from_words(header);
        let camera = &self.projector.camera;
        let place = self.projector.place(&chunk);
        if self.projector.is_hidden(&place, chunk.radius) {
            return Bounds::NOWHERE;
        }
        // A 14-bit matrix moves an offset of 15 bits by up to three of its steps.
        let reach = i64::from(chunk.radius.max(0)) + (16 << place.position_shift);
        let view = place.view.map(i64::from);
        let near = (view[2] - reach).max(i64::from(camera.near));
        let far = (view[2] + reach).min(i64::from(FAR) - 1);
        if near > far {
            return Bounds::NOWHERE;
        }
        let deviation = divide_signed(i64::from(chunk.deviation) << 16, near);
        let axis = |axis: usize| {
            let slopes =
                [slope(view[axis] - reach, near, far), slope(view[axis] + reach, far, near) + 1];
            self.span(axis, slopes, deviation)
        };
        let (Some(columns), Some(rows)) = (axis(0), axis(1)) else { return Bounds::NOWHERE };
        let keys = [near, far].map(|depth| (depth as u32) >> camera.key_shift);
        Bounds { rows, columns, keys, exact: false }
    }

    /// First pixel along an axis and one past the last, none if all lie outside the frame. Slopes
    /// and deviation in Q16.
    fn span(&self, axis: usize, slopes: [i64; 2], deviation: i64) -> Option<[u16; 2]> {
        let camera = &self.projector.camera;
        let size = i64::from(self.projector.size[axis]);
        if deviation >= DEVIATION_MAX {
            return Some([0, size as u16]);
        }
        let limits = [camera.slope_limits[2 * axis], camera.slope_limits[2 * axis + 1]];
        let limit = limits.map(|limit| i64::from(limit.abs())).into_iter().fold(0, i64::max);
        let steepest = (slopes[0].abs().max(slopes[1].abs()) >> 4) + 1;
        let derivative = self.rows[axis] + ((steepest.min(limit) * self.rows[2]) >> 12) + 1; // Q12
        let pixels = (((deviation + 1) * derivative) << camera.focal_shift) >> 20; // Q8
        let mut reach = (((pixels + 1) * REACH_HALVES) >> 1) + DILATION_REACH;
        if axis == 0 {
            reach += reach >> 1;
        }
        let pixel =
            |slope: i64| i64::from(camera.center[axis]) + ((slope << camera.focal_shift) >> 8);
        let first = ((pixel(slopes[0]) - reach) >> 8).clamp(0, size);
        let end = (((pixel(slopes[1]) + reach) >> 8) + 1).clamp(0, size);
        (first < end).then_some([first as u16, end as u16])
    }
}

/// `x / z` in Q16, rounded down, at the depth that takes it farthest to the side: `below` if it is
/// negative, else `above`.
fn slope(x: i64, below: i64, above: i64) -> i64 {
    let z = if x < 0 { below } else { above };
    divide_signed(x << 16, z).clamp(-SLOPE_MAX, SLOPE_MAX)
}
