//! Triangles, and Gaussians among them, give the same bits on every board as on the virtual device,
//! and cost what is said. With `--nocapture` it prints that.

use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::mesh::{Drawn, Scene};
use quintet_hil_tests::{boards, open, uri};
use quintet_protocol::message::Phase;

/// Splats of all shapes in a row across the frame, half of them behind the ball.
fn add_splats(scene: &mut Scene) {
    let [width, height] = scene.frame.map(u32::from);
    for k in 0..24 {
        let center = [k * width / 24, (k * 37 + 20) % height];
        let [first, end] = [center[1].saturating_sub(14), (center[1] + 14).min(height)];
        let splat = [
            center[0] << 8 | 77,
            center[1] << 8 | 13,
            k << 12,
            (1 << 27) / (9 + k),
            (1 << 27) / (11 + k),
            20 << 8,
            first | end << 16,
            width << 16,
            4000 | (k * 150) << 16,
            3000 | (100 + 6 * k) << 16,
        ];
        let depth = (1 << 20) + k * (1 << 18);
        scene.splats.push((splat, depth >> scene.camera.key_shift));
    }
}

fn scenes() -> Vec<(&'static str, Scene)> {
    let mut mixed = Scene::ball([160, 120], [160, 24], 24);
    add_splats(&mut mixed);
    let mut tiles = Scene::ball([133, 71], [37, 19], 9);
    add_splats(&mut tiles);
    vec![
        ("ball of 2 304 triangles", Scene::ball([160, 120], [160, 24], 24)),
        ("ball of 100 triangles", Scene::ball([320, 240], [320, 16], 5)),
        ("ball among splats", mixed),
        ("odd tiles", tiles),
    ]
}

fn print(name: &str, device: &DeviceUri, drawn: &Drawn) {
    println!("\n{name}, {device}");
    for (phase, [ticks, items]) in &drawn.costs {
        let each = *ticks as f64 / (*items).max(1) as f64;
        println!("{:<12} {ticks:>9} {items:>8} {each:>8.1}", format!("{phase:?}"));
    }
}

#[test]
fn boards_draw_the_bits_of_the_virtual_device() {
    let mut virtual_device = open(&uri("virtual:"));
    let expected: Vec<Drawn> =
        scenes().iter().map(|(_, scene)| scene.draw(&mut virtual_device).unwrap()).collect();
    for board in boards() {
        let mut connection = open(&board);
        for ((name, scene), expected) in scenes().iter().zip(&expected) {
            let found = scene.draw(&mut connection).unwrap();
            print(name, &board, &found);
            assert!(found.pixels == expected.pixels, "{name} on {board}: pixels");
            assert!(found.fragments == expected.fragments, "{name} on {board}: fragments");
            let items = |drawn: &Drawn| -> Vec<(Phase, u64)> {
                drawn.costs.iter().map(|(phase, [_, items])| (*phase, *items)).collect()
            };
            assert_eq!(items(&found), items(expected), "{name} on {board}");
        }
    }
}
