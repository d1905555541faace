//! Scenes larger than the arena: drawn in windows, to the very bits of the scene that is resident.
//!
//! With guitar in the folder that `QUINTET_REFERENCE_DIR` names, `cargo test --test streaming --
//! --nocapture guitar` prints what each frame moves.

use std::path::{Path, PathBuf};

use quintet_driver::camera::Camera;
use quintet_driver::compile::{CompileError, Options, compile};
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::quantise::{Bounds, SceneFrame, quantise};
use quintet_driver::render::{Frame, Renderer, orbit};
use quintet_driver::scene::GaussianCloud;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_protocol::gaussian::GAUSSIAN_WORDS;

fn playbot(file: &str) -> GaussianCloud {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/playbot");
    import::gaussians(&folder.join(file)).unwrap().cloud
}

/// The folder with the larger references; says so if there is none.
fn reference_folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("QUINTET_REFERENCE_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("{test}: skipped: QUINTET_REFERENCE_DIR is not set");
    }
    folder
}

/// Draws the cameras one after the other in an arena of so many bytes; says whether it streamed.
fn draw(cloud: &GaussianCloud, cameras: &[Camera], arena_bytes: usize) -> (Vec<Frame>, bool) {
    let uri = DeviceUri::Virtual { arena: None };
    let mut connection = Connection::open(&uri, Limits::default()).unwrap();
    let middle = Bounds::of(&cloud.positions).middle();
    let reach = cameras.iter().map(|camera| camera.distance(&middle)).fold(0.0, f64::max);
    let Camera { width, height, .. } = cameras[0];
    let options = Options { width, height, background: [9, 80, 200], arena_bytes };
    let mut renderer =
        Renderer::new(&mut connection, cloud, reach, &options, &mut |_, _| ()).unwrap();
    let frames = cameras.iter().map(|camera| renderer.render(camera).unwrap()).collect();
    (frames, renderer.bundle().streamed.is_some())
}

/// Draws in a small arena and in a large one, and compares bits; returns the small one's frames.
fn compare(name: &str, cloud: &GaussianCloud, cameras: &[Camera], arena: usize) -> Vec<Frame> {
    let (expected, streamed) = draw(cloud, cameras, 256 << 20);
    assert!(!streamed);
    let (found, streamed) = draw(cloud, cameras, arena);
    assert!(streamed, "{name} fits {arena} bytes");
    for (number, (expected, found)) in expected.iter().zip(&found).enumerate() {
        let differ = expected.rgb.iter().zip(&found.rgb).filter(|(a, b)| a != b).count();
        assert_eq!(differ, 0, "{name} in {arena} bytes, camera {number}: bytes differ");
        assert!(found.pulled.pages > 0);
    }
    found
}

#[test]
fn playbot_streams_to_the_same_bits() {
    let cloud = playbot("playbot_lod4.compressed.ply");
    for (arena, size) in [
        (192 << 10, [97, 61]),
        (256 << 10, [160, 120]),
        (512 << 10, [320, 240]),
        (512 << 10, [33, 500]),
    ] {
        compare("playbot", &cloud, &orbit(&cloud, size, 3), arena);
    }
}

#[test]
fn every_degree_of_harmonics_streams_to_the_same_bits() {
    let whole = playbot("playbot_lod6.ply");
    assert_eq!(whole.degree, 2);
    for (degree, bands) in [(0u8, 0), (1, 9), (2, 24)] {
        let per = whole.harmonics_per_gaussian();
        let harmonics = whole.harmonics.chunks(per).flat_map(|all| &all[..bands]).copied();
        let cloud = GaussianCloud { degree, harmonics: harmonics.collect(), ..whole.clone() };
        compare("playbot", &cloud, &orbit(&cloud, [80, 60], 3), 128 << 10);
    }
}

#[test]
fn a_camera_inside_the_scene_streams_to_the_same_bits() {
    let cloud = playbot("playbot_lod4.compressed.ply");
    let size = [120, 90];
    let middle = Bounds::of(&cloud.positions).middle();
    let cameras: Vec<_> = [[0.3, 0.0, 0.1], [0.0, -0.4, 0.0], [0.05, 0.02, 0.9]]
        .into_iter()
        .map(|off| {
            let eye = [0, 1, 2].map(|axis| middle[axis] + off[axis]);
            let target = [0, 1, 2].map(|axis| middle[axis] - off[(axis + 1) % 3]);
            Camera { near: 0.01, ..Camera::look_at(size, 70.0, eye, target, [0.0, -1.0, 0.1]) }
        })
        .collect();
    compare("playbot from inside", &cloud, &cameras, 224 << 10);
}

#[test]
fn what_stays_resident_is_not_pulled_again() {
    let cloud = playbot("playbot_lod4.compressed.ply");
    let camera = orbit(&cloud, [160, 120], 1).remove(0);
    // About half of its pages fit.
    let frames = compare("playbot", &cloud, &vec![camera; 3], 700 << 10);
    let pulled = frames.iter().map(|frame| frame.pulled.pages).collect::<Vec<_>>();
    assert!(pulled[1] * 4 < pulled[0] * 3 && pulled[2] * 4 < pulled[0] * 3, "{pulled:?}");
}

#[test]
fn an_arena_that_is_too_small_says_what_is_needed() {
    let cloud = playbot("playbot_lod4.compressed.ply");
    let quantised = quantise(&cloud, SceneFrame::new(&cloud, 10.0));
    let options =
        |arena_bytes| Options { width: 320, height: 240, background: [0; 3], arena_bytes };
    let Err(CompileError::TooLarge { needed, .. }) = compile(&quantised, &options(50_000)) else {
        panic!("compiled")
    };
    assert!(compile(&quantised, &options(needed - 1)).is_err());
    let bundle = compile(&quantised, &options(needed)).unwrap();
    assert!(bundle.arena_bytes <= needed && bundle.streamed.is_some());
    compare("playbot", &cloud, &orbit(&cloud, [320, 240], 1), needed);
}

#[test]
fn guitar_streams_through_512_kib_to_the_same_bits() {
    let Some(folder) = reference_folder("guitar_streams") else { return };
    let cloud =
        import::gaussians(&folder.join("scenes/splat/guitar.compressed.ply")).unwrap().cloud;
    let path = orbit(&cloud, [320, 240], 8);
    let still = vec![path[0].clone(); 3];
    let frames = compare("guitar", &cloud, &[still, path].concat(), 512 << 10);
    let scene = 90_854 * 4 * GAUSSIAN_WORDS as u64;
    println!("guitar at 320x240 through 512 KiB; a frame moves");
    println!("  {:<16} {:>6} {:>15} {:>9}", "", "pages", "bytes of pages", "of scene");
    for (number, Frame { pulled, .. }) in frames.iter().enumerate() {
        let name = match number {
            0..3 => format!("standing still {}", number + 1),
            _ => format!("orbit {} of 8", number - 2),
        };
        let share = 100.0 * pulled.bytes as f64 / scene as f64;
        println!("  {name:<16} {:>6} {:>15} {share:>7.0} %", pulled.pages, pulled.bytes);
        assert!(share < 400.0);
    }
}
