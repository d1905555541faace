//! Clocks of `Gemm`: convolutions, dense layers, perceptrons.
//!
//! # Assumptions
//!
//! * Sums stay in their elements: a *pass* is as many rows of the input (pixels of the output, rows
//!   of a batch) as the array has rows, by as many output channels as it has columns, or as half of
//!   the weights' buffer holds if that is less. It takes `depth / macs` clocks. Passes follow each
//!   other without a gap.
//! * The array fills and drains once a command, and once a layer and block of a perceptron: rows
//!   and columns that are used, less one. So a larger array may lose a few clocks on a small
//!   command.
//! * A column hands out one finished sum a clock, scaled and held to its range on the way. So a
//!   pass takes at least as many clocks as it has rows.
//! * A depthwise convolution has no input that two channels share, so only one column of elements
//!   works.
//! * Windows are found by address in the input buffer, not laid out: a row of the array takes a
//!   byte of its window a clock. What is read twice by bands of a picture are the rows where they
//!   meet.
//! * Where neither inputs nor weights fit half of their buffer, either all inputs are loaded for
//!   each part of the weights or all weights for each part of the inputs, whichever is less.
//! * Weights are loaded as they lie in the arena, with their padding. Rows of a dense layer's input
//!   and output lie together.
//! * A perceptron's rows stay in the input buffer from its look-up to its last layer, block by
//!   block; a block is what half of the buffer holds.

use quintet_protocol::feature::{LAYER_WORDS, LayerRecord, dense_words};
use quintet_protocol::message::Phase;
use quintet_protocol::network::{column_bytes, depthwise_words, pair_words};
use quintet_protocol::program::{Convolve, ConvolveDepthwise, Dense, Perceptron, Sliding};

use super::demand::{Demand, Traffic};
use super::grids;
use super::operands::{Context, product, row_stride};
use crate::instance::Instance;

/// A matrix of inputs by a matrix of weights.
#[derive(Clone, Copy)]
struct Shape {
    /// Rows of the input.
    rows: u64,
    /// Output channels.
    channels: u64,
    /// Products of a sum.
    depth: u64,
}

impl Shape {
    /// Clocks where elements sum `macs` products a clock: those in which sums are made or handed
    /// out, and those in which the array fills and drains.
    fn clocks(&self, instance: &Instance, macs: u32) -> [u64; 2] {
        let [rows, columns] = [instance.array.rows, instance.array.columns].map(u64::from);
        let held = instance.scratch.weights.half() / self.depth.max(1);
        let columns = columns.min(held.max(1));
        let of_channels = self.channels.div_ceil(columns);
        let passes = product([self.rows.div_ceil(rows), of_channels]);
        let summing = product([passes, self.depth.div_ceil(macs.into())]);
        let handing_out = product([self.rows, of_channels]);
        let skew = self.rows.min(rows) + self.channels.min(columns);
        [summing.max(handing_out), skew.saturating_sub(1)]
    }

    fn products(&self) -> u64 {
        product([self.rows, self.channels, self.depth])
    }
}

/// What is loaded for a layer, in bytes.
struct Operands {
    input: u64,
    /// Loaded again where two parts of the input meet.
    seam: u64,
    weights: u64,
    output: u64,
}

impl Operands {
    /// Adds loads and stores.
    fn move_through(&self, instance: &Instance, demand: &mut Demand) {
        let Instance { memory, scratch, .. } = instance;
        let parts = |bytes: u64, half: u64| bytes.div_ceil(half).max(1);
        let of_input = parts(self.input, scratch.input.half());
        let of_weights = parts(self.weights, scratch.weights.half());
        let input = self.input.saturating_add(product([self.seam, of_input - 1]));
        let by_weights = product([input, of_weights]).saturating_add(self.weights);
        let by_inputs = product([self.weights, of_input]).saturating_add(input);
        let (inputs, weights) =
            if by_weights <= by_inputs { (of_weights, 1) } else { (1, of_input) };
        let mut once = [Traffic::default(); 2];
        once[0].stream(memory, input);
        once[1].stream(memory, self.weights);
        demand.reads.add(once[0].times(inputs));
        demand.reads.add(once[1].times(weights));
        demand.writes.stream(memory, self.output);
    }
}

/// A convolution.
pub fn convolve(context: &Context, c: &Convolve) -> Demand {
    let pairs = u64::from(c.sliding.output[2]).div_ceil(if c.unpaired { 1 } else { 2 });
    let weights = product([pairs, pair_words(&c.sliding) as u64, 4]);
    let depth = column_bytes(&c.sliding) as u64;
    let channels = u64::from(c.sliding.output[2]);
    let shape = Shape { rows: pixels(&c.sliding), channels, depth };
    layer(context.instance, &c.sliding, shape, weights)
}

/// A convolution of each channel by itself.
pub fn convolve_depthwise(context: &Context, c: &ConvolveDepthwise) -> Demand {
    let instance = context.instance;
    let [down, across] = c.sliding.kernel.map(u64::from);
    // Channels come after each other on one column, as if each were a layer of its own.
    let shape = Shape { rows: pixels(&c.sliding), channels: 1, depth: product([down, across]) };
    let channels = u64::from(c.sliding.output[2]);
    let weights = product([depthwise_words(&c.sliding) as u64, 4]);
    let mut demand = layer(instance, &c.sliding, shape, weights);
    let [clocks, skew] = shape.clocks(instance, instance.array.macs_8);
    demand.reduce = product([clocks, channels]).saturating_add(skew);
    demand.index = demand.reduce;
    demand.operations = product([demand.operations, channels]);
    demand
}

fn pixels(sliding: &Sliding) -> u64 {
    product([sliding.output[0].into(), sliding.output[1].into()])
}

fn layer(instance: &Instance, sliding: &Sliding, shape: Shape, weights: u64) -> Demand {
    let [clocks, skew] = shape.clocks(instance, instance.array.macs_8);
    let reduce = clocks.saturating_add(skew);
    // Windows of one element see each byte once; of the others, bands share rows.
    let row = product([sliding.input[1].into(), sliding.input[2].into()]);
    let spanned =
        product([u64::from(sliding.kernel[0]).saturating_sub(1), sliding.dilation[0].into()]) + 1;
    let shared = spanned.saturating_sub(sliding.stride[0].into());
    let operands = Operands {
        input: sliding.input_bytes() as u64,
        seam: product([row, shared]),
        weights,
        output: sliding.output_bytes() as u64,
    };
    let mut demand =
        Demand { index: reduce, reduce, operations: shape.products(), ..Demand::default() };
    operands.move_through(instance, &mut demand);
    demand
}

/// A dense layer over rows of halves.
pub fn dense(context: &Context, c: &Dense) -> Demand {
    let [inputs, outputs] = [c.inputs, c.outputs].map(u64::from);
    let instance = context.instance;
    let rows = context.items(Phase::Multiply) / product([inputs, outputs]).max(1);
    let shape = Shape { rows, channels: outputs, depth: inputs };
    let [clocks, skew] = shape.clocks(instance, instance.array.macs_16);
    let reduce = clocks.saturating_add(skew);
    let operands = Operands {
        input: product([rows, inputs, 2]),
        seam: 0,
        weights: product([dense_words(c.inputs.into(), c.outputs.into()) as u64, 4]),
        output: product([rows, outputs, 2]),
    };
    let mut demand =
        Demand { index: reduce, reduce, operations: shape.products(), ..Demand::default() };
    operands.move_through(instance, &mut demand);
    demand
}

/// A look-up and dense layers, block by block. Its index phase is the look-up's corners, its reduce
/// phase the products: different units, which work on different blocks at a time where they
/// overlap.
pub fn perceptron(context: &Context, c: &Perceptron) -> Demand {
    let Instance { array, memory, scratch, .. } = context.instance;
    let layers: Vec<LayerRecord> = (0..c.layer_count)
        .map_while(|number| context.record::<LAYER_WORDS>(c.layers, number.into()))
        .map(LayerRecord::from_words)
        .collect();
    let products_of_row = layers.iter().fold(0, |sum: u64, layer| {
        sum.saturating_add(product([layer.inputs.into(), layer.outputs.into()]))
    });
    let rows = context.items(Phase::Multiply) / products_of_row.max(1);
    let row_bytes = product([c.work.stride.into(), 2]).max(1);
    let block = (scratch.input.half() / row_bytes).clamp(1, rows.max(1));
    let blocks = rows.div_ceil(block);
    let clocks_of = |rows: u64| {
        layers.iter().fold(0, |sum: u64, layer| {
            let [channels, depth] = [layer.outputs, layer.inputs].map(u64::from);
            let [clocks, skew] =
                Shape { rows, channels, depth }.clocks(context.instance, array.macs_16);
            sum.saturating_add(clocks).saturating_add(skew)
        })
    };
    let whole = rows / block;
    let reduce = product([whole, clocks_of(block)]).saturating_add(match rows % block {
        0 => 0,
        rest => clocks_of(rest),
    });
    let mut demand =
        Demand { reduce, operations: product([rows, products_of_row]), ..Demand::default() };
    demand.reads.rows(memory, rows, product([c.inputs.into(), 2]), row_stride(c.input_matrix));
    demand.writes.rows(memory, rows, product([c.outputs.into(), 2]), row_stride(c.output_matrix));
    let weights = context.bytes(c.weights);
    let times = if weights <= scratch.weights.half() { blocks.min(1) } else { blocks };
    let mut once = Traffic::default();
    once.stream(memory, weights);
    demand.reads.add(once.times(times));
    if let Some(grid) = &c.grid {
        demand.join(grids::of_perceptron(context, grid, rows));
    }
    demand
}
