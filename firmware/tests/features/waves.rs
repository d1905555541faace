//! `Waves`: any coordinates, against sines in floats.

use std::f64::consts::TAU;

use proptest::prelude::*;
use quintet_protocol::feature::{Matrix, wave_columns, wave_words};
use quintet_protocol::program::{BufferId, Command, Fault, Waves};

use crate::execute::{Arena, Random, halves};

prop_compose! {
    fn waves()(
        capacity in 0u32..40,
        coordinates in 1u8..9,
        frequency_count in 0u8..6,
        of_halves in any::<bool>(),
        includes_input in any::<bool>(),
        [before, after, first, behind] in [0u16..3, 0u16..3, 0u16..3, 0u16..3],
        input_shift in 0u8..32,
    ) -> Waves {
        let [input, count, frequencies, output] = [0, 1, 2, 3].map(BufferId);
        let step = if of_halves { 2 } else { 1 };
        let columns =
            wave_columns(coordinates.into(), frequency_count.into(), includes_input) as u16;
        Waves {
            input,
            count,
            frequencies,
            output,
            capacity,
            input_stride: u16::from(coordinates).next_multiple_of(step) + step * (before + after),
            input_first: step * before,
            frequency_count,
            coordinates,
            of_halves,
            includes_input,
            matrix: Matrix {
                stride: columns.next_multiple_of(2) + 2 * (first + behind) + 2,
                first: 2 * first,
            },
            input_shift,
        }
    }
}

/// A coordinate by definition.
fn coordinate(c: &Waves, input: &[u32], row: usize, number: usize) -> i32 {
    let at = row * usize::from(c.input_stride) + usize::from(c.input_first) + number;
    if c.of_halves { halves(input)[at].into() } else { input[at] as i32 }
}

/// What a column should be, and how far off it may be.
fn column(c: &Waves, vector: &[i32], frequencies: &[u32], at: usize) -> (f64, f64) {
    let coordinates = usize::from(c.coordinates);
    let included = if c.includes_input { coordinates } else { 0 };
    if at < included {
        let exact = (f64::from(vector[at]) / f64::from(c.input_shift).exp2() + 0.5).floor();
        return (exact.clamp(-32_768.0, 32_767.0), 0.0);
    }
    let (frequency, place) =
        ((at - included) / (2 * coordinates), (at - included) % (2 * coordinates));
    let record = &frequencies[frequency * wave_words(coordinates)..];
    let number = place % coordinates;
    let product = i128::from(vector[number]) * i128::from(record[1 + 2 * number] as i32);
    let angle = (product >> (record[0] & 31)) + i128::from(record[2 + 2 * number]);
    let angle = (angle as u32) as f64 / 32f64.exp2() * TAU;
    let exact = if place < coordinates { angle.sin() } else { angle.cos() };
    (exact * 16384.0, 1.0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn columns_are_sines_and_cosines(c in waves(), more in -2i32..3, seed: u64) {
        let mut random = Random::new(seed);
        let capacity = c.capacity as usize;
        let stride = usize::from(c.input_stride);
        let words = if c.of_halves { capacity * stride / 2 } else { capacity * stride };
        let (input, rows) = (random.words(words), c.capacity.saturating_add_signed(more));
        let frequencies =
            random.words(usize::from(c.frequency_count) * wave_words(c.coordinates.into()));
        let mut arena = Arena::default();
        arena.constant(&input);
        arena.constant(&[rows]);
        arena.constant(&frequencies);
        let before = random.words(c.matrix.words(capacity));
        let output = arena.scratch(&before);
        prop_assert_eq!(arena.execute(Command::Waves(c)), Ok(()));

        let (before, found) = (halves(&before), halves(arena.words(output)));
        let columns = wave_columns(c.coordinates.into(), c.frequency_count.into(), c.includes_input);
        for (at, (found, before)) in found.iter().zip(before).enumerate() {
            let (row, column_of) =
                (at / usize::from(c.matrix.stride), at % usize::from(c.matrix.stride));
            let number = column_of.wrapping_sub(usize::from(c.matrix.first));
            if row >= rows as usize || number >= columns {
                prop_assert_eq!(*found, before);
                continue;
            }
            let vector: Vec<i32> = (0..usize::from(c.coordinates))
                .map(|number| coordinate(&c, &input, row, number))
                .collect();
            let (exact, tolerance) = column(&c, &vector, &frequencies, number);
            prop_assert!((f64::from(*found) - exact).abs() <= tolerance, "{found} {exact}");
        }
    }
}

/// A network's own features beside their waves.
#[test]
fn halves_may_get_their_waves_in_their_own_rows() {
    let mut arena = Arena::default();
    let rows = arena.scratch(&[0x2000_1000, 0, 0x4000_3000, 0]);
    let count = arena.constant(&[2]);
    // A turn is 2^16.
    let frequencies = arena.constant(&[0, 1 << 16, 0]);
    let matrix = Matrix { stride: 4, first: 2 };
    let waves = Waves {
        input: rows,
        count,
        frequencies,
        output: rows,
        capacity: 2,
        input_stride: 4,
        input_first: 0,
        frequency_count: 1,
        coordinates: 1,
        of_halves: true,
        includes_input: false,
        matrix,
        input_shift: 0,
    };
    arena.execute(Command::Waves(waves)).unwrap();
    let [sine, cosine] = [6270, 15137];
    assert_eq!(halves(arena.words(rows))[..4], [0x1000, 0x2000, sine, cosine]);
    assert_eq!(halves(arena.words(rows))[4..], [0x3000, 0x4000, cosine, sine]);
    let of_words = Waves { of_halves: false, input_stride: 2, ..waves };
    for other in [Waves { input_stride: 2, ..waves }, Waves { input_first: 2, ..waves }, of_words] {
        assert_eq!(arena.execute(Command::Waves(other)), Err(Fault::Overlap));
    }
}

#[test]
fn waves_that_cannot_be_executed_are_refused() {
    let [input, count, frequencies, output] = [0, 1, 2, 3].map(BufferId);
    let waves = Waves {
        input,
        count,
        frequencies,
        output,
        capacity: 2,
        input_stride: 4,
        input_first: 0,
        frequency_count: 2,
        coordinates: 3,
        of_halves: false,
        includes_input: true,
        matrix: Matrix { stride: 16, first: 0 },
        input_shift: 0,
    };
    let fault = |waves| {
        let mut arena = Arena::default();
        for words in [8, 1, 14, 16] {
            arena.scratch(&vec![0; words]);
        }
        arena.execute(Command::Waves(waves))
    };
    let parameter = |parameter| Err(Fault::OutOfRange { parameter });
    assert_eq!(fault(waves), Ok(()));
    assert_eq!(fault(Waves { input_first: 2, ..waves }), parameter(1));
    let halves = Waves { of_halves: true, input_stride: 5, ..waves };
    assert_eq!(fault(halves), parameter(1));
    assert_eq!(fault(Waves { coordinates: 0, ..waves }), parameter(2));
    assert_eq!(fault(Waves { frequency_count: 33, ..waves }), parameter(2));
    assert_eq!(fault(Waves { matrix: Matrix { stride: 16, first: 2 }, ..waves }), parameter(3));
    assert_eq!(fault(Waves { input_shift: 32, ..waves }), parameter(4));
    assert_eq!(
        fault(Waves { output: frequencies, ..waves }),
        Err(Fault::TooSmall { buffer: frequencies, needed: 64 })
    );
    assert_eq!(fault(Waves { frequencies: output, ..waves }), Err(Fault::Overlap));
    assert_eq!(fault(Waves { input: output, ..waves }), Err(Fault::Overlap));
    assert_eq!(fault(Waves { count: output, ..waves }), Err(Fault::Overlap));
    let vast = Waves { capacity: u32::MAX, ..waves };
    assert_eq!(fault(vast), Err(Fault::TooSmall { buffer: input, needed: u32::MAX }));
}
