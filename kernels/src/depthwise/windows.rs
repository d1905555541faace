//! Windows of any shape, one output after another: what every other version must equal bit for bit.

use super::super::finish::byte_of_any_doubled;
use super::{Convolver, Outputs};
use quintet_protocol::network::FINISH_WORDS;

impl Convolver<'_> {
    /// Convolves the rows laid out for the outputs, channels from `first` on, one for each of
    /// `records`.
    pub(super) fn windows(
        &self,
        laid: &[i8],
        first: usize,
        records: &[u32],
        outputs: &mut Outputs,
    ) {
        let multiplier = (self.shape.channels_out / self.shape.channels_in.max(1)).max(1);
        let records = records.chunks_exact(self.shape.record_words().max(1));
        for (channel, record) in (first..).zip(records) {
            let Some((weights, finish)) = record.split_last_chunk::<FINISH_WORDS>() else { return };
            let weights: &[i16] = bytemuck::cast_slice(weights);
            let seen = laid.get(channel / multiplier..).unwrap_or_default();
            for row in 0..outputs.rows {
                for column in 0..outputs.columns {
                    let sum = self.sum(seen, [row, column], weights, finish[0] as i32);
                    let byte = byte_of_any_doubled(finish, sum, &self.range);
                    let place = row * outputs.row_bytes + column * outputs.channels + channel;
                    let Some(output) = outputs.bytes.get_mut(place) else { return };
                    *output = byte as u8;
                }
            }
        }
    }

    /// Adds twice the sum of an output's window, whose channel is the first one of `laid`, to
    /// `sum`.
    fn sum(&self, laid: &[i8], at: [usize; 2], weights: &[i16], mut sum: i32) -> i32 {
        let (shape, step) = (self.shape, self.shape.channels_in);
        let first = at[1] * shape.stride[1] * step;
        for line in (0..shape.lines).step_by(shape.dilation[0].max(1)) {
            let start = (at[0] * shape.stride[0] + line) * self.row_bytes() + first;
            let seen = laid.get(start..).unwrap_or_default().iter().step_by(step.max(1));
            for (column, &byte) in seen.take(shape.span).enumerate() {
                let weight = weights.get(self.half(line, column)).copied().unwrap_or_default();
                sum = sum.wrapping_add(i32::from(weight).wrapping_mul(i32::from(byte)));
            }
        }
        sum
    }

    /// The number of the half of a record that is the weight of a line and a column.
    #[inline(always)]
    fn half(&self, line: usize, column: usize) -> usize {
        // Of windows of 3x3 columns 1 and 2 come first, then 0 and 1.
        let column = if self.shape.is_three() { (column + 2) % 3 } else { column };
        (column / 2 * self.shape.lines + line) * 2 + column % 2
    }
}
