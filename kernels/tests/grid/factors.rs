//! Factors: products and sums are those of real numbers.

use proptest::prelude::*;
use quintet_kernels::grid::Rows;
use quintet_kernels::grid::factors::{Kind, look_up};
use quintet_protocol::grid::{FACTOR_WORDS, Factor, factor_entry_words};
use quintet_protocol::program::{FactorReduce, GridEntry};

use crate::{POINT_ONE, feature, points, words};

/// Halves of a row: as many as features at most.
const STRIDE: usize = 20;

/// A group with its table.
#[derive(Clone, Debug)]
struct Case {
    kind: Kind,
    group: Vec<Factor>,
    table: Vec<u32>,
}

fn rows(case: &Case, points: &[[i32; 3]]) -> Vec<[i16; STRIDE]> {
    let mut halves = vec![77; points.len() * STRIDE];
    let group: Vec<[u32; FACTOR_WORDS]> = case.group.iter().map(Factor::to_words).collect();
    let mut rows = Rows { halves: &mut halves, stride: STRIDE };
    look_up(&case.kind, &group, &case.table, &words(points), &mut rows);
    halves.as_chunks().0.to_vec()
}

/// A feature of a factor at a point, in real numbers, as a half.
fn value(case: &Case, factor: &Factor, point: &[i32; 3], column: usize) -> f64 {
    let place = |axis: usize| {
        let real = f64::from(point[usize::from(factor.axes[axis])]) / POINT_ONE;
        real.clamp(0.0, 1.0) * f64::from(factor.resolution[axis] - 1)
    };
    let each =
        factor_entry_words(case.kind.features, case.kind.entry) * 4 / case.kind.entry.bytes();
    let [columns, lines] = factor.resolution.map(usize::from);
    let at = |x: usize, y: usize| {
        let entry = factor.first as usize + x.min(columns - 1) + columns * y.min(lines - 1);
        feature(&case.table, case.kind.entry, entry * each + column)
    };
    let (x, y) = (place(0), place(1));
    let (i, j) = (x.floor() as usize, y.floor() as usize);
    let (x, y) = (x - x.floor(), y - y.floor());
    let along = |j| at(i, j) * (1.0 - x) + at(i + 1, j) * x;
    let unit = if case.kind.entry == GridEntry::Halves { 1.0 } else { 256.0 };
    (along(j) * (1.0 - y) + along(j + 1) * y) * unit
}

prop_compose! {
    fn factor()(
        axes in prop::array::uniform2(0u8..3),
        columns in 1u16..7,
        lines in prop_oneof![Just(1u16), 2u16..7],
    ) -> Factor {
        Factor { axes, resolution: [columns, lines], ..Factor::default() }
    }
}

prop_compose! {
    fn case()(
        mut group in prop::collection::vec(factor(), 1..4),
        entry in prop_oneof![Just(GridEntry::Bytes), Just(GridEntry::Halves)],
        features in 1u8..17,
        product: bool,
        share in 0.1f64..1.0,
        words in prop::collection::vec(any::<u32>(), 3000),
    ) -> Case {
        let reduce = if product { FactorReduce::Product } else { FactorReduce::Sum };
        let mut first = 0;
        for factor in &mut group {
            factor.first = first;
            first += u32::from(factor.resolution[0]) * u32::from(factor.resolution[1]);
        }
        let kind = Kind { entry, features, reduce, adds: false };
        let mut table = words;
        table.truncate(first as usize * factor_entry_words(features, entry));
        // So that whatever comes of it is a half at most.
        let one = match reduce {
            FactorReduce::Product => 32_768.0 * 2f64.powi(group.len() as i32),
            FactorReduce::Sum => 65_536.0 / group.len() as f64,
        };
        group[0].multiplier = (share * if group.len() == 1 { 65_536.0 } else { one }) as i32;
        Case { kind, group, table }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn numbers_are_those_of_real_planes_and_lines(case in case(), points in points()) {
        let found = rows(&case, &points);
        let multiplier = f64::from(case.group[0].multiplier);
        let features = usize::from(case.kind.features);
        for (point, row) in points.iter().zip(&found) {
            for column in 0..features {
                let values = case.group.iter().map(|it| value(&case, it, point, column));
                let exact = multiplier / 65_536.0 * match case.kind.reduce {
                    FactorReduce::Product => {
                        values.product::<f64>() / 65_536f64.powi(case.group.len() as i32 - 1)
                    }
                    FactorReduce::Sum => values.sum::<f64>(),
                };
                // Places are cut off at Q16 on two axes of each factor, features differ by 2^16;
                // what is reduced is cut off at the last place of a word.
                let error = (f64::from(row[column]) - exact).abs();
                prop_assert!(error <= 0.5 + 8.0 * case.group.len() as f64, "{exact} {row:?}");
            }
            prop_assert!(row[features..].iter().all(|&half| half == 77));
        }
    }

    #[test]
    fn any_factors_stay_in_their_columns(
        group in prop::collection::vec(any::<[u32; FACTOR_WORDS]>(), 0..4),
        features in 1u8..17,
        entry in 0..3,
        product: bool,
        adds: bool,
        table in prop::collection::vec(any::<u32>(), 0..60),
        points: [[i32; 3]; 4],
        small: bool,
    ) {
        let mut group: Vec<Factor> = group.iter().map(Factor::from_words).collect();
        if small {
            for factor in &mut group {
                factor.first %= 2;
                factor.resolution = factor.resolution.map(|side| side % 4);
            }
        }
        let entry = [GridEntry::Bytes, GridEntry::Halves, GridEntry::Pixels][entry as usize];
        let reduce = if product { FactorReduce::Product } else { FactorReduce::Sum };
        let case = Case { kind: Kind { entry, features, reduce, adds }, group, table };
        for row in rows(&case, &points) {
            prop_assert!(row[usize::from(features)..].iter().all(|&half| half == 77));
        }
    }
}
