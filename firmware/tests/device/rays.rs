//! Rays: what cannot be cast, walked along, composed or focused is refused by name, and whatever
//! cameras, rays, shares, marks, samples, weights and counts are, a command stays in its buffers
//! and ends.

use proptest::prelude::*;
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{
    BufferId, BufferKind, CastRays, Command, Composite, Fault, Focus, March, ProgramError,
};
use quintet_protocol::ray::{
    ACTIVATION_WORDS, RAY_CAMERA_WORDS, RAY_WORDS, Spacing, occupancy_words,
};
use quintet_protocol::tile::{CURSOR_WORDS, Cursor};

use crate::hostile_programs::nasty;
use crate::scene::Random;
use crate::vectors::{ARENA_WORDS, PROGRAM_WORDS, buffers, execute};
use crate::world::stray_write;

const PIXELS: u32 = 12;
const CAPACITY: u32 = 30;
const PER_RAY: u32 = 16;
const CHANNELS: u8 = 3;

fn b(number: u16) -> BufferId {
    BufferId(number)
}

/// Buffers of so many words, the first of which is a cursor or a count of samples: so many are only
/// read, the others are written.
type Sizes = (Vec<usize>, usize);

fn cast() -> (CastRays, Sizes) {
    let command =
        CastRays { cursor: b(0), camera: b(1), rays: b(2), marks: b(3), capacity: PIXELS };
    let pixels = PIXELS as usize;
    (command, (vec![CURSOR_WORDS, RAY_CAMERA_WORDS, pixels * RAY_WORDS, pixels], 2))
}

fn march() -> (March, Sizes) {
    let (pixels, capacity, per_ray) = (PIXELS as usize, CAPACITY as usize, PER_RAY as usize);
    let command = March {
        cursor: b(0),
        rays: b(1),
        accumulators: b(2),
        shares: Some(b(3)),
        occupancy: Some(b(4)),
        marks: b(5),
        samples: b(6),
        points: b(7),
        per_ray: PER_RAY,
        capacity: CAPACITY,
        pixels: PIXELS,
        opaque: 64,
        grid_bits: 3,
        spacing: Spacing::Points,
        channels: CHANNELS,
        clips: false,
    };
    let read = [CURSOR_WORDS, pixels * RAY_WORDS, pixels * 4, pixels * per_ray, occupancy_words(3)];
    let written = [pixels, 2 + capacity * 2, capacity * 3];
    (command, ([&read[..], &written].concat(), read.len()))
}

fn composite() -> (Composite, Sizes) {
    let (pixels, capacity, per_ray) = (PIXELS as usize, CAPACITY as usize, PER_RAY as usize);
    let command = Composite {
        samples: b(0),
        densities: b(1),
        colors: Some(b(2)),
        activations: b(3),
        accumulators: b(4),
        weights: Some(b(5)),
        capacity: CAPACITY,
        pixels: PIXELS,
        per_ray: PER_RAY,
        density: Matrix { stride: 2, first: 1 },
        color: Matrix { stride: 6, first: 2 },
        channels: CHANNELS,
        opaque: 64,
    };
    let read = [2 + capacity * 2, capacity, capacity * 3, ACTIVATION_WORDS];
    (command, ([&read[..], &[pixels * 4, pixels * per_ray]].concat(), read.len()))
}

fn focus(spacing: Spacing) -> (Focus, Sizes) {
    let pixels = PIXELS as usize;
    let command = Focus {
        cursor: b(0),
        weights: b(1),
        shares: b(2),
        marks: b(3),
        accumulators: b(4),
        coarse: 16,
        fine: 10,
        pixels: PIXELS,
        padding: 1000,
        channels: CHANNELS,
        spacing,
    };
    let shares = if spacing == Spacing::Points { 26 } else { 10 };
    (command, (vec![CURSOR_WORDS, pixels * 16, pixels * shares, pixels, pixels * 4], 1))
}

fn kinds((words, read): &Sizes) -> Vec<(BufferKind, usize)> {
    let kind = |at: usize| if at < *read { BufferKind::Input } else { BufferKind::Scratch };
    words.iter().enumerate().map(|(at, words)| (kind(at), words * 4)).collect()
}

fn fault(command: Command, sizes: &Sizes) -> Fault {
    match execute(&buffers(&kinds(sizes)), command, &mut vec![0; ARENA_WORDS]) {
        Err(ProgramError::BadCommand { command: 0, fault }) => fault,
        other => panic!("{command:?}: {other:?}"),
    }
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    let refused = |commands: Vec<(Command, u8)>, sizes: &Sizes| {
        for (command, parameter) in commands {
            assert_eq!(fault(command, sizes), Fault::OutOfRange { parameter }, "{command:?}");
        }
    };
    let (base, sizes) = cast();
    let capacity = |capacity| (Command::CastRays(CastRays { capacity, ..base }), 0);
    refused(vec![capacity(0), capacity(65_537)], &sizes);

    let (base, sizes) = march();
    let commands = [
        (March { per_ray: 0, ..base }, 0),
        (March { per_ray: 4097, ..base }, 0),
        (March { capacity: PIXELS - 1, ..base }, 1),
        (March { capacity: u32::MAX, ..base }, 1),
        (March { pixels: 0, ..base }, 2),
        (March { pixels: u32::MAX, ..base }, 2),
        (March { grid_bits: 1, ..base }, 3),
        (March { grid_bits: 9, ..base }, 3),
        (March { occupancy: None, ..base }, 3),
        (March { channels: 0, ..base }, 4),
        (March { channels: 17, ..base }, 4),
    ];
    refused(commands.map(|(c, parameter)| (Command::March(c), parameter)).to_vec(), &sizes);

    let (base, sizes) = composite();
    let commands = [
        (Composite { capacity: 0, ..base }, 0),
        (Composite { capacity: u32::MAX, ..base }, 0),
        (Composite { pixels: u32::MAX, ..base }, 1),
        (Composite { per_ray: 4097, ..base }, 2),
        (Composite { density: Matrix { stride: 0, first: 0 }, ..base }, 3),
        (Composite { density: Matrix { stride: 2, first: 2 }, ..base }, 3),
        (Composite { color: Matrix { stride: 4, first: 2 }, ..base }, 4),
        (Composite { channels: 0, ..base }, 5),
        (Composite { channels: 17, ..base }, 5),
    ];
    refused(commands.map(|(c, parameter)| (Command::Composite(c), parameter)).to_vec(), &sizes);

    let (base, sizes) = focus(Spacing::Points);
    let commands = [
        (Focus { coarse: 3, ..base }, 0),
        (Focus { coarse: 1025, ..base }, 0),
        (Focus { fine: 1, ..base }, 0),
        (Focus { fine: 1025, ..base }, 0),
        (Focus { pixels: u32::MAX, ..base }, 1),
        (Focus { padding: 0, ..base }, 2),
        (Focus { padding: (1 << 30) + 1, ..base }, 2),
        (Focus { channels: 0, ..base }, 3),
    ];
    refused(commands.map(|(c, parameter)| (Command::Focus(c), parameter)).to_vec(), &sizes);
}

/// All commands with the buffers that do for them.
fn commands() -> Vec<(Command, Sizes)> {
    let (everywhere, sizes) = march();
    let everywhere =
        March { shares: None, occupancy: None, grid_bits: 0, clips: true, ..everywhere };
    let (only_weights, composite_sizes) = composite();
    let only_weights = Composite { colors: None, ..only_weights };
    let [middles, points] = [Spacing::Middles, Spacing::Points].map(focus);
    vec![
        (Command::CastRays(cast().0), cast().1),
        (Command::March(march().0), sizes.clone()),
        (Command::March(everywhere), sizes),
        (Command::Composite(composite().0), composite_sizes.clone()),
        (Command::Composite(only_weights), composite_sizes),
        (Command::Focus(middles.0), middles.1),
        (Command::Focus(points.0), points.1),
    ]
}

#[test]
fn a_word_less_of_any_buffer_is_refused() {
    for (command, (words, read)) in commands() {
        let is_used = |buffer: usize| match command {
            Command::March(c) => c.occupancy.is_some() || !(3..5).contains(&buffer),
            Command::Composite(c) => c.colors.is_some() || buffer != 2,
            _ => true,
        };
        for buffer in (0..words.len()).filter(|&buffer| is_used(buffer)) {
            let mut less = words.clone();
            less[buffer] -= 1;
            let needed = words[buffer] as u32 * 4;
            let expected = Fault::TooSmall { buffer: b(buffer as u16), needed };
            assert_eq!(fault(command, &(less, read)), expected, "{command:?}");
        }
    }
}

#[test]
fn what_is_written_is_neither_read_nor_written_twice() {
    for (command, sizes) in commands() {
        for written in sizes.1..sizes.0.len() {
            let mut buffers = buffers(&kinds(&sizes));
            // The cursor or the count in place of the buffer's last words.
            buffers[0].offset = buffers[written].offset + buffers[written].length - 4;
            let refused = execute(&buffers, command, &mut vec![0; ARENA_WORDS]);
            let expected = ProgramError::BadCommand { command: 0, fault: Fault::Overlap };
            assert_eq!(refused.unwrap_err(), expected, "{command:?}, {written}");
        }
    }
}

#[test]
fn densities_and_colours_may_be_columns_of_the_same_rows() {
    let (apart, sizes) = composite();
    let density = Matrix { first: 5, ..apart.color };
    let same = Composite { densities: b(2), density, ..apart };
    let buffers = buffers(&kinds(&sizes));
    let first = |buffer: usize| buffers[buffer].offset as usize / 4;
    let mut given: Vec<u32> =
        (0..ARENA_WORDS as u32).map(|at| at.wrapping_mul(0x9E37_79B1)).collect();
    // All samples are of a ray of which nothing is in front.
    given[first(0)] = CAPACITY;
    given[first(4)..][..4].copy_from_slice(&[1 << 16, 0, 0, 0]);
    for sample in 0..CAPACITY as usize {
        given[first(0) + 2 + 2 * sample] = (sample as u32 % PER_RAY) << 16;
        given[first(1) + sample] = given[first(2) + 3 * sample + 2];
    }
    let [apart, same] = [apart, same].map(|command| {
        let mut arena = given.clone();
        execute(&buffers, Command::Composite(command), &mut arena).unwrap();
        arena[first(4)..].to_vec()
    });
    assert_eq!(apart, same);
    assert_ne!(apart, given[first(4)..]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_buffers_hold_commands_stay_in_theirs(seed: u32, which in 0usize..7, pixels: bool) {
        let mut random = Random(seed | 1);
        random.next();
        let (command, sizes) = commands().swap_remove(which);
        let buffers = buffers(&kinds(&sizes));
        let mut arena: Vec<u32> = (0..ARENA_WORDS).map(|_| nasty(&mut random)).collect();
        if pixels {
            // A cursor, or a count, of which something comes.
            let size = [4, 3];
            let cursor = Cursor { next: 1, more: true, corner: [7, 9], size, pixels: PIXELS };
            let first = buffers[0].offset as usize / 4;
            arena[first..first + CURSOR_WORDS].copy_from_slice(&cursor.to_words());
            if let Command::Composite(_) = command {
                arena[first] = CAPACITY;
            }
        }
        let mut before = arena.clone();
        execute(&buffers, command, &mut arena).unwrap();
        before[..PROGRAM_WORDS].copy_from_slice(&arena[..PROGRAM_WORDS]);
        prop_assert_eq!(stray_write(&buffers, &before, &arena), None, "{:?}", command);
    }
}
