//! Clocks of `Vector`.
//!
//! # Assumptions
//!
//! * A vector lane takes an element a clock through whatever is done with it: load, scale, add,
//!   hold to the range, store. Of a reduction, elements read count; of anything else, elements
//!   written.
//! * What has multiply-adds of its own takes one a clock and lane: sines an angle each, a harmonic
//!   two, a light seven for each fragment, a sample's colour two for each channel and three for its
//!   depth.
//! * Exponentials, sines, reciprocals and activations by table take a special unit a clock each,
//!   beside the lanes: one for each element of a softmax and one a row, one for each sine and
//!   cosine, one for each channel and each depth of a sample, one for each ray that is focused.
//! * Softmax reads its row from the buffer three times.
//! * Copies have an address for each run: the index phase.

use quintet_protocol::feature::{wave_columns, wave_words};
use quintet_protocol::mesh::LIGHT_WORDS;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{
    Add, Composite, Copy, Fill, Focus, Gather, Harmonics, Lookup, Multiply, Pool, Reduce, Resize,
    Shade, Softmax, Waves,
};
use quintet_protocol::ray::{ACTIVATION_WORDS, RAY_WORDS, SAMPLE_WORDS};
use quintet_protocol::tile::NORMAL_WORDS;

use super::demand::Demand;
use super::operands::{Context, product, row_stride};

/// What is done with elements.
struct Elements {
    /// How many times a lane takes one.
    lanes: u64,
    /// Results of special units.
    specials: u64,
    /// What is reduced.
    operations: u64,
}

impl Elements {
    /// One operation on each of so many elements.
    const fn plain(count: u64) -> Self {
        Self { lanes: count, specials: 0, operations: count }
    }

    /// So many bytes each way.
    fn demand(&self, context: &Context, [read, written]: [u64; 2]) -> Demand {
        let instance = context.instance;
        let [lanes, specials] = [instance.lanes.vector, instance.lanes.special].map(u64::from);
        let mut demand = Demand {
            reduce: self.lanes.div_ceil(lanes).max(self.specials.div_ceil(specials)),
            operations: self.operations,
            ..Demand::default()
        };
        demand.reads.stream(&instance.memory, read);
        demand.writes.stream(&instance.memory, written);
        demand
    }
}

/// Two tensors added: three scales an element.
pub fn add(context: &Context, c: &Add) -> Demand {
    let [count, period] = [c.count, c.period].map(u64::from);
    let elements = Elements { operations: product([count, 3]), ..Elements::plain(count) };
    elements.demand(context, [count.saturating_add(period), count])
}

/// Two tensors multiplied.
pub fn multiply(context: &Context, c: &Multiply) -> Demand {
    let [count, period] = [c.count, c.period].map(u64::from);
    let elements = Elements { operations: product([count, 2]), ..Elements::plain(count) };
    elements.demand(context, [count.saturating_add(period), count])
}

/// Windows reduced.
pub fn pool(context: &Context, c: &Pool) -> Demand {
    let moved = [c.sliding.input_bytes(), c.sliding.output_bytes()].map(|bytes| bytes as u64);
    Elements::plain(context.items(Phase::Elements)).demand(context, moved)
}

/// An axis reduced.
pub fn reduce(context: &Context, c: &Reduce) -> Demand {
    let outputs = product([c.outer.into(), c.inner.into()]);
    let inputs = product([outputs, c.reduced.into()]);
    Elements::plain(inputs).demand(context, [inputs, outputs])
}

/// Rows of exponentials, divided by their sums.
pub fn softmax(context: &Context, c: &Softmax) -> Demand {
    let count = product([c.rows.into(), c.columns.into()]);
    let elements = Elements {
        lanes: product([count, 3]),
        specials: count.saturating_add(c.rows.into()),
        operations: product([count, 3]),
    };
    elements.demand(context, [count, count])
}

/// Bytes by table.
pub fn lookup(context: &Context, c: &Lookup) -> Demand {
    /// Bytes of the table.
    const TABLE_BYTES: u64 = 256;
    let count = u64::from(c.count);
    Elements::plain(count).demand(context, [count.saturating_add(TABLE_BYTES), count])
}

/// Runs of bytes from place to place. Nothing is reduced.
pub fn copy(context: &Context, c: &Copy) -> Demand {
    let memory = &context.instance.memory;
    let runs = product(c.counts.map(u64::from));
    let bytes = product([runs, c.run.into()]);
    let elements = Elements { operations: 0, ..Elements::plain(bytes) };
    let mut demand = Demand { index: runs, ..elements.demand(context, [0, 0]) };
    demand.reads.rows(memory, runs, c.run.into(), nearest(c.counts, c.from_strides));
    demand.writes.rows(memory, runs, c.run.into(), nearest(c.counts, c.to_strides));
    demand
}

/// Bytes from a run to the next along the axis on which they are nearest to each other; most at all
/// where there is one.
fn nearest(counts: [u16; 3], strides: [i32; 3]) -> u64 {
    let axes = counts.into_iter().zip(strides).filter(|&(count, _)| count > 1);
    axes.map(|(_, stride)| stride.unsigned_abs().into()).min().unwrap_or(u64::MAX)
}

/// One byte everywhere.
pub fn fill(context: &Context, c: &Fill) -> Demand {
    let elements = Elements { operations: 0, ..Elements::plain(c.count.into()) };
    elements.demand(context, [0, c.count.into()])
}

/// Pixels of a picture at other places.
pub fn resize(context: &Context, c: &Resize) -> Demand {
    let [rows, columns] = c.output_size.map(u64::from);
    let channels = u64::from(c.input_shape[2]);
    let output = product([rows, columns, channels]);
    let map = product([rows + columns, 2]);
    let input = product(c.input_shape.map(u64::from)).saturating_add(map);
    let elements = Elements { operations: 0, ..Elements::plain(output) };
    Demand { index: product([rows, columns]), ..elements.demand(context, [input, output]) }
}

/// Sines and cosines of coordinates.
pub fn waves(context: &Context, c: &Waves) -> Demand {
    let memory = &context.instance.memory;
    let rows = context.items(Phase::Elements);
    let [coordinates, frequencies] = [c.coordinates, c.frequency_count].map(usize::from);
    let angles = product([rows, (coordinates * frequencies) as u64]);
    let columns = wave_columns(coordinates, frequencies, c.includes_input) as u64;
    let elements = Elements {
        lanes: product([rows, columns]),
        specials: product([angles, 2]),
        operations: product([angles, 3]),
    };
    let records = (frequencies * wave_words(coordinates)) as u64 * 4;
    let mut demand = elements.demand(context, [records, 0]);
    let bytes = if c.of_halves { 2 } else { 4 };
    demand.reads.rows(
        memory,
        rows,
        product([c.coordinates.into(), bytes]),
        product([c.input_stride.into(), bytes]),
    );
    demand.writes.rows(memory, rows, product([columns, 2]), row_stride(c.matrix));
    demand
}

/// Harmonics of directions.
pub fn harmonics(context: &Context, c: &Harmonics) -> Demand {
    /// Bytes of a direction.
    const DIRECTION_BYTES: u64 = 12;
    let memory = &context.instance.memory;
    let rays = context.items(Phase::Elements);
    let columns = (u64::from(c.degree) + 1).pow(2);
    let operations = product([rays, columns, 2]);
    let elements = Elements { lanes: operations, specials: 0, operations };
    let mut demand = elements.demand(context, [0, 0]);
    demand.reads.rows(memory, rays, DIRECTION_BYTES, RAY_WORDS as u64 * 4);
    demand.writes.rows(memory, rays, product([columns, 2]), row_stride(c.matrix));
    demand
}

/// Rows in another order.
pub fn gather(context: &Context, c: &Gather) -> Demand {
    let memory = &context.instance.memory;
    let rows = context.items(Phase::Elements);
    let bytes = product([c.columns.into(), 2]);
    let elements = product([rows, c.columns.into()]);
    let elements = Elements { operations: 0, ..Elements::plain(elements) };
    let mut demand = Demand { index: rows, ..elements.demand(context, [0, 0]) };
    if c.list.is_some() {
        demand.reads.rows(memory, rows, 4, u64::from(c.list_stride) * 4);
        demand.reads.scattered(memory, rows, bytes);
    } else {
        demand.reads.rows(memory, rows, bytes, row_stride(c.input_matrix));
    }
    demand.writes.rows(memory, rows, bytes, row_stride(c.output_matrix));
    demand
}

/// Samples into their rays.
pub fn composite(context: &Context, c: &Composite) -> Demand {
    let memory = &context.instance.memory;
    let samples = context.items(Phase::Compose);
    let channels = if c.colors.is_some() { u64::from(c.channels) } else { 0 };
    let operations = product([samples, 2 * channels + 3]);
    let elements =
        Elements { lanes: operations, specials: product([samples, channels + 1]), operations };
    let tables = ACTIVATION_WORDS as u64 * 4;
    let mut demand = elements.demand(context, [tables, 0]);
    demand.reads.stream(memory, product([samples, SAMPLE_WORDS as u64, 4]));
    demand.reads.rows(memory, samples, 2, row_stride(c.density));
    demand.reads.rows(memory, samples, product([channels, 2]), row_stride(c.color));
    // Samples of a ray come together.
    let rays = samples.min(c.pixels.into());
    let accumulator = product([1 + u64::from(c.channels), 4]);
    demand.reads.stream(memory, product([rays, accumulator]));
    demand.writes.stream(memory, product([rays, accumulator]));
    if c.weights.is_some() {
        demand.writes.stream(memory, product([samples, 4]));
    }
    demand
}

/// Shares by weights, and all cleared for the fine pass.
pub fn focus(context: &Context, c: &Focus) -> Demand {
    let rays = u64::from(context.cursor(c.cursor).pixels.min(c.pixels));
    let coarse = product([rays, c.coarse.into()]);
    let shares = context.items(Phase::Elements);
    let operations = product([coarse, 2]).saturating_add(shares);
    let elements = Elements { lanes: operations, specials: rays, operations };
    let weights = product([coarse, 4]);
    let accumulators = product([rays, 1 + u64::from(c.channels), 4]);
    let written = [product([shares, 4]), accumulators, product([rays, 4])].into_iter();
    elements.demand(context, [weights, written.fold(weights, u64::saturating_add)])
}

/// Fragments in the light.
pub fn shade(context: &Context, c: &Shade) -> Demand {
    /// Multiply-adds of a light: three to face it, three colours, and holding that above zero.
    const LIGHT: u64 = 7;
    /// Those of the ambient light and of the product with the colour.
    const FRAGMENT: u64 = 6;
    /// Bytes of three halves.
    const COLOR_BYTES: u64 = 6;
    let memory = &context.instance.memory;
    let fragments = context.items(Phase::Elements);
    let lights = u64::from(c.light_count);
    let operations = product([fragments, lights * LIGHT + FRAGMENT]);
    let elements = Elements { lanes: operations, specials: 0, operations };
    let normals = product([fragments, NORMAL_WORDS as u64, 4]);
    let list = product([lights + 1, LIGHT_WORDS as u64, 4]);
    let mut demand = elements.demand(context, [normals.saturating_add(list), 0]);
    demand.reads.rows(memory, fragments, COLOR_BYTES, row_stride(c.matrix));
    demand.writes.rows(memory, fragments, COLOR_BYTES, row_stride(c.matrix));
    demand
}
