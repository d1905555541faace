//! Whole networks on the virtual device, byte for byte against TFLite's reference kernels.

mod corpus;
mod golden;

use std::path::Path;

use golden::{Golden, models};
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::infer::{Inference, Port};
use quintet_driver::session::Limits;

fn open() -> Connection {
    Connection::open(&"virtual:".parse().unwrap(), Limits::default()).unwrap()
}

/// Runs a network on all samples of its golden data and compares what can be compared.
fn check(path: &Path, golden: &Golden) {
    let network = import::network(path).unwrap().network;
    let mut connection = open();
    let mut inference = Inference::new(&mut connection, &network, &mut |_, _| ()).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy();
    let memory = inference.bundle().memory;
    println!("{name}: {} MACs, {memory:?}", inference.bundle().macs());
    let inputs = inference.inputs().to_vec();
    let outputs = inference.outputs().to_vec();
    for sample in 0..golden.samples() {
        let given: Vec<Vec<i8>> = inputs.iter().map(|port| golden.input(sample, port)).collect();
        let given: Vec<&[i8]> = given.iter().map(Vec::as_slice).collect();
        let found = inference.run(&given).unwrap().outputs;
        for (number, (port, found)) in outputs.iter().zip(&found).enumerate() {
            golden.compare(sample, number, port, found, &name);
        }
    }
    assert!(golden.samples() > 0, "{name}: nothing to compare");
    let _: &[Port] = inference.outputs();
}

#[test]
fn networks_give_the_reference_kernels_bytes() {
    for model in models() {
        check(&model.path, &model.golden);
    }
}
