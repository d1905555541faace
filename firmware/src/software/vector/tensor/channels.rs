//! What pooling and reducing have in common: pixel by pixel and channel by channel, in steps.

use crate::kernels::reduce::{Places, Reduction};
use crate::operands::Words;

/// Instructions of a step, roughly.
const STEP_COST: usize = 60_000;
/// What four channels cost for each place that they are reduced over, and beside.
const FOUR_COSTS: [usize; 2] = [28, 100];

/// A tensor that is being reduced.
pub struct Channels {
    pub input: Words,
    pub output: Words,
    /// Pixels of the output.
    pub pixels: usize,
    /// Channels of input and output.
    pub channels: usize,
    pub reduction: Reduction,
    /// Pixel and channel that are next.
    pub next: [usize; 2],
}

impl Channels {
    /// Bytes read; `None` if none was left. `places` are those of a pixel's first channel.
    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32], places: &dyn Fn(usize) -> Places) -> Option<usize> {
        let ranges = [self.input.clone(), self.output.clone()];
        let [input, output] = arena.get_disjoint_mut(ranges).ok()?;
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let (mut items, mut cost) = (0, 0);
        while cost < STEP_COST && self.next[0] < self.pixels {
            let [pixel, channel] = self.next;
            let mut places = places(pixel);
            places.first += channel;
            let each = places.count() * FOUR_COSTS[0] + FOUR_COSTS[1];
            let fours = ((STEP_COST - cost) / each.max(1)).max(1);
            let end = self.channels.min(channel + 4 * fours);
            let first = pixel * self.channels;
            let bytes = output.get_mut(first + channel..first + end)?;
            self.reduction.channels(input, &places, bytes);
            items += bytes.len() * places.count();
            cost += bytes.len().div_ceil(4) * each;
            self.next = if end < self.channels { [pixel, end] } else { [pixel + 1, 0] };
        }
        Some(items).filter(|&items| items > 0)
    }
}
