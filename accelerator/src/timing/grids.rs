//! Clocks of `CombinedGrid` and `DecomposedGrid`: look-ups, and steps along rays.
//!
//! # Assumptions
//!
//! * A corner lane finds an address a clock, and takes a word of the input buffer a clock, as wide
//!   as a bank; it weighs and sums the features in it. An entry takes as many words as it needs.
//! * Corners are spread over the banks at random: of `l` lanes that ask `b` ports of banks in a
//!   clock, `b (1 - (1 - 1/b)^l)` are served and the others ask again (Strecker 1970). For dense
//!   levels this is pessimistic, as a layout can keep the corners of a cell apart.
//! * Of a table, one half of the input buffer's worth is loaded as it lies, before the points;
//!   entries beyond it are fetched one by one, as likely as their share of the table is. A command
//!   with few points fetches all of its entries one by one, if that is less.
//! * Levels, and the factors of a decomposed grid, are looked up one after another, each for all
//!   points; these are loaded once.
//! * An occupancy grid is kept whole, if half of the input buffer holds it. A look at a cell takes
//!   a corner lane a clock; a ray looks at the cells of its samples and at two more. Distances to
//!   the next occupied block make the others few, so they are left out: work items do not tell of
//!   them.

use quintet_protocol::grid::{FACTOR_WORDS, Factor, LEVEL_WORDS, Level};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{
    BufferId, Corners, Factors, GridEntry, Interpolate, March, PerceptronGrid,
};
use quintet_protocol::ray::{RAY_WORDS, SAMPLE_WORDS};
use quintet_protocol::tile::POINT_WORDS;

use super::demand::{Demand, Traffic};
use super::operands::{Context, product, row_stride};
use crate::instance::{Buffer, Instance};

/// Cells that a ray looks at beside those of its samples: the one that ends it, the one it enters
/// by.
const LOOKS_OF_RAY: u64 = 2;
/// Multiply-adds of a place on a ray: one for each coordinate.
const PLACE_OPERATIONS: u64 = 3;

/// Points that are looked up in one table.
struct LookUp {
    points: u64,
    corners: u64,
    features: u64,
    entry_bytes: u64,
    table_bytes: u64,
}

impl LookUp {
    fn demand(&self, instance: &Instance) -> Demand {
        let Instance { lanes, scratch, .. } = instance;
        let entries = product([self.points, self.corners]);
        let words = product([entries, self.entry_bytes.div_ceil(scratch.input.width.into())]);
        let reduce = words.div_ceil(lanes.corner.into());
        Demand {
            index: entries.div_ceil(lanes.corner.into()),
            reduce,
            conflicts: served(words, lanes.corner, &scratch.input).saturating_sub(reduce),
            operations: product([entries, self.features]),
            reads: self.loads(instance, entries),
            ..Demand::default()
        }
    }

    fn loads(&self, instance: &Instance, entries: u64) -> Traffic {
        let Instance { memory, scratch, .. } = instance;
        let kept = self.table_bytes.min(scratch.input.half());
        let beyond = u128::from(entries) * u128::from(self.table_bytes - kept);
        let missed = beyond.div_ceil(u128::from(self.table_bytes.max(1)));
        let [mut cached, mut cold] = [Traffic::default(); 2];
        cached.stream(memory, kept);
        cached.scattered(memory, u64::try_from(missed).unwrap_or(u64::MAX), self.entry_bytes);
        cold.scattered(memory, entries, self.entry_bytes);
        if cold.bytes(memory) < cached.bytes(memory) { cold } else { cached }
    }
}

/// Clocks in which banks serve so many words that lanes ask for at random.
fn served(words: u64, lanes: u32, buffer: &Buffer) -> u64 {
    let slots = (u64::from(buffer.banks) * u64::from(buffer.ports)).clamp(1, 1 << 16);
    // Chance that a slot is not asked for, Q32.
    let idle = (0..lanes).fold(1u64 << 32, |idle, _| idle * (slots - 1) / slots);
    let a_clock = (slots * ((1 << 32) - idle)).min(u64::from(lanes) << 32).max(1);
    u64::try_from((u128::from(words) << 32).div_ceil(a_clock.into())).unwrap_or(u64::MAX)
}

const fn corner_count(corners: Corners, dimensions: u8) -> u64 {
    match (corners, dimensions) {
        (Corners::Nearest, _) => 1,
        (Corners::Linear, 2) => 4,
        (Corners::Linear, _) => 8,
        (Corners::Simplex, 2) => 3,
        (Corners::Simplex, _) => 4,
    }
}

/// Features at points, in one level or in all.
pub fn interpolate(context: &Context, c: &Interpolate) -> Demand {
    let memory = &context.instance.memory;
    // Which level a point selects is not known: all together are one table then.
    let levels = if c.selects { 1 } else { c.level_count };
    let points = context.items(Phase::Lookup) / u64::from(levels).max(1);
    let grid = Grid {
        levels: (!c.selects).then_some((c.levels, c.level_count)),
        table: c.table,
        features: c.features.into(),
        entry: c.entry,
        corners: corner_count(c.corners, c.dimensions),
    };
    let mut demand = grid.demand(context, points);
    let row_bytes = product([levels.into(), c.features.into(), 2]);
    demand.writes.rows(memory, points, row_bytes, row_stride(c.matrix));
    if c.adds {
        demand.reads.rows(memory, points, row_bytes, row_stride(c.matrix));
    }
    demand
}

/// The look-up that a perceptron begins with, of so many points, whose features stay. All of it is
/// an index phase, which conflicts make longer; what is reduced are the perceptron's products.
pub fn of_perceptron(context: &Context, c: &PerceptronGrid, points: u64) -> Demand {
    let grid = Grid {
        levels: Some((c.levels, c.level_count)),
        table: c.table,
        features: c.features.into(),
        entry: c.entry,
        corners: corner_count(c.corners, c.dimensions),
    };
    let demand = grid.demand(context, points);
    let index = demand.index.max(demand.reduce).saturating_add(demand.conflicts);
    Demand { index, reduce: 0, conflicts: 0, operations: 0, ..demand }
}

/// A combined grid.
struct Grid {
    /// Its levels and how many; none for all of them as one table.
    levels: Option<(BufferId, u16)>,
    table: BufferId,
    features: u64,
    entry: GridEntry,
    corners: u64,
}

impl Grid {
    fn demand(&self, context: &Context, points: u64) -> Demand {
        let memory = &context.instance.memory;
        let table_bytes = context.bytes(self.table);
        let entry_bytes = product([self.features, self.entry.bytes() as u64]);
        let look_up = |table_bytes| LookUp {
            points,
            corners: self.corners,
            features: self.features,
            entry_bytes,
            table_bytes,
        };
        let mut demand = match self.levels {
            None => look_up(table_bytes).demand(context.instance),
            Some((levels, count)) => {
                let mut demand = Demand::default();
                for number in 0..count {
                    let level = context.record::<LEVEL_WORDS>(levels, number.into());
                    let entries = level.map_or(0, |words| Level::from_words(words).entries);
                    let bytes = product([entries.into(), entry_bytes]).min(table_bytes);
                    demand.join(look_up(bytes).demand(context.instance));
                }
                demand.reads.stream(memory, product([count.into(), LEVEL_WORDS as u64, 4]));
                demand
            }
        };
        demand.reads.stream(memory, product([points, POINT_WORDS as u64, 4]));
        demand
    }
}

/// Features at points, in planes and lines.
pub fn factors(context: &Context, c: &Factors) -> Demand {
    let memory = &context.instance.memory;
    let count = product([c.group_count.into(), c.factors_of_group.into()]);
    let points = context.items(Phase::Lookup) / count.max(1);
    let features = u64::from(c.features);
    let entry_bytes = product([features, c.entry.bytes() as u64]).next_multiple_of(4);
    let table_bytes = context.bytes(c.table);
    let mut demand = Demand::default();
    for number in 0..count {
        let factor = context.record::<FACTOR_WORDS>(c.factors, number);
        let [columns, rows] =
            factor.map_or([0; 2], |words| Factor::from_words(words).resolution).map(u64::from);
        let look_up = LookUp {
            points,
            corners: if rows > 1 { 4 } else { 2 },
            features,
            entry_bytes,
            table_bytes: product([columns, rows, entry_bytes]).min(table_bytes),
        };
        demand.join(look_up.demand(context.instance));
    }
    demand.reads.stream(memory, product([count, FACTOR_WORDS as u64, 4]));
    demand.reads.stream(memory, product([points, POINT_WORDS as u64, 4]));
    let row_bytes = product([c.group_count.into(), features, 2]);
    demand.writes.rows(memory, points, row_bytes, row_stride(c.matrix));
    if c.adds {
        demand.reads.rows(memory, points, row_bytes, row_stride(c.matrix));
    }
    demand
}

/// The next samples of each ray.
pub fn march(context: &Context, c: &March) -> Demand {
    let Instance { memory, lanes, scratch, .. } = context.instance;
    let samples = context.items(Phase::March);
    let rays = u64::from(context.cursor(c.cursor).pixels.min(c.pixels));
    let looks = samples.saturating_add(product([rays, LOOKS_OF_RAY]));
    let operations = product([samples, PLACE_OPERATIONS]);
    let mut demand = Demand {
        index: looks.div_ceil(lanes.corner.into()),
        reduce: operations.div_ceil(lanes.vector.into()),
        operations,
        ..Demand::default()
    };
    if let Some(occupancy) = c.occupancy {
        // Here it is addresses that wait for banks.
        demand.index = served(looks, lanes.corner, &scratch.input);
        let look_up = LookUp {
            points: looks,
            corners: 1,
            features: 1,
            entry_bytes: 4,
            table_bytes: context.bytes(occupancy),
        };
        demand.reads = look_up.loads(context.instance, looks);
    }
    demand.reads.stream(memory, product([rays, RAY_WORDS as u64, 4]));
    // Marks, and the transmittance of each accumulator.
    demand.reads.stream(memory, product([rays, 4]));
    demand.reads.rows(memory, rays, 4, product([1 + u64::from(c.channels), 4]));
    if c.shares.is_some() {
        demand.reads.stream(memory, product([looks, 4]));
    }
    demand.writes.stream(memory, product([rays, 4]));
    demand.writes.stream(memory, product([samples, (SAMPLE_WORDS + POINT_WORDS) as u64, 4]));
    demand
}
