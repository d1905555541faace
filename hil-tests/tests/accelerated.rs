//! One truth: with an accelerator beside it a device gives the pixels and the scores that its core
//! gives alone, bit by bit, whatever the accelerator leaves to the core; and the accelerator has
//! done the rest.
//!
//! On the virtual device each command is switched off in turn, on the boards each micro-operator.
//! `cargo xtask accelerated` switches each command off on the boards as well, and takes the
//! networks of `QUINTET_REFERENCE_DIR` with it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::accelerated::{Accelerated, Known, commands};
use quintet_hil_tests::{boards, cases, reference_folder, uri};
use quintet_protocol::program::Operator;

/// An accelerator that executes everything.
const WHOLE: &str = "tiny-ecp5";
/// The micro-operators that an accelerator may have.
const OPERATORS: [Operator; 6] = [
    Operator::Geometry,
    Operator::CombinedGrid,
    Operator::DecomposedGrid,
    Operator::Sort,
    Operator::Gemm,
    Operator::Vector,
];

/// All cases, with what the core makes of them.
fn known() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut all = cases::pipelines();
        all.extend(cases::networks(&cases::network_folder()));
        let resnet = cases::network_folder().join("mlperf_resnet8_int8.tflite");
        all.push(cases::network(&resnet, 64 << 10));
        all.into_iter().map(Known::of).collect()
    })
}

/// Small networks, each of which has an operator or two.
fn operators() -> &'static [Known] {
    static KNOWN: OnceLock<Vec<Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../driver/tests/networks/corpus");
        cases::networks(&corpus).into_iter().map(Known::of).collect()
    })
}

/// Checks cases on a device whose accelerator has everything, completing at once and by its clock.
/// Returns the modes that it executed.
fn check_whole(uri: &DeviceUri, cases: &[Known]) -> BTreeSet<(u8, u8)> {
    let mut executed = BTreeSet::new();
    for pace in ["instant", "clock"] {
        let mut device = Accelerated::open(uri, &format!("{WHOLE},pace={pace}"));
        executed.extend(cases.iter().flat_map(|known| device.check(known)));
    }
    executed
}

/// Checks the cases that have a command on a device whose accelerator lacks it, for every command.
fn check_each_off(uri: &DeviceUri, cases: &[Known]) {
    for (name, (operator, mode)) in commands() {
        let code = (operator as u8, mode);
        let mut with_it = cases.iter().filter(|known| known.codes().contains(&code)).peekable();
        if with_it.peek().is_none() {
            continue;
        }
        let mut device = Accelerated::open(uri, &format!("{WHOLE},without={name}"));
        for known in with_it {
            assert!(!device.check(known).contains(&code), "{name}");
        }
    }
}

#[test]
fn every_command_of_a_program_has_an_accelerated_path() {
    let virtual_device = uri("virtual:");
    let mut executed = check_whole(&virtual_device, known());
    executed.extend(check_whole(&virtual_device, operators()));
    for (name, (operator, mode)) in commands() {
        assert!(executed.contains(&(operator as u8, mode)), "no case has {name}");
    }
}

#[test]
fn a_core_fills_in_any_command_that_an_accelerator_lacks() {
    check_each_off(&uri("virtual:"), known());
}

/// All that boards do in the ordinary test.
fn check_board(board: &str) {
    let Some(board) = boards().into_iter().find(|it| it.to_string() == board) else { return };
    check_whole(&board, known());
    for off in OPERATORS {
        let mut device = Accelerated::open(&board, &format!("{WHOLE},without={off:?}"));
        let has = |known: &&Known| known.codes().iter().any(|(it, _)| *it == off as u8);
        for known in known().iter().filter(has) {
            assert!(device.check(known).iter().all(|(it, _)| *it != off as u8), "{off:?}");
        }
    }
}

#[test]
fn an_emulated_cortex_m_with_an_accelerator_gives_the_cores_bits() {
    check_board("qemu:mps2-an386");
}

#[test]
fn an_emulated_risc_v_with_an_accelerator_gives_the_cores_bits() {
    check_board("qemu:riscv-virt");
}

#[test]
#[ignore = "takes minutes: cargo xtask accelerated"]
fn all_cases_on_all_devices_with_each_command_off() {
    let models = reference_folder("all_cases_on_all_devices");
    let models: Vec<Known> = models
        .map(|folder| cases::networks(&folder.join("models")))
        .unwrap_or_default()
        .into_iter()
        .map(Known::of)
        .collect();
    for device in [vec![uri("virtual:")], boards()].concat() {
        for cases in [known(), operators(), &models] {
            check_whole(&device, cases);
            check_each_off(&device, cases);
        }
    }
}
