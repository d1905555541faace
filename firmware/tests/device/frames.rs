//! Frames: every pixel comes once, whatever the sizes, and how the device cuts its work does not
//! show.

use proptest::prelude::*;
use quintet_firmware::Memory;

use crate::scene::{Layout, Plan, Scene};
use crate::world::World;

fn draw(plan: &Plan, scene: &Scene) -> Vec<[u8; 3]> {
    let layout = Layout::new(plan);
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    layout.load(&mut world, scene);
    world.run().picture(plan.frame)
}

#[test]
fn odd_sizes_are_covered_once() {
    // The last ones are wider than a packet holds (2024 bytes of pixels).
    for (frame, tile) in [
        ([1, 1], [1, 1]),
        ([7, 5], [7, 5]),
        ([7, 5], [3, 2]),
        ([333, 3], [333, 3]),
        ([333, 3], [100, 2]),
        ([3, 333], [2, 100]),
        ([1000, 2], [1000, 2]),
        ([1000, 3], [700, 2]),
        ([4096, 1], [2048, 1]),
        ([1, 4096], [1, 2048]),
    ] {
        let scene = Scene::random(frame, 50, 3);
        let plan = Plan { tile, ..Plan::roomy(frame, 50) };
        assert_eq!(draw(&plan, &scene).len(), usize::from(frame[0]) * usize::from(frame[1]));
    }
}

#[test]
fn nothing_to_see_is_background() {
    let frame = [40, 30];
    let mut scene = Scene::random(frame, 20, 3);
    scene.camera.translation[2] = -(1 << 24);
    let picture = draw(&Plan { tile: [16, 16], ..Plan::roomy(frame, 20) }, &scene);
    assert!(picture.iter().all(|pixel| *pixel == [10, 20, 30]));
}

#[test]
fn small_bins_only_take_more_batches() {
    let frame = [120, 90];
    let scene = Scene::random(frame, 800, 11);
    let roomy = Plan { tile: [24, 15], bins: 40 * 800, ..Plan::roomy(frame, 800) };
    let expected = draw(&roomy, &scene);
    for bins in [800, 801, 1000, 1700, 3333] {
        assert_eq!(draw(&Plan { bins, ..roomy }, &scene), expected, "{bins} words of bins");
    }
}

#[test]
fn the_digits_of_the_sort_do_not_show() {
    let frame = [64, 48];
    let mut scene = Scene::random(frame, 500, 5);
    // Keys of 8 bits, which every choice of digits covers.
    scene.camera.key_shift = 14;
    let plan = Plan::roomy(frame, 500);
    let expected = draw(&plan, &scene);
    for digit_bits in 4..=12 {
        assert_eq!(draw(&Plan { digit_bits, ..plan }, &scene), expected, "{digit_bits} bits");
    }
}

/// A small arena means small tiles; it must not mean other pixels. Large splats, since those are
/// cut by many tiles.
#[test]
fn tiles_do_not_show() {
    let frame = [320, 240];
    for seed in 1..4 {
        let scene = Scene::random(frame, 3000, seed);
        let roomy = Plan::roomy(frame, 3000);
        let expected = draw(&roomy, &scene);
        for tile in [[320, 8], [32, 240], [64, 32], [17, 11]] {
            let found = draw(&Plan { tile, ..roomy }, &scene);
            let differs = expected.iter().zip(&found).filter(|(a, b)| a != b).count();
            assert_eq!(differs, 0, "pixels differ with tiles of {tile:?}, seed {seed}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn tiles_of_any_size_do_not_show(
        frame in [1u16..150, 1u16..100],
        columns in 1u16..160,
        rows in 1u16..110,
        count in 1usize..400,
        seed: u32,
        spare in 0usize..800,
    ) {
        let scene = Scene::random(frame, count, seed);
        let roomy = Plan::roomy(frame, count);
        let tile = [columns.min(frame[0]), rows.min(frame[1])];
        let tight = Plan { tile, bins: count + spare, ..roomy };
        let (expected, found) = (draw(&roomy, &scene), draw(&tight, &scene));
        let differs = expected.iter().zip(&found).filter(|(a, b)| a != b).count();
        prop_assert_eq!(differs, 0, "of {} pixels", expected.len());
    }
}
