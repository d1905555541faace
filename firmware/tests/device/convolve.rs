//! Convolutions: outputs are those of the definition in wide integers, and neither hostile programs
//! nor hostile weights get anywhere.

use proptest::prelude::*;
use quintet_firmware::Memory;
use quintet_protocol::message::{Outcome, Phase, Refusal, Request};
use quintet_protocol::network::{
    Finish, Scale, column_bytes, convolve_scratch_least, pair_words, runs,
};
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, ByteRange, Command, Convolve, Fault, Program, ProgramError,
    Sliding,
};

use crate::hostile_programs::nasty;
use crate::mutation::{mutate, places, run_if_accepted};
use crate::scene::{Layout, Random};
use crate::world::{Answer, Told, World, buffers, stray_write};

/// Numbers of buffers.
const INPUT: u16 = 0;
const WEIGHTS: u16 = 1;
const SCRATCH: u16 = 2;
const OUTPUT: u16 = 3;

/// A layer: its command, and what it is about.
#[derive(Clone, Debug)]
struct Layer {
    command: Convolve,
    input: Vec<i8>,
    /// `[channels out, rows, columns, channels in]`.
    weights: Vec<i8>,
    finishes: Vec<Finish>,
    /// Words of scratch beyond the least.
    spare: usize,
}

prop_compose! {
    fn sliding()(
        input in [1u16..8, 1u16..8, 1u16..11],
        output in [1u16..6, 1u16..6, 1u16..8],
        kernel in [1u16..4, 1u16..4],
        stride in [1u8..4, 1u8..4],
        dilation in [1u8..3, 1u8..3],
        pad in [0u16..5, 0u16..5],
    ) -> Sliding {
        Sliding { input, output, kernel, stride, dilation, pad }
    }
}

prop_compose! {
    fn layer()(
        sliding in sliding(),
        seed: u32,
        zero_in: i8,
        zero_out in prop_oneof![Just(-128i8), any::<i8>()],
        range in prop_oneof![Just([-128i8, 127]), any::<[i8; 2]>()],
        unpaired: bool,
        long in 0u32..4,
        spare in 0usize..500,
    ) -> Layer {
        let mut random = Random(seed | 1);
        let [.., channels] = sliding.output.map(usize::from);
        let window = weights_of(&sliding);
        let least = if unpaired { -128 } else { -127 };
        let mut byte = |least: i32| (random.next() % (128 - least) as u32) as i32 + least;
        let input = (0..sliding.input_bytes()).map(|_| byte(-128) as i8).collect();
        let weights = (0..window * channels).map(|_| byte(least) as i8).collect();
        let finish = |random: &mut Random| {
            // One in four is not short; sums have up to 22 bits.
            let shift = if random.next() % 4 < long { random.within(6) } else { -6 - random.within(5) };
            let multiplier = (random.next() >> 2 | 1 << 30) as i32;
            Finish { bias: random.within(9000), scale: Scale { multiplier, shift: shift as i8 } }
        };
        let finishes = (0..channels).map(|_| finish(&mut random)).collect();
        let [least, greatest] = [range[0].min(range[1]), range[0].max(range[1])];
        let bytes = ByteRange { zero_in, zero_out, least, greatest };
        let [input_id, weights_id, scratch, output] =
            [INPUT, WEIGHTS, SCRATCH, OUTPUT].map(BufferId);
        let command = Convolve {
            input: input_id, weights: weights_id, scratch, output, sliding, bytes,
            first_page: 0, page_pairs: 0, unpaired,
        };
        Layer { command, input, weights, finishes, spare }
    }
}

fn weights_of(sliding: &Sliding) -> usize {
    [sliding.kernel[0], sliding.kernel[1], sliding.input[2]].map(usize::from).iter().product()
}

impl Layer {
    fn layout(&self) -> Layout {
        let Convolve { sliding, unpaired, .. } = &self.command;
        let channels = usize::from(sliding.output[2]);
        let pairs = if *unpaired { channels } else { channels.div_ceil(2) };
        let sizes = [
            (BufferKind::Input, sliding.input_bytes().div_ceil(4)),
            (BufferKind::Constant, pairs * pair_words(sliding)),
            (BufferKind::Scratch, convolve_scratch_least(sliding) + self.spare),
            (BufferKind::Output, sliding.output_bytes().div_ceil(4)),
        ];
        let mut next = Program::encoded_len(sizes.len(), 1);
        let place = |(kind, words): (BufferKind, usize)| {
            let buffer = Buffer { kind, offset: next as u32, length: words as u32 * 4 };
            next += words * 4;
            buffer
        };
        let buffers = sizes.map(place).to_vec();
        Layout { buffers, commands: vec![Command::Convolve(self.command)], words: next / 4 }
    }

    /// Weights of a channel in the order of a column.
    fn column(&self, channel: usize) -> Vec<i8> {
        let sliding = &self.command.sliding;
        let (size, [_, run]) = (weights_of(sliding), runs(sliding));
        let weights = self.weights.chunks(size).nth(channel);
        let mut column = Vec::new();
        for run in weights.unwrap_or(&vec![0; size]).chunks(run) {
            column.extend(run);
            column.resize(column.len().next_multiple_of(4), 0);
        }
        assert_eq!(column.len(), column_bytes(sliding));
        column
    }

    fn records(&self) -> Vec<u32> {
        let Convolve { sliding, bytes, unpaired, .. } = &self.command;
        let channels = usize::from(sliding.output[2]);
        let mut words = Vec::new();
        for first in (0..channels).step_by(if *unpaired { 1 } else { 2 }) {
            let second = if *unpaired { channels } else { first + 1 };
            let columns = [self.column(first), self.column(second)];
            for (channel, column) in [first, second].into_iter().zip(&columns) {
                let finish = self.finishes.get(channel).map_or([0; 4], |finish| {
                    let sum: i32 = column.iter().map(|&weight| i32::from(weight)).sum();
                    let bias = finish.bias - i32::from(bytes.zero_in) * sum;
                    Finish { bias, ..*finish }.to_words(bytes.zero_out)
                });
                words.extend(finish);
            }
            let half = |i: usize| i32::from(columns[0][i]) + 256 * i32::from(columns[1][i]);
            for four in (0..columns[0].len()).step_by(4) {
                for i in [four, four + 1] {
                    words.push(half(i) as u32 & 0xFFFF | (half(i + 2) as u32) << 16);
                }
            }
        }
        words
    }

    fn arena(&self, layout: &Layout) -> Vec<u32> {
        let mut bytes: Vec<i8> = self.input.clone();
        bytes.resize(bytes.len().next_multiple_of(4), 0x77);
        let input: Vec<u32> = bytes
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| u32::from_le_bytes(four.map(|byte| byte as u8)))
            .collect();
        let mut arena = vec![0xA5A5_A5A5; layout.words + 100];
        let parts = [
            (0, layout.program()),
            (layout.offset(INPUT), input),
            (layout.offset(WEIGHTS), self.records()),
        ];
        for (offset, words) in parts {
            arena[offset as usize / 4..][..words.len()].copy_from_slice(&words);
        }
        arena
    }

    /// The output by definition.
    fn expected(&self) -> Vec<i8> {
        let sliding = &self.command.sliding;
        let [rows, columns, channels] = sliding.output.map(usize::from);
        let places = (0..rows * columns * channels)
            .map(|i| ([i / channels / columns, i / channels % columns], i % channels));
        places.map(|(at, channel)| self.byte(at, channel)).collect()
    }

    fn byte(&self, at: [usize; 2], channel: usize) -> i8 {
        let Convolve { sliding, bytes, .. } = &self.command;
        let [rows, columns, channels_in] = sliding.input.map(usize::from);
        let window = &self.weights[channel * weights_of(sliding)..];
        let place = |i: usize, step: usize| {
            let start = at[i] * usize::from(sliding.stride[i]);
            (start + step * usize::from(sliding.dilation[i])).checked_sub(sliding.pad[i].into())
        };
        let mut sum = i128::from(self.finishes[channel].bias);
        for i in 0..usize::from(sliding.kernel[0]) {
            for j in 0..usize::from(sliding.kernel[1]) {
                let (Some(y), Some(x)) = (place(0, i), place(1, j)) else { continue };
                if y >= rows || x >= columns {
                    continue;
                }
                let pixel = &self.input[(y * columns + x) * channels_in..][..channels_in];
                let weights = &window[(i * usize::from(sliding.kernel[1]) + j) * channels_in..];
                for (&byte, &weight) in pixel.iter().zip(weights) {
                    sum += (i128::from(byte) - i128::from(bytes.zero_in)) * i128::from(weight);
                }
            }
        }
        let Scale { multiplier, shift } = self.finishes[channel].scale;
        let left = sum << shift.max(0);
        let product = (left * i128::from(multiplier) + (1 << 30)) >> 31;
        let one = 1 << -i32::from(shift.min(0));
        let value = (product.abs() * 2 + one) / (2 * one) * product.signum();
        let value = value + i128::from(bytes.zero_out);
        value.clamp(bytes.least.into(), bytes.greatest.into()) as i8
    }
}

/// Installs and runs what an arena holds; what was told, or why it was refused.
fn run(layout: &Layout, arena: &mut [u32]) -> Result<Told, ProgramError> {
    let mut memory = Memory::new();
    let mut world = World::new(&mut memory, arena);
    world.connect();
    let length = layout.program().len() as u32 * 4;
    match world.call(Request::Install { offset: 0, length }) {
        Answer::Done => Ok(world.run()),
        Answer::Refused(Refusal::Program(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

fn output(layout: &Layout, arena: &[u32], count: usize) -> Vec<i8> {
    let words = &arena[layout.offset(OUTPUT) as usize / 4..];
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    bytes.map(|byte| byte as i8).take(count).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn outputs_are_those_of_the_definition(layer in layer()) {
        let layout = layer.layout();
        let before = layer.arena(&layout);
        let mut arena = before.clone();
        let told = run(&layout, &mut arena).unwrap();
        prop_assert_eq!(told.outcome, Some(Outcome::Completed));
        let expected = layer.expected();
        prop_assert_eq!(output(&layout, &arena, expected.len()), &expected[..]);
        prop_assert_eq!(stray_write(&layout.buffers, &before, &arena), None);
        let items = column_bytes(&layer.command.sliding) * expected.len();
        prop_assert_eq!(told.costs, vec![(0, Phase::Multiply, items as u64)]);
    }

    /// Windows of one pixel whose outputs are no longer than they are may be written over the
    /// input.
    #[test]
    fn an_output_may_lie_where_the_input_was(mut layer in layer()) {
        let sliding = &mut layer.command.sliding;
        sliding.output[..2].copy_from_slice(&sliding.input[..2]);
        sliding.output[2] = sliding.output[2].min(sliding.input[2]);
        (sliding.kernel, sliding.stride, sliding.pad) = ([1, 1], [1, 1], [0, 0]);
        prop_assume!(convolve_scratch_least(sliding) > 0);
        let mut layout = layer.layout();
        layout.buffers[usize::from(OUTPUT)].offset = layout.offset(INPUT);
        let mut arena = layer.arena(&layout);
        run(&layout, &mut arena).unwrap();
        let expected = layer.expected();
        prop_assert_eq!(output(&layout, &arena, expected.len()), expected);
    }

    /// Any words as weights, and a few words of the program are anything: what is accepted runs, or
    /// can be stopped, and writes nothing but its buffers.
    #[test]
    fn a_mutated_program_is_refused_or_runs(
        layer in layer(),
        seed: u32,
        places in places(0),
    ) {
        let layout = layer.layout();
        let mut random = Random(seed | 1);
        let mut arena = layer.arena(&layout);
        let length = layout.program().len();
        arena[length..].fill_with(|| nasty(&mut random));
        mutate(&mut arena[..length], &places, &mut random);
        let before = arena.clone();
        let mut memory = Memory::new();
        let mut world = World::new(&mut memory, &mut arena);
        world.connect();
        run_if_accepted(&mut world, length, 200, |_| ());
        drop(world);
        prop_assert_eq!(stray_write(&buffers(&before[..length]), &before, &arena), None);
    }
}

/// A layer of four pixels with eight channels, and the fault that a change of it gives.
fn fault_of(change: impl FnOnce(&mut Convolve, &mut Layout)) -> Option<Fault> {
    let sliding = Sliding {
        input: [2, 2, 8],
        output: [2, 2, 8],
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pad: [0, 0],
    };
    let bytes = ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 };
    let [input, weights, scratch, output] = [INPUT, WEIGHTS, SCRATCH, OUTPUT].map(BufferId);
    let command = Convolve {
        input,
        weights,
        scratch,
        output,
        sliding,
        bytes,
        first_page: 0,
        page_pairs: 0,
        unpaired: false,
    };
    let finish = Finish { bias: 0, scale: Scale { multiplier: 1 << 30, shift: -1 } };
    let mut layer = Layer {
        command,
        input: vec![1; 32],
        weights: vec![1; 64],
        finishes: vec![finish; 8],
        spare: 0,
    };
    let mut layout = layer.layout();
    let mut arena = layer.arena(&layout);
    change(&mut layer.command, &mut layout);
    layout.commands = vec![Command::Convolve(layer.command)];
    let program = layout.program();
    arena[..program.len()].copy_from_slice(&program);
    match run(&layout, &mut arena) {
        Ok(_) => None,
        Err(ProgramError::BadCommand { command: 0, fault }) => Some(fault),
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_executed_is_refused_by_name() {
    let id = BufferId;
    let too_small = |buffer, needed| Some(Fault::TooSmall { buffer: id(buffer), needed });
    let out_of_range = |parameter| Some(Fault::OutOfRange { parameter });
    assert_eq!(fault_of(|_, _| ()), None);
    assert_eq!(fault_of(|c, _| c.output = id(INPUT)), Some(Fault::WrongKind { buffer: id(INPUT) }));
    assert_eq!(fault_of(|c, _| c.scratch = id(9)), Some(Fault::NoBuffer { buffer: id(9) }));
    assert_eq!(fault_of(|c, _| c.scratch = id(OUTPUT)), too_small(OUTPUT, 64));
    assert_eq!(fault_of(|c, _| c.sliding.input[0] = 3), too_small(INPUT, 48));
    assert_eq!(fault_of(|c, _| c.sliding.output[1] = 3), too_small(OUTPUT, 48));
    assert_eq!(fault_of(|c, _| c.unpaired = true), too_small(WEIGHTS, 8 * (8 + 4) * 4));
    // Every size saturates.
    let huge = |c: &mut Convolve, _: &mut Layout| c.sliding.input[..2].fill(u16::MAX);
    assert_eq!(fault_of(huge), too_small(INPUT, u32::MAX));
    let huge = |c: &mut Convolve, _: &mut Layout| c.sliding.output[..2].fill(u16::MAX);
    assert_eq!(fault_of(huge), too_small(OUTPUT, u32::MAX));
    // A column of more than 64 KiB takes too long.
    assert_eq!(fault_of(|c, _| c.sliding.kernel = [1 << 13, 2]), out_of_range(3));
    assert_eq!(fault_of(|c, _| c.first_page = 1), out_of_range(8));
    let resident = Some(Fault::WrongKind { buffer: id(WEIGHTS) });
    assert_eq!(fault_of(|c, _| c.page_pairs = 1), resident);
    let move_input = |_: &mut Convolve, layout: &mut Layout| {
        layout.buffers[usize::from(INPUT)].offset = layout.offset(SCRATCH);
    };
    assert_eq!(fault_of(move_input), Some(Fault::Overlap));
}

#[test]
fn pages_that_cannot_be_are_refused() {
    let streamed = |page_words: u16, slots: u32| {
        move |layout: &mut Layout| {
            let buffer = &mut layout.buffers[usize::from(WEIGHTS)];
            buffer.kind = BufferKind::Streamed { page_words };
            assert!(buffer.length >= slots * (u32::from(page_words) + 1) * 4);
        }
    };
    let fault = |page_words, first_page, page_pairs| {
        fault_of(|c, layout| {
            streamed(page_words, 1)(layout);
            (c.first_page, c.page_pairs) = (first_page, page_pairs);
        })
    };
    let out_of_range = |parameter| Some(Fault::OutOfRange { parameter });
    // A record has 12 words, and the layer four.
    assert_eq!(fault(23, 0, 2), out_of_range(9));
    assert_eq!(fault(24, u32::MAX - 2, 2), out_of_range(8));
    assert_eq!(fault(24, 0, 0), Some(Fault::WrongKind { buffer: BufferId(WEIGHTS) }));
    // An input that every page wants cannot be written over.
    let in_place = fault_of(|c, layout| {
        streamed(24, 1)(layout);
        c.page_pairs = 2;
        layout.buffers[usize::from(OUTPUT)].offset = layout.offset(INPUT);
    });
    assert_eq!(in_place, Some(Fault::Overlap));
}
