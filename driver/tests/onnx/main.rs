//! Networks from ONNX on the virtual device, against ONNX Runtime's outputs; what is refused, and
//! how.
//!
//! `generate.py` wrote the models, their inputs and the outputs.

use std::fs;
use std::path::PathBuf;

use quintet_driver::device::Connection;
use quintet_driver::import::{ImportError, ImportedNetwork, network_from_bytes};
use quintet_driver::infer::Inference;
use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::input::{Options, samples_from_bytes};
use quintet_driver::network::{Element, Operator};
use quintet_driver::session::Limits;

/// Outputs may be so many steps off: ONNX Runtime computes in floats between quantisations.
const STEPS_OFF_MAX: i32 = 2;

fn file(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/onnx/models");
    fs::read(folder.join(name)).unwrap()
}

fn import(name: &str) -> ImportedNetwork {
    network_from_bytes(name, &file(name)).unwrap()
}

fn refusal(bytes: &[u8]) -> ImportError {
    network_from_bytes("x.onnx", bytes).unwrap_err()
}

/// The index of the greatest, and by how much it exceeds the others.
fn top(values: &[f32]) -> (usize, f32) {
    let mut order: Vec<_> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    (order[0], values[order[0]] - values[order[1]])
}

/// Runs a model on its inputs; says how many steps an output is off at most.
fn worst_of(name: &str) -> i32 {
    let imported = import(&format!("{name}.onnx"));
    let mut connection = Connection::open(&"virtual:".parse().unwrap(), Limits::default()).unwrap();
    let mut inference = Inference::new(&mut connection, &imported.network, &mut |_, _| ()).unwrap();
    let input = file(&format!("{name}.input.npy"));
    let samples = samples_from_bytes(&input, &inference.inputs()[0], &Options::default()).unwrap();
    let expected = Array::from_npy(&file(&format!("{name}.output.npy"))).unwrap();
    let Elements::Float(expected) = expected.elements else { panic!("{name}: no floats") };
    let port = inference.outputs()[0].clone();
    assert_eq!(port.element, Element::Float32);
    assert_eq!(samples.samples.len() * port.len(), expected.len());
    let mut worst = 0;
    for (sample, expected) in samples.samples.iter().zip(expected.chunks(port.len())) {
        let found = inference.run(&[sample]).unwrap().outputs.remove(0);
        let wanted = port.quantise(expected);
        let off = found.iter().zip(&wanted).map(|(a, b)| (i32::from(*a) - i32::from(*b)).abs());
        worst = worst.max(off.max().unwrap());
        let (index, margin) = top(expected);
        if margin > 2.0 * STEPS_OFF_MAX as f32 * port.scale {
            assert_eq!(top(&port.dequantise(&found)).0, index, "{name}");
        }
    }
    worst
}

#[test]
fn outputs_are_those_of_onnx_runtime_but_for_their_last_steps() {
    for name in ["residual", "movement", "views"] {
        let worst = worst_of(name);
        println!("{name}: {worst} steps off at most");
        assert!(worst <= STEPS_OFF_MAX, "{name} is {worst} steps off");
    }
}

#[test]
fn axes_are_turned_only_where_an_operator_wants_them_so() {
    let transpositions = |name: &str| {
        let network = import(name).network;
        let is_turned = |operator: &Operator| matches!(operator, Operator::Transpose { .. });
        network.nodes.iter().filter(|node| is_turned(&node.operator)).count()
    };
    // At the input alone: what is flattened has one row and one column.
    assert_eq!(transpositions("residual.onnx"), 1);
    // One channel needs none at the input; what is flattened has several.
    assert_eq!(transpositions("views.onnx"), 1);
}

#[test]
fn activations_and_biases_become_part_of_their_operator() {
    let network = import("residual.onnx").network;
    let names: Vec<_> = network.nodes.iter().map(|node| node.operator.name()).collect();
    assert!(!names.contains(&"RELU") && !names.contains(&"RELU6"), "{names:?}");
    let weighted = ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"];
    for node in network.nodes.iter().filter(|node| weighted.contains(&node.operator.name())) {
        assert!(node.inputs[2].is_some(), "operator {} has no bias", node.index);
    }
    assert!(names.contains(&"DEPTHWISE_CONV_2D"), "{names:?}");
}

#[test]
fn a_file_is_known_without_its_ending() {
    let imported = network_from_bytes("network", &file("views.onnx")).unwrap();
    assert_eq!((imported.format, imported.notes.len()), ("ONNX", 0));
    let unsigned = import("movement.onnx");
    assert!(unsigned.notes[0].contains("Unsigned"), "{:?}", unsigned.notes);
}

#[test]
fn floats_are_refused_with_how_to_quantise() {
    let error = refusal(&file("float.onnx"));
    let (said, help) = (error.to_string(), error.help());
    assert!(said.contains("operator 0 (Conv), tensor \"input\""), "{said}");
    assert!(said.contains("floats") && help.contains("quantize_static"), "{said}; {help}");
}

#[test]
fn an_operator_that_is_not_known_is_named() {
    let file = file("residual.onnx");
    let at = file.windows(9).position(|word| word == b"LeakyRelu").unwrap();
    let mut unknown = file.clone();
    // Every mention of it, since a node's name and its operator look alike.
    for at in at..file.len() - 9 {
        if &file[at..at + 9] == b"LeakyRelu" {
            unknown[at..at + 9].copy_from_slice(b"QuakyRelu");
        }
    }
    let error = refusal(&unknown);
    assert!(error.to_string().contains("(QuakyRelu)"), "{error}");
    assert!(error.help().contains("HardSwish"), "{}", error.help());
}

#[test]
fn a_file_that_is_cut_short_is_refused() {
    // What follows the graph may be missing: the versions of sets that are not used.
    let file = file("views.onnx");
    for length in (0..file.len() - 64).step_by(7) {
        assert!(network_from_bytes("x.onnx", &file[..length]).is_err(), "{length} bytes");
    }
}
