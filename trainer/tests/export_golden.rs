//! Exported files, and what TensorFlow's reference kernels make of them: `tests/golden` has the
//! files, inputs, and the outputs of TensorFlow 2.14.1 (`BUILTIN_REF`).
//!
//! `QUINTET_GOLDEN_DIR=FOLDER` writes files and inputs there, for `golden/reference.py`.

#[path = "int8_networks/mod.rs"]
mod networks;

use std::path::{Path, PathBuf};

use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::transport::DeviceUri;
use quintet_trainer::data::Dataset;
use quintet_trainer::export::evaluate::evaluate;
use quintet_trainer::export::{Ending, integers, to_tflite};
use quintet_trainer::network::Network;
use quintet_trainer::quantise::{Calibration, quantise};

const SAMPLES: usize = 8;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// Two end with a softmax.
fn ending(name: &str) -> Ending {
    if ["resnet", "ds_cnn"].contains(&name) { Ending::Softmax } else { Ending::Logits }
}

fn data(network: &Network) -> Dataset {
    networks::data(network.input(), 5, SAMPLES)
}

/// The network of whole numbers, and its file.
fn exported(network: &Network, ending: Ending) -> (quintet_driver::network::Network, Vec<u8>) {
    let state = networks::state(network, 9);
    let calibration = Calibration::default();
    let (rounded, state) = quantise(network, &state, &data(network), &calibration).unwrap();
    let whole = integers(&rounded, &state, ending).unwrap();
    let file = to_tflite(&whole, "quintet-train").unwrap();
    (whole, file)
}

fn inputs(network: &Network, shape: &[usize]) -> Array {
    let bytes = data(network).bytes;
    let shape = [&[SAMPLES], &shape[1..]].concat();
    Array { shape, elements: Elements::Int8(bytes.iter().map(|it| (it ^ 0x80) as i8).collect()) }
}

#[test]
fn devices_give_the_bytes_of_the_reference_kernels() {
    for (name, network) in networks::all() {
        let (whole, file) = exported(&network, ending(name));
        let inputs = inputs(&network, &whole.tensor(whole.inputs[0]).shape);
        if let Some(folder) = std::env::var_os("QUINTET_GOLDEN_DIR").map(PathBuf::from) {
            std::fs::write(folder.join(format!("{name}.tflite")), &file).unwrap();
            std::fs::write(folder.join(format!("{name}.input.npy")), inputs.to_npy()).unwrap();
            continue;
        }
        let read = |ending: &str| std::fs::read(golden(&format!("{name}.{ending}"))).unwrap();
        assert!(file == read("tflite"), "{name}: another file is exported than TensorFlow ran");
        assert_eq!(inputs, Array::from_npy(&read("input.npy")).unwrap(), "{name}");
        let expected = Array::from_npy(&read("output.npy")).unwrap();
        let virtual_device = DeviceUri::Virtual { arena: None };
        let found = evaluate(&whole, &data(&network), SAMPLES, &virtual_device).unwrap();
        assert_eq!(Elements::Int8(found.outputs), expected.elements, "{name}");
    }
}
