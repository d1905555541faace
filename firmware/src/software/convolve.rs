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
        let Self { input, weights, scratch, output, windows, layer, at } = self;
        let Some((mut pictures, [weights, scratch])) =
            Pictures::borrow(arena, [input, output], [weights, scratch])
        else {
            return Step::Done;
        };
        let (mut left, mut products) = (STEP_PRODUCTS, 0);
        while left > 0 && at.pixel < layer.pixels {
            let pixels = layer.pixels_from(at.pixel);
            if at.pair == 0 && !scratch.is_empty() {
                layer.lay_out(windows, pictures.input(), scratch, pixels.clone());
                left = left.saturating_sub(pixels.len() * layer.column_bytes);
            }
            let of_a_pair = 2 * pixels.len() * layer.column_bytes;
            let pairs = (left / of_a_pair).clamp(1, layer.pairs - at.pair);
            left = left.saturating_sub(pairs * of_a_pair);
            let pairs = at.pair..at.pair + pairs;
            let channels = layer.channels(weights, &pairs);
            let (columns, output) = pictures.columns_and_output(scratch);
            products += pixels.len() * channels.count * layer.column_bytes;
            layer.multiply(&channels, columns, output, (pixels.clone(), pairs.start));
            *at = match pairs.end == layer.pairs {
                true => Place { pixel: pixels.end, pair: 0 },
                false => Place { pixel: pixels.start, pair: pairs.end },
            };
        }
        match products {
            0 => Step::Done,
            _ => Step::Working(Work { phase: Phase::Multiply, items: products as u32 }),
        }
    }
}

/// Input and output, which may overlap: then all words that either has, and where both lie in them.
enum Pictures<'a> {
    Apart(&'a mut [u32], &'a mut [u32]),
    Together(&'a mut [u32], [Words; 2]),
}

impl<'a> Pictures<'a> {
    /// Borrows them, and two operands more that nothing overlaps.
    fn borrow<'r>(
        arena: &'a mut [u32],
        [input, output]: [&'r Words; 2],
        [weights, scratch]: [&'r Words; 2],
    ) -> Option<(Self, [&'a mut [u32]; 2])> {
        if disjoint([input, output]).is_ok() {
            let ranges = [input, output, weights, scratch].map(Words::clone);
            let [input, output, weights, scratch] = arena.get_disjoint_mut(ranges).ok()?;
            return Some((Self::Apart(input, output), [weights, scratch]));
        }
        let all = input.start.min(output.start)..input.end.max(output.end);
        let within = [input, output].map(|it| it.start - all.start..it.end - all.start);
        let ranges = [all, weights.clone(), scratch.clone()];
        let [all, weights, scratch] = arena.get_disjoint_mut(ranges).ok()?;
        Some((Self::Together(all, within), [weights, scratch]))
    }

    fn input(&self) -> &[i8] {
        bytemuck::cast_slice(match self {
            Self::Apart(input, _) => input,
            Self::Together(all, [input, _]) => all.get(input.clone()).unwrap_or_default(),
        })
    }

    /// What weights are multiplied with, and where that goes: without scratch, the input is a column.
    fn columns_and_output<'b>(&'b mut self, scratch: &'b [u32]) -> (&'b [u32], &'b mut [i8]) {
        let (columns, output) = match self {
            Self::Apart(input, output) => {
                (if scratch.is_empty() { &**input } else { scratch }, &mut **output)
            }
            Self::Together(all, [_, output]) => {
                (scratch, all.get_mut(output.clone()).unwrap_or_default())
            }
        };
        (columns, bytemuck::cast_slice_mut(output))
    }
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

    /// Lays out pixels: four as a tile, fewer as columns.
    fn lay_out(&self, windows: &Windows, input: &[i8], scratch: &mut [u32], pixels: Range<usize>) {
        if pixels.len() == TILE_PIXELS {
            return windows.tile(input, pixels.start, scratch);
        }
        let words = scratch.get_mut(..pixels.len() * self.column_bytes / 4);
        let columns = bytemuck::cast_slice_mut(words.unwrap_or_default());
        windows.columns(input, pixels.start, columns);
    }

    /// The channels of some pairs.
    fn channels<'a>(&mut self, weights: &'a [u32], pairs: &Range<usize>) -> Channels<'a> {
        let pair_words = self.pair_words;
        let all_short = *self
            .all_short
            .get_or_insert_with(|| weights.chunks_exact(pair_words).all(Channels::is_short));
        let step = if self.unpaired { 1 } else { 2 };
        let records = pairs.start * pair_words..pairs.end * pair_words;
        Channels {
            records: weights.get(records).unwrap_or_default(),
            pair_words,
            count: self.channels.min(pairs.end * step) - pairs.start * step,
            unpaired: self.unpaired,
            all_short,
            bytes: self.bytes,
        }
    }

    /// Works out channels, from those of pair number `pair` on, of pixels that are laid out.
    fn multiply(
        &self,
        channels: &Channels<'_>,
        columns: &[u32],
        output: &mut [i8],
        (pixels, pair): (Range<usize>, usize),
    ) {
        let first = pair * if self.unpaired { 1 } else { 2 };
        let bytes = pixels.start * self.channels + first..pixels.end * self.channels;
        let out = output.get_mut(bytes).unwrap_or_default();
        let mut target = Target { out, stride: self.channels };
        match pixels.len() {
            TILE_PIXELS => convolve::tile(channels, columns, &mut target),
            count => {
                let columns = columns.get(..count * self.column_bytes / 4).unwrap_or_default();
                convolve::columns(channels, columns, &mut target);
            }
        }
    }
}
