//! Clocks of the commands of `Geometry` that begin and end a tile, or draw fragments into it.
//!
//! # Assumptions
//!
//! * A rasteriser lane clears, blends or resolves a pixel a clock.
//! * Accumulators are in memory between commands, read and written there.

use quintet_protocol::gaussian::ACCUMULATOR_WORDS;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{BlendSurface, NextTile, ResolveTile};
use quintet_protocol::tile::CURSOR_WORDS;

use super::demand::Demand;
use super::operands::{Context, product, row_stride};

/// Bytes of an accumulator of three channels.
const ACCUMULATOR_BYTES: u64 = ACCUMULATOR_WORDS as u64 * 4;
/// Bytes of three halves.
const COLOR_BYTES: u64 = 6;
/// Bytes of a pixel that leaves the accelerator.
const PIXEL_BYTES: u64 = 3;

/// So many pixels, a lane each.
fn pixels(context: &Context, count: u64, operations: u64) -> Demand {
    let instance = context.instance;
    Demand {
        reduce: count.div_ceil(instance.lanes.rasteriser.into()),
        operations,
        ..Demand::default()
    }
}

/// The next tile, cleared.
pub fn next_tile(context: &Context, c: &NextTile) -> Demand {
    let memory = &context.instance.memory;
    let count = u64::from(context.cursor(c.cursor).pixels);
    let mut demand = pixels(context, count, 0);
    let cursor = CURSOR_WORDS as u64 * 4;
    demand.reads.stream(memory, cursor);
    demand.writes.stream(memory, cursor);
    demand.writes.stream(memory, product([count, 1 + u64::from(c.channels), 4]));
    demand
}

/// Colours of fragments behind what is there.
pub fn blend_surface(context: &Context, c: &BlendSurface) -> Demand {
    let memory = &context.instance.memory;
    let rows = context.items(Phase::Blend);
    let mut demand = pixels(context, rows, product([rows, 3]));
    if c.pixels.is_some() {
        demand.reads.stream(memory, product([rows, 4]));
    }
    demand.reads.rows(memory, rows, COLOR_BYTES, row_stride(c.matrix));
    // Pixels come row by row: few are left out.
    demand.reads.stream(memory, product([rows, ACCUMULATOR_BYTES]));
    demand.writes.stream(memory, product([rows, ACCUMULATOR_BYTES]));
    demand
}

/// Accumulators to bytes that leave.
pub fn resolve_tile(context: &Context, _: &ResolveTile) -> Demand {
    let memory = &context.instance.memory;
    let count = context.items(Phase::Resolve);
    let mut demand = pixels(context, count, product([count, 3]));
    demand.reads.stream(memory, product([count, ACCUMULATOR_BYTES]));
    demand.writes.stream(memory, product([count, PIXEL_BYTES]));
    demand
}
