//! Commands over rows of features: whatever a few words of a program are, and all words that it is
//! about, it is refused or runs, can be stopped, and writes nothing but its buffers.

use proptest::prelude::*;
use quintet_firmware::Memory;
use quintet_protocol::feature::{
    LAYER_WORDS, LayerRecord, Matrix, dense_scratch_words, dense_words, perceptron_scratch_words,
    wave_words,
};
use quintet_protocol::grid::LEVEL_WORDS;
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Corners, Dense, Gather, GridEntry, Harmonics,
    Perceptron, PerceptronGrid, Program, Waves,
};
use quintet_protocol::ray::RAY_WORDS;

use crate::hostile_programs::nasty;
use crate::mutation::{mutate, places, run_if_accepted};
use crate::scene::Random;
use crate::world::{World, buffers, stray_write};

/// Rows of every buffer.
const ROWS: u32 = 40;
/// Columns of a row.
const STRIDE: u16 = 48;
/// Inputs and outputs of a layer.
const LAYER: [usize; 2] = [24, 10];
/// All columns.
const ALL: Matrix = Matrix { stride: STRIDE, first: 0 };

/// Kinds and words of the buffers.
fn sizes() -> [(BufferKind, usize); 9] {
    use BufferKind::{Constant, Input, Output, Scratch};
    let (rows, stride) = (ROWS as usize, usize::from(STRIDE));
    let [inputs, outputs] = LAYER;
    let scratch = perceptron_scratch_words(stride, inputs, 8).max(dense_scratch_words(inputs, 8));
    [
        (Input, 1),
        (Input, rows * RAY_WORDS),
        (Constant, 2 * dense_words(inputs, outputs)),
        (Constant, 3 * wave_words(3).max(LAYER_WORDS)),
        (Scratch, scratch),
        (Scratch, ALL.words(rows)),
        (Output, ALL.words(rows)),
        (Constant, 2 * LEVEL_WORDS),
        (Constant, 64),
    ]
}

fn commands() -> [Command; 5] {
    let [count, rays, weights, records, scratch, rows, output, levels, table] =
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map(BufferId);
    let (capacity, [inputs, outputs]) = (ROWS, LAYER.map(|it| it as u16));
    let second = Matrix { first: 24, ..ALL };
    let waves = Waves {
        input: rays,
        count,
        frequencies: records,
        output: rows,
        capacity,
        input_stride: 10,
        input_first: 7,
        frequency_count: 3,
        coordinates: 3,
        of_halves: false,
        includes_input: true,
        matrix: ALL,
        input_shift: 16,
    };
    let harmonics = Harmonics { rays, count, output: rows, capacity, degree: 3, matrix: second };
    let gather = Gather {
        input: rows,
        count,
        list: Some(rays),
        output,
        capacity,
        rows: ROWS,
        columns: 40,
        list_first: 1,
        list_stride: 2,
        input_matrix: ALL,
        output_matrix: ALL,
    };
    let dense = Dense {
        input: rows,
        count,
        weights,
        scratch,
        output: rows,
        capacity,
        inputs,
        outputs,
        input_matrix: ALL,
        output_matrix: second,
        least: 0,
        greatest: i16::MAX,
    };
    let grid = PerceptronGrid {
        points: rays,
        levels,
        table,
        level_count: 2,
        features: 4,
        entry: GridEntry::Bytes,
        corners: Corners::Linear,
        dimensions: 3,
    };
    let perceptron = Perceptron {
        count,
        layers: records,
        weights,
        scratch,
        rows: output,
        grid: Some(grid),
        capacity,
        work: ALL,
        widest: inputs,
        layer_count: 2,
        input_matrix: ALL,
        inputs: 16,
        inputs_to: 8,
        output_matrix: second,
        outputs: 10,
        outputs_from: 24,
    };
    [
        Command::Waves(waves),
        Command::Harmonics(harmonics),
        Command::Gather(gather),
        Command::Dense(dense),
        Command::Perceptron(perceptron),
    ]
}

/// The program, words it takes, and words of the arena.
fn program() -> (Vec<u32>, usize) {
    let length = Program::encoded_len(sizes().len(), commands().len());
    let mut next = length.next_multiple_of(4);
    let buffers = sizes().map(|(kind, words)| {
        next += 4 * words;
        Buffer { kind, offset: (next - 4 * words) as u32, length: 4 * words as u32 }
    });
    let mut bytes = vec![0; length.next_multiple_of(4)];
    Program::emit(&buffers, &commands(), &mut bytes).unwrap();
    let words = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect();
    (words, next / 4 + 64)
}

/// Records of layers that can be executed.
fn layers() -> Vec<u32> {
    let [inputs, outputs] = LAYER.map(|it| it as u16);
    let layer = LayerRecord { inputs, outputs, output: 24, greatest: 99, ..LayerRecord::default() };
    [layer, LayerRecord { weights: dense_words(24, 10) as u32, ..layer }]
        .iter()
        .flat_map(LayerRecord::to_words)
        .collect()
}

proptest! {
    #[test]
    fn a_mutated_program_is_refused_or_runs(
        seed: u32,
        places in places(0),
        is_sound: bool,
        rows in prop_oneof![0..=ROWS, any::<u32>()],
    ) {
        let mut random = Random(seed | 1);
        let (mut arena, words) = program();
        let length = arena.len();
        arena.resize_with(words, || nasty(&mut random));
        let found = buffers(&arena[..length]);
        let word = |number: usize| found[number].offset as usize / 4;
        arena[word(0)] = rows;
        if is_sound {
            let layers = layers();
            arena[word(3)..][..layers.len()].copy_from_slice(&layers);
        }
        mutate(&mut arena[..length], &places, &mut random);
        let before = arena.clone();
        let mut memory = Memory::new();
        let mut world = World::new(&mut memory, &mut arena);
        world.connect();
        run_if_accepted(&mut world, length, 400, |_| ());
        drop(world);
        prop_assert_eq!(stray_write(&buffers(&before[..length]), &before, &arena), None);
    }
}

#[test]
fn the_program_itself_is_accepted_and_completes() {
    use quintet_protocol::message::{Outcome, Request};
    let (mut arena, words) = program();
    let length = arena.len();
    arena.resize(words, 0);
    arena[length] = ROWS;
    let mut memory = Memory::new();
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    let answer = world.call(Request::Install { offset: 0, length: length as u32 * 4 });
    assert_eq!(answer, crate::world::Answer::Done);
    world.start();
    assert_eq!(world.finish(400).outcome, Some(Outcome::Completed));
}
