//! `Gemm`, a perceptron: block of rows after block of rows, features are looked up, and every layer
//! is worked out, before the next block begins.

use super::dense::{BLOCK_COST, COLUMNS_MAX, LAY_OUT_COST, STEP_PRODUCTS};
use crate::backend::{Step, Work};
use crate::kernels::dense::{Layer, ROWS_MAX, Rows, Target};
use crate::kernels::grid::{self, level};
use crate::operands::{Operands, Words, disjoint, in_range};
use crate::software::rows::{self, Count};
use quintet_protocol::feature::{
    BLOCK_CHANNELS, LAYER_WORDS, LayerRecord, Matrix, TILE_ROWS, block_words, dense_words,
    perceptron_scratch_words,
};
use quintet_protocol::grid::{LEVEL_WORDS, Level};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, Perceptron as Command, PerceptronGrid};
use quintet_protocol::tile::POINT_WORDS;

/// Most layers.
const LAYERS_MAX: u16 = 8;
/// Most levels.
const LEVELS_MAX: u16 = 1024;
/// Most features of an entry.
const FEATURES_MAX: u8 = 16;
/// Features that are looked up in a step, some 250 instructions each at most.
const STEP_FEATURES: usize = 512;

/// A perceptron under way.
pub struct Perceptron {
    layers: Words,
    weights: Words,
    scratch: Words,
    rows: Words,
    count: Count,
    grid: Option<Grid>,
    /// Columns of the rows that are read, how many, and where they go in the work rows.
    input: Columns,
    /// Columns of the rows that are written, how many, and where they come from.
    output: Columns,
    work: Matrix,
    /// Most inputs of a layer.
    widest: usize,
    /// Rows of a block.
    block: usize,
    /// First row of the block.
    row: usize,
    stage: Stage,
}

/// Columns of the rows, and their places in the work rows.
struct Columns {
    matrix: Matrix,
    words: usize,
    work: usize,
}

/// Where features are looked up.
struct Grid {
    points: Words,
    levels: Words,
    table: Words,
    kind: level::Kind,
}

/// What is done with a block.
#[derive(Clone, Copy)]
enum Stage {
    /// This level is next, if there is one; before the first one rows are read.
    LookUp(usize),
    /// This layer is next, from this channel on; at the first channel its rows are laid out.
    Layer(usize, usize),
}

impl Perceptron {
    #[inline(never)]
    pub fn new(operands: &Operands, c: &Command) -> Result<Self, Fault> {
        in_range(4, c.widest, 4..=COLUMNS_MAX)?;
        in_range(4, c.widest % 4, 0..=0)?;
        in_range(4, c.layer_count, 1..=LAYERS_MAX)?;
        let stride = usize::from(c.work.stride);
        in_range(3, stride, 4..=usize::from(u16::MAX))?;
        let input = Columns::new((5, c.input_matrix), (6, c.inputs, c.inputs_to), stride)?;
        let output = Columns::new((7, c.output_matrix), (8, c.outputs, c.outputs_from), stride)?;
        let capacity = c.capacity as usize;
        let grid = match &c.grid {
            Some(grid) => Some(Grid::new(operands, grid, capacity, c.work)?),
            None => None,
        };
        let widest = usize::from(c.widest);
        let scratch =
            operands.write_all(c.scratch, perceptron_scratch_words(stride, widest, TILE_ROWS))?;
        let [none, tile] =
            [0, TILE_ROWS].map(|rows| perceptron_scratch_words(stride, widest, rows));
        let held = (scratch.len() - none) / (tile - none);
        let products = STEP_PRODUCTS / (widest * BLOCK_CHANNELS * TILE_ROWS);
        let features = c.grid.map_or(1, |grid| usize::from(grid.features));
        let short = products.min(STEP_FEATURES / (features * TILE_ROWS));
        let rows = c.input_matrix.words(capacity).max(c.output_matrix.words(capacity));
        let job = Self {
            layers: operands.read(c.layers, usize::from(c.layer_count) * LAYER_WORDS)?,
            weights: operands.read_all(c.weights)?,
            scratch,
            rows: operands.write(c.rows, rows)?,
            count: Count::new(operands, c.count, c.capacity)?,
            grid,
            input,
            output,
            work: c.work,
            widest,
            block: held.min(short).clamp(1, ROWS_MAX / TILE_ROWS) * TILE_ROWS,
            row: 0,
            stage: Stage::LookUp(0),
        };
        let Self { layers, weights, scratch, rows, count, .. } = &job;
        for read in [layers, weights, count.place()] {
            disjoint([read, scratch, rows])?;
        }
        if let Some(Grid { points, levels, table, .. }) = &job.grid {
            for read in [points, levels, table] {
                disjoint([read, scratch, rows])?;
            }
            disjoint([points, levels, table])?;
        }
        Ok(job)
    }

    #[inline(never)]
    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let rows = self.count.rows(arena);
        if self.row >= rows {
            return Step::Done(None);
        }
        let count = self.block.min(rows - self.row);
        let (phase, items) = match self.stage {
            Stage::LookUp(level) => (Phase::Lookup, self.look_up(arena, level, count)),
            Stage::Layer(layer, channel) => {
                (Phase::Multiply, self.layers(arena, (layer, channel), count))
            }
        };
        match items {
            Some(items) => Step::Working(Work { phase, items: items as u32 }),
            None => Step::Done(None),
        }
    }

    /// Reads the block's rows, or looks features up in as many levels as a step has time for. How
    /// many points were looked up.
    fn look_up(&mut self, arena: &mut [u32], first: usize, count: usize) -> Option<usize> {
        if first == 0 {
            self.input.copy(
                arena,
                [&self.rows, &self.scratch],
                (self.row, count),
                self.work,
                true,
            )?;
        }
        self.stage = Stage::Layer(0, 0);
        let Some(grid) = &self.grid else { return Some(0) };
        let ranges = [&grid.points, &grid.levels, &grid.table, &self.scratch].map(Words::clone);
        let [points, levels, table, work] = arena.get_disjoint_mut(ranges).ok()?;
        let points = points.as_chunks().0.get(self.row..self.row + count)?;
        let levels: &[[u32; LEVEL_WORDS]] = levels.as_chunks().0;
        let features = usize::from(grid.kind.features);
        let end = levels.len().min(first + (STEP_FEATURES / (count * features)).max(1));
        for (number, words) in levels.iter().enumerate().take(end).skip(first) {
            let halves = rows::halves_mut(work, self.work, 0).get_mut(number * features..)?;
            let mut rows = grid::Rows { halves, stride: self.work.stride.into() };
            level::look_up(&grid.kind, &Level::from_words(words), table, points, &mut rows);
        }
        if end < levels.len() {
            self.stage = Stage::LookUp(end);
        }
        Some((end - first) * count)
    }

    /// Works out layers of the block from a channel on, as far as a step comes, and then writes the
    /// rows. Products; `None` if a layer asks for what is not there.
    fn layers(
        &mut self,
        arena: &mut [u32],
        (mut number, mut channel): (usize, usize),
        count: usize,
    ) -> Option<usize> {
        let (mut left, mut products) = (STEP_PRODUCTS, 0);
        while left > 0 {
            let records: &[[u32; LAYER_WORDS]] = arena.get(self.layers.clone())?.as_chunks().0;
            let Some(words) = records.get(number) else {
                let ranges = [&self.rows, &self.scratch];
                self.output.copy(arena, ranges, (self.row, count), self.work, false)?;
                (self.row, self.stage) = (self.row + count, Stage::LookUp(0));
                return Some(products);
            };
            let pass = Pass::new(self, &LayerRecord::from_words(words))?;
            let ranges = [self.weights.clone(), self.scratch.clone()];
            let [weights, scratch] = arena.get_disjoint_mut(ranges).ok()?;
            let (work, scratch) = scratch.split_at_mut(self.block * pass.stride / 2);
            if channel == 0 {
                pass.lay_out(work, scratch, count);
                left = left.saturating_sub(count * pass.layer.inputs * LAY_OUT_COST);
            }
            let of_a_block = pass.layer.products_of_a_block(count) + BLOCK_COST;
            let blocks = (left / of_a_block).max(1);
            left = left.saturating_sub(blocks * of_a_block);
            let end = pass.layer.outputs.min(channel + blocks * BLOCK_CHANNELS);
            pass.multiply(weights, (work, scratch), count, channel..end)?;
            products += count * (end - channel) * pass.layer.inputs;
            (number, channel) = match end == pass.layer.outputs {
                true => (number + 1, 0),
                false => (number, end),
            };
        }
        self.stage = Stage::Layer(number, channel);
        Some(products)
    }
}

impl Columns {
    /// Columns of a matrix that are columns `first..first + count` of work rows of so many halves;
    /// the numbers are those of the parameters.
    fn new(
        (of_matrix, matrix): (u8, Matrix),
        (of_columns, count, first): (u8, u16, u16),
        work: usize,
    ) -> Result<Self, Fault> {
        rows::columns(of_matrix, matrix, count.into())?;
        in_range(of_columns, (count | first) % 2, 0..=0)?;
        in_range(of_columns, usize::from(first) + usize::from(count), 0..=work)?;
        Ok(Self { matrix, words: usize::from(count / 2), work: usize::from(first / 2) })
    }

    /// Copies the columns of some rows to the work rows, or back.
    fn copy(
        &self,
        arena: &mut [u32],
        [rows, work]: [&Words; 2],
        (row, count): (usize, usize),
        work_matrix: Matrix,
        is_read: bool,
    ) -> Option<()> {
        if self.words == 0 {
            return Some(());
        }
        let [rows, work] = arena.get_disjoint_mut([rows.clone(), work.clone()]).ok()?;
        let [stride, work_stride] =
            [self.matrix, work_matrix].map(|matrix| usize::from(matrix.stride / 2));
        let rows = rows.get_mut(row * stride + usize::from(self.matrix.first / 2)..)?;
        let work = work.get_mut(self.work..)?;
        for (row, work) in rows.chunks_mut(stride).zip(work.chunks_mut(work_stride)).take(count) {
            let (row, work) = (row.get_mut(..self.words)?, work.get_mut(..self.words)?);
            match is_read {
                true => work.copy_from_slice(row),
                false => row.copy_from_slice(work),
            }
        }
        Some(())
    }
}

impl Grid {
    fn new(
        operands: &Operands,
        c: &PerceptronGrid,
        capacity: usize,
        work: Matrix,
    ) -> Result<Self, Fault> {
        in_range(1, c.level_count, 1..=LEVELS_MAX)?;
        in_range(1, c.features, 1..=FEATURES_MAX)?;
        in_range(2, c.dimensions, 2..=3)?;
        rows::columns(3, work, usize::from(c.level_count) * usize::from(c.features))?;
        let PerceptronGrid { corners, dimensions, entry, features, .. } = *c;
        Ok(Self {
            points: operands.read(c.points, capacity.saturating_mul(POINT_WORDS))?,
            levels: operands.read(c.levels, usize::from(c.level_count) * LEVEL_WORDS)?,
            table: operands.read_all(c.table)?,
            kind: level::Kind { corners, dimensions, entry, features, adds: false },
        })
    }
}

/// A layer of a block.
struct Pass {
    layer: Layer,
    record: LayerRecord,
    /// Halves of a work row.
    stride: usize,
}

impl Pass {
    /// A layer as its record has it, unless that is beyond the work rows or the scratch.
    fn new(job: &Perceptron, record: &LayerRecord) -> Option<Self> {
        let LayerRecord { inputs, outputs, input, output, least, greatest, .. } = *record;
        let stride = usize::from(job.work.stride);
        let is_within = |first: u16, count: u16| {
            first.is_multiple_of(2)
                && count > 0
                && usize::from(first) + usize::from(count) <= stride
        };
        let [inputs, outputs] = match is_within(input, inputs) && is_within(output, outputs) {
            true => [inputs, outputs].map(usize::from),
            false => return None,
        };
        let will_do = inputs.is_multiple_of(4) && inputs <= job.widest && least <= greatest;
        let layer = Layer { inputs, outputs, least, greatest };
        will_do.then_some(Self { layer, record: *record, stride })
    }

    fn lay_out(&self, work: &[u32], scratch: &mut [u32], count: usize) {
        let words = work.get(usize::from(self.record.input / 2)..).unwrap_or_default();
        self.layer.lay_out(&Rows { words, stride: self.stride / 2, count }, scratch);
    }

    /// Works out channels; `None` if their weights are not there.
    fn multiply(
        &self,
        weights: &[u32],
        (work, scratch): (&mut [u32], &mut [u32]),
        count: usize,
        channels: core::ops::Range<usize>,
    ) -> Option<()> {
        let first = self.record.weights as usize;
        let words = dense_words(self.layer.inputs, self.layer.outputs);
        let weights = weights.get(first..first.checked_add(words)?)?;
        let records = weights.chunks_exact(block_words(self.layer.inputs));
        let halves: &mut [i16] = bytemuck::cast_slice_mut(work);
        let out = halves.get_mut(usize::from(self.record.output)..)?;
        let mut target = Target { out, stride: self.stride };
        let records = records.skip(channels.start / BLOCK_CHANNELS);
        for (channel, record) in channels.step_by(BLOCK_CHANNELS).zip(records) {
            self.layer.block(channel, record, scratch, count, &mut target);
        }
        Some(())
    }
}
