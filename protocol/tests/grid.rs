//! Levels and factors of grids: the words are those of the documented layout, and survive a round
//! trip.

use proptest::prelude::*;
use quintet_protocol::grid::{FACTOR_WORDS, Factor, LEVEL_WORDS, Level, Wrap};

fn wrap() -> impl Strategy<Value = Wrap> {
    prop_oneof![Just(Wrap::Clamp), Just(Wrap::Repeat), Just(Wrap::Mirror)]
}

proptest! {
    #[test]
    fn levels_survive(
        scale: [i32; 3],
        offset: i32,
        [first, entries]: [u32; 2],
        resolution: [u16; 3],
        wraps in [wrap(), wrap(), wrap()],
        [hashed, nearest]: [bool; 2],
        multiplier: i32,
    ) {
        let level =
            Level { scale, offset, first, entries, resolution, wraps, hashed, nearest, multiplier };
        prop_assert_eq!(Level::from_words(&level.to_words()), level);
    }

    #[test]
    fn factors_survive(axes: [u8; 2], resolution: [u16; 2], first: u32, multiplier: i32) {
        let factor = Factor { axes, resolution, first, multiplier };
        prop_assert_eq!(Factor::from_words(&factor.to_words()), factor);
    }

    #[test]
    fn any_words_are_a_level_and_a_factor(words: [u32; LEVEL_WORDS]) {
        let level = Level::from_words(&words);
        prop_assert_eq!(Level::from_words(&level.to_words()), level);
        let words: [u32; FACTOR_WORDS] = words.first_chunk().copied().unwrap();
        let factor = Factor::from_words(&words);
        prop_assert_eq!(Factor::from_words(&factor.to_words()), factor);
    }
}

#[test]
fn a_level_is_laid_out_as_documented() {
    let level = Level {
        scale: [1, 2, 3],
        offset: -1,
        first: 4,
        entries: 5,
        resolution: [6, 7, 8],
        wraps: [Wrap::Repeat, Wrap::Clamp, Wrap::Mirror],
        hashed: true,
        nearest: false,
        multiplier: 9,
    };
    let flags = 8 | (1 | 2 << 4) << 16 | 1 << 24;
    assert_eq!(level.to_words(), [1, 2, 3, u32::MAX, 4, 5, 6 | 7 << 16, flags, 9, 0]);
}
