//! What pooling and reducing have in common: pixel by pixel and channel by channel, in steps.

use crate::kernels::reduce::{Places, Reduction, reduce};
use crate::operands::Words;

/// Instructions of a step, roughly.
const STEP_COST: usize = 60_000;
/// What four channels cost beside the places that they are reduced over.
const FOUR_COST: usize = 100;
/// What a place costs for four channels that share words, and for four that do not.
const PLACE_COSTS: [usize; 2] = [12, 32];

/// A tensor that is being reduced.
pub struct Channels {
    pub input: Words,
    pub output: Words,
    /// Pixels of the output.
    pub pixels: usize,
    /// Channels of input and output.
    pub channels: usize,
    /// Pixel and channel that are next.
    pub next: [usize; 2],
}

impl Channels {
    /// Bytes read; `None` if none was left. `places` are those that a pixel's first channel is of.
    pub fn step(
        &mut self,
        arena: &mut [u32],
        places: impl Fn(usize) -> Places,
        by: &impl Reduction,
    ) -> Option<usize> {
        let ranges = [self.input.clone(), self.output.clone()];
        let [input, output] = arena.get_disjoint_mut(ranges).ok()?;
        let output: &mut [u8] = bytemuck::cast_slice_mut(output);
        let (mut items, mut cost) = (0, 0);
        while cost < STEP_COST && self.next[0] < self.pixels {
            let [pixel, channel] = self.next;
            let places = places(pixel);
            let each = FOUR_COST + places.count() * PLACE_COSTS[usize::from(!places.share_words())];
            let fours = ((STEP_COST - cost) / each).max(1);
            let end = self.channels.min(channel + 4 * fours);
            let first = pixel * self.channels;
            reduce(input, &places, channel..end, output.get_mut(first + channel..first + end)?, by);
            items += (end - channel) * places.count();
            cost += (end - channel).div_ceil(4) * each;
            self.next = if end < self.channels { [pixel, end] } else { [pixel + 1, 0] };
        }
        Some(items).filter(|&items| items > 0)
    }
}
