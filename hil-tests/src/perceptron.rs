//! A made-up network of the size of Instant-NGP's, as one command and as one command after another.

use quintet_driver::device::Connection;
use quintet_driver::session::SessionError;
use quintet_protocol::feature::{LayerRecord, Matrix, dense_words, perceptron_scratch_words};
use quintet_protocol::grid::Level;
use quintet_protocol::program::{
    BufferId, Command, Corners, GridEntry, Interpolate, Perceptron, PerceptronGrid,
};

use crate::case::Case;
use crate::convolution::Random;
use crate::dense::Layer;
use crate::one_command::{self, Done, Operand};

/// Levels of the grid, features of an entry, and entries of a level.
const LEVELS: [usize; 3] = [8, 4, 1 << 9];
/// Columns of the work rows: 32 that are looked up, 64 hidden ones, 16 of the density's layer and
/// 16 that are given, 64 hidden ones. Colours go before the density.
const STRIDE: u16 = 192;
/// Inputs, outputs, and where they are.
const LAYERS: [[u16; 4]; 5] =
    [[32, 64, 0, 32], [64, 16, 32, 96], [32, 64, 96, 32], [64, 64, 32, 128], [64, 3, 128, 92]];
/// Most inputs of a layer.
const WIDEST: u16 = 64;

/// A network, its grid and points.
pub struct Network {
    rows: u32,
    /// Rows of a block.
    block: usize,
    points: Vec<u32>,
    levels: Vec<u32>,
    table: Vec<u32>,
    records: Vec<u32>,
    layers: Vec<Layer>,
}

impl Network {
    /// A network of any weights for so many rows.
    pub fn random(rows: u32, block: usize, random: &mut Random) -> Self {
        let [levels, features, entries] = LEVELS;
        let level = |number: usize| Level {
            scale: [(16 << 17) * (number as i32 + 1); 3],
            first: (number * entries) as u32,
            entries: entries as u32,
            hashed: true,
            multiplier: 1 << 16,
            ..Level::default()
        };
        let mut words = |count: usize| -> Vec<u32> { (0..count).map(|_| random.word()).collect() };
        let points = words(3 * rows as usize).iter().map(|word| word >> 4).collect();
        let table = words(levels * entries * features / 2);
        let layers: Vec<Layer> = LAYERS
            .iter()
            .map(|&[inputs, outputs, ..]| {
                let layer = Layer::random([inputs, outputs], rows, random);
                Layer { range: [0, i16::MAX], block, ..layer }
            })
            .collect();
        let mut next = 0;
        let record = |[inputs, outputs, input, output]: [u16; 4]| {
            let weights = next;
            next += dense_words(inputs.into(), outputs.into()) as u32;
            let (least, greatest) = (0, i16::MAX);
            LayerRecord { inputs, outputs, input, output, least, greatest, weights }.to_words()
        };
        let records = LAYERS.map(record).concat();
        let levels = (0..levels).flat_map(|number| level(number).to_words()).collect();
        Self { rows, block, points, levels, table, records, layers }
    }

    /// Words that lie between layers: as one command, and one command after another.
    pub fn words_between(&self) -> [usize; 2] {
        let (stride, widest) = (STRIDE.into(), WIDEST.into());
        let dense = perceptron_scratch_words(0, widest, self.block);
        let rows = self.rows as usize * usize::from(STRIDE / 2);
        [perceptron_scratch_words(stride, widest, self.block), rows + dense]
    }

    /// Products.
    pub fn products(&self) -> u64 {
        self.layers.iter().map(Layer::products).sum()
    }

    fn grid(&self) -> PerceptronGrid {
        PerceptronGrid {
            points: BufferId(5),
            levels: BufferId(6),
            table: BufferId(7),
            level_count: LEVELS[0] as u16,
            features: LEVELS[1] as u8,
            entry: GridEntry::Halves,
            corners: Corners::Linear,
            dimensions: 3,
        }
    }

    /// Executes it as one command; the rows are the only output.
    ///
    /// # Errors
    /// As [`one_command::run`].
    pub fn run(&self, connection: &mut Connection) -> Result<Done, SessionError> {
        self.with_command(|operands, command| one_command::run(connection, operands, command))
    }

    /// The same, to be executed.
    pub fn case(&self) -> Case {
        self.with_command(|operands, command| one_command::case("Perceptron", operands, command))
    }

    fn with_command<T>(&self, act: impl FnOnce(&[Operand<'_>], Command) -> T) -> T {
        let [count, layers, weights, scratch, rows] = [0, 1, 2, 3, 4].map(BufferId);
        let matrix = Matrix { stride: 16, first: 0 };
        let command = Command::Perceptron(Perceptron {
            count,
            layers,
            weights,
            scratch,
            rows,
            grid: Some(self.grid()),
            capacity: self.rows,
            work: Matrix { stride: STRIDE, first: 0 },
            widest: WIDEST,
            layer_count: LAYERS.len() as u16,
            input_matrix: matrix,
            inputs: 16,
            inputs_to: 112,
            output_matrix: matrix,
            outputs: 6,
            outputs_from: 92,
        });
        let records: Vec<u32> =
            self.layers.iter().flat_map(|layer| layer.weights.clone()).collect();
        let operands = [
            Operand::Constant(&[self.rows]),
            Operand::Constant(&self.records),
            Operand::Constant(&records),
            Operand::Scratch(self.words_between()[0]),
            Operand::Output(4 * matrix.words(self.rows as usize)),
            Operand::Constant(&self.points),
            Operand::Constant(&self.levels),
            Operand::Constant(&self.table),
        ];
        act(&operands, command)
    }

    /// Its look-ups and each of its layers as commands of their own, to be executed.
    pub fn cases_one_by_one(&self) -> Vec<Case> {
        let [points, count, levels, table, output] = [0, 1, 2, 3, 4].map(BufferId);
        let PerceptronGrid { level_count, features, entry, corners, dimensions, .. } = self.grid();
        let matrix = Matrix { stride: 32, first: 0 };
        let command = Command::Interpolate(Interpolate {
            points,
            count,
            levels,
            table,
            output,
            capacity: self.rows,
            level_count,
            features,
            entry,
            corners,
            dimensions,
            selects: false,
            adds: false,
            matrix,
        });
        let operands = [
            Operand::Constant(&self.points),
            Operand::Constant(&[self.rows]),
            Operand::Constant(&self.levels),
            Operand::Constant(&self.table),
            Operand::Output(4 * matrix.words(self.rows as usize)),
        ];
        let mut cases = vec![one_command::case("Interpolate", &operands, command)];
        cases.extend(self.layers.iter().map(Layer::case));
        cases
    }
}
