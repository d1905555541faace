//! Weights that stay with the driver: the device pulls them page by page, layer after layer.

use quintet_protocol::network::pair_words;
use quintet_protocol::program::{BufferId, Command};

use super::draft::{Content, Draft};
use crate::compile::plan::to_bytes;

/// Words that a page should have at the least: enough that asking for it is no great part of it.
const PAGE_WORDS: usize = 512;
/// Pages that there must be room for: one to work with and one on its way.
pub const SLOTS_MIN: usize = 2;
/// Most pages that a device keeps.
const SLOTS_MAX: usize = 1024;

/// What is streamed.
pub struct Paging {
    /// Of all layers, one after another.
    pub pages: Vec<Vec<u8>>,
    /// Words of a page, but for the last one of a layer, which may have fewer.
    page_words: usize,
}

/// A convolution whose weights can be streamed.
struct Layer {
    step: usize,
    weights: BufferId,
    record_words: usize,
}

/// Takes the weights of all convolutions that have more than a page out of a draft; those of
/// depthwise ones are few. `None` if there are none.
pub fn stream(draft: &mut Draft) -> Option<Paging> {
    let layers: Vec<Layer> = (0..draft.steps.len()).filter_map(|step| layer(draft, step)).collect();
    let longest = layers.iter().map(|layer| layer.record_words).max()?;
    let page_words = longest.max(PAGE_WORDS);
    let buffer = draft.buffer("weights", Content::Streamed, page_words * 4);
    let mut pages = Vec::new();
    for Layer { step, weights, record_words } in layers {
        let Content::Constant(words) = &draft.at(weights).content else { continue };
        if words.len() <= page_words {
            continue;
        }
        let pairs = page_words / record_words;
        let first_page = pages.len() as u32;
        pages.extend(words.chunks(pairs * record_words).map(to_bytes));
        if let Command::Convolve(convolve) = &mut draft.steps[step].command {
            convolve.weights = buffer;
            convolve.first_page = first_page;
            convolve.page_pairs = pairs as u16;
        }
    }
    (!pages.is_empty()).then_some(Paging { pages, page_words })
}

fn layer(draft: &Draft, step: usize) -> Option<Layer> {
    let Command::Convolve(convolve) = &draft.steps[step].command else { return None };
    let record_words = pair_words(&convolve.sliding);
    let fits = record_words <= usize::from(u16::MAX);
    fits.then_some(Layer { step, weights: convolve.weights, record_words })
}

impl Paging {
    /// Bytes that so many pages take in the arena, each with a word for its number.
    pub fn bytes(&self, slots: usize) -> usize {
        slots * (self.page_words + 1) * 4
    }

    /// How many pages, of all at most, there is room for in so many bytes.
    pub fn slots(&self, bytes: usize) -> usize {
        (bytes / self.bytes(1)).min(self.pages.len()).min(SLOTS_MAX)
    }
}
