//! The command that runs a small network at a time. Layouts: [`crate::feature`].

use super::super::BufferId;
use super::grids::{Corners, GridEntry};
use super::record::{Record, pack};
use crate::feature::Matrix;

/// Dense layers one after another, each as [`Dense`](super::Dense), for a block of rows at a time:
/// what lies between them is never more than the block's *work rows*. It may begin with features
/// that are looked up, as by [`Interpolate`](super::Interpolate).
///
/// For each block: columns of the rows, and features at points, become columns of the work rows;
/// each layer reads some of these and writes others, or the same; columns of them go back to the
/// rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perceptron {
    /// One word: how many rows there are.
    pub count: BufferId,
    /// [`LayerRecord`](crate::feature::LayerRecord)s, constant. One that asks for what is not there
    /// ends the command.
    pub layers: BufferId,
    /// Records of the weights of all layers, constant: the whole buffer is used.
    pub weights: BufferId,
    /// To work in: [`perceptron_scratch_words`](crate::feature::perceptron_scratch_words), all of
    /// it is used.
    pub scratch: BufferId,
    /// Rows, read and written.
    pub rows: BufferId,
    /// Where features are looked up, if they are.
    pub grid: Option<PerceptronGrid>,
    /// Parameter 0: most rows.
    pub capacity: u32,
    /// Parameter 3: halves of a work row, and the first of its columns where features go that are
    /// looked up.
    pub work: Matrix,
    /// Parameter 4, low half: most inputs of any layer, a multiple of 4, 4..=1024.
    pub widest: u16,
    /// Parameter 4, high half: number of layers, 1..=8.
    pub layer_count: u16,
    /// Parameter 5: columns of the rows that are read.
    pub input_matrix: Matrix,
    /// Parameter 6, low half: how many of them, even.
    pub inputs: u16,
    /// Parameter 6, high half: first column of the work rows where they go, even.
    pub inputs_to: u16,
    /// Parameter 7: columns of the rows that are written.
    pub output_matrix: Matrix,
    /// Parameter 8, low half: how many of them, even.
    pub outputs: u16,
    /// Parameter 8, high half: first column of the work rows where they come from, even.
    pub outputs_from: u16,
}

/// What a [`Perceptron`] begins with: operands and parameters of an
/// [`Interpolate`](super::Interpolate), which neither selects nor adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerceptronGrid {
    /// Points.
    pub points: BufferId,
    /// Levels, constant.
    pub levels: BufferId,
    /// Entries of all levels: the whole buffer is used.
    pub table: BufferId,
    /// Parameter 1, low half: number of levels, 1..=1024.
    pub level_count: u16,
    /// Parameter 1, third byte: features of an entry, 1..=16.
    pub features: u8,
    /// Parameter 1, highest byte: what an entry is.
    pub entry: GridEntry,
    /// Parameter 2, lowest byte: corners that are weighed.
    pub corners: Corners,
    /// Parameter 2, second byte: 2 or 3.
    pub dimensions: u8,
}

impl Perceptron {
    pub(super) fn parse(r: &Record) -> Self {
        let [[widest, layer_count], [inputs, inputs_to], [outputs, outputs_from]] =
            [4, 6, 8].map(|at| r.pair(at));
        let [count, layers, weights, scratch, rows] = [0, 1, 2, 3, 4].map(|at| r.buffer(at));
        let grid = r.optional(5).map(|points| PerceptronGrid::parse(r, points));
        Self {
            count,
            layers,
            weights,
            scratch,
            rows,
            grid,
            capacity: r.parameters[0],
            work: r.matrix(3),
            widest,
            layer_count,
            input_matrix: r.matrix(5),
            inputs,
            inputs_to,
            output_matrix: r.matrix(7),
            outputs,
            outputs_from,
        }
    }

    pub(super) fn record(&self) -> Record {
        let none = Record::or_none(None);
        let (grid, looked_up) = match &self.grid {
            Some(grid) => ([grid.points, grid.levels, grid.table], grid.parameters()),
            None => ([none; 3], [0; 2]),
        };
        let Self { count, layers, weights, scratch, rows, .. } = *self;
        let [input, work, output] =
            [self.input_matrix, self.work, self.output_matrix].map(|it| it.parameter());
        let shape = pack([self.widest, self.layer_count]);
        let inputs = pack([self.inputs, self.inputs_to]);
        let outputs = pack([self.outputs, self.outputs_from]);
        let [first, second] = looked_up;
        Record::new(
            [count, layers, weights, scratch, rows, grid[0], grid[1], grid[2]],
            [self.capacity, first, second, work, shape, input, inputs, output, outputs],
        )
    }
}

impl PerceptronGrid {
    fn parse(r: &Record, points: BufferId) -> Self {
        let [level_count, rest] = r.pair(1);
        let [features, entry] = rest.to_le_bytes();
        let [corners, dimensions, zeros @ ..] = r.parameters[2].to_le_bytes();
        r.require(2, zeros == [0, 0]);
        Self {
            points,
            levels: r.buffer(6),
            table: r.buffer(7),
            level_count,
            features,
            entry: r.known(1, GridEntry::of(entry), GridEntry::Bytes),
            corners: r.known(2, Corners::of(corners), Corners::Nearest),
            dimensions,
        }
    }

    fn parameters(&self) -> [u32; 2] {
        let entry = u16::from_le_bytes([self.features, self.entry as u8]);
        let kind = u32::from_le_bytes([self.corners as u8, self.dimensions, 0, 0]);
        [pack([self.level_count, entry]), kind]
    }
}
