//! Scenes larger than the arena: drawn in windows, to the very bits of the scene that is resident.

use std::path::{Path, PathBuf};

use quintet_driver::camera::Camera;
use quintet_driver::compile::Options;
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::quantise::Bounds;
use quintet_driver::render::{Frame, Renderer, orbit};
use quintet_driver::scene::GaussianCloud;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

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
        println!("{name} in {arena}: {:?}", found.pulled);
    }
    found
}

#[test]
fn playbot_streams_to_the_same_bits() {
    let cloud = playbot("playbot_lod4.compressed.ply");
    for (arena, size) in [(256 << 10, [160, 120]), (512 << 10, [320, 240]), (192 << 10, [97, 61])] {
        compare("playbot", &cloud, &orbit(&cloud, size, 3), arena);
    }
}

#[test]
fn guitar_streams_through_512_kib_to_the_same_bits() {
    let Some(folder) = reference_folder("guitar_streams") else { return };
    let cloud =
        import::gaussians(&folder.join("scenes/splat/guitar.compressed.ply")).unwrap().cloud;
    compare("guitar", &cloud, &orbit(&cloud, [320, 240], 2), 512 << 10);
}
