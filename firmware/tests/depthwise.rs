//! `ConvolveDepthwise` on the host: any shape, against a model in wide integers.

use proptest::prelude::*;
use quintet_firmware::backend::{Backend, Step};
use quintet_firmware::pager::Pager;
use quintet_firmware::software::Software;
use quintet_protocol::network::{
    Depthwise, Finish, Scale, depthwise_scratch_words, depthwise_words,
};
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, ByteRange, Command, ConvolveDepthwise, Fault, Program,
    ProgramError, Sliding,
};

/// A layer and what it is given.
#[derive(Clone, Debug)]
struct Layer {
    sliding: Sliding,
    bytes: ByteRange,
    input: Vec<i8>,
    /// Window by window element, then by channel.
    weights: Vec<i8>,
    /// Without what the input's zero point adds.
    bias: Vec<i32>,
    scales: Vec<Scale>,
}

impl Layer {
    /// What the command should write, by the definition.
    fn expected(&self) -> Vec<i8> {
        let Sliding { output: [rows, columns, channels], .. } = self.sliding;
        let mut bytes = Vec::new();
        for (y, x) in (0..rows).flat_map(|y| (0..columns).map(move |x| (y, x))) {
            bytes.extend((0..usize::from(channels)).map(|channel| self.output([y, x], channel)));
        }
        bytes
    }

    fn output(&self, at: [u16; 2], channel: usize) -> i8 {
        let Sliding { input, output, kernel, .. } = self.sliding;
        let [channels_in, channels] = [input[2], output[2]].map(usize::from);
        let mut sum = i128::from(self.bias[channel]);
        for element in 0..kernel[0] * kernel[1] {
            let Some(pixel) = self.pixel(at, [element / kernel[1], element % kernel[1]]) else {
                continue;
            };
            let value = self.input[pixel * channels_in + channel / (channels / channels_in)];
            let weight = self.weights[usize::from(element) * channels + channel];
            sum += i128::from(weight) * (i128::from(value) - i128::from(self.bytes.zero_in));
        }
        let value = scaled(sum, self.scales[channel]) + i128::from(self.bytes.zero_out);
        value.clamp(self.bytes.least.into(), self.bytes.greatest.into()) as i8
    }

    /// The pixel that an element of an output's window sees, unless that is padding.
    fn pixel(&self, at: [u16; 2], element: [u16; 2]) -> Option<usize> {
        let Sliding { input, stride, dilation, pad, .. } = self.sliding;
        let place = |side: usize| {
            let start = i64::from(at[side]) * i64::from(stride[side]) - i64::from(pad[side]);
            let place = start + i64::from(element[side]) * i64::from(dilation[side]);
            (0..i64::from(input[side])).contains(&place).then_some(place as usize)
        };
        Some(place(0)? * usize::from(input[1]) + place(1)?)
    }

    fn records(&self) -> Vec<u32> {
        let shape = Depthwise::new(&self.sliding);
        let channels = shape.channels_out;
        let mut records = vec![0; depthwise_words(&self.sliding)];
        for (channel, record) in records.chunks_mut(shape.record_words()).enumerate() {
            let weights: Vec<i8> =
                self.weights[channel..].iter().step_by(channels).copied().collect();
            let sum: i32 = weights.iter().map(|&weight| i32::from(weight)).sum();
            let bias = self.bias[channel] - i32::from(self.bytes.zero_in) * sum;
            let finish = Finish { bias, scale: self.scales[channel] };
            shape.fill_record(|at| weights[at], finish.to_words(self.bytes.zero_out), record);
        }
        records
    }

    /// The greatest offset of the output, in bytes from the input's, at which no pixel is written
    /// over bytes that a later one needs.
    fn nearest_output(&self) -> i64 {
        let Sliding { output: [rows, columns, channels_out], input, stride, pad, .. } =
            self.sliding;
        let first_needed = |pixel: i64| {
            let (y, x) = (pixel / i64::from(columns), pixel % i64::from(columns));
            let row = (y * i64::from(stride[0]) - i64::from(pad[0])).max(0);
            let column = (x * i64::from(stride[1]) - i64::from(pad[1])).max(0);
            (row * i64::from(input[1]) + column) * i64::from(input[2])
        };
        let pixels = i64::from(rows) * i64::from(columns);
        let mut least = i64::MAX;
        let mut nearest = i64::MAX;
        for pixel in (1..pixels).rev() {
            least = least.min(first_needed(pixel));
            nearest = nearest.min(least - pixel * i64::from(channels_out));
        }
        let end = self.sliding.input_bytes() as i64;
        nearest.min(end) & !3
    }

    /// Executes the command; with `overlap` the output lies as near to the input as it may.
    fn executed(&self, overlap: bool) -> Result<Vec<i8>, ProgramError> {
        let input = self.sliding.input_bytes().next_multiple_of(4);
        let output = self.sliding.output_bytes().next_multiple_of(4);
        let records = self.records();
        let scratch = depthwise_scratch_words(&self.sliding) * 4;
        let near = if overlap { self.nearest_output() } else { input as i64 };
        // The program, the records and the scratch; then input and output.
        let program = Program::encoded_len(4, 1);
        let lines = program + records.len() * 4;
        let start = lines + scratch + near.min(0).unsigned_abs() as usize;
        let buffer = |kind, offset: usize, length: usize| Buffer {
            kind,
            offset: offset as u32,
            length: length as u32,
        };
        let output_start = (start as i64 + near) as usize;
        let buffers = [
            buffer(BufferKind::Input, start, input),
            buffer(BufferKind::Constant, program, records.len() * 4),
            buffer(BufferKind::Scratch, lines, scratch),
            buffer(BufferKind::Output, output_start, output),
        ];
        let end = (start + input).max(output_start + output);
        // What is nobody's must stay as it is.
        let mut arena = vec![0xA5A5_A5A5; end / 4 + 64];
        arena[program / 4..][..records.len()].copy_from_slice(&records);
        let bytes: &mut [i8] = bytemuck::cast_slice_mut(&mut arena);
        bytes[start..][..self.input.len()].copy_from_slice(&self.input);
        execute(&buffers, self.command(), &mut arena)?;
        assert!(arena[end / 4..].iter().all(|&word| word == 0xA5A5_A5A5));
        let bytes: &[i8] = bytemuck::cast_slice(&arena);
        Ok(bytes[output_start..][..self.sliding.output_bytes()].to_vec())
    }

    fn command(&self) -> Command {
        let [input, weights, scratch, output] = [0, 1, 2, 3].map(BufferId);
        let (sliding, bytes) = (self.sliding, self.bytes);
        Command::ConvolveDepthwise(ConvolveDepthwise {
            input,
            weights,
            scratch,
            output,
            sliding,
            bytes,
        })
    }
}

fn execute(buffers: &[Buffer], command: Command, arena: &mut [u32]) -> Result<(), ProgramError> {
    let mut bytes = vec![0; Program::encoded_len(buffers.len(), 1)];
    Program::emit(buffers, &[command], &mut bytes).unwrap();
    let program = Program::new(&bytes).unwrap();
    let mut backend = Software::default();
    backend.check(&program, 0)?;
    backend.take(&program, 0, &Pager::default())?;
    for _ in 0..1_000_000 {
        if backend.step(arena, &mut Pager::default(), &mut [], 0) == Step::Done(None) {
            return Ok(());
        }
    }
    panic!("it does not end");
}

/// `sum * multiplier * 2^shift / 2^31`, rounded twice as the reference does.
fn scaled(sum: i128, scale: Scale) -> i128 {
    let left = sum << scale.shift.max(0);
    let high = (left * i128::from(scale.multiplier) + (1 << 30)) >> 31;
    let divisor = 1i128 << scale.shift.min(0).unsigned_abs();
    let away = (high.abs() * 2 + divisor) / (2 * divisor);
    away * high.signum()
}

/// Bytes from a seed (xorshift64*).
fn bytes(seed: u64, count: usize) -> Vec<i8> {
    let mut state = seed | 1;
    let next = move || {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 56) as i8
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Outputs along a side, where the picture is at least as long as the window.
fn outputs(input: u16, window: u16, stride: u8, pad: u16) -> u16 {
    (input + 2 * pad).saturating_sub(window) / u16::from(stride) + 1
}

prop_compose! {
    fn windows()(
        common in any::<bool>(),
        sides in [1u16..6, 1u16..9],
        stride in [1u8..4, 1u8..4],
        dilation in [1u8..3, 1u8..3],
        pad in [0u16..4, 0u16..4],
    ) -> ([u16; 2], [u8; 2], [u8; 2], [u16; 2]) {
        match common {
            true => ([3, 3], stride.map(|side| side.min(2)), [1, 1], pad.map(|side| side.min(1))),
            false => (sides, stride, dilation, pad),
        }
    }
}

prop_compose! {
    fn layer()(
        rows in 1u16..40,
        columns in prop_oneof![1 => Just(1u16), 3 => 1u16..40],
        channels in prop_oneof![Just(4u16), Just(8u16), 1u16..11],
        multiplier in prop_oneof![4 => Just(1u16), 1 => 1u16..4],
        (kernel, stride, dilation, pad) in windows(),
        more in [0u16..3, 0u16..3],
        [zero_in, zero_out, a, b] in any::<[i8; 4]>(),
        ends in 0..3,
        seed in any::<u64>(),
        // All short, or with some that are not.
        shifts in prop_oneof![Just(-12..=-6i8), Just(-23..=2i8)],
    ) -> Layer {
        let input = [rows, columns];
        let window = |side: usize| (kernel[side] - 1) * u16::from(dilation[side]) + 1;
        let side = |side: usize| outputs(input[side], window(side), stride[side], pad[side]) + more[side];
        let channels_out = channels * multiplier;
        let (least, greatest) = match ends {
            0 => (a.min(b), a.max(b)),
            1 => (-128, 127),
            _ => (zero_out, 127),
        };
        let sliding = Sliding {
            input: [input[0], input[1], channels],
            output: [side(0), side(1), channels_out],
            kernel, stride, dilation, pad,
        };
        let count = usize::from(channels_out);
        let random = bytes(seed ^ 3, count * 6);
        let spread = shifts.end() - shifts.start() + 1;
        Layer {
            sliding,
            bytes: ByteRange { zero_in, zero_out, least, greatest },
            input: bytes(seed, sliding.input_bytes()),
            weights: bytes(seed ^ 1, usize::from(kernel[0] * kernel[1]) * count),
            bias: random[..count].iter().map(|&byte| i32::from(byte) * 37).collect(),
            scales: random[count..].chunks(5).take(count).map(|bytes| Scale {
                multiplier: i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]] .map(|byte| byte as u8)) & 0x3FFF_FFFF | 1 << 30,
                shift: shifts.start() + bytes[4].rem_euclid(spread),
            }).collect(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn outputs_are_those_of_the_definition(layer in layer()) {
        prop_assert_eq!(layer.executed(false), Ok(layer.expected()));
    }

    #[test]
    fn the_output_may_overtake_no_input_that_is_needed(layer in layer()) {
        prop_assert_eq!(layer.executed(true), Ok(layer.expected()));
    }
}

prop_compose! {
    /// Shapes without sense.
    fn any_sliding()(
        input in [0u16..9, 0u16..40, 1u16..10],
        output in [1u16..9, 1u16..40, 1u16..19],
        kernel in [1u16..9, 1u16..40],
        stride in [1u8..200, 1u8..200],
        dilation in [1u8..9, 1u8..100],
        pad in any::<[u16; 2]>(),
        near in any::<bool>(),
    ) -> Sliding {
        let input = input.map(|side| side.max(1));
        let (stride, pad) = match near {
            true => (stride.map(|side| side % 4 + 1), pad.map(|side| side % 50)),
            false => (stride, pad),
        };
        Sliding { input, output, kernel, stride, dilation, pad }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever the shapes and the records are, it is refused or ends, and writes its own buffers
    /// only.
    #[test]
    fn any_shape_and_any_records_end(sliding in any_sliding(), seed in any::<u64>()) {
        let lengths = [
            sliding.input_bytes().next_multiple_of(4),
            depthwise_words(&sliding) * 4,
            depthwise_scratch_words(&sliding) * 4,
            sliding.output_bytes().next_multiple_of(4),
        ];
        prop_assume!(lengths.iter().sum::<usize>() < 1 << 20);
        let kinds =
            [BufferKind::Input, BufferKind::Constant, BufferKind::Scratch, BufferKind::Output];
        let mut end = 0;
        let buffers = [0, 1, 2, 3].map(|at| {
            end += lengths[at];
            let (offset, length) = ((end - lengths[at]) as u32, lengths[at] as u32);
            Buffer { kind: kinds[at], offset, length }
        });
        let random = bytes(seed, end + 256);
        let word = |four: &[i8; 4]| u32::from_ne_bytes(four.map(|byte| byte as u8));
        let before: Vec<u32> = random.as_chunks().0.iter().map(word).collect();
        let mut arena = before.clone();
        let layer = Layer { sliding, ..small() };
        let _ = execute(&buffers, layer.command(), &mut arena);
        let written = buffers[2].offset as usize / 4..end / 4;
        prop_assert_eq!(&arena[..written.start], &before[..written.start]);
        prop_assert_eq!(&arena[written.end..], &before[written.end..]);
    }
}

/// A layer of one channel that is a row of pixels.
fn small() -> Layer {
    Layer {
        sliding: Sliding {
            input: [1, 4, 1],
            output: [1, 4, 1],
            kernel: [1, 3],
            stride: [1; 2],
            dilation: [1; 2],
            pad: [0, 1],
        },
        bytes: ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 },
        input: vec![1, 2, 3, 4],
        weights: vec![1, 2, 4],
        bias: vec![0],
        scales: vec![Scale { multiplier: 1 << 30, shift: 1 }],
    }
}

#[test]
fn a_row_is_convolved() {
    assert_eq!(small().executed(false), Ok(vec![10, 17, 24, 11]));
}

#[test]
fn shapes_that_make_no_sense_are_refused() {
    let refused = |change: &dyn Fn(&mut Sliding)| {
        let mut layer = small();
        change(&mut layer.sliding);
        let length = 1 << 20;
        let buffers =
            [BufferKind::Input, BufferKind::Constant, BufferKind::Scratch, BufferKind::Output];
        let mut offset = 0;
        let buffers = buffers.map(|kind| {
            offset += length;
            Buffer { kind, offset, length }
        });
        match execute(&buffers, layer.command(), &mut []) {
            Err(ProgramError::BadCommand { command: 0, fault }) => fault,
            other => panic!("{other:?}"),
        }
    };
    let parameter = |parameter| Fault::OutOfRange { parameter };
    assert_eq!(refused(&|it| (it.input[2], it.output[2]) = (2, 3)), parameter(1));
    assert_eq!(refused(&|it| it.kernel = [u16::MAX; 2]), parameter(3));
    assert_eq!(
        refused(&|it| (it.kernel, it.dilation) = ([u16::MAX; 2], [u8::MAX; 2])),
        parameter(3)
    );
    let needed = u32::from(u16::MAX) * 32;
    let too_small = Fault::TooSmall { buffer: BufferId(3), needed };
    assert_eq!(refused(&|it| it.output = [u16::MAX, 32, 1]), too_small);
    let vast = |it: &mut Sliding| (it.input, it.output[2]) = ([u16::MAX; 3], u16::MAX);
    assert_eq!(refused(&vast), Fault::TooSmall { buffer: BufferId(0), needed: u32::MAX });
}
