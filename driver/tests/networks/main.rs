//! Whole networks on the virtual device, byte for byte against TFLite's reference kernels.

mod arenas;
mod golden;

use std::path::Path;

use golden::{Golden, Model, corpus, models};
use quintet_driver::compile::network::{PlanError, compile};
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::infer::{InferError, Inference, Port};
use quintet_driver::network::Element;
use quintet_driver::session::Limits;
use quintet_protocol::fault::Faults;

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
}

#[test]
fn networks_give_the_reference_kernels_bytes() {
    for model in models() {
        check(&model.path, &model.golden);
    }
}

#[test]
fn operators_give_the_reference_kernels_bytes() {
    let corpus = corpus();
    assert!(corpus.len() >= 48, "{} networks", corpus.len());
    let mut wrong = Vec::new();
    for (path, golden) in corpus {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let network = import::network(&path).unwrap().network;
        let mut connection = open();
        let mut inference = Inference::new(&mut connection, &network, &mut |_, _| ())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let (inputs, outputs) = (inference.inputs().to_vec(), inference.outputs().to_vec());
        // The bytes of a network of unsigned ones, which the importer turns into signed ones.
        let flip = if name == "unsigned" { 0x80 } else { 0 };
        let golden: Vec<u8> = golden.into_iter().map(|byte| byte ^ flip).collect();
        let sample = inputs.iter().chain(&outputs).map(bytes_of).sum();
        assert!(golden.len() >= sample && golden.len().is_multiple_of(sample), "{name}");
        for (number, mut rest) in golden.chunks(sample).enumerate() {
            let mut take = |port: &Port| rest.split_off(..bytes_of(port)).unwrap();
            let given: Vec<Vec<i8>> = inputs.iter().map(|port| given(port, take(port))).collect();
            let given: Vec<&[i8]> = given.iter().map(Vec::as_slice).collect();
            let found = inference.run(&given).unwrap().outputs;
            for (output, (port, found)) in outputs.iter().zip(&found).enumerate() {
                if take(port) != written(port, found) {
                    wrong.push(format!("{name}, sample {number}, output {output}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Bytes of an input or output in its file: floats take four.
fn bytes_of(port: &Port) -> usize {
    if port.element == Element::Float32 { port.len() * 4 } else { port.len() }
}

/// What a file gives to an input.
fn given(port: &Port, bytes: &[u8]) -> Vec<i8> {
    let floats = bytes.as_chunks().0.iter().map(|&it| f32::from_le_bytes(it));
    match port.element {
        Element::Float32 => port.quantise(&floats.collect::<Vec<f32>>()),
        _ => bytes.iter().map(|&byte| byte as i8).collect(),
    }
}

/// An output as it is in a file.
fn written(port: &Port, elements: &[i8]) -> Vec<u8> {
    match port.element {
        Element::Float32 => {
            port.dequantise(elements).iter().flat_map(|real| real.to_le_bytes()).collect()
        }
        _ => elements.iter().map(|&element| element as u8).collect(),
    }
}

/// Weights that do not fit come page by page, to the very same bytes.
#[test]
fn streamed_weights_give_the_same_bytes() {
    for name in ["mlperf_kws_ref_model_int8", "mlperf_resnet8_int8", "mlperf_ad01_int8"] {
        let model =
            models().into_iter().find(|model| model.path.ends_with(name.to_owned() + ".tflite"));
        let Model { path, golden } = model.unwrap();
        let network = import::network(&path).unwrap().network;
        let Err(PlanError::TooLarge { resident, streamed, .. }) = compile(&network, 0) else {
            panic!("{name} takes no arena");
        };
        let too_small = compile(&network, streamed - 4).unwrap_err().to_string();
        assert!(too_small.ends_with("4 too few"), "{too_small}");
        for arena in [streamed, (streamed + resident) / 2, resident - 4] {
            let mut connection = open();
            let mut inference =
                Inference::with_arena(&mut connection, &network, arena, &mut |_, _| ()).unwrap();
            assert!(inference.bundle().streamed.is_some(), "{name}");
            assert!(inference.bundle().memory.total() <= arena, "{name}");
            let [input, output] = [inference.inputs()[0].clone(), inference.outputs()[0].clone()];
            for sample in 0..golden.samples() {
                let result = inference.run(&[&golden.input(sample, &input)]).unwrap();
                assert!(result.pulled.pages > 0 || sample > 0, "{name}");
                golden.compare(sample, 0, &output, &result.outputs[0], name);
            }
        }
    }
}

/// A cable that loses, damages and breaks takes nothing from the outputs.
#[test]
fn a_network_over_a_bad_cable_gives_the_same_bytes() {
    let wanted = |model: &Model| model.path.ends_with("mlperf_kws_ref_model_int8.tflite");
    let Model { path, golden } = models().into_iter().find(wanted).unwrap();
    let network = import::network(&path).unwrap().network;
    for faults in ["drop=3e-5,corrupt=3e-5,duplicate=3e-5,seed=1", "reset=1e-4,seed=3"] {
        let faults: Faults = faults.parse().unwrap();
        let uri = "virtual:".parse().unwrap();
        let mut connection =
            Connection::open_with(&uri, Limits::default(), Some(faults), None).unwrap();
        let mut inference = Inference::new(&mut connection, &network, &mut |_, _| ()).unwrap();
        let [input, output] = [inference.inputs()[0].clone(), inference.outputs()[0].clone()];
        for sample in 0..golden.samples() {
            let result = inference.run(&[&golden.input(sample, &input)]).unwrap();
            golden.compare(sample, 0, &output, &result.outputs[0], "kws");
        }
    }
}

/// A run that cannot be is refused before anything is sent.
#[test]
fn wrong_inputs_are_refused() {
    let wanted = |model: &Model| model.path.ends_with("microflow_sine.tflite");
    let Model { path, .. } = models().into_iter().find(wanted).unwrap();
    let network = import::network(&path).unwrap().network;
    let mut connection = open();
    let mut inference = Inference::new(&mut connection, &network, &mut |_, _| ()).unwrap();
    let two: [&[i8]; 2] = [&[0], &[0]];
    let error = inference.run(&two).unwrap_err();
    assert!(matches!(error, InferError::Inputs { expected: 1, found: 2 }), "{error}");
    let error = inference.run(&[&[0, 0]]).unwrap_err();
    assert!(matches!(error, InferError::Elements { input: 0, expected: 1, found: 2 }), "{error}");
}
