//! Windows of any shape: what one sees lies together, and so do its weights.

use super::super::finish::byte_of_doubled;
use super::{Convolver, Line};

impl Convolver<'_> {
    /// Windows of any shape, any strides and dilations.
    #[inline(never)]
    pub(super) fn windows<const SHORT: bool>(&self, line: Line) {
        let shape = self.shape;
        let (Line { lines, weights, finish, outputs, pixel }, range) = (line, self.range);
        let even = (shape.phase_words()[0] * shape.lines).min(weights.len());
        let phases = <[_; 2]>::from(weights.split_at(even));
        let (mut at, mut column) = (0, 0);
        while let Some(place) = outputs.get_mut(at) {
            let seen = lines.get(column / 2 * shape.lines..).unwrap_or_default();
            let sum = sum(finish[0] as i32, seen, phases[column % 2]);
            *place = byte_of_doubled::<SHORT>(&finish, sum, &range) as u8;
            (at, column) = (at + pixel, column + shape.stride[1]);
        }
    }
}

/// Adds the products of halves to a sum.
#[inline(always)]
fn sum(mut sum: i32, seen: &[u32], weights: &[u32]) -> i32 {
    let Some(seen) = seen.get(..weights.len()) else { return sum };
    let ((seen, seen_rest), (weights, weights_rest)) = (seen.as_chunks(), weights.as_chunks());
    for (&[a, b, c, d], &[e, f, g, h]) in seen.iter().zip(weights) {
        sum = dual(sum, a, e);
        sum = dual(sum, b, f);
        sum = dual(sum, c, g);
        sum = dual(sum, d, h);
    }
    for (&value, &weight) in seen_rest.iter().zip(weights_rest) {
        sum = dual(sum, value, weight);
    }
    sum
}

/// Adds the products of the lower halves and of the higher ones.
#[cfg(not(armv7em_dsp))]
#[inline(always)]
fn dual(sum: i32, a: u32, b: u32) -> i32 {
    use super::super::fixed::{high, low, mul};
    sum.wrapping_add(mul(low(a), low(b))).wrapping_add(mul(high(a), high(b)))
}

/// Adds the products of the lower halves and of the higher ones.
#[cfg(armv7em_dsp)]
#[allow(unsafe_code)]
#[inline(always)]
fn dual(sum: i32, a: u32, b: u32) -> i32 {
    let result;
    // SAFETY: one instruction on registers. It may set the Q flag, which nobody reads.
    unsafe {
        core::arch::asm!(
            "smlad {result}, {a}, {b}, {sum}",
            result = lateout(reg) result,
            a = in(reg) a,
            b = in(reg) b,
            sum = in(reg) sum,
            options(pure, nomem, nostack),
        );
    }
    result
}
