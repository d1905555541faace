//! Tests that run on boards: a suite for every target (`quintet-hil`, by `cargo xtask hil`), and
//! what is true of emulated boards only, in `tests/`.
//!
//! `QUINTET_HIL_DEVICE=serial:/dev/ttyACM0` puts the tests of kernels in `tests/` on that board;
//! without it they run on every emulated one that has our device inside.

pub mod accelerated;
mod attached;
pub mod attempt;
pub mod case;
pub mod cases;
pub mod convolution;
pub mod dense;
pub mod depthwise;
pub mod device;
pub mod fake;
pub mod heard;
pub mod junit;
pub mod mesh;
pub mod on_device;
pub mod one_command;
pub mod perceptron;
pub mod report;
pub mod scene;
pub mod suite;
pub mod target;
pub mod trials;

use std::path::PathBuf;
use std::time::Duration;

use quintet_driver::camera::Camera;
use quintet_driver::compile::Options;
use quintet_driver::device::Connection;
use quintet_driver::emulator::known_boards;
use quintet_driver::quantise::Bounds;
use quintet_driver::render::{Frame, Renderer};
use quintet_driver::scene::GaussianCloud;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;

/// Names the board to test, if not the emulated ones.
const DEVICE_VARIABLE: &str = "QUINTET_HIL_DEVICE";

/// Generous: the machine may be busy. Nothing waits this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Limits under which nothing times out that is alive.
pub fn patient() -> Limits {
    let mut limits = Limits::default();
    (limits.connect, limits.answer, limits.run) = (PATIENCE, PATIENCE, Some(PATIENCE));
    limits
}

/// The device URI of that text.
pub fn uri(text: &str) -> DeviceUri {
    text.parse().unwrap()
}

/// The boards to test, each with its fast link.
pub fn boards() -> Vec<DeviceUri> {
    match std::env::var(DEVICE_VARIABLE) {
        Ok(device) => vec![uri(&device)],
        Err(_) => known_boards().map(|board| uri(&format!("qemu:{}", board.name()))).collect(),
    }
}

/// The virtual device, then the boards, all opened.
pub fn devices() -> Vec<(DeviceUri, Connection)> {
    let uris = [vec![uri("virtual:")], boards()].concat();
    uris.into_iter().map(|uri| (uri.clone(), open(&uri))).collect()
}

/// The folder with scenes that are not in the repository, if there is one.
pub fn reference_variable() -> Option<PathBuf> {
    std::env::var_os("QUINTET_REFERENCE_DIR").map(PathBuf::from)
}

/// The folder with scenes that are not in the repository; says so if there is none.
pub fn reference_folder(test: &str) -> Option<PathBuf> {
    let folder = reference_variable();
    if folder.is_none() {
        println!("{test}: skipped: QUINTET_REFERENCE_DIR is not set");
    }
    folder
}

/// Whether a program is in a folder of `PATH`, or where its own path says.
pub(crate) fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Opens a connection; says what to do where that fails.
pub fn open(uri: &DeviceUri) -> Connection {
    let connection = Connection::open(uri, patient())
        .unwrap_or_else(|error| panic!("{uri}: {error}; {}", error.advice()));
    assert_eq!(connection.warning(), None, "{uri}");
    connection
}

/// Sends a scene and renders each camera, in an arena of at most `arena` bytes.
pub fn render(
    connection: &mut Connection,
    cloud: &GaussianCloud,
    cameras: &[Camera],
    arena: Option<usize>,
) -> Vec<Frame> {
    let options = options(cameras, arena.unwrap_or(connection.description().arena_bytes as usize));
    let reach = reach(cloud, cameras);
    let mut renderer = Renderer::new(connection, cloud, reach, &options, &mut |_, _| ()).unwrap();
    cameras.iter().map(|camera| renderer.render(camera).unwrap()).collect()
}

/// What to compile for these cameras.
pub fn options(cameras: &[Camera], arena_bytes: usize) -> Options {
    let Camera { width, height, .. } = cameras[0];
    Options { width, height, background: [30, 20, 10], arena_bytes }
}

/// Distance of the farthest camera from the cloud's middle.
pub fn reach(cloud: &GaussianCloud, cameras: &[Camera]) -> f64 {
    let middle = Bounds::of(&cloud.positions).middle();
    cameras.iter().map(|camera| camera.distance(&middle)).fold(0.0, f64::max)
}

/// A made-up scene, the same for the same seed: Gaussians in a ball of radius 1, of all shapes.
pub fn cloud(count: usize, degree: u8, seed: u32) -> GaussianCloud {
    let mut state = seed | 1;
    // In -1..1 (xorshift32).
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as i32 as f32 / i32::MAX as f32
    };
    let mut cloud = GaussianCloud { degree, ..GaussianCloud::default() };
    for _ in 0..count {
        cloud.positions.push([random(), random(), random()]);
        cloud.scales.push([(); 3].map(|()| 0.005 + 0.08 * random().powi(2)));
        let quaternion = [1.2 + random(), random(), random(), random()];
        let length = quaternion.iter().map(|q| q * q).sum::<f32>().sqrt();
        cloud.rotations.push(quaternion.map(|q| q / length));
        cloud.opacities.push(0.02 + 0.98 * random().abs());
        cloud.colors.push([(); 3].map(|()| 0.5 + 0.5 * random()));
        let per = cloud.harmonics_per_gaussian();
        cloud.harmonics.extend((0..per).map(|_| 0.3 * random()));
    }
    cloud
}
