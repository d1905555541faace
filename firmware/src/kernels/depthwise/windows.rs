//! Windows of any shape: what one sees lies together, and so do its weights.

use super::super::finish::byte_of_doubled;
use super::super::fixed::mul;
use super::{Convolver, Line};

impl Convolver<'_> {
    /// Windows of any shape, any strides and dilations.
    #[inline(always)]
    pub(super) fn windows<'b>(&self, line: &Line, outputs: impl Iterator<Item = &'b mut u8>) {
        let shape = self.shape;
        let [even, odd] = line
            .weights
            .split_at_checked(shape.phase_words()[0] * shape.lines)
            .map_or([&[][..]; 2], |(even, odd)| [even, odd]);
        let [even, odd]: [&[i16]; 2] = [even, odd].map(bytemuck::cast_slice);
        for (number, place) in outputs.enumerate() {
            let column = number * shape.stride[1];
            let weights = if column.is_multiple_of(2) { even } else { odd };
            let seen = line.lines.get(column / 2 * 2 * shape.lines..).unwrap_or_default();
            let mut sum = line.finish[0] as i32;
            for (&value, &weight) in seen.iter().zip(weights) {
                sum = sum.wrapping_add(mul(value, weight));
            }
            *place = byte_of_doubled(line.finish, sum, &self.range) as u8;
        }
    }
}
