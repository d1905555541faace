//! `Gemm`, convolving: a block of output pixels is laid out in tiles of four, as many as the
//! scratch holds, and multiplied with records of weights, some of which make a step; pixels that
//! are left over at the end go one by one, and all of them where columns are very long.
//!
//! All that the windows of a block see is read before any of its outputs is written. So an output
//! may overlap its input where no window sees what was written for earlier pixels: that is for the
//! driver to plan, and whatever it plans, nothing but the outputs and the scratch is written.

use super::weights::Weights;
use crate::backend::{Step, Work};
use crate::kernels::convolve::{self, Channels, Target, Windows};
use crate::operands::{Operands, Words};
use crate::pager::Pager;
use core::ops::Range;
use quintet_protocol::message::Phase;
use quintet_protocol::network::{TILE_PIXELS, column_bytes, convolve_scratch_least, pair_words};
use quintet_protocol::program::{ByteRange, Convolve as Command, Fault};

/// Longest column, in bytes: what a step does at the least must be short.
const COLUMN_MAX: usize = 1 << 16;
/// Products of a step, about: not much more than 100 000 instructions.
const STEP_PRODUCTS: usize = if cfg!(armv7em_dsp) { 1 << 16 } else { 1 << 15 };
/// Longest column that is laid out in tiles: a step takes two pairs of channels of a tile at the
/// least.
const TILED_MAX: usize = 3 * STEP_PRODUCTS / (4 * TILE_PIXELS);
/// Whether pixels are laid out in tiles; else blocks of the same pixels are laid out in columns,
/// which is slower and less code.
const IS_TILED: bool = !cfg!(feature = "small");

/// Convolving under way.
pub struct Convolve {
    input: Words,
    weights: Weights,
    /// Empty where the input is the column itself.
    scratch: Words,
    output: Words,
    windows: Windows,
    layer: Layer,
    /// What comes next.
    at: Place,
}

/// What is known of a layer.
struct Layer {
    pixels: usize,
    channels: usize,
    pair_words: usize,
    column_bytes: usize,
    unpaired: bool,
    bytes: ByteRange,
    /// Pixels of a block.
    block: usize,
    /// Whether every record of this part is finished in the short way; known once they were looked
    /// at.
    all_short: Option<bool>,
}

/// How far a layer has come.
#[derive(Default)]
struct Place {
    /// First pixel of the block.
    pixel: usize,
    /// First pair of this part of the weights that it lacks.
    pair: usize,
    /// Whether it is laid out.
    is_laid_out: bool,
}

impl Convolve {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let sliding = &c.sliding;
        let column_bytes = column_bytes(sliding);
        if column_bytes > COLUMN_MAX {
            return Err(Fault::OutOfRange { parameter: 3 });
        }
        let [rows, columns, channels] = sliding.output.map(usize::from);
        let pairs = if c.unpaired { channels } else { channels.div_ceil(2) };
        let mut layer = Layer {
            pixels: rows * columns,
            channels,
            pair_words: pair_words(sliding),
            column_bytes,
            unpaired: c.unpaired,
            bytes: c.bytes,
            block: 0,
            all_short: None,
        };
        let scratch = match convolve_scratch_least(sliding) {
            0 => 0..0,
            least => operands.write_all(c.scratch, least),
        };
        layer.block = layer.pixels_of_a_block(scratch.len());
        let records = [pairs, layer.pair_words];
        let pages = (c.first_page, c.page_pairs);
        let job = Self {
            input: operands.read(c.input, sliding.input_bytes().div_ceil(4)),
            weights: Weights::new(operands, c.weights, records, pages)?,
            scratch,
            output: operands.write(c.output, sliding.output_bytes().div_ceil(4)),
            windows: Windows::new(sliding, c.bytes.zero_in),
            layer,
            at: Place::default(),
        };
        let Self { input, scratch, output, .. } = &job;
        // Pages overlap nothing that can be an operand: the program was checked for that.
        let weights = job.weights.resident().unwrap_or(&(0..0));
        operands.disjoint([weights, scratch, output]);
        operands.disjoint([weights, scratch, input]);
        // Without scratch, columns are read while outputs are written; and every part of the
        // weights wants the whole input.
        if scratch.is_empty() || !job.weights.is_one_part() {
            operands.disjoint([input, output]);
        }
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32], pager: &mut Pager) -> Step {
        if self.at.pixel == self.layer.pixels {
            return Step::Done(None);
        }
        let place = match self.weights.find(arena, pager) {
            Ok(place) => place,
            Err(step) => return step,
        };
        let (input, scratch, output) = (&self.input, &self.scratch, &self.output);
        let (windows, layer, at) = (&self.windows, &mut self.layer, &mut self.at);
        // Without scratch, the input is a column.
        let columns = if scratch.is_empty() { input } else { scratch };
        let part = self.weights.part();
        let (mut left, mut products) = (STEP_PRODUCTS, 0);
        while left > 0 && at.pixel < layer.pixels {
            let pixels = layer.block(at.pixel);
            if !at.is_laid_out && !scratch.is_empty() {
                let Ok([input, scratch]) = arena.get_disjoint_mut([input.clone(), scratch.clone()])
                else {
                    return Step::Done(None);
                };
                layer.lay_out(windows, bytemuck::cast_slice(input), scratch, pixels.clone());
                at.is_laid_out = true;
                left = left.saturating_sub(pixels.len() * layer.column_bytes);
                if left < STEP_PRODUCTS / 2 {
                    break;
                }
            }
            // Kernels take two pairs together.
            let of_two_pairs = (4 * pixels.len() * layer.column_bytes).max(1);
            let pairs = (left / of_two_pairs).max(1) * 2;
            let pairs = pairs.min(part.len() - at.pair);
            left = left.saturating_sub(pairs * of_two_pairs / 2);
            let pairs = at.pair..at.pair + pairs;
            let ranges = [place.clone(), columns.clone(), output.clone()];
            let Ok([weights, columns, output]) = arena.get_disjoint_mut(ranges) else {
                return Step::Done(None);
            };
            let channels = layer.channels(weights, &part, &pairs);
            let output = bytemuck::cast_slice_mut(output);
            products += pixels.len() * channels.count * layer.column_bytes;
            let first = layer.channel(part.start + pairs.start);
            layer.multiply(&channels, columns, output, (pixels.clone(), first));
            *at = match pairs.end == part.len() {
                true => Place { pixel: pixels.end, ..Place::default() },
                false => Place { pair: pairs.end, is_laid_out: true, pixel: pixels.start },
            };
        }
        if at.pixel == layer.pixels && self.weights.next_part() {
            (*at, layer.all_short) = (Place::default(), None);
        }
        Step::Working(Work { phase: Phase::Multiply, items: products as u32 })
    }
}

impl Layer {
    /// Pixels that are laid out together: what the scratch holds, and laying out is part of a step.
    fn pixels_of_a_block(&self, scratch_words: usize) -> usize {
        if self.column_bytes > TILED_MAX {
            return 1;
        }
        let tile_bytes = (self.column_bytes * TILE_PIXELS).max(1);
        let held = 2 * scratch_words / tile_bytes;
        let short = STEP_PRODUCTS / tile_bytes;
        held.min(short).max(1) * TILE_PIXELS
    }

    /// The block of pixels from number `first` on: some tiles, or what is left at the end.
    fn block(&self, first: usize) -> Range<usize> {
        let whole = self.pixels - self.pixels % TILE_PIXELS;
        let end = if first < whole { whole } else { self.pixels };
        first..end.min(first + self.block)
    }

    /// Lays out a block: as tiles, or less than one as columns.
    fn lay_out(&self, windows: &Windows, input: &[i8], scratch: &mut [u32], pixels: Range<usize>) {
        if IS_TILED && pixels.len() >= TILE_PIXELS {
            return windows.tiles(input, pixels.start, pixels.len(), scratch);
        }
        let words = scratch.get_mut(..pixels.len() * self.column_bytes / 4);
        let columns = bytemuck::cast_slice_mut(words.unwrap_or_default());
        windows.columns(input, pixels.start, columns);
    }

    /// The first channel of a pair.
    fn channel(&self, pair: usize) -> usize {
        self.channels.min(pair * if self.unpaired { 1 } else { 2 })
    }

    /// The channels of some pairs of a part of the weights.
    fn channels<'a>(
        &mut self,
        weights: &'a [u32],
        part: &Range<usize>,
        pairs: &Range<usize>,
    ) -> Channels<'a> {
        let pair_words = self.pair_words;
        let is_short = || weights.chunks_exact(pair_words).all(Channels::is_short);
        // Only assembly asks.
        let all_short = !cfg!(feature = "small") && *self.all_short.get_or_insert_with(is_short);
        let records = pairs.start * pair_words..pairs.end * pair_words;
        let [first, end] = [pairs.start, pairs.end].map(|pair| self.channel(part.start + pair));
        Channels {
            records: weights.get(records).unwrap_or_default(),
            pair_words,
            count: end - first,
            unpaired: self.unpaired,
            all_short,
            bytes: self.bytes,
        }
    }

    /// Works out channels, from number `first` on, of pixels that are laid out.
    fn multiply(
        &self,
        channels: &Channels<'_>,
        columns: &[u32],
        output: &mut [i8],
        (pixels, first): (Range<usize>, usize),
    ) {
        let bytes = pixels.start * self.channels + first..pixels.end * self.channels;
        let out = output.get_mut(bytes).unwrap_or_default();
        let mut target = Target { out, stride: self.channels };
        // Tiles are of halves.
        let is_tiled = IS_TILED && pixels.len() >= TILE_PIXELS;
        let words = pixels.len() * self.column_bytes / if is_tiled { 2 } else { 4 };
        let laid_out = columns.get(..words).unwrap_or_default();
        match is_tiled {
            true => convolve::tiles(channels, laid_out, &mut target),
            false => convolve::columns(channels, laid_out, &mut target),
        }
    }
}
