//! Cameras and chunk headers: the words are those of the documented layout, and survive a round
//! trip.

use proptest::prelude::*;
use quintet_protocol::gaussian::{Camera, Chunk, harmonics_words};

proptest! {
    #[test]
    fn chunks_survive(
        origin: [i32; 3],
        radius: i32,
        count: u16,
        position_shift: u8,
        harmonics_scale: u32,
        exponent_bias: i32,
        deviation: u32,
    ) {
        let chunk =
            Chunk { origin, radius, count, position_shift, harmonics_scale, exponent_bias, deviation };
        prop_assert_eq!(Chunk::from_words(&chunk.to_words()), chunk);
    }

    #[test]
    fn cameras_survive(
        matrix: [[i32; 3]; 3],
        translation: [i32; 3],
        position: [i32; 3],
        center: [i32; 2],
        slope_limits: [i32; 4],
        near: i32,
        focal_shift: u32,
        key_shift: u32,
    ) {
        let camera = Camera {
            matrix, translation, position, center, slope_limits, near, focal_shift, key_shift,
        };
        prop_assert_eq!(Camera::from_words(&camera.to_words()), camera);
    }

    #[test]
    fn any_words_are_a_camera(words: [[u32; 8]; 3]) {
        let words: [u32; 24] = words.as_flattened().try_into().unwrap();
        prop_assert_eq!(Camera::from_words(&words).to_words(), words);
    }
}

#[test]
fn words_stand_where_the_layout_says() {
    let chunk = Chunk {
        origin: [1, -2, 3],
        radius: 4,
        count: 5,
        position_shift: 6,
        harmonics_scale: 7,
        exponent_bias: -8,
        deviation: 9,
    };
    assert_eq!(chunk.to_words(), [1, -2i32 as u32, 3, 4, 5 | 6 << 16, 7, -8i32 as u32, 9]);
    let camera = Camera {
        matrix: [[0, 1, 2], [3, 4, 5], [6, 7, 8]],
        translation: [9, 10, 11],
        position: [12, 13, 14],
        center: [15, 16],
        slope_limits: [17, 18, 19, 20],
        near: 21,
        focal_shift: 22,
        key_shift: 23,
    };
    assert!(camera.to_words().into_iter().eq(0..24));
}

#[test]
fn harmonics_take_whole_words() {
    // 0, 9, 24 and 45 bytes.
    assert_eq!([0, 1, 2, 3].map(harmonics_words), [0, 3, 6, 12]);
}
