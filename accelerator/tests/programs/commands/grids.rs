//! The commands that look features up, and those that make and move rows of them.

use super::super::contents::{self, ROWS, count, noise, numbers, points};
use super::super::draft::Draft;
use super::matrix;
use quintet_protocol::feature::{wave_columns, wave_words};
use quintet_protocol::grid::{FACTOR_WORDS, LEVEL_WORDS};
use quintet_protocol::mesh::LIGHT_WORDS;
use quintet_protocol::program::{
    BufferId, BufferKind, Command, Corners, FactorReduce, Factors, Gather, GridEntry, Harmonics,
    Interpolate, Shade, Waves,
};
use quintet_protocol::ray::RAY_WORDS;
use quintet_protocol::tile::{NORMAL_WORDS, POINT_WORDS};

/// Words of the entries of all levels, or of all factors.
const TABLE_WORDS: usize = 300;

pub fn entry(draft: &mut Draft) -> GridEntry {
    draft.one_of(&[GridEntry::Bytes, GridEntry::Halves, GridEntry::Pixels])
}

pub fn corners(draft: &mut Draft) -> Corners {
    draft.one_of(&[Corners::Nearest, Corners::Linear, Corners::Simplex])
}

pub fn levels(draft: &mut Draft, count: u16) -> BufferId {
    draft.fresh(BufferKind::Constant, usize::from(count) * LEVEL_WORDS, contents::levels)
}

pub fn interpolate(draft: &mut Draft) -> Command {
    let (level_count, features) = (draft.number(1u16..=5), draft.number(1u8..=5));
    let selects = draft.chance(0.3);
    let levels_of_a_row = if selects { 1 } else { level_count };
    let matrix = matrix(draft, levels_of_a_row * u16::from(features));
    let capacity = draft.number(1..=ROWS);
    Command::Interpolate(Interpolate {
        points: draft.read(capacity as usize * POINT_WORDS, points),
        count: draft.read(1, count),
        levels: levels(draft, level_count),
        table: draft.read(TABLE_WORDS, noise),
        output: draft.write(matrix.words(capacity as usize), noise),
        capacity,
        level_count,
        features,
        entry: entry(draft),
        corners: corners(draft),
        dimensions: if selects { 2 } else { draft.number(2u8..=3) },
        selects,
        adds: draft.chance(0.3),
        matrix,
    })
}

pub fn factors(draft: &mut Draft) -> Command {
    let (group_count, factors_of_group) = (draft.number(1u16..=3), draft.number(1u8..=3));
    let features = draft.number(1u8..=6);
    let matrix = matrix(draft, group_count * u16::from(features));
    let capacity = draft.number(1..=ROWS);
    let words = usize::from(group_count) * usize::from(factors_of_group) * FACTOR_WORDS;
    Command::Factors(Factors {
        points: draft.read(capacity as usize * POINT_WORDS, points),
        count: draft.read(1, count),
        factors: draft.fresh(BufferKind::Constant, words, contents::factors),
        table: draft.read(TABLE_WORDS, noise),
        output: draft.write(matrix.words(capacity as usize), noise),
        capacity,
        group_count,
        factors_of_group,
        features,
        entry: entry(draft),
        reduce: draft.one_of(&[FactorReduce::Product, FactorReduce::Sum]),
        adds: draft.chance(0.3),
        matrix,
    })
}

pub fn waves(draft: &mut Draft) -> Command {
    let of_halves = draft.chance(0.5);
    let (coordinates, frequency_count) = (draft.number(1u8..=4), draft.number(0u8..=3));
    let input_first = 2 * draft.number(0u16..=2);
    let input_stride = (input_first + u16::from(coordinates)).next_multiple_of(2);
    let includes_input = draft.chance(0.5);
    let [vector, frequencies] = [coordinates, frequency_count].map(usize::from);
    let matrix = matrix(draft, wave_columns(vector, frequencies, includes_input) as u16);
    let capacity = draft.number(1..=ROWS);
    let numbers = capacity as usize * usize::from(input_stride);
    Command::Waves(Waves {
        input: draft.read(if of_halves { numbers / 2 } else { numbers }, points),
        count: draft.read(1, count),
        frequencies: draft.read(frequencies * wave_words(vector), noise),
        output: draft.write(matrix.words(capacity as usize), noise),
        capacity,
        input_stride,
        input_first,
        frequency_count,
        coordinates,
        of_halves,
        includes_input,
        matrix,
        input_shift: draft.number(0u8..=31),
    })
}

pub fn harmonics(draft: &mut Draft) -> Command {
    let degree = draft.number(0u8..=3);
    let matrix = matrix(draft, (u16::from(degree) + 1).pow(2));
    let capacity = draft.number(1..=ROWS);
    Command::Harmonics(Harmonics {
        rays: draft.read(capacity as usize * RAY_WORDS, noise),
        count: draft.read(1, count),
        output: draft.write(matrix.words(capacity as usize), noise),
        capacity,
        degree,
        matrix,
    })
}

pub fn gather(draft: &mut Draft) -> Command {
    let columns = 2 * draft.number(0u16..=5);
    let [input_matrix, output_matrix] = [(); 2].map(|()| matrix(draft, columns));
    let (capacity, rows) = (draft.number(1..=ROWS), draft.number(1..=ROWS));
    let list_stride = draft.number(1u8..=4);
    Command::Gather(Gather {
        input: draft.read(input_matrix.words(rows as usize), noise),
        count: draft.read(1, count),
        list: match draft.chance(0.7) {
            true => Some(draft.read(capacity as usize * usize::from(list_stride), numbers)),
            false => None,
        },
        output: draft.write(output_matrix.words(capacity as usize), noise),
        capacity,
        rows,
        columns,
        list_first: draft.number(0..=list_stride - 1),
        list_stride,
        input_matrix,
        output_matrix,
    })
}

pub fn shade(draft: &mut Draft) -> Command {
    let (capacity, light_count) = (draft.number(1..=ROWS), draft.number(0u8..=3));
    let matrix = matrix(draft, 3);
    Command::Shade(Shade {
        count: draft.read(1, count),
        normals: draft.read(capacity as usize * NORMAL_WORDS, noise),
        lights: draft.read((usize::from(light_count) + 1) * LIGHT_WORDS, noise),
        colors: draft.write(matrix.words(capacity as usize), noise),
        capacity,
        light_count,
        matrix,
    })
}
