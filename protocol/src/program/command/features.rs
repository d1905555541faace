//! The commands that make and move rows of features. Layouts: [`crate::feature`].

use super::super::BufferId;
use super::record::{Record, pack};
use crate::feature::Matrix;

/// A dense layer over rows of halves, with weights of signed bytes, for each row:
/// `out = clamp(round((sum(w * in) + bias) * scale))`.
/// Layout of weights and rounding: [`crate::feature`].
///
/// The output may be in the input's rows, and even in the input's columns: with the same place and
/// the same stride.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Rows.
    pub input: BufferId,
    /// One word: how many rows there are.
    pub count: BufferId,
    /// Weights, biases and multipliers, constant.
    pub weights: BufferId,
    /// To work in: [`dense_scratch_words`](crate::feature::dense_scratch_words), all of it is used.
    pub scratch: BufferId,
    /// Rows, written.
    pub output: BufferId,
    /// Parameter 0: most rows.
    pub capacity: u32,
    /// Parameter 1, low half: columns of the input, a multiple of 4, 4..=1024.
    pub inputs: u16,
    /// Parameter 1, high half: columns of the output, 1..=1024.
    pub outputs: u16,
    /// Parameter 2.
    pub input_matrix: Matrix,
    /// Parameter 3.
    pub output_matrix: Matrix,
    /// Parameter 4, low half: least value of the output; 0 for a RELU.
    pub least: i16,
    /// Parameter 4, high half: greatest value of the output.
    pub greatest: i16,
}

/// Sines and cosines of multiples of coordinates: positional encoding (NeRF, section 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waves {
    /// Vectors of signed words, or of halves.
    pub input: BufferId,
    /// One word: how many there are.
    pub count: BufferId,
    /// Frequencies, constant: see [`crate::feature`].
    pub frequencies: BufferId,
    /// Rows, written, Q14.
    pub output: BufferId,
    /// Parameter 0: most vectors.
    pub capacity: u32,
    /// Parameter 1, low half: words, or halves, from vector to vector; of halves an even number.
    pub input_stride: u16,
    /// Parameter 1, high half: first of the coordinates of a vector; of halves an even number.
    pub input_first: u16,
    /// Parameter 2, lowest byte: number of frequencies, 0..=32.
    pub frequency_count: u8,
    /// Parameter 2, second byte: number of coordinates, 1..=64.
    pub coordinates: u8,
    /// Parameter 2, third byte: whether coordinates are halves, 0 or 1.
    pub of_halves: bool,
    /// Parameter 2, highest byte: whether the coordinates themselves come first, 0 or 1.
    pub includes_input: bool,
    /// Parameter 3: columns that are written.
    pub matrix: Matrix,
    /// Parameter 4: the coordinates themselves are shifted right by so many bits, 0..=31, rounded
    /// half up and held to 16 bits.
    pub input_shift: u8,
}

/// Real spherical harmonics of rays' directions, degrees 0 to `degree`, in the order and with the
/// signs of [`crate::feature`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Harmonics {
    /// Rays.
    pub rays: BufferId,
    /// One word: how many there are.
    pub count: BufferId,
    /// Rows, written.
    pub output: BufferId,
    /// Parameter 0: most rays.
    pub capacity: u32,
    /// Parameter 1: greatest degree, 0..=3.
    pub degree: u8,
    /// Parameter 2: columns that are written: `(degree + 1)^2`, Q14.
    pub matrix: Matrix,
}

/// Copies rows: row `i` of the output is the row of the input that a list names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gather {
    /// Rows.
    pub input: BufferId,
    /// One word: how many rows are written.
    pub count: BufferId,
    /// In the low half of a word, number of the row of the input, held to the last one; none where
    /// row `i` is of row `i`.
    pub list: Option<BufferId>,
    /// Rows, written.
    pub output: BufferId,
    /// Parameter 0: most rows of the output.
    pub capacity: u32,
    /// Parameter 1: rows of the input, 1..=2^16.
    pub rows: u32,
    /// Parameter 2, low half: columns that are copied, even.
    pub columns: u16,
    /// Parameter 2, high half, low byte: first word of the list.
    pub list_first: u8,
    /// Parameter 2, high half, high byte: words from entry to entry of the list, 1..=16.
    pub list_stride: u8,
    /// Parameter 3.
    pub input_matrix: Matrix,
    /// Parameter 4.
    pub output_matrix: Matrix,
}

impl Dense {
    pub(super) fn parse(r: &Record) -> Self {
        let ([inputs, outputs], [least, greatest]) = (r.pair(1), r.pair(4));
        let [input, count, weights, scratch, output] = [0, 1, 2, 3, 4].map(|at| r.buffer(at));
        Self {
            input,
            count,
            weights,
            scratch,
            output,
            capacity: r.parameters[0],
            inputs,
            outputs,
            input_matrix: r.matrix(2),
            output_matrix: r.matrix(3),
            least: least as i16,
            greatest: greatest as i16,
        }
    }

    pub(super) fn record(&self) -> Record {
        let [from, to] = [self.input_matrix, self.output_matrix].map(|it| it.parameter());
        let range = pack([self.least as u16, self.greatest as u16]);
        Record::new(
            [self.input, self.count, self.weights, self.scratch, self.output],
            [self.capacity, pack([self.inputs, self.outputs]), from, to, range],
        )
    }
}

impl Waves {
    pub(super) fn parse(r: &Record) -> Self {
        let [input_stride, input_first] = r.pair(1);
        let [input, count, frequencies, output] = [0, 1, 2, 3].map(|operand| r.buffer(operand));
        let [frequency_count, coordinates, of_halves, includes_input] =
            r.parameters[2].to_le_bytes();
        Self {
            input,
            count,
            frequencies,
            output,
            capacity: r.parameters[0],
            input_stride,
            input_first,
            frequency_count,
            coordinates,
            of_halves: r.flag_in(2, of_halves),
            includes_input: r.flag_in(2, includes_input),
            matrix: r.matrix(3),
            input_shift: r.byte(4),
        }
    }

    pub(super) fn record(&self) -> Record {
        let vectors = pack([self.input_stride, self.input_first]);
        let Self { frequency_count, coordinates, .. } = *self;
        let flags = [self.of_halves.into(), self.includes_input.into()];
        let waves = u32::from_le_bytes([frequency_count, coordinates, flags[0], flags[1]]);
        let (matrix, shift) = (self.matrix.parameter(), u32::from(self.input_shift));
        Record::new(
            [self.input, self.count, self.frequencies, self.output],
            [self.capacity, vectors, waves, matrix, shift],
        )
    }
}

impl Harmonics {
    pub(super) fn parse(r: &Record) -> Self {
        let [rays, count, output] = [0, 1, 2].map(|operand| r.buffer(operand));
        let (capacity, degree) = (r.parameters[0], r.byte(1));
        Self { rays, count, output, capacity, degree, matrix: r.matrix(2) }
    }

    pub(super) fn record(&self) -> Record {
        let parameters = [self.capacity, self.degree.into(), self.matrix.parameter()];
        Record::new([self.rays, self.count, self.output], parameters)
    }
}

impl Gather {
    pub(super) fn parse(r: &Record) -> Self {
        let [columns, list] = r.pair(2);
        let [list_first, list_stride] = list.to_le_bytes();
        let [input, count, output] = [0, 1, 2].map(|operand| r.buffer(operand));
        Self {
            input,
            count,
            output,
            list: r.optional(3),
            capacity: r.parameters[0],
            rows: r.parameters[1],
            columns,
            list_first,
            list_stride,
            input_matrix: r.matrix(3),
            output_matrix: r.matrix(4),
        }
    }

    pub(super) fn record(&self) -> Record {
        let list = u16::from_le_bytes([self.list_first, self.list_stride]);
        let [from, to] = [self.input_matrix, self.output_matrix].map(|it| it.parameter());
        Record::new(
            [self.input, self.count, self.output, Record::or_none(self.list)],
            [self.capacity, self.rows, pack([self.columns, list]), from, to],
        )
    }
}
