//! Windows of any shape: what one sees lies together, and so do its weights.

use super::super::finish::byte_of_doubled;
use super::{Convolver, Line};
use quintet_protocol::program::ByteRange;

impl Convolver<'_> {
    /// Windows of any shape, any strides and dilations.
    #[inline(always)]
    pub(super) fn windows<const SHORT: bool>(&self, mut line: Line) {
        let (stride, lines) = (self.shape.stride[1], self.shape.lines);
        let even = (self.shape.phase_words()[0] * lines).min(line.weights.len());
        let (even, odd) = line.weights.split_at(even);
        line.weights = even;
        if stride.is_multiple_of(2) {
            return pass::<SHORT>(&mut line, stride / 2 * lines, &self.range);
        }
        // Every other window begins at an odd column.
        line.pixel *= 2;
        pass::<SHORT>(&mut line, stride * lines, &self.range);
        line.weights = odd;
        line.lines = line.lines.get(stride / 2 * lines..).unwrap_or_default();
        line.outputs = line.outputs.get_mut(line.pixel / 2..).unwrap_or_default();
        pass::<SHORT>(&mut line, stride * lines, &self.range);
    }
}

/// The outputs whose windows begin `step` words apart.
#[inline(never)]
fn pass<const SHORT: bool>(line: &mut Line, step: usize, range: &ByteRange) {
    let (&mut Line { lines, weights, finish, pixel, ref mut outputs }, range) = (line, *range);
    let (mut first, mut at) = (0, 0);
    while let (Some(place), Some(seen)) = (outputs.get_mut(at), lines.get(first..)) {
        let sum = sum(finish[0] as i32, seen, weights);
        *place = byte_of_doubled::<SHORT>(&finish, sum, &range) as u8;
        (first, at) = (first + step, at + pixel);
    }
}

/// Adds the products of halves to a sum.
#[cfg(not(armv7em_dsp))]
#[inline(always)]
fn sum(mut sum: i32, seen: &[u32], weights: &[u32]) -> i32 {
    use super::super::fixed::mul;
    let [seen, weights]: [&[i16]; 2] = [seen, weights].map(bytemuck::cast_slice);
    let Some(seen) = seen.get(..weights.len()) else { return sum };
    for (&[a, b], &[e, f]) in seen.as_chunks().0.iter().zip(weights.as_chunks().0) {
        sum = sum.wrapping_add(mul(a, e)).wrapping_add(mul(b, f));
    }
    sum
}

/// Adds the products of halves to a sum.
#[cfg(armv7em_dsp)]
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
