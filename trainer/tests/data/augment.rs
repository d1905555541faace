//! What is done to samples in training.

use quintet_trainer::data::augment::Augment;
use quintet_trainer::data::{Dataset, real};
use quintet_trainer::network::Shape;
use quintet_trainer::random::Random;

const SHAPE: Shape = Shape { height: 9, width: 7, channels: 2 };

/// One sample in which each byte but the fill's is there once.
fn set() -> Dataset {
    let bytes = (1..=SHAPE.elements() as u8).collect();
    Dataset { shape: SHAPE, bytes, labels: vec![0], classes: vec!["all".to_owned()] }
}

fn augmented(augment: Augment, seed: u64) -> Vec<f32> {
    let mut input = vec![f32::NAN; SHAPE.elements()];
    augment.write(&set(), 0, &mut Random::new(&[seed]), &mut input);
    input
}

fn plain() -> Vec<f32> {
    let mut input = vec![0.0; SHAPE.elements()];
    set().write(0, &mut input);
    input
}

/// The pixels (row, column) that hold the fill's number.
fn hidden(input: &[f32], fill: u8) -> Vec<(usize, usize)> {
    let pixels = input.chunks_exact(SHAPE.channels).enumerate();
    let hidden = pixels.filter(|(_, pixel)| pixel.iter().all(|it| *it == real(fill)));
    hidden.map(|(number, _)| (number / SHAPE.width, number % SHAPE.width)).collect()
}

#[test]
fn nothing_is_done_unless_asked_for() {
    for seed in 0..20 {
        assert_eq!(augmented(Augment::default(), seed), plain());
    }
}

#[test]
fn rows_shift_both_ways_and_the_fill_comes_in() {
    let augment = Augment { shift_rows: 2, fill: 0, ..Augment::default() };
    let stride = SHAPE.width * SHAPE.channels;
    let mut seen = [false; 5];
    for seed in 0..100 {
        let input = augmented(augment, seed);
        let down = (-2..=2isize).find(|down| {
            let from = |at: usize| at.checked_add_signed(down * stride as isize);
            let expected = |at| from(at).and_then(|at| plain().get(at).copied()).unwrap_or(real(0));
            input.iter().enumerate().all(|(at, value)| *value == expected(at))
        });
        seen[(down.expect("it is shifted by whole rows") + 2) as usize] = true;
    }
    assert_eq!(seen, [true; 5]);
}

#[test]
fn mirrored_pictures_are_half_of_all() {
    let augment = Augment { mirror: true, ..Augment::default() };
    let mirrored = (0..400).filter(|seed| augmented(augment, *seed) != plain()).count();
    assert!((160..240).contains(&mirrored), "{mirrored}");
}

#[test]
fn a_square_is_cut_out_and_the_rest_is_kept() {
    let augment = Augment { cutout: 3, fill: 255, ..Augment::default() };
    let mut largest = 0;
    for seed in 0..100 {
        let input = augmented(augment, seed);
        let places = hidden(&input, 255);
        let (rows, columns) = (places.iter().map(|it| it.0), places.iter().map(|it| it.1));
        let side = |low: usize, high: usize| high - low + 1;
        let height = side(rows.clone().min().expect("it is seen"), rows.max().expect("it is seen"));
        let width = side(columns.clone().min().unwrap(), columns.max().unwrap());
        assert!(height <= 3 && width <= 3 && places.len() == height * width);
        largest = largest.max(places.len());
        let kept = input.iter().zip(plain()).filter(|(a, b)| **a == *b).count();
        assert_eq!(kept, SHAPE.elements() - SHAPE.channels * places.len());
    }
    assert_eq!(largest, 9);
}

#[test]
fn whole_rows_and_columns_are_hidden_up_to_the_most() {
    let augment = Augment { hidden_rows: 3, hidden_columns: 2, fill: 0, ..Augment::default() };
    let mut most = [0, 0];
    for seed in 0..200 {
        let places = hidden(&augmented(augment, seed), 0);
        let in_row = |row| places.iter().filter(|it| it.0 == row).count();
        let in_column = |column| places.iter().filter(|it| it.1 == column).count();
        let rows = (0..SHAPE.height).filter(|row| in_row(*row) == SHAPE.width).count();
        let columns = (0..SHAPE.width).filter(|it| in_column(*it) == SHAPE.height).count();
        let both = rows * SHAPE.width + columns * SHAPE.height - rows * columns;
        assert_eq!(places.len(), both);
        most = [most[0].max(rows), most[1].max(columns)];
    }
    assert_eq!(most, [3, 2]);
}

#[test]
fn light_keeps_the_order_of_pixels_and_stays_within_bytes() {
    let augment = Augment { contrast: 0.5, brightness: 0.5, ..Augment::default() };
    let mut ends = [f32::INFINITY, f32::NEG_INFINITY];
    for seed in 0..100 {
        let input = augmented(augment, seed);
        assert!(input.iter().all(|it| (real(0)..=real(255)).contains(it)));
        assert!(input.is_sorted());
        ends = [ends[0].min(input[0]), ends[1].max(input[SHAPE.elements() - 1])];
    }
    assert!(ends[0] == real(0) && ends[1] > real(200), "{ends:?}");
}

#[test]
fn the_same_numbers_come_from_the_same_seed() {
    let augment = Augment {
        shift: 2,
        mirror: true,
        contrast: 0.3,
        cutout: 2,
        hidden_rows: 2,
        ..Augment::default()
    };
    assert_eq!(augmented(augment, 5), augmented(augment, 5));
    assert_ne!(augmented(augment, 5), augmented(augment, 6));
}
