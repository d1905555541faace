//! Vector commands give the same bytes on every board as on the virtual device. With `--nocapture`
//! it prints what they cost there.

use std::ops::ControlFlow;

use quintet_driver::network::tables::{
    add_scales, multiply_scale, reduce_scale, softmax_parameters,
};
use quintet_driver::session::{Blob, Session};
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::{boards, open, uri};
use quintet_protocol::message::{Event, Outcome};
use quintet_protocol::program::{
    Add, Buffer, BufferId, BufferKind, ByteRange, Command, Copy, Lookup, Multiply, Pool, Program,
    Reduce, Resize, Sliding, Softmax,
};

/// Bytes of each buffer, and of the program.
const BUFFER_BYTES: u32 = 16 << 10;
/// Buffers, in the order in which they lie: the output is the last one.
const KINDS: [BufferKind; 4] =
    [BufferKind::Input, BufferKind::Input, BufferKind::Scratch, BufferKind::Output];
const A: BufferId = BufferId(0);
const B: BufferId = BufferId(1);
const SCRATCH: BufferId = BufferId(2);
const OUTPUT: BufferId = BufferId(3);

const ALL: ByteRange = ByteRange { zero_in: 3, zero_out: -128, least: -128, greatest: 127 };

fn commands() -> Vec<(&'static str, Command)> {
    let [scale_a, scale_b, scale_out] = add_scales(0.05, 0.07, 0.06);
    let add = Add {
        a: A,
        b: B,
        scratch: SCRATCH,
        output: OUTPUT,
        count: 32 * 32 * 16,
        period: 32 * 32 * 16,
        scale_a,
        scale_b,
        scale_out,
        bytes: ALL,
        zero_b: -7,
        subtract: false,
    };
    let some = ByteRange { least: -100, greatest: 90, zero_in: 5, zero_out: -5 };
    let scale = multiply_scale(0.05, 0.07, 0.2);
    let multiply = Multiply {
        a: A,
        b: B,
        output: OUTPUT,
        count: 16384,
        period: 64,
        scale,
        bytes: ALL,
        zero_b: 1,
    };
    let average = |input: [u16; 3], output: [u16; 2], kernel, stride| Pool {
        input: A,
        output: OUTPUT,
        sliding: Sliding {
            input,
            output: [output[0], output[1], input[2]],
            kernel,
            stride,
            dilation: [1, 1],
            pad: [0, 0],
        },
        bytes: ALL,
        greatest: false,
    };
    let (softmax_scale, least_difference) = softmax_parameters(0.1, 1.0);
    let softmax = |rows, columns| {
        let scale = softmax_scale;
        Command::Softmax(Softmax {
            input: A,
            output: OUTPUT,
            rows,
            columns,
            scale,
            least_difference,
        })
    };
    let reduce = |outer, reduced, inner| {
        let scale = reduce_scale(0.05, 0.06, reduced as usize);
        Command::Reduce(Reduce {
            input: A,
            output: OUTPUT,
            outer,
            reduced,
            inner,
            scale,
            bytes: ALL,
        })
    };
    let copy = |counts, run, from_strides, to_strides| {
        let (input, output) = (A, OUTPUT);
        Command::Copy(Copy { input, output, counts, run, from: 0, from_strides, to: 0, to_strides })
    };
    vec![
        ("add 32x32x16", Command::Add(add)),
        ("add 32x32x16, clamped", Command::Add(Add { bytes: some, ..add })),
        ("subtract 32x32x16 - 16", Command::Add(Add { period: 16, subtract: true, ..add })),
        ("multiply 16x16x64 * 64", Command::Multiply(multiply)),
        ("average 25x5x64", Command::Pool(average([25, 5, 64], [1, 1], [25, 5], [25, 5]))),
        ("average 8x8x64", Command::Pool(average([8, 8, 64], [1, 1], [8, 8], [8, 8]))),
        ("average 24x24x8, 3x3", Command::Pool(average([24, 24, 8], [8, 8], [3, 3], [3, 3]))),
        ("average 24x24x3, 3x3", Command::Pool(average([24, 24, 3], [8, 8], [3, 3], [3, 3]))),
        (
            "greatest 16x16x64, 2x2",
            Command::Pool(Pool { greatest: true, ..average([16, 16, 64], [8, 8], [2, 2], [2, 2]) }),
        ),
        ("mean 7x7x160", reduce(1, 49, 160)),
        ("mean of the last of 64x64", reduce(64, 64, 1)),
        ("softmax 12", softmax(1, 12)),
        ("softmax 4x1000", softmax(4, 1000)),
        (
            "look up 16384",
            Command::Lookup(Lookup { input: A, table: B, output: OUTPUT, count: 16384 }),
        ),
        ("copy 16x16x64 as it is", copy([1, 1, 1], 16384, [0; 3], [0; 3])),
        ("copy 48x48x3 into 50x50x3", copy([1, 1, 48], 144, [0, 0, 144], [0, 0, 150])),
        ("transpose 64x64", copy([1, 64, 64], 1, [0, 1, 64], [0, 64, 1])),
        (
            "resize 8x8x16 to 16x16",
            Command::Resize(Resize {
                input: A,
                map: B,
                output: OUTPUT,
                input_shape: [8, 8, 16],
                output_size: [16, 16],
            }),
        ),
    ]
}

/// What a command writes and what it costs: ticks and items.
fn run(session: &mut Session, command: &Command) -> (Vec<u8>, u64, u64) {
    let places = (1u32..).map(|number| number * BUFFER_BYTES);
    let buffers: Vec<Buffer> = KINDS
        .iter()
        .zip(places)
        .map(|(&kind, offset)| Buffer { kind, offset, length: BUFFER_BYTES })
        .collect();
    let mut program = vec![0; Program::encoded_len(buffers.len(), 1)];
    Program::emit(&buffers, std::slice::from_ref(command), &mut program).unwrap();
    let bytes = |seed: u32| -> Vec<u8> {
        (0..BUFFER_BYTES).map(|at| ((at ^ seed).wrapping_mul(0x9E37_79B1) >> 23) as u8).collect()
    };
    let [a, b] = [1, 2].map(bytes);
    let zeros = vec![0; BUFFER_BYTES as usize];
    let contents = [&a, &b, &zeros, &zeros];
    let mut blobs: Vec<Blob> = buffers
        .iter()
        .zip(contents)
        .map(|(buffer, bytes)| Blob { offset: buffer.offset, bytes })
        .collect();
    blobs.push(Blob { offset: 0, bytes: &program });
    session.load(&blobs, &mut |_| ()).unwrap();
    let mut cost = [0; 2];
    let outcome = session.run(|event| {
        if let Event::Cost { ticks, items, .. } = event {
            cost = [ticks, items];
        }
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.unwrap(), Outcome::Completed, "{command:?}");
    let output = session.download(buffers[usize::from(OUTPUT.0)].offset, BUFFER_BYTES).unwrap();
    (output, cost[0], cost[1])
}

fn outputs(device: &DeviceUri) -> Vec<Vec<u8>> {
    let mut connection = open(device);
    println!("\n{device}");
    let mut outputs = Vec::new();
    for (name, command) in commands() {
        let (output, ticks, items) = run(connection.session(), &command);
        println!("{name:<28} {ticks:>9} {:>8.2} an item", ticks as f64 / items as f64);
        outputs.push(output);
    }
    outputs
}

#[test]
fn boards_write_the_bytes_of_the_virtual_device() {
    let expected = outputs(&uri("virtual:"));
    for board in boards() {
        let found = outputs(&board);
        for (((name, _), found), expected) in commands().iter().zip(found).zip(&expected) {
            assert!(found == *expected, "{name} on {board}");
        }
    }
}
