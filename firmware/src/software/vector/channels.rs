//! What pooling and reducing have in common: pixel by pixel and block by block of channels, in steps.

use crate::kernels::reduce::{BLOCK_CHANNELS, Places, Reduction};
use crate::operands::Words;

/// Instructions of a step, roughly.
const STEP_COST: usize = 60_000;
/// What a byte costs, read or written.
const BYTE_COSTS: [usize; 2] = [4, 16];

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
            let end = self.channels.min(channel + BLOCK_CHANNELS);
            let first = pixel * self.channels;
            let block = output.get_mut(first + channel..first + end)?;
            self.reduction.block(input, &places, block);
            items += block.len() * places.count();
            cost += block.len() * (places.count() * BYTE_COSTS[0] + BYTE_COSTS[1]);
            self.next = if end < self.channels { [pixel, end] } else { [pixel + 1, 0] };
        }
        Some(items).filter(|&items| items > 0)
    }
}
