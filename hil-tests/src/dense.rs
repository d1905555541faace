//! Made-up dense layers over rows of halves, as commands.

use quintet_driver::device::Connection;
use quintet_driver::session::SessionError;
use quintet_protocol::feature::{
    BLOCK_CHANNELS, BLOCK_HEADER_WORDS, Matrix, block_words, dense_scratch_words, dense_words,
};
use quintet_protocol::program::{BufferId, Command, Dense};

use crate::case::Case;
use crate::convolution::Random;
use crate::one_command::{self, Done, Operand};

/// A layer and its rows.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Columns of a row of the input, a multiple of 4.
    pub inputs: u16,
    /// Columns of a row of the output.
    pub outputs: u16,
    /// Rows.
    pub rows: u32,
    /// Least and greatest result.
    pub range: [i16; 2],
    /// Rows that the scratch is for.
    pub block: usize,
    /// The rows, as bytes.
    pub input: Vec<i8>,
    /// Records.
    pub weights: Vec<u32>,
}

impl Layer {
    /// A layer of that shape with multipliers that spread its sums over 16 bits.
    pub fn random([inputs, outputs]: [u16; 2], rows: u32, random: &mut Random) -> Self {
        let count = rows as usize * usize::from(inputs) * 2;
        let input = (0..count).map(|_| random.word() as i8).collect();
        let words = dense_words(inputs.into(), outputs.into());
        let mut weights: Vec<u32> = (0..words).map(|_| random.word()).collect();
        // A sum is of the order of 2^14 * 2^6 * sqrt(inputs).
        let greatest = (1 << 27) / i32::from(inputs).isqrt().max(1);
        for record in weights.chunks_mut(block_words(inputs.into())) {
            for bias in &mut record[..BLOCK_CHANNELS] {
                *bias = random.within(-1_000_000..=1_000_000) as u32;
            }
            for multiplier in &mut record[BLOCK_CHANNELS..BLOCK_HEADER_WORDS] {
                *multiplier = random.within(1..=greatest) as u32;
            }
        }
        Self { inputs, outputs, rows, range: [i16::MIN, i16::MAX], block: 32, input, weights }
    }

    /// Products.
    pub fn products(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.inputs) * u64::from(self.outputs)
    }

    /// Executes it; the rows are the only output.
    ///
    /// # Errors
    /// As [`one_command::run`].
    pub fn run(&self, connection: &mut Connection) -> Result<Done, SessionError> {
        self.with_command(|operands, command| one_command::run(connection, operands, command))
    }

    /// The same, to be executed.
    pub fn case(&self) -> Case {
        self.with_command(|operands, command| one_command::case("Dense", operands, command))
    }

    fn with_command<T>(&self, act: impl FnOnce(&[Operand<'_>], Command) -> T) -> T {
        let [input, count, weights, scratch, output] = [0, 1, 2, 3, 4].map(BufferId);
        let matrix = |columns: u16| Matrix { stride: columns.next_multiple_of(2), first: 0 };
        let [input_matrix, output_matrix] = [self.inputs, self.outputs].map(matrix);
        let command = Command::Dense(Dense {
            input,
            count,
            weights,
            scratch,
            output,
            capacity: self.rows,
            inputs: self.inputs,
            outputs: self.outputs,
            input_matrix,
            output_matrix,
            least: self.range[0],
            greatest: self.range[1],
        });
        let operands = [
            Operand::Input(&self.input),
            Operand::Constant(&[self.rows]),
            Operand::Constant(&self.weights),
            Operand::Scratch(dense_scratch_words(self.inputs.into(), self.block)),
            Operand::Output(4 * output_matrix.words(self.rows as usize)),
        ];
        act(&operands, command)
    }
}
