//! How much each vertex counts at the pixels of a run, a part of a row that shows one triangle.
//!
//! What vertex `i` counts is in proportion to `e_i / z_i`, where `e_i` is the edge function
//! opposite to it (Heckbert and Moreton 1991), or to `d . (v_j x v_k)` for a pixel seen along `d`
//! (Olano and Greer 1997), which needs no place on the screen and so serves triangles that are cut.
//! Both are linear along a row; so is their sum, to which they are related.

use super::super::fixed::{Normal, leading_zeros, mul_hi};
use super::super::rasterise::{Corner, area};
use super::transform::Lens;

/// Fraction bits of a weight.
pub const WEIGHT_BITS: u32 = 28;

/// Unnormalised weights at a run's first pixel, below 2^62, and what they gain per pixel.
#[derive(Clone, Copy, Debug)]
pub struct Wide {
    at: [i64; 3],
    step: [i64; 3],
}

impl Wide {
    /// Of a triangle on the screen, at the middle of a pixel of the frame.
    #[inline(always)]
    pub fn on_screen(corners: &[Corner; 3], [column, row]: [i32; 2]) -> Self {
        let [a, b, c] = corners;
        let middle = Corner { x: (column << 8) + 128, y: (row << 8) + 128, nearness: 0 };
        let whole = area(corners);
        let at_b = area(&[*a, middle, *c]);
        let at_c = area(&[*a, *b, middle]);
        let step_b = (c.y - a.y) << 8;
        let step_c = (a.y - b.y) << 8;
        // Areas have up to 47 bits; 29 of them are kept, and 31 of nearness.
        let (kept, down) = match (whole.unsigned_abs() >> 29) as u32 {
            0 => ([whole, at_b, at_c].map(|weight| weight as i32), 0),
            high => {
                let down = 32 - leading_zeros(high);
                ([whole, at_b, at_c].map(|weight| (weight >> down) as i32), down)
            }
        };
        let [all, at_b, at_c] = kept;
        let parts = [all, at_b, at_c, step_b >> down, step_c >> down];
        let [all, at_b, at_c, step_b, step_c] =
            if whole < 0 { parts.map(i32::wrapping_neg) } else { parts };
        let up = leading_zeros(a.nearness | b.nearness | c.nearness | 1);
        let [near_a, near_b, near_c] =
            [a, b, c].map(|corner| i64::from(((corner.nearness << up) >> 1) as i32));
        let times = |weight: i32, near: i64| i64::from(weight) * near;
        let at_a = all.wrapping_sub(at_b).wrapping_sub(at_c);
        let step_a = 0i32.wrapping_sub(step_b).wrapping_sub(step_c);
        let at = [times(at_a, near_a), times(at_b, near_b), times(at_c, near_c)];
        let step = [times(step_a, near_a), times(step_b, near_b), times(step_c, near_c)];
        Self { at, step }
    }

    /// Of a triangle in scaled view axes, at the middle of a pixel of the frame.
    #[inline(never)]
    pub fn in_view(places: [[i32; 3]; 3], lens: &Lens, [column, row]: [i32; 2]) -> Self {
        let [a, b, c] = places;
        let mut normals = [cross(b, c), cross(c, a), cross(a, b)];
        let bits = normals.iter().flatten().fold(0, |bits, n| bits | n.unsigned_abs());
        // A direction has up to 23 bits, and there are three products.
        let down = (64 - bits.leading_zeros()).saturating_sub(37);
        for n in normals.iter_mut().flatten() {
            *n >>= down;
        }
        let direction = [
            (column << 8) + 128 - lens.center[0],
            (row << 8) + 128 - lens.center[1],
            1 << (lens.focal_shift + 8),
        ];
        let at = normals.map(|n| (0..3).map(|k| n[k] * i64::from(direction[k])).sum());
        let wide = Self { at, step: normals.map(|n| n[0] << 8) };
        if wide.at.iter().sum::<i64>() >= 0 {
            return wide;
        }
        Self { at: wide.at.map(|w| -w), step: wide.step.map(|w| -w) }
    }

    /// Weights along a run of that many pixels, at most [`RUN_MAX`].
    #[inline(always)]
    pub fn over(&self, length: usize) -> Weights {
        let sum = |w: &[i64; 3]| w[0].wrapping_add(w[1]).wrapping_add(w[2]);
        let (first, step) = (sum(&self.at), sum(&self.step));
        let steps = (length as u32).saturating_sub(1);
        let last = first.wrapping_add(step.wrapping_mul(steps.into()));
        if first <= 0 || last <= 0 {
            // Rounding, at the edge of what is seen from its edge: all is as at the first vertex.
            return Weights { sum: 1 << 29, sum_step: 0, weights: [0; 2], steps: [0; 2] };
        }
        // The 30 leading bits, if there are as many.
        let up = leading_zeros((first.max(last) >> 32) as u32).clamp(2, 31) - 2;
        let half = i64::from(1u32 << (31 - up));
        let leading = |w: i64| {
            let w = w.wrapping_add(half);
            ((w >> 32) as u32) << up | (w as u32 >> 1) >> (31 - up)
        } as i32;
        Weights {
            sum: leading(first),
            sum_step: leading(step),
            weights: [leading(self.at[1]), leading(self.at[2])],
            steps: [leading(self.step[1]), leading(self.step[2])],
        }
    }
}

/// Most pixels of a run: so many times does what is gained per pixel add up its error.
pub const RUN_MAX: usize = 32;

/// Weights of the second and third vertex, and of all three, up to a common factor.
#[derive(Clone, Copy, Debug)]
pub struct Weights {
    sum: i32,
    sum_step: i32,
    weights: [i32; 2],
    steps: [i32; 2],
}

impl Weights {
    /// Weights of the second and third vertex, Q28, and on to the next pixel.
    #[inline(always)]
    pub fn next(&mut self) -> [i32; 2] {
        let sum = Normal::new(self.sum as u32);
        let inverse = sum.reciprocal();
        // The sum is below 2^30, so the shift is at least 2.
        let weights = self.weights.map(|w| mul_hi(w << sum.shift.saturating_sub(2), inverse));
        self.sum = self.sum.wrapping_add(self.sum_step);
        for (weight, step) in self.weights.iter_mut().zip(self.steps) {
            *weight = weight.wrapping_add(step);
        }
        weights
    }
}

fn cross(a: [i32; 3], b: [i32; 3]) -> [i64; 3] {
    let product = |i: usize, j: usize| i64::from(a[i]) * i64::from(b[j]);
    let entry = |i: usize, j: usize| product(i, j).wrapping_sub(product(j, i));
    [entry(1, 2), entry(2, 0), entry(0, 1)]
}
