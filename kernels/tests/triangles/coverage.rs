//! Which pixels a triangle takes, and how near it is there.

use proptest::prelude::*;
use quintet_kernels::rasterise::{Corner, Surface, Tile, area};

const SIDE: i32 = 24;

fn tile(pixels: &mut [Surface], x: i32, y: i32, width: i32) -> Tile<'_, Surface> {
    let height = pixels.len() as i32 / width;
    let mut tile = Tile { x, y, width, height, pixels };
    tile.clear();
    tile
}

/// Whether the middle of a pixel is inside by the top-left rule: exact. None if it is next to
/// nothing away from an edge of more than 4096 rows.
fn is_inside(corners: &[Corner; 3], column: i32, row: i32) -> Option<bool> {
    let wide = |c: &Corner| [i128::from(c.x), i128::from(c.y)];
    let middle = [i128::from(column) * 256 + 128, i128::from(row) * 256 + 128];
    let mut corners = corners.map(|corner| wide(&corner));
    let cross = |a: [i128; 2], b: [i128; 2], p: [i128; 2]| {
        (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])
    };
    match cross(corners[0], corners[1], corners[2]) {
        0 => return Some(false),
        ..0 => corners.swap(1, 2),
        _ => {}
    }
    let mut inside = true;
    for k in 0..3 {
        let (a, b) = (corners[k], corners[(k + 1) % 3]);
        let [dx, dy] = [b[0] - a[0], b[1] - a[1]];
        // Clockwise as rows go down: left edges go up, top edges go right.
        let is_top_left = dy < 0 || dy == 0 && dx > 0;
        let side = cross(a, b, middle);
        if dy.abs() >= 1 << 20 && side.abs() << 16 < dy.abs() {
            return None;
        }
        inside &= side > 0 || side == 0 && is_top_left;
    }
    Some(inside)
}

/// Places along an axis: on the tile, also where middles are, and far away.
fn place() -> impl Strategy<Value = i32> {
    prop_oneof![
        4 => -1000..1000 + (SIDE << 8),
        2 => (-4..SIDE + 4).prop_map(|pixel| pixel * 256 + 128),
        2 => -1 << 22..(1 << 22) - 1,
        1 => Just((1 << 22) - 1),
        1 => Just(-1 << 22),
    ]
}

fn corner() -> impl Strategy<Value = Corner> {
    let nearness = prop_oneof![1u32..0xFFFF_0000, Just(1), Just(0xFFFF_0000)];
    (place(), place(), nearness).prop_map(|(x, y, nearness)| Corner { x, y, nearness })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_triangle_takes_the_pixels_whose_middles_it_holds(
        corners in [corner(), corner(), corner()],
        x in 0..SIDE,
    ) {
        let mut pixels = [[0; 2]; (SIDE * SIDE) as usize];
        let mut tile = tile(&mut pixels, x, 0, SIDE);
        let visited = tile.draw_triangle(&corners, 7);
        let mut drawn = 0;
        for (i, [_, number]) in pixels.iter().enumerate() {
            let (column, row) = (x + i as i32 % SIDE, i as i32 / SIDE);
            if let Some(inside) = is_inside(&corners, column, row) {
                prop_assert_eq!(*number == 7, inside, "({}, {})", column, row);
            }
            drawn += u32::from(*number == 7);
        }
        prop_assert_eq!(visited, drawn);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Neither gaps nor double hits.
    #[test]
    fn triangles_around_a_vertex_share_no_pixel_and_leave_none_out(
        hub in [1000i32..5000, 1000i32..5000],
        turns in prop::collection::vec(0.05..1.0f64, 3..12),
        reach in 600.0..900.0f64,
    ) {
        let whole: f64 = turns.iter().sum();
        prop_assume!(turns.iter().all(|turn| turn / whole < 0.49));
        let mut angle = 0.0;
        let rim: Vec<[i32; 2]> = turns.iter().map(|turn| {
            angle += turn / whole * std::f64::consts::TAU;
            [hub[0] + (reach * angle.cos()) as i32, hub[1] + (reach * angle.sin()) as i32]
        }).collect();
        let mut hits = vec![0; (SIDE * SIDE) as usize];
        let corner = |[x, y]: [i32; 2]| Corner { x, y, nearness: 1 << 20 };
        for k in 0..rim.len() {
            let corners = [corner(hub), corner(rim[k]), corner(rim[(k + 1) % rim.len()])];
            let mut pixels = [[0; 2]; (SIDE * SIDE) as usize];
            tile(&mut pixels, 0, 0, SIDE).draw_triangle(&corners, 0);
            for (hits, [_, number]) in hits.iter_mut().zip(pixels) {
                *hits += u32::from(number == 0);
            }
        }
        prop_assert!(hits.iter().all(|&hits| hits <= 1));
        let inside = |column: i32, row: i32| (0..rim.len()).all(|k| {
            let (a, b) = (rim[k], rim[(k + 1) % rim.len()]);
            let p = [column * 256 + 128, row * 256 + 128];
            let cross = i64::from(b[0] - a[0]) * i64::from(p[1] - a[1])
                - i64::from(b[1] - a[1]) * i64::from(p[0] - a[0]);
            cross > 0
        });
        for (i, hits) in hits.iter().enumerate() {
            if inside(i as i32 % SIDE, i as i32 / SIDE) {
                prop_assert_eq!(*hits, 1);
            }
        }
    }

    #[test]
    fn the_choice_of_tiles_changes_no_bit(
        corners in [corner(), corner(), corner()],
        width in 1..SIDE,
        height in 1..SIDE,
    ) {
        let mut whole = [[0; 2]; (SIDE * SIDE) as usize];
        tile(&mut whole, 0, 0, SIDE).draw_triangle(&corners, 3);
        for y in (0..SIDE).step_by(height as usize) {
            for x in (0..SIDE).step_by(width as usize) {
                let mut part = vec![[0; 2]; (width * height) as usize];
                tile(&mut part, x, y, width).draw_triangle(&corners, 3);
                for (i, found) in part.iter().enumerate() {
                    let (column, row) = (x + i as i32 % width, y + i as i32 / width);
                    if column < SIDE && row < SIDE {
                        prop_assert_eq!(*found, whole[(row * SIDE + column) as usize]);
                    }
                }
            }
        }
    }

    /// To a 2^24th of the nearness at the near plane, as a depth buffer of 24 bits has it, unless
    /// it is so steep that a hair's breadth makes as much of a difference.
    #[test]
    fn nearness_is_linear_on_the_screen(corners in [corner(), corner(), corner()]) {
        let twice = area(&corners) as f64;
        let [a, b, c] = corners;
        let gain = |to: Corner| f64::from(to.nearness) - f64::from(a.nearness);
        let across = gain(b) * f64::from(c.y - a.y) - gain(c) * f64::from(b.y - a.y);
        let down = gain(c) * f64::from(b.x - a.x) - gain(b) * f64::from(c.x - a.x);
        // Per pixel.
        let steep = 256.0 * across.abs().max(down.abs()) / twice.abs();
        prop_assume!(twice != 0.0 && steep < 2f64.powi(30));
        let mut pixels = [[0; 2]; (SIDE * SIDE) as usize];
        tile(&mut pixels, 0, 0, SIDE).draw_triangle(&corners, 7);
        for (i, [nearness, number]) in pixels.iter().enumerate() {
            if *number != 7 {
                continue;
            }
            let (x, y) = (i as i32 % SIDE * 256 + 128, i as i32 / SIDE * 256 + 128);
            let middle = Corner { x, y, nearness: 0 };
            let parts = [area(&[middle, b, c]), area(&[a, middle, c]), area(&[a, b, middle])];
            let sum: f64 =
                parts.iter().zip(corners).map(|(&p, c)| p as f64 * f64::from(c.nearness)).sum();
            let error = f64::from(*nearness) - 4096.0 - sum / twice;
            prop_assert!(error.abs() <= 256.0 + steep / 2048.0, "{error} of {nearness}");
        }
    }
}

#[test]
fn of_what_is_equally_near_the_last_one_stays() {
    let corner = |x, y, nearness| Corner { x, y, nearness };
    let draw = |nearness: [u32; 2]| {
        let mut pixels = [[0; 2]; 16];
        let mut tile = tile(&mut pixels, 0, 0, 4);
        for (nearness, number) in nearness.into_iter().zip(0..) {
            let corners = [(0, 0), (4096, 0), (0, 4096)].map(|(x, y)| corner(x, y, nearness));
            tile.draw_triangle(&corners, number);
        }
        pixels[5][1]
    };
    assert_eq!(draw([1000, 1000]), 1);
    assert_eq!(draw([1001, 1000]), 0);
    assert_eq!(draw([1000, 1001]), 1);
}
