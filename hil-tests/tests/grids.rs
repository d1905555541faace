//! Grids give the same numbers on every board as on the virtual device. With `--nocapture` it
//! prints what they cost there: executed instructions a point and level, or factor.

use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::one_command::{Operand, run};
use quintet_hil_tests::{boards, open, uri};
use quintet_protocol::feature::Matrix;
use quintet_protocol::grid::{Factor, Level, Wrap};
use quintet_protocol::program::{
    BufferId, Command, Corners, FactorReduce, Factors, GridEntry, Interpolate,
};

/// Points that are looked up.
const POINTS: usize = 500;
/// Words of a table.
const TABLE_WORDS: usize = 1 << 14;
/// Halves of a row.
const STRIDE: u16 = 48;

/// Name, what is looked up, and the levels or factors as words.
type Case = (&'static str, Command, Vec<u32>);

/// The operands: points, count, levels or factors, table, rows.
const IDS: [BufferId; 5] = [BufferId(0), BufferId(1), BufferId(2), BufferId(3), BufferId(4)];

fn interpolate(level_count: u16, features: u8, entry: GridEntry, corners: Corners) -> Interpolate {
    let [points, count, levels, table, output] = IDS;
    Interpolate {
        points,
        count,
        levels,
        table,
        output,
        capacity: POINTS as u32,
        level_count,
        features,
        entry,
        corners,
        dimensions: 3,
        selects: false,
        adds: false,
        matrix: Matrix { stride: STRIDE, first: 0 },
    }
}

fn factors(group_count: u16, factors_of_group: u8, features: u8, entry: GridEntry) -> Factors {
    let [points, count, factors, table, output] = IDS;
    Factors {
        points,
        count,
        factors,
        table,
        output,
        capacity: POINTS as u32,
        group_count,
        factors_of_group,
        features,
        entry,
        reduce: FactorReduce::Product,
        adds: false,
        matrix: Matrix { stride: STRIDE, first: 0 },
    }
}

/// Levels of up to a thousand entries a side, hashed.
fn hashed(count: u32, entries: u32) -> Vec<u32> {
    let level = |number: u32| Level {
        scale: [(17 + 61 * number as i32) << 17; 3],
        offset: 1 << 15,
        first: number * entries,
        entries,
        resolution: [1; 3],
        hashed: true,
        multiplier: 200 << 16,
        ..Level::default()
    };
    (0..count).flat_map(|number| level(number).to_words()).collect()
}

/// A dense level of 16 entries a side.
fn dense() -> Vec<u32> {
    let level = Level {
        scale: [15 << 17; 3],
        entries: 16 * 16 * 16,
        resolution: [16; 3],
        multiplier: 1 << 16,
        ..Level::default()
    };
    level.to_words().to_vec()
}

/// Two textures of 58 by 68 texels and their border; one of them repeats, and both may be mirrored
/// along v.
fn textures(offset: i32, is_mirrored: bool) -> Vec<u32> {
    let level = |first: u32, wrap| Level {
        scale: [58 << 17, 68 << 17, 0],
        offset,
        first,
        entries: 60 * 70,
        resolution: [60, 70, 1],
        wraps: [wrap, if is_mirrored { Wrap::Mirror } else { wrap }, Wrap::Clamp],
        multiplier: 4_210_752,
        ..Level::default()
    };
    [level(0, Wrap::Repeat), level(4200, Wrap::Clamp)].iter().flat_map(Level::to_words).collect()
}

/// Groups of a plane of 20 by 20 and a line of 20.
fn planes_and_lines(groups: usize, entry_words: u32) -> Vec<u32> {
    let plane = Factor { axes: [0, 1], resolution: [20, 20], first: 0, multiplier: 1 << 16 };
    let first = (TABLE_WORDS as u32 / entry_words) - 20;
    let line = Factor { axes: [2, 0], resolution: [20, 1], first, multiplier: 0 };
    let group = [plane.to_words(), line.to_words()].concat();
    group.repeat(groups)
}

fn cases() -> Vec<Case> {
    use Corners::{Linear, Nearest, Simplex};
    use GridEntry::{Bytes, Halves, Pixels};
    let texture = |corners| Interpolate {
        dimensions: 2,
        selects: true,
        ..interpolate(2, 4, Pixels, corners)
    };
    let of = |name, command, levels| (name, Command::Interpolate(command), levels);
    let product = |name, command, words| (name, Command::Factors(command), words);
    vec![
        of("8 hashed levels, 4 bytes", interpolate(8, 4, Bytes, Linear), hashed(8, 2048)),
        of("8 hashed levels, 4 bytes, simplex", interpolate(8, 4, Bytes, Simplex), hashed(8, 2048)),
        of("16 hashed levels, 2 bytes", interpolate(16, 2, Bytes, Linear), hashed(16, 2048)),
        of("8 hashed levels, 2 halves", interpolate(8, 2, Halves, Linear), hashed(8, 2048)),
        of("8 hashed levels, 4 halves", interpolate(8, 4, Halves, Linear), hashed(8, 1024)),
        of(
            "8 hashed levels, 2 halves, simplex",
            interpolate(8, 2, Halves, Simplex),
            hashed(8, 2048),
        ),
        of("dense, 4 bytes", interpolate(1, 4, Bytes, Linear), dense()),
        of("dense, 4 bytes, simplex", interpolate(1, 4, Bytes, Simplex), dense()),
        of("dense, 4 bytes, nearest", interpolate(1, 4, Bytes, Nearest), dense()),
        of("dense, 5 bytes", interpolate(1, 5, Bytes, Linear), dense()),
        of(
            "dense, 3 halves, added",
            Interpolate { adds: true, ..interpolate(1, 3, Halves, Linear) },
            dense(),
        ),
        of("texture, bilinear", texture(Linear), textures(1 << 15, false)),
        of("texture, bilinear, mirrored", texture(Linear), textures(1 << 15, true)),
        of("texture, bilinear, no border", texture(Linear), textures(-1 << 15, true)),
        of("texture, nearest", texture(Nearest), textures(1 << 16, false)),
        of("texture, simplex", texture(Simplex), textures(1 << 15, true)),
        product("plane times line, 12 halves", factors(3, 2, 12, Halves), planes_and_lines(3, 6)),
        product("plane times line, 12 bytes", factors(3, 2, 12, Bytes), planes_and_lines(3, 3)),
        product(
            "sum of planes and lines, 16 halves",
            Factors { reduce: FactorReduce::Sum, ..factors(1, 2, 16, Halves) },
            planes_and_lines(1, 8),
        ),
    ]
}

/// Points, some of them outside the box; level numbers change now and then.
fn points(selects: bool) -> Vec<u32> {
    let mut random = Random::new(7);
    let mut coordinate = || ((random.word() as i32) >> 2).wrapping_add(1 << 27) as u32;
    let point = |number: usize| {
        let third = coordinate();
        [coordinate(), coordinate(), if selects { (number / 40 % 2) as u32 } else { third }]
    };
    (0..POINTS).flat_map(point).collect()
}

fn outputs(device: &DeviceUri) -> Vec<Vec<i8>> {
    let mut connection = open(device);
    println!("\n{device}");
    let mut random = Random::new(9);
    let table: Vec<u32> = (0..TABLE_WORDS).map(|_| random.word()).collect();
    let each = |(name, command, levels): &Case| {
        let selects = matches!(command, Command::Interpolate(it) if it.selects);
        let (points, count) = (points(selects), [POINTS as u32]);
        let operands = [
            Operand::Constant(&points),
            Operand::Constant(&count),
            Operand::Constant(levels),
            Operand::Constant(&table),
            Operand::Output(POINTS * usize::from(STRIDE) * 2),
        ];
        let done = run(&mut connection, &operands, *command).unwrap();
        let [ticks, items] = done.cost;
        println!("{name:<36} {:>8.1} of {items}", ticks as f64 / items as f64);
        done.outputs.concat()
    };
    cases().iter().map(each).collect()
}

#[test]
fn boards_look_up_the_numbers_of_the_virtual_device() {
    let expected = outputs(&uri("virtual:"));
    for board in boards() {
        let found = outputs(&board);
        for (((name, ..), found), expected) in cases().iter().zip(found).zip(&expected) {
            assert!(found == *expected, "{name} on {board}");
        }
    }
}
