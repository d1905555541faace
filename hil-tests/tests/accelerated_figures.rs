//! Work leaves the core: what a frame and an inference take of the core's instructions with a small
//! accelerator beside it, and without one. With `--nocapture` it prints what is left, by command.

use quintet_driver::import;
use quintet_driver::scene::Content;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::accelerated::{Accelerated, run};
use quintet_hil_tests::case::{Case, Ran};
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::perceptron::Network;
use quintet_hil_tests::{boards, cases, open, uri};
use quintet_protocol::message::Ticks;

/// The accelerator.
const ACCELERATOR: &str = "tiny-ecp5";
/// How many times fewer instructions the core is to execute with it, at least.
const FEWER: u64 = 5;

/// Prints what each command takes of the core, and asserts that it is little.
fn compare(board: &DeviceUri, case: &Case) {
    let mut connection = open(board);
    if connection.description().ticks != Ticks::Instructions {
        println!("{board} counts no instructions: skipped");
        return;
    }
    let alone = run(&mut connection, &board.to_string(), case);
    let mut device = Accelerated::open(board, ACCELERATOR);
    let helped = device.run(case);
    assert!(helped.rgb == alone.rgb && helped.outputs == alone.outputs, "{board}: {}", case.name);
    print(board, case, &alone, &helped);
    assert!(helped.core() * FEWER <= alone.core(), "{board}: {}: commands", case.name);
    assert!(helped.ticks * FEWER <= alone.ticks, "{board}: {}: the whole run", case.name);
}

fn print(board: &DeviceUri, case: &Case, alone: &Ran, helped: &Ran) {
    println!("\n{board}: {}, instructions of the core", case.name);
    let row = |name: &str, alone: u64, helped: u64, clocks: String| {
        let share = 100.0 * helped as f64 / alone as f64;
        println!("  {name:<24} {alone:>11} {helped:>11} {share:>6.1} % {clocks:>11}");
    };
    println!(
        "  {:<24} {:>11} {:>11} {:>8} {:>11}",
        "command", "alone", ACCELERATOR, "left", "its clocks"
    );
    for (index, command) in case.commands().into_iter().enumerate() {
        let (alone, helped) = (&alone.spent[index], &helped.spent[index]);
        let left = helped.ticks + helped.offload;
        row(command.name(), alone.ticks, left, helped.receipt.clocks.to_string());
    }
    row("all commands", alone.core(), helped.core(), String::new());
    row("the run with its link", alone.ticks, helped.ticks, String::new());
}

#[test]
fn a_frame_of_gaussians_leaves_the_core() {
    let file = cases::scene_file("playbot/playbot_lod4.sog");
    let scene = Content::Gaussians(import::gaussians(&file).unwrap().cloud);
    let case = cases::framed("playbot_lod4, 320x240", &scene, [320, 240]);
    for board in boards() {
        compare(&board, &case);
    }
}

#[test]
fn a_network_leaves_the_core() {
    let file = cases::network_folder().join("mlperf_resnet8_int8.tflite");
    let case = cases::network(&file, cases::ARENA);
    for board in boards() {
        compare(&board, &case);
    }
}

/// Grid and network as one command keep features on the chip, and as one after another do not (NGPC
/// names this gain, without a figure for it alone).
#[test]
fn a_network_as_one_command_takes_less_of_an_accelerator() {
    let network = Network::random(1024, 32, &mut Random::new(2));
    println!("\n8 levels x 4 features, 32-64-16, 32-64-64-3, 1024 rows: clocks, bytes moved");
    for accelerator in ["tiny-ecp5", "edge", "ngpc-8"] {
        let mut device = Accelerated::open(&uri("virtual:"), accelerator);
        let mut cost = |cases: &[Case]| {
            let receipts = cases.iter().map(|case| device.run(case).spent[0].receipt);
            receipts.fold([0, 0], |[clocks, bytes], it| {
                [clocks + it.clocks, bytes + it.bytes_read + it.bytes_written]
            })
        };
        let fused = cost(&[network.case()]);
        let apart = cost(&network.cases_one_by_one());
        let gain = apart[0] as f64 / fused[0] as f64;
        println!(
            "{accelerator:<10} one by one {apart:?}, as one {fused:?}: {gain:.2} times faster"
        );
        assert!(fused[0] < apart[0] && fused[1] < apart[1], "{accelerator}");
    }
}
