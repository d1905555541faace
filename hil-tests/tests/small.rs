//! The smallest images of the emulated Cortex-M4, over its UART alone: one runs networks of MLPerf
//! Tiny, and names what it lacks; one executes every command.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use quintet_driver::device::Connection;
use quintet_driver::emulator::{find, firmware_folders};
use quintet_driver::import;
use quintet_driver::infer::Inference;
use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::render::{Renderer, orbit};
use quintet_driver::selftest::{self, Verdict};
use quintet_hil_tests::{cloud, open, options, reach, render, uri};

/// The image for networks, and the one with every micro-operator.
const NETWORKS_ONLY: &str = "qemu-mps2-an386-small.elf";
const WHOLE: &str = "qemu-mps2-an386-small-whole.elf";
const NETWORKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../networks");

/// QEMU with one of the smallest images, its UART a socket.
struct Board {
    qemu: Child,
    folder: PathBuf,
}

impl Board {
    fn start(test: &str, image: &str) -> Self {
        let mut images = firmware_folders().into_iter().map(|folder| folder.join(image));
        let image = images.find(|image| image.is_file());
        let image = image.expect("build it: cargo xtask firmware --small");
        let folder = format!("quintet-small-{test}-{}", std::process::id());
        let folder = std::env::temp_dir().join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        let machine = find("mps2-an386").unwrap();
        let socket = format!("unix:{},server=on,wait=off", folder.join("uart").display());
        let qemu = Command::new(&machine.qemu.command)
            .args(&machine.qemu.arguments)
            .args(["-display", "none", "-monitor", "none", "-serial", &socket, "-kernel"])
            .arg(image)
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        Self { qemu, folder }
    }

    fn connect(&self) -> Connection {
        let socket = self.folder.join("uart");
        let deadline = Instant::now() + Duration::from_secs(60);
        while !socket.exists() {
            assert!(Instant::now() < deadline, "QEMU makes no socket");
            thread::sleep(Duration::from_millis(5));
        }
        open(&uri(&format!("unix:{}", socket.display())))
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// An int8 array of the folder of networks.
fn array(name: &str) -> Vec<i8> {
    let file = std::fs::read(Path::new(NETWORKS).join(name)).unwrap();
    match Array::from_npy(&file).unwrap().elements {
        Elements::Int8(bytes) => bytes,
        other => panic!("{name}: {}", other.name()),
    }
}

#[test]
fn networks_are_streamed_to_the_smallest_image_and_give_the_reference_kernels_bytes() {
    let board = Board::start("network", NETWORKS_ONLY);
    let mut connection = board.connect();
    for name in ["mlperf_kws_ref_model_int8", "mlperf_resnet8_int8", "mlperf_ad01_int8"] {
        check(&mut connection, name);
    }
}

/// Runs some samples of a network.
fn check(connection: &mut Connection, name: &str) {
    let path = Path::new(NETWORKS).join(format!("{name}.tflite"));
    let network = import::network(&path).unwrap().network;
    let mut inference = Inference::new(connection, &network, &mut |_, _| ()).unwrap();
    let (input, expected) =
        (array(&format!("{name}.input.npy")), array(&format!("{name}.output.npy")));
    let length = inference.inputs()[0].len();
    let samples = input.chunks(length).zip(expected.chunks(expected.len() * length / input.len()));
    for (sample, expected) in samples.take(2) {
        assert_eq!(inference.run(&[sample]).unwrap().outputs[0], expected, "{name}");
    }
}

#[test]
fn a_scene_is_refused_with_the_operator_that_is_missing() {
    let board = Board::start("scene", NETWORKS_ONLY);
    let mut connection = board.connect();
    let scene = cloud(20, 0, 1);
    let cameras = orbit(&scene, [16, 16], 1);
    let options = options(&cameras, connection.description().arena_bytes as usize);
    let reach = reach(&scene, &cameras);
    let refused = Renderer::new(&mut connection, &scene, reach, &options, &mut |_, _| ());
    let told = refused.err().expect("it has no Geometry").to_string();
    assert!(told.contains("Geometry has no mode") && told.contains("in this firmware"), "{told}");
    // And it goes on.
    drop(connection);
    assert!(board.connect().description().board.ends_with("mps2-an386"));
}

#[test]
fn the_smallest_whole_image_knows_every_answer() {
    let board = Board::start("whole", WHOLE);
    let mut connection = board.connect();
    let report = selftest::run(&mut connection, &mut |_| ()).unwrap();
    for check in &report.checks {
        assert_eq!(check.verdict, Verdict::Passed, "{}", check.name);
    }
}

#[test]
fn the_smallest_whole_image_draws_the_virtual_devices_pixels() {
    let board = Board::start("pixels", WHOLE);
    let scene = cloud(150, 3, 5);
    let cameras = orbit(&scene, [40, 30], 1);
    let expected = render(&mut open(&uri("virtual:")), &scene, &cameras, None);
    let found = render(&mut board.connect(), &scene, &cameras, None);
    assert!(found[0].rgb == expected[0].rgb);
}
