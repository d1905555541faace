//! Grids: what cannot be looked up is refused by name, and whatever levels, factors, points and
//! counts are, a command stays in its rows and ends.

use proptest::prelude::*;
use quintet_protocol::feature::Matrix;
use quintet_protocol::grid::{FACTOR_WORDS, Factor, LEVEL_WORDS, Level};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Corners, FactorReduce, Factors, Fault, GridEntry,
    Interpolate, ProgramError,
};

use crate::hostile_programs::nasty;
use crate::scene::Random;
use crate::vectors::{ARENA_WORDS, PROGRAM_WORDS, buffers, execute, number};
use crate::world::stray_write;

/// Points, count, levels or factors, table, rows.
const IDS: [BufferId; 5] = [BufferId(0), BufferId(1), BufferId(2), BufferId(3), BufferId(4)];
/// Points that fit the buffers.
const POINTS: u32 = 40;

const INTERPOLATE: Interpolate = Interpolate {
    points: IDS[0],
    count: IDS[1],
    levels: IDS[2],
    table: IDS[3],
    output: IDS[4],
    capacity: POINTS,
    level_count: 2,
    features: 4,
    entry: GridEntry::Bytes,
    corners: Corners::Linear,
    dimensions: 3,
    selects: false,
    adds: false,
    matrix: Matrix { stride: 16, first: 2 },
};

const FACTORS: Factors = Factors {
    points: IDS[0],
    count: IDS[1],
    factors: IDS[2],
    table: IDS[3],
    output: IDS[4],
    capacity: POINTS,
    group_count: 2,
    factors_of_group: 2,
    features: 4,
    entry: GridEntry::Halves,
    reduce: FactorReduce::Product,
    adds: false,
    matrix: Matrix { stride: 16, first: 2 },
};

/// Buffers that do for the commands above.
fn sizes() -> [(BufferKind, usize); 5] {
    use BufferKind::{Constant, Input, Scratch};
    let points = POINTS as usize;
    [(Input, points * 12), (Input, 4), (Constant, 80), (Constant, 400), (Scratch, points * 32)]
}

fn fault(command: Command) -> Fault {
    match execute(&buffers(&sizes()), command, &mut vec![0; ARENA_WORDS]) {
        Err(ProgramError::BadCommand { command: 0, fault }) => fault,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_cannot_be_looked_up_is_refused_by_name() {
    let base = INTERPOLATE;
    for (command, parameter) in [
        (Interpolate { level_count: 0, ..base }, 1),
        (Interpolate { level_count: 1025, ..base }, 1),
        (Interpolate { features: 0, ..base }, 1),
        (Interpolate { features: 17, ..base }, 1),
        (Interpolate { dimensions: 1, ..base }, 2),
        (Interpolate { dimensions: 4, ..base }, 2),
        (Interpolate { selects: true, ..base }, 2),
        (Interpolate { level_count: 4, ..base }, 3),
        (Interpolate { matrix: Matrix { stride: 0, first: 0 }, ..base }, 3),
    ] {
        assert_eq!(fault(Command::Interpolate(command)), Fault::OutOfRange { parameter });
    }
    let too_small = |number: usize, needed| Fault::TooSmall { buffer: IDS[number], needed };
    let more = Command::Interpolate(Interpolate { capacity: POINTS + 1, ..base });
    assert_eq!(fault(more), too_small(0, (POINTS + 1) * 12));
    let most = Command::Interpolate(Interpolate { capacity: u32::MAX, ..base });
    assert_eq!(fault(most), too_small(0, u32::MAX));
    let overlap = Command::Interpolate(Interpolate { table: IDS[4], ..base });
    assert_eq!(fault(overlap), Fault::Overlap);
    let constant = Command::Interpolate(Interpolate { output: IDS[3], table: IDS[4], ..base });
    assert_eq!(fault(constant), Fault::WrongKind { buffer: IDS[3] });

    let base = FACTORS;
    for (command, parameter) in [
        (Factors { group_count: 0, ..base }, 1),
        (Factors { group_count: 65, ..base }, 1),
        (Factors { factors_of_group: 0, ..base }, 1),
        (Factors { factors_of_group: 4, ..base }, 1),
        (Factors { features: 0, ..base }, 1),
        (Factors { features: 65, ..base }, 1),
        (Factors { features: 8, ..base }, 3),
    ] {
        assert_eq!(fault(Command::Factors(command)), Fault::OutOfRange { parameter });
    }
    let planes = Command::Factors(Factors { factors_of_group: 3, features: 2, ..base });
    assert_eq!(fault(planes), too_small(2, 96));
}

/// A level or factor that mostly is in the table.
fn any_words(random: &mut Random, is_level: bool) -> Vec<u32> {
    let side = |random: &mut Random| (number(random, 6) as u16).max(1);
    if !is_level {
        let factor = Factor {
            axes: [0, 1].map(|_| (number(random, 3).wrapping_sub(1)) as u8),
            resolution: [
                side(random),
                if random.next().is_multiple_of(2) { 1 } else { side(random) },
            ],
            first: number(random, 9),
            multiplier: nasty(random) as i32,
        };
        return factor.to_words().to_vec();
    }
    let mut words = Level {
        scale: [0; 3].map(|_: i32| number(random, 20).wrapping_shl(17) as i32),
        offset: (random.next() % 3) as i32 * 32_768 - 32_768,
        first: number(random, 9),
        entries: number(random, 64),
        resolution: [side(random), side(random), side(random)],
        multiplier: nasty(random) as i32,
        ..Level::default()
    }
    .to_words();
    // How points are wrapped, whether the level is hashed, and whether fractions are dropped.
    words[7] |= random.next() & 0x033F_0000;
    words.to_vec()
}

fn any_command(random: &mut Random) -> Command {
    let matrix = Matrix {
        stride: (number(random, 10) as u16).wrapping_mul(2),
        first: ((number(random, 3).wrapping_sub(1)) as u16).wrapping_mul(2),
    };
    let entry =
        [GridEntry::Bytes, GridEntry::Halves, GridEntry::Pixels][random.next() as usize % 3];
    let (capacity, adds) = (number(random, POINTS), random.next().is_multiple_of(2));
    let features = number(random, 8) as u8;
    if random.next().is_multiple_of(3) {
        return Command::Factors(Factors {
            capacity,
            group_count: number(random, 3) as u16,
            factors_of_group: number(random, 3) as u8,
            features,
            entry,
            reduce: [FactorReduce::Product, FactorReduce::Sum][random.next() as usize % 2],
            adds,
            matrix,
            ..FACTORS
        });
    }
    let selects = random.next().is_multiple_of(4);
    Command::Interpolate(Interpolate {
        capacity,
        level_count: number(random, 3) as u16,
        features,
        entry,
        corners: [Corners::Nearest, Corners::Linear, Corners::Simplex][random.next() as usize % 3],
        dimensions: if selects { 2 } else { 2 + (random.next() % 2) as u8 },
        selects,
        adds,
        matrix,
        ..INTERPOLATE
    })
}

fn any_buffers(random: &mut Random) -> Vec<Buffer> {
    let mut buffers = buffers(&sizes());
    match random.next() % 16 {
        0 => buffers[4].offset = buffers[random.next() as usize % 4].offset,
        1 => buffers[random.next() as usize % 5].kind = BufferKind::Output,
        2 => buffers[random.next() as usize % 5].length = 4 * (random.next() % 60),
        _ => {}
    }
    buffers
}

/// Whether the command was executed; fails if it wrote what it may not.
fn try_any(seed: u32) -> Result<bool, TestCaseError> {
    let mut random = Random(seed | 1);
    random.next();
    let (buffers, command) = (any_buffers(&mut random), any_command(&mut random));
    let mut before: Vec<u32> = (0..ARENA_WORDS).map(|_| nasty(&mut random)).collect();
    let is_level = matches!(command, Command::Interpolate(_));
    let each = if is_level { LEVEL_WORDS } else { FACTOR_WORDS };
    let place = buffers[2].offset as usize / 4;
    for words in before[place..place + 20].chunks_exact_mut(each) {
        words.copy_from_slice(&any_words(&mut random, is_level));
    }
    let mut arena = before.clone();
    let done = execute(&buffers, command, &mut arena);
    before[..PROGRAM_WORDS].copy_from_slice(&arena[..PROGRAM_WORDS]);
    prop_assert_eq!(stray_write(&buffers[4..], &before, &arena), None, "{:?}", command);
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
    fn any_command_is_refused_or_stays_in_its_rows(seed: u32) {
        try_any(seed)?;
    }
}

/// So that the property above is about something.
#[test]
fn many_of_these_commands_are_executed() {
    let seeds = (1..1000u32).map(|seed| seed.wrapping_mul(0x9E37_79B1));
    let executed = seeds.filter(|&seed| try_any(seed).unwrap()).count();
    assert!(executed > 300, "{executed}");
}

#[test]
fn a_count_is_held_to_the_capacity() {
    let buffers = buffers(&sizes());
    for (count, points) in [(0, 0), (7, 7), (POINTS, 40), (POINTS + 1, 40), (u32::MAX, 40)] {
        for command in [Command::Interpolate(INTERPOLATE), Command::Factors(FACTORS)] {
            let mut arena = vec![0; ARENA_WORDS];
            arena[buffers[1].offset as usize / 4] = count;
            let told = execute(&buffers, command, &mut arena).unwrap();
            let each = if matches!(command, Command::Factors(_)) { 4 } else { 2 };
            let costs = [(0, Phase::Lookup, points * each)];
            assert_eq!(told.costs, if points == 0 { &[][..] } else { &costs });
        }
    }
}

#[test]
fn a_point_that_selects_a_level_gets_that_one() {
    let mut arena = vec![0; ARENA_WORDS];
    let buffers = buffers(&sizes());
    let place = |number: usize| buffers[number].offset as usize / 4;
    let level = |first: u32| Level {
        entries: 1,
        first,
        resolution: [1; 3],
        multiplier: 1 << 16,
        ..Level::default()
    };
    arena[place(2)..][..LEVEL_WORDS].copy_from_slice(&level(0).to_words());
    arena[place(2) + LEVEL_WORDS..][..LEVEL_WORDS].copy_from_slice(&level(1).to_words());
    arena[place(3)] = u32::from_le_bytes([1, 2, 3, 4]);
    arena[place(3) + 1] = u32::from_le_bytes([5, 6, 7, 8]);
    // A number beyond the last level is that of the last one.
    let numbers = [0, 1, 1, 0, 9, u32::MAX];
    arena[place(1)] = numbers.len() as u32;
    for (point, number) in numbers.iter().enumerate() {
        arena[place(0) + 3 * point + 2] = *number;
    }
    let command =
        Interpolate { selects: true, dimensions: 2, entry: GridEntry::Pixels, ..INTERPOLATE };
    execute(&buffers, Command::Interpolate(command), &mut arena).unwrap();
    for (point, number) in numbers.iter().enumerate() {
        let row = place(4) + 8 * point;
        let expected =
            if *number == 0 { [1 | 2 << 16, 3 | 4 << 16] } else { [5 | 6 << 16, 7 | 8 << 16] };
        assert_eq!(arena[row + 1..row + 3], expected, "point {point}");
    }
}
