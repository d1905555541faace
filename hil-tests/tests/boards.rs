//! One truth: a board's pixels are the virtual device's, bit by bit; and it counts what it does.

use std::path::{Path, PathBuf};

use quintet_driver::import;
use quintet_driver::render::{framing_camera, orbit};
use quintet_driver::scene::GaussianCloud;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::{boards, cloud, open, reference_folder, render, uri};
use quintet_protocol::message::{Phase, Ticks};
use quintet_protocol::program::Operator;

fn is_emulated(uri: &DeviceUri) -> bool {
    matches!(uri, DeviceUri::Qemu { .. })
}

fn import(path: &Path) -> GaussianCloud {
    import::gaussians(path).unwrap().cloud
}

/// PLAYBOT in the repository: 1 873 Gaussians with harmonics of degree 2.
fn playbot_lod6() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/playbot/playbot_lod6.ply")
}

/// Renders on the virtual device and on `board`, and compares.
fn compare(board: &DeviceUri, name: &str, cloud: &GaussianCloud, size: [u16; 2], views: usize) {
    let cameras = orbit(cloud, size, views);
    let expected = render(&mut open(&uri("virtual:")), cloud, &cameras, None);
    let found = render(&mut open(board), cloud, &cameras, None);
    for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
        assert!(expected.rgb == found.rgb, "{board}: {name} {size:?}, view {number}");
        let differs = expected.rgb.windows(6).filter(|pair| pair[..3] != pair[3..]).count();
        assert!(differs > 20, "{name}: nothing to see in view {number}");
        let items = |frame: &quintet_driver::render::Frame| -> Vec<_> {
            frame.costs.iter().map(|cost| (cost.command, cost.phase, cost.items)).collect()
        };
        assert_eq!(items(expected), items(found), "{board}: {name}: work items");
    }
}

#[test]
fn a_board_says_what_it_is() {
    for board in boards() {
        let connection = open(&board);
        let description = connection.description();
        let both = 1 << Operator::Geometry as u32 | 1 << Operator::Sort as u32;
        assert_eq!(description.operators & both, both, "{board}");
        assert!(description.arena_bytes >= 64 << 10, "{board}: {description:?}");
        if is_emulated(&board) {
            assert!(board.to_string().ends_with(description.board.trim_start_matches("qemu-")));
            assert_eq!(description.ticks, Ticks::Instructions);
            assert!(description.arena_bytes >= 15 << 20, "{board}: {description:?}");
        }
    }
}

#[test]
fn made_up_scenes_give_the_virtual_devices_pixels() {
    for board in boards() {
        for (count, degree, size) in [
            (5, 0, [16, 16]),
            (500, 0, [160, 120]),
            (500, 1, [61, 47]),
            (500, 2, [333, 9]),
            (500, 3, [9, 333]),
            (2000, 3, [128, 96]),
            // Wider than a tile: several columns of them, and the first is drawn by a kernel of its
            // own.
            (500, 1, [1000, 40]),
        ] {
            let name = format!("{count} Gaussians of degree {degree}");
            compare(&board, &name, &cloud(count, degree, count as u32), size, 2);
        }
    }
}

#[test]
fn playbot_gives_the_virtual_devices_pixels() {
    let scene = import(&playbot_lod6());
    for board in boards() {
        compare(&board, "playbot_lod6", &scene, [160, 120], 3);
    }
}

#[test]
fn the_slow_link_brings_the_same_pixels() {
    let scene = cloud(200, 1, 77);
    for board in boards().into_iter().filter(is_emulated) {
        let uart = uri(&format!("{board}?link=uart"));
        compare(&uart, "200 Gaussians", &scene, [64, 48], 1);
    }
}

#[test]
fn a_small_arena_is_enough_for_a_small_scene() {
    const ARENA: usize = 512 << 10;
    let scene = match reference_folder("a_small_arena_is_enough: lod5") {
        Some(folder) => import(&folder.join("scenes/splat/playbot_lod5.ply")),
        None => import(&playbot_lod6()),
    };
    let cameras = [framing_camera(&scene, [160, 120])];
    let expected = render(&mut open(&uri("virtual:?arena=524288")), &scene, &cameras, None);
    for board in boards() {
        let found = render(&mut open(&board), &scene, &cameras, Some(ARENA));
        assert!(found[0].rgb == expected[0].rgb, "{board}");
    }
}

#[test]
fn a_large_scene_fits_an_emulated_board() {
    let Some(folder) = reference_folder("a_large_scene_fits_an_emulated_board") else { return };
    let guitar = import(&folder.join("scenes/splat/guitar.compressed.ply"));
    for board in boards().into_iter().filter(is_emulated) {
        compare(&board, "guitar", &guitar, [320, 240], 1);
    }
}

#[test]
fn instruction_counts_repeat_exactly() {
    let scene = cloud(600, 2, 5);
    let camera = framing_camera(&scene, [96, 72]);
    let cameras = [camera.clone(), camera];
    for board in boards().into_iter().filter(is_emulated) {
        let first = render(&mut open(&board), &scene, &cameras, None);
        let again = render(&mut open(&board), &scene, &cameras, None);
        assert_eq!(first[0].costs, first[1].costs, "{board}: two frames of a session");
        assert_eq!(first[0].costs, again[0].costs, "{board}: two boots");
        let phases: Vec<_> = first[0].costs.iter().map(|cost| cost.phase).collect();
        use Phase::{Bin, Project, Rasterise, Resolve};
        assert_eq!(phases, [Project, Phase::Sort, Bin, Rasterise, Resolve]);
        assert!(first[0].costs.iter().all(|cost| cost.ticks > 1000), "{:?}", first[0].costs);
    }
}

#[test]
fn a_streamed_scene_gives_the_resident_ones_pixels() {
    let playbot = import(&playbot_lod6());
    let made_up = cloud(2000, 3, 9);
    for (name, scene, size, arena) in [
        ("playbot_lod6", &playbot, [160, 120], 160 << 10),
        ("made up", &made_up, [97, 61], 224 << 10),
    ] {
        let cameras = orbit(scene, size, 3);
        let expected = render(&mut open(&uri("virtual:")), scene, &cameras, None);
        for board in boards() {
            let found = render(&mut open(&board), scene, &cameras, Some(arena));
            for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
                assert!(found.pulled.pages > 0, "{board}: {name} fits {arena} bytes");
                assert!(found.rgb == expected.rgb, "{board}: {name}, view {number}");
            }
        }
    }
}

#[test]
fn a_large_scene_streams_through_512_kib() {
    let Some(folder) = reference_folder("a_large_scene_streams") else { return };
    let guitar = import(&folder.join("scenes/splat/guitar.compressed.ply"));
    let cameras = orbit(&guitar, [320, 240], 2);
    let expected = render(&mut open(&uri("virtual:")), &guitar, &cameras, None);
    for board in boards().into_iter().filter(is_emulated) {
        let found = render(&mut open(&board), &guitar, &cameras, Some(512 << 10));
        for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
            assert!(found.pulled.pages > 0);
            assert!(found.rgb == expected.rgb, "{board}: view {number}");
        }
    }
}

#[test]
fn the_slow_link_carries_pages_both_ways_without_a_standstill() {
    let scene = cloud(1500, 0, 77);
    let cameras = orbit(&scene, [48, 32], 1);
    let expected = render(&mut open(&uri("virtual:")), &scene, &cameras, None);
    for board in boards().into_iter().filter(is_emulated) {
        let uart = uri(&format!("{board}?link=uart"));
        let found = render(&mut open(&uart), &scene, &cameras, Some(120 << 10));
        assert!(found[0].pulled.pages > 0, "it fits");
        assert!(found[0].rgb == expected[0].rgb, "{board}");
    }
}
