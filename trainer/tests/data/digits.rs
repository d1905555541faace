//! The handwritten digits that come along.

use std::path::Path;

use quintet_trainer::data::Source;
use quintet_trainer::network::Shape;

#[test]
fn digits_are_there_without_any_file() {
    let split = Source::Digits {}.read(Path::new("nowhere")).expect("they are there");
    assert_eq!((split.train.len(), split.test.len()), (1437, 360));
    for part in [&split.train, &split.test] {
        assert_eq!(part.shape, Shape { height: 8, width: 8, channels: 1 });
        assert_eq!(part.bytes.len(), part.len() * 64);
        assert_eq!(part.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        let each = (0..10).map(|class| part.labels.iter().filter(|it| **it == class).count());
        assert!(
            each.clone().all(|count| count * 12 > part.len()),
            "{:?}",
            each.collect::<Vec<_>>()
        );
        assert!(part.bytes.contains(&0) && part.bytes.contains(&255));
    }
}

#[test]
fn the_first_digit_is_the_zero_that_it_is_in_the_original() {
    let split = Source::Digits {}.read(Path::new("")).expect("they are there");
    let counts = split.train.sample(0).iter().map(|byte| (u32::from(*byte) + 8) / 16);
    let rows = [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0];
    assert_eq!(counts.take(16).collect::<Vec<_>>(), rows);
    assert_eq!(split.train.labels[..5], [0, 1, 2, 3, 4]);
}
