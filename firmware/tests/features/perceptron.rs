//! `Perceptron`: the same halves as its look-ups and layers one by one, and no harm by any records.

use proptest::prelude::*;
use quintet_protocol::feature::{
    LAYER_WORDS, LayerRecord, Matrix, dense_scratch_words, dense_words, perceptron_scratch_words,
};
use quintet_protocol::grid::{LEVEL_WORDS, Level};
use quintet_protocol::program::{
    BufferId, Command, Corners, Dense, Fault, Gather, GridEntry, Interpolate, Perceptron,
    PerceptronGrid,
};

use crate::execute::{Arena, Random};

/// Entries of a level.
const ENTRIES: u32 = 64;

/// A perceptron over work rows all of whose columns are read from the rows before anything else.
#[derive(Clone, Debug)]
struct Case {
    work: Matrix,
    rows: u32,
    capacity: u32,
    layers: Vec<LayerRecord>,
    /// Levels, and features of an entry; no levels for no grid.
    grid: [u8; 2],
    /// Rows that the scratch is for.
    block: usize,
    outputs: u16,
    outputs_from: u16,
    seed: u64,
}

prop_compose! {
    /// A layer anywhere in rows of 40 columns.
    fn layer()(
        groups in 1u16..8,
        outputs in 1u16..24,
        [input, output] in any::<[prop::sample::Index; 2]>(),
        relu in any::<bool>(),
    ) -> LayerRecord {
        let inputs = 4 * groups;
        let place = |index: prop::sample::Index, count: u16| {
            2 * index.index(usize::from((40 - count) / 2) + 1) as u16
        };
        LayerRecord {
            inputs,
            outputs,
            input: place(input, inputs),
            output: place(output, outputs),
            least: if relu { 0 } else { i16::MIN },
            greatest: i16::MAX,
            weights: 0,
        }
    }
}

prop_compose! {
    fn case()(
        layers in prop::collection::vec(layer(), 1..5),
        grid in [0u8..4, 1u8..5],
        first in 0u16..4,
        capacity in 0u32..80,
        more in -2i32..3,
        block in 1usize..70,
        outputs in 0u16..4,
        outputs_from in 0u16..17,
        seed in any::<u64>(),
    ) -> Case {
        let mut layers = layers;
        let mut next = 0;
        for layer in &mut layers {
            layer.weights = next;
            next += dense_words(layer.inputs.into(), layer.outputs.into()) as u32;
        }
        Case {
            work: Matrix { stride: 40, first: 2 * first },
            rows: capacity.saturating_add_signed(more),
            capacity,
            layers,
            grid,
            block,
            outputs: 2 * outputs,
            outputs_from: 2 * outputs_from,
            seed,
        }
    }
}

/// Buffers of a case, and where the command's grid is.
struct Buffers {
    rows: BufferId,
    count: BufferId,
    layers: BufferId,
    weights: BufferId,
    scratch: BufferId,
    grid: [BufferId; 3],
}

impl Case {
    fn widest(&self) -> u16 {
        self.layers.iter().map(|layer| layer.inputs).max().unwrap_or(4)
    }

    /// An arena with rows, weights that keep results in sight, and a hashed grid.
    fn arena(&self) -> (Arena, Buffers) {
        let mut random = Random::new(self.seed);
        let mut arena = Arena::default();
        let capacity = self.capacity as usize;
        let rows = arena.scratch(&random.words(self.work.words(capacity)));
        let count = arena.constant(&[self.rows]);
        let records: Vec<u32> = self.layers.iter().flat_map(LayerRecord::to_words).collect();
        let layers = arena.constant(&records);
        let shapes = self.layers.iter().map(|layer| [layer.inputs, layer.outputs].map(usize::from));
        let mut weights = random.words(shapes.map(|[a, b]| dense_words(a, b)).sum());
        for (at, word) in weights.iter_mut().enumerate() {
            // Whatever is a multiplier is small and positive.
            if !at.is_multiple_of(3) {
                *word >>= 5;
            }
        }
        let weights = arena.constant(&weights);
        let (stride, widest) = (self.work.stride.into(), self.widest().into());
        let scratch = perceptron_scratch_words(stride, widest, self.block);
        let scratch = arena.scratch(&random.words(scratch));
        let level = |number: u32| Level {
            scale: [(16 << 17) * (number as i32 + 1); 3],
            first: number * ENTRIES,
            entries: ENTRIES,
            hashed: true,
            multiplier: 1 << 16,
            ..Level::default()
        };
        let [levels, features] = self.grid.map(u32::from);
        let records: Vec<u32> = (0..levels).flat_map(|number| level(number).to_words()).collect();
        let points: Vec<u32> = random.words(3 * capacity).iter().map(|word| word >> 4).collect();
        let table = random.words((levels * ENTRIES * features).div_ceil(2) as usize);
        let grid = [&points, &records, &table].map(|words| arena.constant(words));
        (arena, Buffers { rows, count, layers, weights, scratch, grid })
    }

    fn command(&self, buffers: &Buffers) -> Perceptron {
        let Buffers { rows, count, layers, weights, scratch, grid: [points, levels, table] } =
            *buffers;
        let [level_count, features] = self.grid;
        let grid = PerceptronGrid {
            points,
            levels,
            table,
            level_count: level_count.into(),
            features,
            entry: GridEntry::Halves,
            corners: Corners::Linear,
            dimensions: 3,
        };
        let matrix = Matrix { first: 0, ..self.work };
        Perceptron {
            count,
            layers,
            weights,
            scratch,
            rows,
            grid: Some(grid).filter(|_| level_count > 0),
            capacity: self.capacity,
            work: self.work,
            widest: self.widest(),
            layer_count: self.layers.len() as u16,
            input_matrix: matrix,
            inputs: matrix.stride,
            inputs_to: 0,
            output_matrix: matrix,
            outputs: self.outputs,
            outputs_from: self.outputs_from,
        }
    }

    /// The rows, by one command after another.
    fn one_by_one(&self) -> Result<Vec<u32>, Fault> {
        let (mut arena, Buffers { rows, count, grid: [points, levels, table], .. }) = self.arena();
        let weights = arena.words(self.arena().1.weights).to_vec();
        let work = arena.scratch(arena.words(rows).to_vec().as_slice());
        let capacity = self.capacity;
        if self.grid[0] > 0 {
            arena.execute(Command::Interpolate(Interpolate {
                points,
                count,
                levels,
                table,
                output: work,
                capacity,
                level_count: self.grid[0].into(),
                features: self.grid[1],
                entry: GridEntry::Halves,
                corners: Corners::Linear,
                dimensions: 3,
                selects: false,
                adds: false,
                matrix: self.work,
            }))?;
        }
        for layer in &self.layers {
            let records = arena.constant(&weights[layer.weights as usize..]);
            let scratch = arena.scratch(&vec![0; dense_scratch_words(layer.inputs.into(), 32)]);
            arena.execute(Command::Dense(Dense {
                input: work,
                count,
                weights: records,
                scratch,
                output: work,
                capacity,
                inputs: layer.inputs,
                outputs: layer.outputs,
                input_matrix: Matrix { first: layer.input, ..self.work },
                output_matrix: Matrix { first: layer.output, ..self.work },
                least: layer.least,
                greatest: layer.greatest,
            }))?;
        }
        arena.execute(Command::Gather(Gather {
            input: work,
            count,
            list: None,
            output: rows,
            capacity,
            rows: capacity.max(1),
            columns: self.outputs,
            list_first: 0,
            list_stride: 1,
            input_matrix: Matrix { first: self.outputs_from, ..self.work },
            output_matrix: Matrix { first: 0, ..self.work },
        }))?;
        Ok(arena.words(rows).to_vec())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn rows_are_those_of_one_command_after_another(case in case()) {
        prop_assume!(case.capacity > 0);
        let (mut arena, buffers) = case.arena();
        prop_assert_eq!(arena.execute(Command::Perceptron(case.command(&buffers))), Ok(()));
        prop_assert_eq!(Ok(arena.words(buffers.rows).to_vec()), case.one_by_one());
    }

    /// Records that ask for anything end the command, which writes its own buffers only.
    #[test]
    fn any_records_end(case in case(), seed: u64, changes in 1usize..6) {
        let (mut arena, buffers) = case.arena();
        let mut random = Random::new(seed);
        let mut records = arena.words(buffers.layers).to_vec();
        for _ in 0..changes {
            let at = random.word() as usize % records.len();
            records[at] = match random.word() % 3 {
                0 => random.word(),
                1 => records[at] ^ 1 << (random.word() % 32),
                _ => random.word() & 0x00FF_00FC,
            };
        }
        let layers = arena.constant(&records);
        let command = Perceptron { layers, ..case.command(&buffers) };
        prop_assert_eq!(arena.execute(Command::Perceptron(command)), Ok(()));
    }
}

#[test]
fn perceptrons_that_cannot_be_executed_are_refused() {
    let layer = LayerRecord { inputs: 8, outputs: 4, greatest: 9, ..LayerRecord::default() };
    let case = Case {
        work: Matrix { stride: 40, first: 2 },
        rows: 5,
        capacity: 5,
        layers: vec![layer; 2],
        grid: [2, 2],
        block: 4,
        outputs: 4,
        outputs_from: 0,
        seed: 1,
    };
    let fault = |change: &dyn Fn(&mut Perceptron, &Buffers)| {
        let (mut arena, buffers) = case.arena();
        let mut command = case.command(&buffers);
        change(&mut command, &buffers);
        arena.execute(Command::Perceptron(command))
    };
    let parameter = |parameter| Err(Fault::OutOfRange { parameter });
    assert_eq!(fault(&|_, _| ()), Ok(()));
    assert_eq!(fault(&|it, _| it.widest = 6), parameter(4));
    assert_eq!(fault(&|it, _| it.widest = 1028), parameter(4));
    assert_eq!(fault(&|it, _| it.layer_count = 0), parameter(4));
    assert_eq!(fault(&|it, _| it.layer_count = 9), parameter(4));
    assert_eq!(fault(&|it, _| it.work.stride = 2), parameter(3));
    assert_eq!(fault(&|it, _| it.input_matrix.first = 2), parameter(5));
    assert_eq!(fault(&|it, _| it.inputs_to = 2), parameter(6));
    assert_eq!(fault(&|it, _| it.output_matrix.first = 38), parameter(7));
    assert_eq!(fault(&|it, _| it.outputs = 3), parameter(8));
    assert_eq!(fault(&|it, _| it.outputs_from = 38), parameter(8));
    let grid =
        |change: &dyn Fn(&mut PerceptronGrid)| fault(&|it, _| it.grid.iter_mut().for_each(change));
    assert_eq!(grid(&|it| it.level_count = 0), parameter(1));
    assert_eq!(grid(&|it| it.features = 17), parameter(1));
    assert_eq!(grid(&|it| it.dimensions = 4), parameter(2));
    assert_eq!(grid(&|it| it.features = 16), Ok(()));
    assert_eq!(
        fault(&|it, b| it.scratch = b.rows),
        Err(Fault::TooSmall { buffer: BufferId(0), needed: 448 })
    );
    assert_eq!(fault(&|it, b| it.rows = b.scratch), Err(Fault::Overlap));
    assert_eq!(fault(&|it, b| it.weights = b.rows), Err(Fault::Overlap));
    assert_eq!(fault(&|it, b| it.count = b.scratch), Err(Fault::Overlap));
    let layers = LAYER_WORDS as u32 * 4 * 3;
    let too_small = Fault::TooSmall { buffer: BufferId(2), needed: layers };
    assert_eq!(fault(&|it, _| it.layer_count = 3), Err(too_small));
    let levels = LEVEL_WORDS as u32 * 4 * 3;
    let too_small = Fault::TooSmall { buffer: BufferId(6), needed: levels };
    assert_eq!(grid(&|it| it.level_count = 3), Err(too_small));
    assert_eq!(grid(&|it| it.table = BufferId(0)), Err(Fault::Overlap));
}
