//! The image of a real board, a Netduino Plus 2, in QEMU: over its own serial port, in its own RAM.

use std::path::Path;
use std::time::Duration;

use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::render::orbit;
use quintet_hil_tests::heard::Heard;
use quintet_hil_tests::{cases, patient, render, uri};
use quintet_protocol::message::{Outcome, Ticks};

const BOARD: &str = "qemu:netduinoplus2";
/// Of the chip, of which the stack and the link have a part.
const RAM_BYTES: u32 = 128 << 10;
/// Pages of a frame come at 11 kB a second.
const RUN: Duration = Duration::from_secs(600);

fn open() -> Connection {
    let mut limits = patient();
    limits.run = Some(RUN);
    let connection = Connection::open(&uri(BOARD), limits).unwrap();
    assert_eq!(connection.warning(), None);
    connection
}

#[test]
fn the_board_says_what_it_is_over_its_own_serial_port() {
    let connection = open();
    let description = connection.description();
    assert_eq!((&*description.board, &*description.target), ("netduino-plus-2", "thumbv7em"));
    assert!((100 << 10..RAM_BYTES).contains(&description.arena_bytes), "{description:?}");
    // Cycles on silicon; QEMU has no counter.
    assert_eq!(description.ticks, Ticks::None);
}

#[test]
fn a_scene_that_does_not_fit_its_ram_gives_the_virtual_devices_pixels() {
    let file = cases::scene_file("playbot/playbot_lod6.ply");
    let cloud = import::gaussians(Path::new(&file)).unwrap().cloud;
    let cameras = orbit(&cloud, [80, 60], 1);
    let mut whole = Connection::open(&uri("virtual:"), patient()).unwrap();
    let expected = render(&mut whole, &cloud, &cameras, None);
    let mut connection = open();
    let heard = Heard::listen(&mut connection);
    let found = render(&mut connection, &cloud, &cameras, None);
    assert!(expected[0].rgb == found[0].rgb);
    assert!(found[0].pulled.pages > 0, "nothing was streamed");
    let link = connection.session().device_link().unwrap().stats;
    assert_eq!((link.overruns, link.damaged), (0, 0), "bytes were lost while kernels ran");
    println!("{BOARD}: {}", heard.check_stack(&mut connection));
}

#[test]
fn a_run_that_is_aborted_leaves_a_board_that_runs() {
    // In so little that a run has to wait for pages, so that no abort comes too late.
    const ARENA: usize = 40 << 10;
    let path = cases::network_folder().join("mlperf_kws_ref_model_int8.tflite");
    let case = cases::network(&path, ARENA);
    assert!(case.is_streamed());
    let mut connection = open();
    let mut whole = Connection::open(&uri("virtual:"), patient()).unwrap();
    case.load(whole.session()).unwrap();
    let expected = case.run(whole.session()).unwrap();
    for _ in 0..3 {
        case.load(connection.session()).unwrap();
        assert_eq!(case.abort(connection.session()).unwrap(), Outcome::Aborted);
        // What was aborted may have overwritten its inputs.
        case.load(connection.session()).unwrap();
        let found = case.run(connection.session()).unwrap();
        assert_eq!((found.outcome, &found.outputs), (Outcome::Completed, &expected.outputs));
    }
}
