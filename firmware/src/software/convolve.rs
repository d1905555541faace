//! `Gemm`, convolving: four output pixels at a time are laid out, and multiplied with records of
//! weights, some of which make a step; pixels that are left over go one by one.
//!
//! All that the windows of four pixels see is read before any of their outputs is written. So an
//! output may overlap its input where no window sees what was written for earlier pixels: that is for
//! the driver to plan, and whatever it plans, nothing but the outputs and the scratch is written.

use crate::backend::{Step, Work};
use crate::kernels::convolve::{self, Channels, Target, Windows};
use crate::operands::{Operands, Words, disjoint};
use core::ops::Range;
use quintet_protocol::message::Phase;
use quintet_protocol::network::{
    TILE_PIXELS, column_bytes, convolve_scratch_least, convolve_tile_words, pair_words,
};
use quintet_protocol::program::{ByteRange, Convolve as Command, Fault, Sliding};

/// Longest column, in bytes: what a step does at the least must be short.
const COLUMN_MAX: usize = 1 << 16;
/// Products of a step, about.
const STEP_PRODUCTS: usize = 1 << 16;

/// Convolving under way.
pub struct Convolve {
    input: Words,
    weights: Words,
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
    pairs: usize,
    pair_words: usize,
    column_bytes: usize,
    unpaired: bool,
    bytes: ByteRange,
    /// Whether every record is finished in the short way; known once they have been looked at.
    all_short: Option<bool>,
}

/// How far a layer has come.
#[derive(Default)]
struct Place {
    /// First pixel of those that are worked on.
    pixel: usize,
    /// First pair that they lack. If it is not zero, they are laid out.
    pair: usize,
}

impl Convolve {
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        let sliding = &c.sliding;
        let column_bytes = column_bytes(sliding);
        if column_bytes > COLUMN_MAX {
            return Err(Fault::OutOfRange { parameter: 3 });
        }
        let [rows, columns, channels] = sliding.output.map(usize::from);
        let pairs = if c.unpaired { channels } else { channels.div_ceil(2) };
        let layer = Layer {
            pixels: rows * columns,
            channels,
            pairs,
            pair_words: pair_words(sliding),
            column_bytes,
            unpaired: c.unpaired,
            bytes: c.bytes,
            all_short: None,
        };
        let scratch = match convolve_scratch_least(sliding) {
            0 => 0..0,
            _ => operands.write(c.scratch, layer.scratch_words(sliding))?,
        };
        let job = Self {
            input: operands.read(c.input, sliding.input_bytes().div_ceil(4))?,
            weights: operands.read(c.weights, pairs * layer.pair_words)?,
            scratch,
            output: operands.write(c.output, sliding.output_bytes().div_ceil(4))?,
            windows: Windows::new(sliding, c.bytes.zero_in),
            layer,
            at: Place::default(),
        };
        let Self { input, weights, scratch, output, .. } = &job;
        disjoint([weights, scratch, output])?;
        // Without scratch, columns are read while outputs are written.
        disjoint([input, if scratch.is_empty() { output } else { scratch }])?;
        disjoint([input, weights])?;
        Ok(job)
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let mut left = STEP_PRODUCTS;
        let mut products = 0;
        while left > 0 && self.at.pixel < self.layer.pixels {
            let Some(done) = self.advance(arena, left) else { return Step::Done };
            left = left.saturating_sub(done.effort);
            products += done.products;
        }
        match products {
            0 => Step::Done,
            _ => Step::Working(Work { phase: Phase::Multiply, items: products as u32 }),
        }
    }

    /// Works out as many channels of the next pixels as `left` allows, one pair at least.
    fn advance(&mut self, arena: &mut [u32], left: usize) -> Option<Done> {
        let pixels = self.layer.pixels_from(self.at.pixel);
        let mut done = Done::default();
        if self.at.pair == 0 && !self.scratch.is_empty() {
            let ranges = [self.input.clone(), self.scratch.clone()];
            let [input, scratch] = arena.get_disjoint_mut(ranges).ok()?;
            self.lay_out(input, scratch, pixels.clone());
            done.effort = pixels.len() * self.layer.column_bytes;
        }
        let columns = if self.scratch.is_empty() { &self.input } else { &self.scratch };
        let ranges = [&self.weights, columns, &self.output].map(Words::clone);
        let [weights, columns, output] = arena.get_disjoint_mut(ranges).ok()?;
        let of_a_pair = 2 * pixels.len() * self.layer.column_bytes;
        let pairs = (left / of_a_pair).clamp(1, self.layer.pairs - self.at.pair);
        let pairs = self.at.pair..self.at.pair + pairs;
        done.products = self.layer.multiply(weights, columns, output, pixels.clone(), &pairs);
        done.effort += pairs.len() * of_a_pair;
        self.at.pair = pairs.end;
        if pairs.end == self.layer.pairs {
            self.at = Place { pixel: pixels.end, pair: 0 };
        }
        Some(done)
    }

    fn lay_out(&self, input: &[u32], scratch: &mut [u32], pixels: Range<usize>) {
        let input = bytemuck::cast_slice(input);
        if pixels.len() == TILE_PIXELS {
            self.windows.tile(input, pixels.start, scratch);
        } else {
            let columns = bytemuck::cast_slice_mut(scratch);
            let length = pixels.len() * self.layer.column_bytes;
            let columns = columns.get_mut(..length).unwrap_or_default();
            self.windows.columns(input, pixels.start, columns);
        }
    }
}

/// What was done of a layer.
#[derive(Default)]
struct Done {
    products: usize,
    /// Products, and bytes that were laid out, which take about as long.
    effort: usize,
}

impl Layer {
    /// Scratch for the pixels that are worked on together.
    fn scratch_words(&self, sliding: &Sliding) -> usize {
        match self.pixels {
            TILE_PIXELS.. => convolve_tile_words(sliding),
            few => few * self.column_bytes / 4,
        }
    }

    /// The pixels that are worked on together, from number `first` on.
    fn pixels_from(&self, first: usize) -> Range<usize> {
        let whole = self.pixels - self.pixels % TILE_PIXELS;
        if first < whole { first..first + TILE_PIXELS } else { first..self.pixels }
    }

    /// Works out some pairs of pixels that are laid out; returns how many products that took.
    fn multiply(
        &mut self,
        weights: &[u32],
        laid_out: &[u32],
        output: &mut [u32],
        pixels: Range<usize>,
        pairs: &Range<usize>,
    ) -> usize {
        let all_short = *self
            .all_short
            .get_or_insert_with(|| weights.chunks_exact(self.pair_words).all(Channels::is_short));
        let step = if self.unpaired { 1 } else { 2 };
        let (first, end) = (pairs.start * step, self.channels.min(pairs.end * step));
        let records = pairs.start * self.pair_words..pairs.end * self.pair_words;
        let channels = Channels {
            records: weights.get(records).unwrap_or_default(),
            pair_words: self.pair_words,
            count: end - first,
            unpaired: self.unpaired,
            all_short,
            bytes: self.bytes,
        };
        let bytes = pixels.start * self.channels + first..pixels.end * self.channels;
        let out = bytemuck::cast_slice_mut(output).get_mut(bytes).unwrap_or_default();
        let mut target = Target { out, stride: self.channels };
        match pixels.len() {
            TILE_PIXELS => convolve::tile(&channels, laid_out, &mut target),
            count => {
                let columns = laid_out.get(..count * self.column_bytes / 4).unwrap_or_default();
                convolve::columns(&channels, columns, &mut target);
            }
        }
        pixels.len() * (end - first) * self.column_bytes
    }
}
