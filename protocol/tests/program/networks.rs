//! The commands of networks: `Gemm` and `Vector`.

use proptest::prelude::*;
use quintet_protocol::network::Scale;
use quintet_protocol::program::{
    Add, BufferId, ByteRange, Command, Convolve, ConvolveDepthwise, Copy, Fault, Fill, Lookup,
    Multiply, Operator, Pool, Program, ProgramError, Reduce, Resize, Sliding, Softmax,
};

use super::{COMMAND_BYTES, encode, hex, id, ids};

fn at_least_one<const N: usize>() -> impl Strategy<Value = [u16; N]> {
    prop::collection::vec(1u16.., N).prop_map(|sides| sides.try_into().unwrap())
}

fn scale() -> impl Strategy<Value = Scale> {
    (any::<i32>(), any::<i8>()).prop_map(|(multiplier, shift)| Scale { multiplier, shift })
}

fn bytes() -> impl Strategy<Value = ByteRange> {
    any::<[i8; 4]>().prop_map(|[zero_in, zero_out, a, b]| ByteRange {
        zero_in,
        zero_out,
        least: a.min(b),
        greatest: a.max(b),
    })
}

prop_compose! {
    fn sliding()(
        input in at_least_one::<3>(),
        output in at_least_one::<3>(),
        kernel in at_least_one::<2>(),
        stride in [1u8.., 1u8..],
        dilation in [1u8.., 1u8..],
        pad: [u16; 2],
    ) -> Sliding {
        Sliding { input, output, kernel, stride, dilation, pad }
    }
}

prop_compose! {
    fn convolve()(
        [input, weights, scratch, output] in ids::<4>(),
        sliding in sliding(),
        bytes in bytes(),
        first_page: u32,
        page_pairs: u16,
        unpaired: bool,
    ) -> Command {
        Command::Convolve(Convolve {
            input, weights, scratch, output, sliding, bytes, first_page, page_pairs, unpaired,
        })
    }
}

prop_compose! {
    fn convolve_depthwise()(
        [input, weights, scratch, output] in ids::<4>(),
        sliding in sliding(),
        bytes in bytes(),
    ) -> Command {
        let command = ConvolveDepthwise { input, weights, scratch, output, sliding, bytes };
        Command::ConvolveDepthwise(command)
    }
}

prop_compose! {
    fn add()(
        [a, b, scratch, output] in ids::<4>(),
        [count, period] in [1u32.., 1u32..],
        [scale_a, scale_b, scale_out] in [scale(), scale(), scale()],
        bytes in bytes(),
        zero_b: i8,
        subtract: bool,
    ) -> Command {
        Command::Add(Add {
            a, b, scratch, output, count, period, scale_a, scale_b, scale_out, bytes, zero_b, subtract,
        })
    }
}

prop_compose! {
    fn multiply()(
        [a, b, output] in ids::<3>(),
        [count, period] in [1u32.., 1u32..],
        scale in scale(),
        bytes in bytes(),
        zero_b: i8,
    ) -> Command {
        Command::Multiply(Multiply { a, b, output, count, period, scale, bytes, zero_b })
    }
}

prop_compose! {
    fn pool()(
        [input, output] in ids::<2>(),
        sliding in sliding(),
        bytes in bytes(),
        greatest: bool,
    ) -> Command {
        Command::Pool(Pool { input, output, sliding, bytes, greatest })
    }
}

prop_compose! {
    fn reduce()(
        [input, output] in ids::<2>(),
        [outer, reduced, inner] in [1u32.., 1u32.., 1u32..],
        scale in scale(),
        bytes in bytes(),
    ) -> Command {
        Command::Reduce(Reduce { input, output, outer, reduced, inner, scale, bytes })
    }
}

prop_compose! {
    fn softmax()(
        [input, output] in ids::<2>(),
        [rows, columns] in [1u32.., 1u32..],
        scale in scale(),
        least_difference: i32,
    ) -> Command {
        Command::Softmax(Softmax { input, output, rows, columns, scale, least_difference })
    }
}

prop_compose! {
    fn lookup()([input, table, output] in ids::<3>(), count in 1u32..) -> Command {
        Command::Lookup(Lookup { input, table, output, count })
    }
}

prop_compose! {
    fn copy()(
        [input, output] in ids::<2>(),
        counts in at_least_one::<3>(),
        run in 1u32..,
        [from, to]: [u32; 2],
        [from_strides, to_strides]: [[i32; 3]; 2],
    ) -> Command {
        Command::Copy(Copy { input, output, counts, run, from, from_strides, to, to_strides })
    }
}

prop_compose! {
    fn fill()(output in id(), count in 1u32.., value: i8) -> Command {
        Command::Fill(Fill { output, count, value })
    }
}

prop_compose! {
    fn resize()(
        [input, map, output] in ids::<3>(),
        input_shape in at_least_one::<3>(),
        output_size in at_least_one::<2>(),
    ) -> Command {
        Command::Resize(Resize { input, map, output, input_shape, output_size })
    }
}

pub fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        convolve(),
        convolve_depthwise(),
        add(),
        multiply(),
        pool(),
        reduce(),
        softmax(),
        lookup(),
        copy(),
        fill(),
        resize(),
    ]
}

const B: [BufferId; 4] = [BufferId(1), BufferId(2), BufferId(3), BufferId(4)];

const SLIDING: Sliding = Sliding {
    input: [0x0102, 3, 4],
    output: [5, 6, 7],
    kernel: [8, 9],
    stride: [10, 11],
    dilation: [12, 13],
    pad: [14, 15],
};
const SLIDING_BYTES: &str = "02010300 04000700 05000600 08000900 0a0b0c0d 0e000f00";
const BYTES: ByteRange = ByteRange { zero_in: -1, zero_out: 2, least: -128, greatest: 127 };
const SCALE: Scale = Scale { multiplier: 0x4000_0001, shift: -3 };

/// One of each, and its bytes written out by hand.
fn samples() -> Vec<(Command, String)> {
    let [a, b, c, d] = B;
    let sliding = SLIDING;
    let (two, three, four) =
        ("0100 0200 ffff ffff ffff ffff ffff ffff", "0100 0200 0300 ffff", "0100 0200 0300 0400");
    let (three, four) =
        (format!("{three} ffff ffff ffff ffff"), format!("{four} ffff ffff ffff ffff"));
    vec![
        (
            Command::Convolve(Convolve {
                input: a,
                weights: b,
                scratch: c,
                output: d,
                sliding,
                bytes: BYTES,
                first_page: 16,
                page_pairs: 17,
                unpaired: true,
            }),
            format!("04 00 0000 {four} {SLIDING_BYTES} ff020000 807f0000 10000000 11000100"),
        ),
        (
            Command::ConvolveDepthwise(ConvolveDepthwise {
                input: a,
                weights: b,
                scratch: c,
                output: d,
                sliding,
                bytes: BYTES,
            }),
            format!("04 01 0000 {four} {SLIDING_BYTES} ff020000 807f0000"),
        ),
        (
            Command::Add(Add {
                a,
                b,
                scratch: c,
                output: d,
                count: 6,
                period: 3,
                scale_a: SCALE,
                scale_b: Scale { multiplier: 2, shift: 5 },
                scale_out: Scale { multiplier: 3, shift: -6 },
                bytes: BYTES,
                zero_b: -5,
                subtract: true,
            }),
            format!(
                "05 00 0000 {four} 06000000 03000000 01000040 02000000 03000000 ff020000 807f0000 \
                 fb010000 fd05fa00"
            ),
        ),
        (
            Command::Multiply(Multiply {
                a,
                b,
                output: c,
                count: 6,
                period: 3,
                scale: SCALE,
                bytes: BYTES,
                zero_b: -5,
            }),
            format!(
                "05 01 0000 {three} 06000000 03000000 01000040 fd000000 ff020000 807f0000 fb000000"
            ),
        ),
        (
            Command::Pool(Pool { input: a, output: b, sliding, bytes: BYTES, greatest: true }),
            format!("05 02 0000 {two} {SLIDING_BYTES} ff020000 807f0000 01000000"),
        ),
        (
            Command::Reduce(Reduce {
                input: a,
                output: b,
                outer: 2,
                reduced: 3,
                inner: 4,
                scale: SCALE,
                bytes: BYTES,
            }),
            format!(
                "05 03 0000 {two} 02000000 03000000 04000000 01000040 fd000000 ff020000 807f0000"
            ),
        ),
        (
            Command::Softmax(Softmax {
                input: a,
                output: b,
                rows: 2,
                columns: 3,
                scale: SCALE,
                least_difference: -2,
            }),
            format!("05 04 0000 {two} 02000000 03000000 01000040 fd000000 feffffff"),
        ),
        (
            Command::Lookup(Lookup { input: a, table: b, output: c, count: 9 }),
            format!("05 05 0000 {three} 09000000"),
        ),
        (
            Command::Copy(Copy {
                input: a,
                output: b,
                counts: [1, 2, 3],
                run: 4,
                from: 5,
                from_strides: [6, -7, 8],
                to: 9,
                to_strides: [10, 11, -1],
            }),
            format!(
                "05 06 0000 {two} 01000200 03000000 04000000 05000000 06000000 f9ffffff 08000000 \
                 09000000 0a000000 0b000000 ffffffff"
            ),
        ),
        (
            Command::Fill(Fill { output: a, count: 9, value: -3 }),
            "05 07 0000 0100 ffff ffff ffff ffff ffff ffff ffff 09000000 fd000000".into(),
        ),
        (
            Command::Resize(Resize {
                input: a,
                map: b,
                output: c,
                input_shape: [2, 3, 4],
                output_size: [5, 6],
            }),
            format!("05 08 0000 {three} 02000300 04000000 05000600"),
        ),
    ]
}

/// The layout, written out by hand.
#[test]
fn commands_of_networks_have_the_layout_of_version_1() {
    for (command, text) in samples() {
        let mut expected = hex(&text);
        expected.resize(COMMAND_BYTES, 0);
        let bytes = encode(&[], &[command]);
        assert_eq!(bytes[bytes.len() - COMMAND_BYTES..], expected, "{command:?}");
        assert_eq!(Program::new(&bytes).unwrap().command(0), Ok(command));
    }
}

/// Sets parameter `parameter` of a command to `word`, and reads the command.
fn with(command: &Command, parameter: u8, word: u32) -> Result<Command, ProgramError> {
    let mut bytes = encode(&[], std::slice::from_ref(command));
    let at = bytes.len() - COMMAND_BYTES + 20 + 4 * usize::from(parameter);
    bytes[at..at + 4].copy_from_slice(&word.to_le_bytes());
    Program::new(&bytes).unwrap().command(0)
}

#[test]
fn what_nothing_can_be_done_with_is_refused() {
    let samples: Vec<Command> = samples().into_iter().map(|(command, _)| command).collect();
    let [convolve, depthwise, add, multiply, pool, reduce, softmax, lookup, copy, fill, resize] =
        samples.try_into().unwrap();
    // No rows, channels, window, step; ranges that end before they begin; flags that are neither.
    let sliding = [convolve, depthwise, pool].map(|command| {
        [(0, 2), (0, 2 << 16), (1, 3), (2, 4), (3, 5 << 16), (4, 0x0101_0100), (4, 0x0001_0101)]
            .map(|(parameter, word)| (command, parameter, word))
    });
    let others = [
        (convolve, 7, 0x0001),
        (convolve, 7, 0x0001_0000),
        (convolve, 9, 2 << 16),
        (add, 0, 0),
        (add, 1, 0),
        (add, 6, 0x807F),
        (add, 7, 0x0200),
        (multiply, 0, 0),
        (multiply, 3, 0x100),
        (multiply, 6, 0x100),
        (pool, 8, 2),
        (reduce, 0, 0),
        (reduce, 1, 0),
        (reduce, 2, 0),
        (softmax, 0, 0),
        (softmax, 1, 0),
        (lookup, 0, 0),
        (copy, 0, 1),
        (copy, 1, 0),
        (copy, 1, 0x1_0001),
        (copy, 2, 0),
        (fill, 0, 0),
        (fill, 1, 0x100),
        (resize, 0, 1),
        (resize, 1, 0),
        (resize, 1, 0x1_0001),
        (resize, 2, 1),
    ];
    for (command, parameter, word) in sliding.concat().into_iter().chain(others) {
        let fault = Fault::OutOfRange { parameter };
        let refused = Err(ProgramError::BadCommand { command: 0, fault });
        assert_eq!(with(&command, parameter, word), refused, "{word:#x} in {command:?}");
    }
}

#[test]
fn modes_that_are_not_there_are_refused() {
    let mut bytes = encode(&[], &[Command::Fill(Fill { output: B[0], count: 1, value: 0 })]);
    let at = bytes.len() - COMMAND_BYTES;
    for (operator, mode) in [(Operator::Gemm, 200), (Operator::Vector, 200)] {
        bytes[at..at + 2].copy_from_slice(&[operator as u8, mode]);
        let fault = Fault::UnknownMode { operator, mode };
        let refused = Err(ProgramError::BadCommand { command: 0, fault });
        assert_eq!(Program::new(&bytes).unwrap().command(0), refused);
    }
}
