//! Levels: what is interpolated is what real numbers give, by whatever way it is found.

use proptest::prelude::*;
use quintet_kernels::grid::Rows;
use quintet_kernels::grid::level::{Kind, look_up};
use quintet_protocol::grid::{LEVEL_WORDS, Level, MULTIPLIER_ONE, SCALE_BITS, Wrap};
use quintet_protocol::program::{Corners, GridEntry};

use crate::{POINT_ONE, feature, points, words};

/// Halves from row to row, and the first that is written.
const STRIDE: usize = 20;
const FIRST: usize = 2;
/// Error of a coordinate and of weights, in entries: places are cut off at Q16, three axes.
const CUT: f64 = 6.0 / 65_536.0;

/// A level with its table, and how it is looked up.
#[derive(Clone, Debug)]
struct Case {
    kind: Kind,
    level: Level,
    table: Vec<u32>,
}

/// Numbers of the rows; what is not written is 77.
fn rows(case: &Case, points: &[[i32; 3]]) -> Vec<[i16; STRIDE]> {
    let mut halves = vec![77; (points.len() + 2) * STRIDE];
    let points = words(points);
    let mut rows = Rows { halves: &mut halves[FIRST..], stride: STRIDE };
    look_up(&case.kind, &case.level, &case.table, &points, &mut rows);
    halves.as_chunks().0.to_vec()
}

/// A coordinate of a point among entries.
fn place(level: &Level, point: &[i32; 3], axis: usize) -> f64 {
    let real = f64::from(point[axis]) / POINT_ONE;
    let inside = match level.wraps[axis] {
        Wrap::Clamp => real.clamp(0.0, 1.0 - 1.0 / POINT_ONE),
        Wrap::Repeat => real.rem_euclid(1.0),
        Wrap::Mirror => 1.0 - (real.rem_euclid(2.0) - 1.0).abs(),
    };
    let scale = f64::from(level.scale[axis]) / f64::from(1u32 << SCALE_BITS);
    inside * scale + f64::from(level.offset) / 65_536.0
}

/// The number of the entry at whole coordinates.
fn number(level: &Level, at: [i64; 3]) -> usize {
    if level.hashed {
        let [x, y, z] = at.map(|at| at as u32);
        let hash = x ^ y.wrapping_mul(2_654_435_761) ^ z.wrapping_mul(805_459_861);
        return (hash % level.entries) as usize;
    }
    let side = |axis: usize| i64::from(level.resolution[axis]);
    let on = |axis: usize| match level.wraps[axis] {
        Wrap::Repeat => at[axis].rem_euclid(side(axis)),
        _ => at[axis].clamp(0, side(axis) - 1),
    };
    (on(0) + side(0) * (on(1) + side(1) * on(2))) as usize
}

/// Corners of the cell of a place with their weights.
fn weights(case: &Case, at: [f64; 3]) -> Vec<([i64; 3], f64)> {
    let dimensions = usize::from(case.kind.dimensions);
    let lower = at.map(|at| at.floor() as i64);
    let share = at.map(|at| at - at.floor());
    match case.kind.corners {
        Corners::Nearest => vec![(lower, 1.0)],
        Corners::Linear => {
            let corner = |bits: usize| {
                let mut corner = (lower, 1.0);
                for (axis, share) in share.iter().enumerate().take(dimensions) {
                    let upper = bits >> axis & 1;
                    corner.0[axis] += upper as i64;
                    corner.1 *= if upper == 1 { *share } else { 1.0 - share };
                }
                corner
            };
            (0..1 << dimensions).map(corner).collect()
        }
        Corners::Simplex => {
            let mut axes: Vec<usize> = (0..dimensions).collect();
            axes.sort_by(|&a, &b| share[b].total_cmp(&share[a]));
            let (mut corner, mut left, mut corners) = (lower, 1.0, Vec::new());
            for axis in axes {
                corners.push((corner, left - share[axis]));
                (corner[axis], left) = (corner[axis] + 1, share[axis]);
            }
            corners.push((corner, left));
            corners
        }
    }
}

/// The number of a feature in real numbers.
fn exact(case: &Case, point: &[i32; 3], column: usize) -> f64 {
    let axis = |axis: usize| {
        let is_there = axis < usize::from(case.kind.dimensions);
        if is_there { place(&case.level, point, axis) } else { 0.0 }
    };
    let corners = weights(case, [axis(0), axis(1), axis(2)]);
    let value = |&(at, weight): &([i64; 3], f64)| {
        let entry = case.level.first as usize + number(&case.level, at);
        weight
            * feature(
                &case.table,
                case.kind.entry,
                entry * usize::from(case.kind.features) + column,
            )
    };
    let sum: f64 = corners.iter().map(value).sum();
    sum * f64::from(case.level.multiplier) / f64::from(MULTIPLIER_ONE)
}

/// The most that two features of an entry's kind are apart.
fn range(entry: GridEntry) -> f64 {
    if entry == GridEntry::Halves { 65_535.0 } else { 255.0 }
}

fn wrap() -> impl Strategy<Value = Wrap> {
    prop_oneof![Just(Wrap::Clamp), Just(Wrap::Repeat), Just(Wrap::Mirror)]
}

/// Hashed levels, dense ones with entries at the ends of the box, and such with entries in the
/// middles of cells, as textures have them.
fn level() -> impl Strategy<Value = Level> {
    let sides = prop::array::uniform3(2u16..7);
    (0..3usize, sides, 0u32..6, [wrap(), wrap(), wrap()], 1i32..300, any::<bool>()).prop_map(
        |(shape, resolution, bits, wraps, fine, half)| {
            let sides = resolution.map(i32::from);
            let entries = match shape {
                0 => 1 << bits,
                _ => sides.iter().product::<i32>() as u32,
            };
            let scale = match shape {
                0 => [fine << SCALE_BITS, (fine << SCALE_BITS) + 12_345, (4 * fine) << SCALE_BITS],
                1 => sides.map(|side| (side - 1) << SCALE_BITS),
                _ => sides.map(|side| side << SCALE_BITS),
            };
            let offset = [if half { 1 << 15 } else { 0 }, 0, -1 << 15][shape];
            let wraps = if shape == 2 { wraps } else { [Wrap::Clamp; 3] };
            Level {
                scale,
                offset,
                first: 3,
                entries,
                resolution,
                wraps,
                hashed: shape == 0,
                ..Level::default()
            }
        },
    )
}

fn kind() -> impl Strategy<Value = Kind> {
    let corners = prop_oneof![Just(Corners::Linear), Just(Corners::Simplex)];
    let entry =
        prop_oneof![Just(GridEntry::Bytes), Just(GridEntry::Halves), Just(GridEntry::Pixels)];
    (corners, entry, 2u8..4, 1u8..17).prop_map(|(corners, entry, dimensions, features)| Kind {
        corners,
        dimensions,
        entry,
        features,
        adds: false,
    })
}

prop_compose! {
    fn case()(kind in kind(), level in level(), seed: u32
, share in 0.01f64..1.0) -> Case {
        // So that the largest feature is a half at most.
        let most = if kind.entry == GridEntry::Pixels { 128.0 } else { 256.0 };
        let most = if kind.entry == GridEntry::Halves { 1.0 } else { most };
        let multiplier = (share * most * f64::from(MULTIPLIER_ONE)) as i32;
        let entries = (level.first + level.entries) as usize;
        let bytes = entries * usize::from(kind.features) * kind.entry.bytes();
        let mut state = seed | 1;
        let table = (0..bytes.div_ceil(4)).map(|_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state
        });
        let table = table.collect();
        Case { kind, level: Level { multiplier, ..level }, table }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn numbers_are_those_of_real_interpolation(case in case(), points in points()) {
        let found = rows(&case, &points);
        let (features, before) = (usize::from(case.kind.features), &[77; STRIDE]);
        let step = f64::from(case.level.multiplier) / f64::from(MULTIPLIER_ONE);
        for (point, row) in points.iter().zip(&found) {
            for column in 0..features {
                let exact = exact(&case, point, column);
                let error = (f64::from(row[FIRST + column]) - exact).abs();
                let most = 0.5 + CUT * range(case.kind.entry) * step;
                prop_assert!(error <= most, "{point:?} {column}: {exact} {row:?}");
            }
            prop_assert_eq!(&row[..FIRST], &before[..FIRST]);
            prop_assert_eq!(&row[FIRST + features..], &before[FIRST + features..]);
        }
        prop_assert!(found[points.len()..].iter().all(|row| row == before));
    }

    /// Inside the box it makes no difference what is outside; what is compiled for points that are
    /// held to it must give what the general way gives.
    #[test]
    fn every_way_gives_the_same_numbers(case in case(), points in points()) {
        let inside: Vec<[i32; 3]> = points.iter().map(|it| it.map(|it| it & 0xFFF_FFFF)).collect();
        let held = Case { level: Level { wraps: [Wrap::Clamp; 3], ..case.level }, ..case.clone() };
        // A mirrored level is at its edges as one that is held.
        let general = Case { level: Level { wraps: [Wrap::Mirror; 3], ..case.level }, ..case };
        prop_assert_eq!(rows(&held, &inside), rows(&general, &inside));
    }

    #[test]
    fn the_nearest_entry_is_that_of_the_lower_corner(case in case(), points in points()) {
        let kind = Kind { corners: Corners::Nearest, ..case.kind };
        let nearest = Case { kind, ..case.clone() };
        // Taken without the fraction any corners are the same.
        let dropped = Case { level: Level { nearest: true, ..case.level }, ..case };
        prop_assert_eq!(rows(&nearest, &points), rows(&dropped, &points));
    }

    #[test]
    fn numbers_are_added_and_saturate(case in case(), points in points()) {
        let alone = rows(&case, &points);
        let added = rows(&Case { kind: Kind { adds: true, ..case.kind }, ..case.clone() }, &points);
        for (alone, added) in alone.iter().zip(&added).take(points.len()) {
            for column in FIRST..FIRST + usize::from(case.kind.features) {
                prop_assert_eq!(added[column], alone[column].saturating_add(77));
            }
        }
    }

    #[test]
    fn any_level_stays_in_its_columns(
        level: [u32; LEVEL_WORDS],
        kind in kind(),
        table in prop::collection::vec(any::<u32>(), 0..40),
        points: [[i32; 3]; 9],
        small: bool,
        hashed: bool,
    ) {
        let mut level = Level::from_words(&level);
        if small {
            (level.first, level.entries) = (level.first % 4, level.entries % 60);
        }
        level.hashed = hashed;
        let features = usize::from(kind.features);
        for row in rows(&Case { kind, level, table }, &points) {
            prop_assert!(row[..FIRST].iter().all(|&half| half == 77));
            prop_assert!(row[FIRST + features..].iter().all(|&half| half == 77));
        }
    }
}

/// A dense level of 5 entries a side, of halves `f(x, y, z)`.
fn dense(corners: Corners, f: impl Fn(usize, usize, usize) -> i16) -> Case {
    let places = (0..125).map(|at| (at % 5, at / 5 % 5, at / 25));
    let table = places.map(|(x, y, z)| u32::from(f(x, y, z) as u16)).collect();
    let level = Level {
        scale: [4 << SCALE_BITS; 3],
        entries: 125,
        resolution: [5; 3],
        multiplier: MULTIPLIER_ONE,
        ..Level::default()
    };
    let (entry, features) = (GridEntry::Halves, 2);
    let kind = Kind { corners, dimensions: 3, entry, features, adds: false };
    Case { kind, level, table }
}

proptest! {
    #[test]
    fn a_simplex_gives_linear_functions_exactly(point in prop::array::uniform3(0i32..1 << 28)) {
        let case = dense(Corners::Simplex, |x, y, z| (1000 * x as i16) - 2000 * y as i16 + 500 * z as i16);
        // Places that Q16 has exactly.
        let point = point.map(|it| it >> 10 << 10);
        let [x, y, z] = point.map(|it| f64::from(it) / POINT_ONE * 4.0);
        let exact = 1000.0 * x - 2000.0 * y + 500.0 * z;
        prop_assert_eq!(rows(&case, &[point])[0][FIRST], (exact + 0.5).floor() as i16);
    }

    #[test]
    fn a_simplex_is_continuous_across_its_faces(a in 0i32..1 << 28, c in 0i32..1 << 28, seed: u16) {
        let hash = |x, y, z| (seed as usize * 31 + 7919 * x + 104_729 * y + 1_299_709 * z) as i16;
        let case = dense(Corners::Simplex, hash);
        // On both sides of the face between the simplices where x is before y, and y before x.
        let step = 1 << 10;
        let sides = [[a, a - step, c], [a, a + step, c]].map(|it| it.map(|it| it.clamp(0, (1 << 28) - 1)));
        let [below, above] = [0, 1].map(|side| i32::from(rows(&case, &sides[side..=side])[0][FIRST]));
        // One place in Q16 is at most 2^16 / 2^16 of a feature.
        prop_assert!((below - above).abs() <= 4, "{below} {above}");
    }

    #[test]
    fn a_constant_grid_is_constant(point: [i32; 3], value: i16, corners in 0..2) {
        let corners = [Corners::Linear, Corners::Simplex][corners as usize];
        let case = dense(corners, |_, _, _| value);
        prop_assert_eq!(rows(&case, &[point])[0][FIRST], value);
    }
}

/// Levels of a hash grid have up to thousands of entries a side: an eight-bit feature still comes
/// out within half a step, a hundredth in fact.
#[test]
fn a_fine_level_costs_no_precision() {
    let level = Level {
        scale: [4096 << SCALE_BITS; 3],
        entries: 1 << 10,
        hashed: true,
        multiplier: 256 * MULTIPLIER_ONE,
        ..Level::default()
    };
    let kind = Kind {
        corners: Corners::Linear,
        dimensions: 3,
        entry: GridEntry::Bytes,
        features: 4,
        adds: false,
    };
    let table = (0..1u32 << 10).map(|at| at.wrapping_mul(0x9E37_79B1)).collect();
    let case = Case { kind, level, table };
    let points: Vec<[i32; 3]> = (1..1000u32)
        .map(|at| {
            [1, 2, 3].map(|axis| (at.wrapping_mul(0x85EB_CA6B_u32.wrapping_mul(axis)) >> 4) as i32)
        })
        .collect();
    let rows = rows(&case, &points);
    let errors = points.iter().zip(&rows).flat_map(|(point, row)| {
        (0..4).map(|column| {
            (f64::from(row[FIRST + column]) - exact(&case, point, column)).abs() / 256.0
        })
    });
    let worst = errors.fold(0.0, f64::max);
    assert!(worst < 0.02, "{worst} steps");
}
