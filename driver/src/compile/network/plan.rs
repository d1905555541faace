//! The plan of a draft's buffers: their lifetimes, and where they lie in the part of the arena that
//! changes.

use std::collections::HashMap;

use quintet_protocol::network::{convolve_scratch_words, convolve_tile_words};
use quintet_protocol::program::{BufferId, Command};

use super::draft::Draft;
use super::lifetimes::Lifetimes;
use super::place::{Item, place};

/// Places of buffers.
pub struct Plan {
    /// Byte offsets of those that lie in no other one.
    pub offsets: HashMap<BufferId, usize>,
    /// When each of them is in use.
    pub lifetimes: Lifetimes,
    /// Bytes in use.
    pub peak: usize,
}

impl Plan {
    /// Places all buffers of a draft, and gives convolutions more room to work in where there is
    /// some.
    pub fn of(draft: &mut Draft) -> Self {
        let lifetimes = Lifetimes::of(draft);
        let placement = place(&lifetimes.items, &lifetimes.relations);
        let offsets = lifetimes.roots.iter().copied().zip(placement.offsets).collect();
        let mut plan = Self { offsets, lifetimes, peak: placement.peak };
        plan.grow_scratch(draft);
        plan
    }

    /// Byte offset of a buffer; zero if it has no place.
    pub fn offset(&self, draft: &Draft, id: BufferId) -> usize {
        let (root, offset) = draft.root(id);
        self.offsets.get(&root).copied().unwrap_or_default() + offset
    }

    /// Lets each convolution work on as many tiles at a time as there is room for beside what is in
    /// use then.
    fn grow_scratch(&mut self, draft: &mut Draft) {
        for (step, moment) in (0..draft.steps.len()).zip(1..) {
            let Command::Convolve(convolve) = draft.steps[step].command else { continue };
            let words = draft.at(convolve.scratch).words;
            if words == 0 {
                continue;
            }
            let (start, length) = self.largest_gap(moment, convolve.scratch);
            let tile = convolve_tile_words(&convolve.sliding).max(1);
            let room = (length / 4).min(convolve_scratch_words(&convolve.sliding)) / tile * tile;
            if room > words {
                draft.at_mut(convolve.scratch).words = room;
                self.offsets.insert(convolve.scratch, start);
                let scratch = |&id: &BufferId| id == convolve.scratch;
                if let Some(item) = self.lifetimes.roots.iter().position(scratch) {
                    self.lifetimes.items[item].bytes = room * 4;
                }
            }
        }
    }

    /// Offset and length of the largest range that nothing but `besides` is in at a moment.
    fn largest_gap(&self, moment: usize, besides: BufferId) -> (usize, usize) {
        let in_use = |(id, item): (&BufferId, &Item)| {
            let start = self.offsets.get(id).copied()?;
            let meets = (item.first..=item.last).contains(&moment) && *id != besides;
            meets.then_some((start, start + item.bytes))
        };
        let all = self.lifetimes.roots.iter().zip(&self.lifetimes.items);
        let mut ranges: Vec<(usize, usize)> = all.filter_map(in_use).collect();
        ranges.push((self.peak, self.peak));
        ranges.sort_unstable();
        let (mut end, mut largest) = (0, (0, 0));
        for (start, its_end) in ranges {
            if start > end && start - end > largest.1 {
                largest = (end, start - end);
            }
            end = end.max(its_end);
        }
        largest
    }
}
