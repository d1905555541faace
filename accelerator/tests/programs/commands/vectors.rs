//! The vector commands on bytes.

use super::super::contents::noise;
use super::super::draft::Draft;
use super::{bytes, gemm};
use quintet_protocol::network::Scale;
use quintet_protocol::program::{
    Add, BufferId, Command, Copy, Fill, Lookup, Multiply, Pool, Reduce, Resize, Softmax,
};

/// Words that hold so many bytes.
fn words(bytes: u32) -> usize {
    bytes.div_ceil(4) as usize
}

fn scale(draft: &mut Draft) -> Scale {
    let multiplier = draft.any() & 0x3FFF_FFFF | 1 << 30;
    Scale { multiplier: multiplier as i32, shift: draft.number(0u8..=61) as i8 - 31 }
}

/// The output of a command that may work in its input's place.
fn output(draft: &mut Draft, input: BufferId, count: u32) -> BufferId {
    match draft.may_be_written(input) && draft.chance(0.3) {
        true => input,
        false => draft.write(words(count), noise),
    }
}

/// Two inputs and how many bytes they have.
fn pair(draft: &mut Draft) -> ([BufferId; 2], [u32; 2]) {
    let period = draft.number(1u32..=70);
    let count = period * draft.number(1u32..=3);
    let a = draft.read(words(count), noise);
    let b = draft.read(words(period), noise);
    ([a, b], [count, period])
}

pub fn add(draft: &mut Draft) -> Command {
    let ([a, b], [count, period]) = pair(draft);
    Command::Add(Add {
        a,
        b,
        scratch: draft.write(512, noise),
        output: output(draft, a, count),
        count,
        period,
        scale_a: scale(draft),
        scale_b: scale(draft),
        scale_out: scale(draft),
        bytes: bytes(draft),
        zero_b: draft.any() as i8,
        subtract: draft.chance(0.5),
    })
}

pub fn multiply(draft: &mut Draft) -> Command {
    let ([a, b], [count, period]) = pair(draft);
    Command::Multiply(Multiply {
        a,
        b,
        output: output(draft, a, count),
        count,
        period,
        scale: scale(draft),
        bytes: bytes(draft),
        zero_b: draft.any() as i8,
    })
}

pub fn pool(draft: &mut Draft) -> Command {
    let mut sliding = gemm::sliding(draft, 1);
    sliding.output[2] = sliding.input[2];
    Command::Pool(Pool {
        input: draft.read(sliding.input_bytes().div_ceil(4), noise),
        output: draft.write(sliding.output_bytes().div_ceil(4), noise),
        sliding,
        bytes: bytes(draft),
        greatest: draft.chance(0.5),
    })
}

pub fn reduce(draft: &mut Draft) -> Command {
    let [outer, reduced, inner] = [(); 3].map(|()| draft.number(1u32..=9));
    Command::Reduce(Reduce {
        input: draft.read(words(outer * reduced * inner), noise),
        output: draft.write(words(outer * inner), noise),
        outer,
        reduced,
        inner,
        scale: scale(draft),
        bytes: bytes(draft),
    })
}

pub fn softmax(draft: &mut Draft) -> Command {
    let [rows, columns] = [(); 2].map(|()| draft.number(1u32..=20));
    let input = draft.read(words(rows * columns), noise);
    Command::Softmax(Softmax {
        input,
        output: output(draft, input, rows * columns),
        rows,
        columns,
        scale: Scale { shift: draft.number(0u8..=30) as i8, ..scale(draft) },
        least_difference: -(draft.number(1u32..=1 << 20) as i32),
    })
}

pub fn lookup(draft: &mut Draft) -> Command {
    let count = draft.number(1u32..=300);
    let input = draft.read(words(count), noise);
    let table = draft.read(64, noise);
    Command::Lookup(Lookup { input, table, output: output(draft, input, count), count })
}

pub fn copy(draft: &mut Draft) -> Command {
    let counts = [(); 3].map(|()| draft.number(1u16..=4));
    let run = draft.number(1u32..=40);
    let (from, from_strides, input_words) = runs(draft, counts, run);
    let (to, to_strides, output_words) = runs(draft, counts, run);
    let input = draft.read(input_words, noise);
    let output = draft.write(output_words, noise);
    Command::Copy(Copy { input, output, counts, run, from, from_strides, to, to_strides })
}

/// Where the first run is, strides to the others, and the words that hold them all.
fn runs(draft: &mut Draft, counts: [u16; 3], run: u32) -> (u32, [i32; 3], usize) {
    let strides = [(); 3].map(|()| draft.number(0u32..=99) as i32 - 33);
    let ways = [0, 1, 2].map(|axis| strides[axis] * (i32::from(counts[axis]) - 1));
    let before: i32 = ways.iter().map(|way| way.min(&0)).sum();
    let behind: i32 = ways.iter().map(|way| way.max(&0)).sum();
    (-before as u32, strides, words((behind - before) as u32 + run))
}

pub fn fill(draft: &mut Draft) -> Command {
    let count = draft.number(1u32..=300);
    let output = draft.write(words(count), noise);
    Command::Fill(Fill { output, count, value: draft.any() as i8 })
}

pub fn resize(draft: &mut Draft) -> Command {
    let input_shape = [(); 3].map(|()| draft.number(1u16..=8));
    let output_size = [(); 2].map(|()| draft.number(1u16..=8));
    let [rows, columns, channels] = input_shape.map(u32::from);
    let [rows_out, columns_out] = output_size.map(u32::from);
    Command::Resize(Resize {
        input: draft.read(words(rows * columns * channels), noise),
        map: draft.read(words(2 * (rows_out + columns_out)), noise),
        output: draft.write(words(rows_out * columns_out * channels), noise),
        input_shape,
        output_size,
    })
}
