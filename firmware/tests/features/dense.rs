//! `Dense`: any shape, against its definition.

use proptest::prelude::*;
use quintet_protocol::feature::{
    BLOCK_CHANNELS, BLOCK_HEADER_WORDS, Matrix, block_words, dense_scratch_words, dense_words,
};
use quintet_protocol::program::{BufferId, Command, Dense, Fault};

use crate::execute::{Arena, Random, halves};

/// A layer, its rows, and where they lie.
#[derive(Clone, Debug)]
struct Case {
    inputs: u16,
    outputs: u16,
    rows: u32,
    capacity: u32,
    input_matrix: Matrix,
    output_matrix: Matrix,
    range: [i16; 2],
    /// Tiles that the scratch holds.
    tiles: usize,
    seed: u64,
}

impl Case {
    /// Weights with any bits, but multipliers that keep results in sight.
    fn weights(&self, random: &mut Random) -> Vec<u32> {
        let [inputs, outputs] = [self.inputs, self.outputs].map(usize::from);
        let mut words = random.words(dense_words(inputs, outputs));
        for record in words.chunks_mut(block_words(inputs)) {
            for multiplier in &mut record[BLOCK_CHANNELS..BLOCK_HEADER_WORDS] {
                *multiplier >>= 1 + *multiplier % 12;
            }
        }
        words
    }

    /// The result by definition.
    fn expected(&self, weights: &[u32], row: &[i16], output: usize) -> i16 {
        let inputs = usize::from(self.inputs);
        let record = &weights[output / BLOCK_CHANNELS * block_words(inputs)..];
        let channel = output % BLOCK_CHANNELS;
        let mut sum = i64::from(record[channel] as i32);
        for (column, &value) in row.iter().enumerate() {
            let word = record[BLOCK_HEADER_WORDS + column / 2 * 2 + channel / 2];
            let byte = word.to_le_bytes()[column % 2 * 2 + channel % 2] as i8;
            sum += i64::from(byte) * i64::from(value);
        }
        let sum = i128::from(sum as i32);
        let multiplier = i128::from(record[BLOCK_CHANNELS + channel] as i32);
        let result = (sum * multiplier + (1 << 31)) >> 32;
        let [least, greatest] = self.range.map(i128::from);
        result.clamp(least, greatest) as i16
    }

    fn command(&self, [input, count, weights, scratch, output]: [BufferId; 5]) -> Command {
        Command::Dense(Dense {
            input,
            count,
            weights,
            scratch,
            output,
            capacity: self.capacity,
            inputs: self.inputs,
            outputs: self.outputs,
            input_matrix: self.input_matrix,
            output_matrix: self.output_matrix,
            least: self.range[0],
            greatest: self.range[1],
        })
    }

    fn columns(&self, rows: &[i16], matrix: Matrix, columns: u16, row: usize) -> Vec<i16> {
        let first = row * usize::from(matrix.stride) + usize::from(matrix.first);
        rows[first..][..usize::from(columns)].to_vec()
    }

    /// Executes the layer, from rows to others or within them, and compares.
    fn check(&self, within: bool) -> Result<(), TestCaseError> {
        let mut random = Random::new(self.seed);
        let mut arena = Arena::default();
        let capacity = self.capacity as usize;
        let rows = random.words(self.input_matrix.words(capacity));
        let input = arena.scratch(&rows);
        let output = match within {
            true => input,
            false => arena.scratch(&random.words(self.output_matrix.words(capacity))),
        };
        let words = self.weights(&mut random);
        let weights = arena.constant(&words);
        let count = arena.constant(&[self.rows]);
        let scratch = dense_scratch_words(usize::from(self.inputs), 4 * self.tiles);
        let scratch = arena.scratch(&vec![0; scratch]);
        let (before, rows) = (halves(arena.words(output)), halves(&rows));
        let command = self.command([input, count, weights, scratch, output]);
        prop_assert_eq!(arena.execute(command), Ok(()));

        let mut expected = before;
        for row in 0..capacity.min(self.rows as usize) {
            let inputs = self.columns(&rows, self.input_matrix, self.inputs, row);
            let first = row * usize::from(self.output_matrix.stride);
            let first = first + usize::from(self.output_matrix.first);
            for output in 0..usize::from(self.outputs) {
                expected[first + output] = self.expected(&words, &inputs, output);
            }
        }
        prop_assert_eq!(halves(arena.words(output)), expected);
        Ok(())
    }
}

prop_compose! {
    fn case()(
        groups in prop_oneof![4 => 1u16..12, 1 => 1u16..=256],
        outputs in prop_oneof![4 => 1u16..20, 1 => 1u16..140],
        [before, after, before_out, after_out] in [0u16..3, 0u16..3, 0u16..3, 0u16..3],
        capacity in 0u32..70,
        more in -3i32..3,
        range in prop_oneof![
            Just([i16::MIN, i16::MAX]), Just([0, i16::MAX]), any::<[i16; 2]>(),
        ],
        tiles in 1usize..12,
        seed in any::<u64>(),
    ) -> Case {
        let inputs = 4 * groups;
        let matrix = |columns: u16, before: u16, after: u16| Matrix {
            stride: columns.next_multiple_of(2) + 2 * (before + after),
            first: 2 * before,
        };
        Case {
            inputs,
            outputs,
            rows: capacity.saturating_add_signed(more),
            capacity,
            input_matrix: matrix(inputs, before, after),
            output_matrix: matrix(outputs, before_out, after_out),
            range: [range[0].min(range[1]), range[0].max(range[1])],
            tiles,
            seed,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn results_are_those_of_the_definition(case in case()) {
        case.check(false)?;
    }

    /// In other columns of the same rows, or in the same ones.
    #[test]
    fn rows_may_be_extended_and_replaced(case in case(), behind in any::<bool>()) {
        let mut case = case;
        let even = case.inputs.max(case.outputs.next_multiple_of(2));
        let first = if behind { even } else { 0 };
        case.input_matrix = Matrix { stride: first + even, first: 0 };
        case.output_matrix = Matrix { stride: first + even, first };
        case.check(true)?;
    }
}

fn small() -> Case {
    let matrix = Matrix { stride: 8, first: 0 };
    Case {
        inputs: 8,
        outputs: 3,
        rows: 5,
        capacity: 5,
        input_matrix: matrix,
        output_matrix: matrix,
        range: [-100, 100],
        tiles: 1,
        seed: 1,
    }
}

#[test]
fn layers_that_cannot_be_executed_are_refused() {
    let fault = |change: &dyn Fn(&mut Case)| {
        let mut case = small();
        change(&mut case);
        let mut arena = Arena::default();
        let ids = [20, 1, 16, 32, 20].map(|words| arena.scratch(&vec![0; words]));
        arena.execute(case.command(ids)).unwrap_err()
    };
    let parameter = |parameter| Fault::OutOfRange { parameter };
    let too_small = |buffer, needed| Fault::TooSmall { buffer: BufferId(buffer), needed };
    assert_eq!(fault(&|it| it.inputs = 0), parameter(1));
    assert_eq!(fault(&|it| it.inputs = 6), parameter(1));
    assert_eq!(fault(&|it| it.inputs = 1028), parameter(1));
    assert_eq!(fault(&|it| it.outputs = 0), parameter(1));
    assert_eq!(fault(&|it| it.input_matrix.first = 2), parameter(2));
    assert_eq!(fault(&|it| it.output_matrix.first = 6), parameter(3));
    assert_eq!(fault(&|it| it.output_matrix.stride = 7), parameter(3));
    assert_eq!(fault(&|it| it.range = [1, 0]), parameter(4));
    assert_eq!(fault(&|it| it.capacity = 6), too_small(0, 96));
    assert_eq!(fault(&|it| it.capacity = u32::MAX), too_small(0, u32::MAX));
    assert_eq!(fault(&|it| it.outputs = 8), too_small(2, 128));
    let mut arena = Arena::default();
    let [rows, count, weights] = [20, 1, 16].map(|words| arena.scratch(&vec![0; words]));
    let scratch = arena.scratch(&[0; 31]);
    let case = small();
    let refused = |arena: &mut Arena, ids| arena.execute(case.command(ids)).unwrap_err();
    let ids = [rows, count, weights, scratch, rows];
    assert_eq!(refused(&mut arena, ids), too_small(3, 128));
    let scratch = arena.scratch(&[0; 32]);
    for ids in [
        [rows, rows, weights, scratch, rows],
        [rows, count, rows, scratch, rows],
        [scratch, count, weights, scratch, rows],
        [rows, count, weights, scratch, scratch],
    ] {
        assert_eq!(refused(&mut arena, ids), Fault::Overlap);
    }
}
