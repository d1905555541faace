//! Vector commands: what cannot be executed is refused by name, what can stays in its buffers and
//! ends, and copies and fills are what they are defined to be.

use proptest::prelude::*;
use quintet_firmware::Memory;
use quintet_protocol::message::{Outcome, Phase, Refusal, Request};
use quintet_protocol::network::Scale;
use quintet_protocol::program::{
    Add, Buffer, BufferId, BufferKind, ByteRange, Command, Copy, Fault, Fill, Lookup, Multiply,
    Pool, Program, ProgramError, Reduce, Resize, Sliding, Softmax,
};

use crate::hostile_programs::nasty;
use crate::scene::Random;
use crate::world::{Answer, Told, World, stray_write};

/// Polls in which a command of these sizes must end.
const POLLS: u32 = 20_000;
/// Words of the arena, and where the program ends in it.
pub const ARENA_WORDS: usize = 2048;
pub const PROGRAM_WORDS: usize = 64;

const ALL: ByteRange = ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 };
const SCALE: Scale = Scale { multiplier: 1 << 30, shift: 0 };
const A: BufferId = BufferId(0);
const B: BufferId = BufferId(1);
const C: BufferId = BufferId(2);
const D: BufferId = BufferId(3);

/// Installs a program of one command in an arena that holds `arena`, and runs it.
pub fn execute(
    buffers: &[Buffer],
    command: Command,
    arena: &mut [u32],
) -> Result<Told, ProgramError> {
    let mut bytes = vec![0; Program::encoded_len(buffers.len(), 1)];
    Program::emit(buffers, &[command], &mut bytes).unwrap();
    for (word, bytes) in arena.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    let mut memory = Memory::new();
    let mut world = World::new(&mut memory, arena);
    world.connect();
    match world.call(Request::Install { offset: 0, length: bytes.len() as u32 }) {
        Answer::Done => {}
        Answer::Refused(Refusal::Program(error)) => return Err(error),
        other => panic!("{other:?}"),
    }
    world.start();
    let told = world.finish(POLLS);
    assert_eq!(told.outcome, Some(Outcome::Completed));
    Ok(told)
}

/// Buffers of those kinds and bytes, one after another.
pub fn buffers(sizes: &[(BufferKind, usize)]) -> Vec<Buffer> {
    let mut next = PROGRAM_WORDS as u32 * 4;
    let place = |&(kind, bytes): &(BufferKind, usize)| {
        let (offset, length) = (next, bytes.next_multiple_of(4) as u32);
        next += length;
        Buffer { kind, offset, length }
    };
    sizes.iter().map(place).collect()
}

/// A random number that is small, or now and then one that is likely to hurt.
pub fn number(random: &mut Random, most: u32) -> u32 {
    if random.next().is_multiple_of(24) { nasty(random) } else { 1 + random.next() % most }
}

fn half(random: &mut Random, most: u32) -> u16 {
    (number(random, most) as u16).max(1)
}

fn any_scale(random: &mut Random) -> Scale {
    Scale { multiplier: nasty(random) as i32, shift: (number(random, 40) as i8).wrapping_sub(20) }
}

fn any_bytes(random: &mut Random) -> ByteRange {
    let [zero_in, zero_out, a, b] = random.next().to_le_bytes().map(|byte| byte as i8);
    ByteRange { zero_in, zero_out, least: a.min(b), greatest: a.max(b) }
}

/// Buffers that mostly do, and mostly do not overlap.
fn any_buffers(random: &mut Random) -> Vec<Buffer> {
    let kinds = [BufferKind::Input, BufferKind::Input, BufferKind::Scratch, BufferKind::Output];
    let mut sizes: Vec<_> =
        kinds.iter().map(|&kind| (kind, 4 + random.next() as usize % 400)).collect();
    sizes[2].1 = 2048 - 4 * usize::from(random.next().is_multiple_of(16));
    let mut buffers = buffers(&sizes);
    match random.next() % 8 {
        0 => buffers[3].offset = buffers[0].offset,
        1 => (buffers[3].offset, buffers[3].length) = (buffers[1].offset, buffers[1].length),
        2 => buffers[3].offset = buffers[1].offset + 4,
        3 => buffers[random.next() as usize % 4].kind = BufferKind::Constant,
        _ => {}
    }
    buffers
}

fn any_sliding(random: &mut Random) -> Sliding {
    let channels = half(random, 9);
    let mut sides = [0; 6].map(|_: u16| half(random, 9));
    // Half of them are pictures that give such an output.
    let (stride, pad) = ([0; 2].map(|_: u8| half(random, 3).max(1) as u8 | 1), [0; 2]);
    let pad = pad.map(|_: u16| half(random, 3) - 1);
    if random.next().is_multiple_of(2) {
        for axis in 0..2 {
            sides[2 + axis] = sides[axis].div_ceil(u16::from(stride[axis]));
        }
    }
    let [rows, columns, rows_out, columns_out, down, across] = sides;
    Sliding {
        input: [rows, columns, channels],
        output: [rows_out, columns_out, channels],
        kernel: [down, across],
        stride,
        dilation: [1, 1],
        pad,
    }
}

fn any_command(random: &mut Random) -> Command {
    let small = &mut |most| number(random, most).max(1);
    let (count, period) = (small(400), small(3));
    let [rows, columns, inner] = [small(12), small(12), small(12)];
    let run = small(20);
    let counts = [half(random, 5), half(random, 5), half(random, 5)];
    let mut stride = || (number(random, 80) as i32).wrapping_sub(30);
    let [from_strides, to_strides] = [0; 2].map(|_: i32| [stride(), stride(), stride()]);
    let [from, to] = [number(random, 200), number(random, 200)];
    let (zero_b, scale, bytes) = (random.next() as i8, any_scale(random), any_bytes(random));
    match random.next() % 9 {
        0 => Command::Add(Add {
            a: A,
            b: B,
            scratch: C,
            output: D,
            count: count.wrapping_mul(period),
            period: if random.next().is_multiple_of(4) { period } else { count },
            scale_a: scale,
            scale_b: any_scale(random),
            scale_out: any_scale(random),
            bytes,
            zero_b,
            subtract: zero_b > 0,
        }),
        1 => Command::Multiply(Multiply {
            a: A,
            b: B,
            output: D,
            count: count.wrapping_mul(period),
            period: if random.next().is_multiple_of(4) { period } else { count },
            scale,
            bytes,
            zero_b,
        }),
        2 => Command::Pool(Pool {
            input: A,
            output: D,
            sliding: any_sliding(random),
            bytes,
            greatest: zero_b > 0,
        }),
        3 => Command::Reduce(Reduce {
            input: A,
            output: D,
            outer: rows,
            reduced: columns,
            inner,
            scale,
            bytes,
        }),
        4 => Command::Softmax(Softmax {
            input: A,
            output: D,
            rows,
            columns,
            scale: Scale {
                multiplier: (nasty(random) >> 1) as i32,
                shift: number(random, 31) as i8,
            },
            least_difference: (number(random, 256) as i32).wrapping_neg(),
        }),
        5 => Command::Lookup(Lookup { input: A, table: C, output: D, count }),
        6 => Command::Copy(Copy {
            input: A,
            output: D,
            counts,
            run,
            from,
            from_strides,
            to,
            to_strides,
        }),
        7 => Command::Fill(Fill { output: D, count, value: zero_b }),
        _ => Command::Resize(Resize {
            input: A,
            map: C,
            output: D,
            input_shape: counts,
            output_size: [half(random, 9), half(random, 9)],
        }),
    }
}

/// Whether the command was executed; fails if it wrote what it may not.
fn try_any(seed: u32) -> Result<bool, TestCaseError> {
    let mut random = Random(seed | 1);
    random.next();
    let (buffers, command) = (any_buffers(&mut random), any_command(&mut random));
    let mut before: Vec<u32> = (0..ARENA_WORDS).map(|_| nasty(&mut random)).collect();
    let mut arena = before.clone();
    let done = execute(&buffers, command, &mut arena);
    before[..PROGRAM_WORDS].copy_from_slice(&arena[..PROGRAM_WORDS]);
    // Of the writable buffers only the last is an output, and only sums have need of scratch.
    let scratch = if matches!(command, Command::Add(_)) { &buffers[2..3] } else { &[] };
    let may_write = [&buffers[3..], scratch].concat();
    prop_assert_eq!(stray_write(&may_write, &before, &arena), None, "{:?}", command);
    match done {
        Ok(_) => Ok(true),
        Err(ProgramError::BadCommand { command: 0, .. } | ProgramError::Overlaps { .. }) => {
            Ok(false)
        }
        Err(error) => Err(TestCaseError::fail(format!("{error:?}"))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_command_is_refused_or_stays_in_its_buffers(seed: u32) {
        try_any(seed)?;
    }
}

/// So that the property above is about something.
#[test]
fn many_of_these_commands_are_executed() {
    let executed =
        (1..2000u32).filter(|seed| try_any(seed.wrapping_mul(0x9E37_79B1)).unwrap()).count();
    assert!(executed > 400, "{executed}");
}

/// Where a run begins.
fn begin(first: u32, strides: [i32; 3], at: [u16; 3]) -> i64 {
    let steps = strides.iter().zip(at).map(|(&stride, at)| i64::from(stride) * i64::from(at));
    i64::from(first) + steps.sum::<i64>()
}

fn all_runs(counts: [u16; 3]) -> impl Iterator<Item = [u16; 3]> {
    let [is, js, ks] = counts;
    (0..is).flat_map(move |i| (0..js).flat_map(move |j| (0..ks).map(move |k| [i, j, k])))
}

prop_compose! {
    /// A copy; where runs begin is given by how far the first is from where the least one must be.
    fn copy()(
        counts in [1u16..6, 1u16..6, 1u16..6],
        run in prop_oneof![Just(1u32), 1u32..20],
        spare in [0u32..4, 0u32..4],
        strides in [[-30i32..30, -30..30, -30..30], [-30i32..30, -30..30, -30..30]],
    ) -> Copy {
        let back = strides.map(|strides: [i32; 3]| -> u32 {
            let reach = |(stride, count): (&i32, u16)| stride.min(&0).unsigned_abs() * u32::from(count - 1);
            strides.iter().zip(counts).map(reach).sum()
        });
        let [from, to] = [back[0] + spare[0], back[1] + spare[1]];
        let [from_strides, to_strides] = strides;
        Copy { input: A, output: B, counts, run, from, from_strides, to, to_strides }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn copies_go_from_run_to_run_to_the_last_byte(copy in copy(), seed: u32) {
        let end = |first, strides| {
            let runs = all_runs(copy.counts).map(|at| begin(first, strides, at));
            (runs.max().unwrap() + i64::from(copy.run)) as usize
        };
        let ends = [end(copy.from, copy.from_strides), end(copy.to, copy.to_strides)];
        let buffers = buffers(&[(BufferKind::Input, ends[0]), (BufferKind::Output, ends[1])]);
        let mut random = Random(seed | 1);
        let mut arena: Vec<u32> = (0..ARENA_WORDS).map(|_| random.next()).collect();
        let before: Vec<u8> = arena.iter().flat_map(|word| word.to_le_bytes()).collect();
        let told = execute(&buffers, Command::Copy(copy), &mut arena).unwrap();
        let after: Vec<u8> = arena.iter().flat_map(|word| word.to_le_bytes()).collect();

        let place = |buffer: usize, at: i64| buffers[buffer].offset as usize + at as usize;
        let mut expected = before.clone();
        for at in all_runs(copy.counts) {
            let from = place(0, begin(copy.from, copy.from_strides, at));
            let to = place(1, begin(copy.to, copy.to_strides, at));
            let run = copy.run as usize;
            expected[to..to + run].copy_from_slice(&before[from..from + run]);
        }
        let program = PROGRAM_WORDS * 4;
        prop_assert_eq!(&after[program..], &expected[program..]);
        let items = all_runs(copy.counts).count() as u64 * u64::from(copy.run);
        prop_assert_eq!(told.costs, vec![(0, Phase::Elements, items)]);

        // A byte farther in either buffer, and it does not fit.
        let too_small = |buffer| ProgramError::BadCommand {
            command: 0,
            fault: Fault::TooSmall { buffer, needed: buffers[usize::from(buffer.0)].length + 4 },
        };
        for (buffer, end) in [A, B].into_iter().zip(ends) {
            let more = end.next_multiple_of(4) - end + 1;
            let mut copy = copy;
            if buffer == A { copy.from += more as u32 } else { copy.to += more as u32 }
            let refused = execute(&buffers, Command::Copy(copy), &mut arena);
            prop_assert_eq!(refused.unwrap_err(), too_small(buffer));
        }
    }

    #[test]
    fn fills_write_all_their_bytes_and_no_other(count in 1u32..300, value: i8) {
        let buffers = buffers(&[(BufferKind::Output, 300)]);
        let mut arena = vec![0x5A5A_5A5A; ARENA_WORDS];
        let told = execute(&buffers, Command::Fill(Fill { output: A, count, value }), &mut arena);
        prop_assert_eq!(told.unwrap().costs, vec![(0, Phase::Elements, u64::from(count))]);
        let bytes: Vec<u8> = arena[PROGRAM_WORDS..].iter().flat_map(|w| w.to_le_bytes()).collect();
        let (filled, rest) = bytes.split_at(count as usize);
        prop_assert!(filled.iter().all(|&byte| byte == value as u8));
        prop_assert!(rest.iter().all(|&byte| byte == 0x5A));
    }
}

fn fault(sizes: &[(BufferKind, usize)], command: Command) -> Fault {
    match execute(&buffers(sizes), command, &mut vec![0; ARENA_WORDS]) {
        Err(ProgramError::BadCommand { command: 0, fault }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_executed_is_refused_by_name() {
    use BufferKind::{Constant, Input, Output};
    let out_of_range = |parameter| Fault::OutOfRange { parameter };
    let sizes = [(Input, 64), (Input, 64), (BufferKind::Scratch, 2048), (Output, 64)];
    let multiply = Multiply {
        a: A,
        b: B,
        output: D,
        count: 12,
        period: 5,
        scale: SCALE,
        bytes: ALL,
        zero_b: 0,
    };
    assert_eq!(fault(&sizes, Command::Multiply(multiply)), out_of_range(1));
    let large = Multiply { count: 68, period: 68, ..multiply };
    assert_eq!(fault(&sizes, Command::Multiply(large)), Fault::TooSmall { buffer: A, needed: 68 });
    // In place, but the other input is there as well.
    let twice = Multiply { b: A, output: A, period: 12, ..multiply };
    let scratch = [(BufferKind::Scratch, 64)];
    assert_eq!(fault(&scratch, Command::Multiply(twice)), Fault::Overlap);

    let lookup = Lookup { input: A, table: B, output: C, count: 4 };
    let sizes = [(Input, 4), (Constant, 252), (Output, 4)];
    assert_eq!(fault(&sizes, Command::Lookup(lookup)), Fault::TooSmall { buffer: B, needed: 256 });
    let sizes = [(Input, 4), (Constant, 256), (Constant, 4)];
    assert_eq!(fault(&sizes, Command::Lookup(lookup)), Fault::WrongKind { buffer: C });

    let softmax =
        Softmax { input: A, output: B, rows: 1, columns: 4, scale: SCALE, least_difference: 0 };
    let sizes = [(Input, 4), (Output, 4)];
    assert_eq!(fault(&sizes, Command::Softmax(softmax)), out_of_range(4));
    let scaled = |multiplier, shift| {
        let scale = Scale { multiplier, shift };
        Command::Softmax(Softmax { scale, least_difference: -1, ..softmax })
    };
    assert_eq!(fault(&sizes, scaled(-1, 0)), out_of_range(2));
    assert_eq!(fault(&sizes, scaled(1 << 30, -1)), out_of_range(3));

    let reduce = Reduce {
        input: A,
        output: B,
        outer: 1,
        reduced: 1 << 17,
        inner: 1,
        scale: SCALE,
        bytes: ALL,
    };
    assert_eq!(fault(&sizes, Command::Reduce(reduce)), out_of_range(1));
    let huge = Reduce { outer: u32::MAX, reduced: 1 << 16, inner: u32::MAX, ..reduce };
    let too_small = Fault::TooSmall { buffer: A, needed: u32::MAX };
    assert_eq!(fault(&sizes, Command::Reduce(huge)), too_small);

    let copy = Copy {
        input: A,
        output: B,
        counts: [2, 1, 1],
        run: 1,
        from: 0,
        from_strides: [-1, 0, 0],
        to: 1,
        to_strides: [-2, 0, 0],
    };
    assert_eq!(fault(&sizes, Command::Copy(copy)), out_of_range(3));
    assert_eq!(fault(&sizes, Command::Copy(Copy { from: 1, ..copy })), out_of_range(7));
    let far = Copy { from: u32::MAX, run: u32::MAX, ..copy };
    let far = fault(&sizes, Command::Copy(Copy { to: 2, ..far }));
    assert_eq!(far, Fault::TooSmall { buffer: A, needed: u32::MAX });
}

#[test]
fn pools_without_a_picture_in_every_window_are_refused() {
    let sizes = [(BufferKind::Input, 64), (BufferKind::Output, 64)];
    let sliding = Sliding {
        input: [4, 4, 2],
        output: [2, 2, 2],
        kernel: [2, 2],
        stride: [2, 2],
        dilation: [1, 1],
        pad: [0, 0],
    };
    let refusals = [
        (Sliding { output: [2, 2, 3], ..sliding }, 1),
        (Sliding { output: [2, 3, 2], ..sliding }, 2),
        (Sliding { kernel: [300, 300], ..sliding }, 3),
        (Sliding { dilation: [1, 2], ..sliding }, 4),
        (Sliding { pad: [2, 0], ..sliding }, 5),
    ];
    let pool =
        |sliding| Command::Pool(Pool { input: A, output: B, sliding, bytes: ALL, greatest: false });
    for (sliding, parameter) in refusals {
        assert_eq!(fault(&sizes, pool(sliding)), Fault::OutOfRange { parameter }, "{sliding:?}");
    }
    let mut arena = vec![0; ARENA_WORDS];
    let told = execute(&buffers(&sizes), pool(sliding), &mut arena).unwrap();
    assert_eq!(told.costs, [(0, Phase::Elements, 32)]);
}
