//! Networks: what is refused and with which words, what is put right, and that no bytes do harm.

use proptest::prelude::*;
use quintet_driver::import::{ImportedNetwork, gaussians_from_bytes, network, network_from_bytes};
use quintet_driver::network::{Element, Operator};
use std::path::PathBuf;

use super::hostile::{apply, changes};

fn corpus(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/networks/corpus");
    std::fs::read(PathBuf::from(folder).join(name)).unwrap()
}

fn import(name: &str) -> ImportedNetwork {
    network_from_bytes(name, &corpus(name)).unwrap()
}

/// The message and the advice of a refusal.
fn refusal(bytes: &[u8]) -> String {
    let error = network_from_bytes("x.tflite", bytes).unwrap_err();
    format!("{error} / {}", error.help())
}

#[track_caller]
fn refused(name: &str, words: &[&str]) {
    let said = refusal(&corpus(&format!("refused/{name}.tflite")));
    for word in words {
        assert!(said.contains(word), "{name}: {word} is not in: {said}");
    }
}

#[test]
fn operators_of_others_are_named_and_the_supported_ones_listed() {
    refused("operator", &["operator 0 (ABS): this operator is not supported", "CONV_2D, DEPTH"]);
    refused("custom", &["operator 0 (CUSTOM TFLite_Detection_PostProcess)", "TRANSPOSE"]);
    refused("fused_tanh", &["operator 0 (CONV_2D): a fused TANH", "RELU, RELU6"]);
}

#[test]
fn networks_of_floats_are_told_how_to_be_quantised() {
    let advice = ["representative_dataset", "inference_input_type"];
    refused("float", &[&["operator 0 (CONV_2D), tensor \"serving_default"][..], &advice].concat());
    refused("dynamic_range", &[&["Its weights are integers"][..], &advice].concat());
    refused("float16", &[&["it calculates in floats"][..], &advice].concat());
}

#[test]
fn elements_of_other_integers_are_named() {
    refused("int16x8", &["its elements are int16, not int8", "Supported types"]);
    refused("int4", &["tensor \"t1\": its elements are int4"]);
}

#[test]
fn quantisations_that_the_reference_kernels_refuse_are_refused() {
    refused("weights_zero_point", &["tensor \"t1\": it has a zero point of 3, not 0"]);
    refused("unsigned_weights", &["a zero point of -11, not 0 (128 in unsigned bytes)"]);
    refused("no_scale", &["it has no scales", "Supported quantisations"]);
    refused("concatenation_scales", &["tensor \"t1\"", "by a QUANTIZE before it"]);
    refused("softmax_scale", &["a scale of 0.05 and a zero point of 0, not of 1/256 and -128"]);
}

#[test]
fn shapes_that_do_not_fit_are_named() {
    refused("grouped", &["[1, 6, 6, 4], not one of 2 channels", "Supported shapes"]);
    refused("output_shape", &["tensor \"t3\": its shape is [1, 6, 5, 3], not [1, 6, 6, 3]"]);
    refused("batch", &["operator 1 (AVERAGE_POOL_2D)", "not [1, rows, columns, channels]"]);
    refused("no_stride", &["operator 0 (CONV_2D): a stride of 0", "damaged"]);
}

#[test]
fn scenes_and_networks_say_which_command_takes_them() {
    let lenet = corpus("lenet.tflite");
    let error = gaussians_from_bytes("x.ply", &lenet).unwrap_err();
    assert!(error.to_string().contains("`quintet infer` takes"), "{error}");
    let error = network_from_bytes("x", &super::read("playbot_lod6.ply")).unwrap_err();
    assert!(error.to_string().contains("`quintet render` takes"), "{error}");
    assert!(error.help().contains(".tflite"));
    let missing = network(std::path::Path::new("no/such.tflite")).unwrap_err();
    assert!(missing.to_string().starts_with("no/such.tflite: cannot read it"), "{missing}");
}

#[test]
fn unsigned_bytes_become_signed_ones() {
    let imported = import("unsigned.tflite");
    assert!(imported.notes[0].starts_with("Unsigned bytes"));
    let network = imported.network;
    let input = network.tensor(network.inputs[0]);
    assert_eq!(input.element, Element::Int8);
    assert_eq!(input.quantisation.as_ref().unwrap().zero_points, [0]);
    let weights = network.tensor(network.nodes[0].inputs[1].unwrap());
    assert_eq!(weights.quantisation.as_ref().unwrap().zero_points, [0]);
}

#[test]
fn several_samples_at_once_are_taken_one_by_one() {
    let imported = import("batch.tflite");
    assert!(imported.notes[0].contains("4 samples"), "{:?}", imported.notes);
    let network = imported.network;
    assert_eq!(network.tensor(network.inputs[0]).shape, [1, 6, 5, 2]);
    assert_eq!(network.tensor(network.outputs[0]).shape, [1, 5]);
}

#[test]
fn padding_is_worked_out_and_parts_become_strided_slices() {
    let network = import("conv_spectrogram.tflite").network;
    let Operator::Conv2d(window, _) = &network.nodes[0].operator else {
        panic!("{:?}", network.nodes[0]);
    };
    assert_eq!((window.kernel, window.stride), ([10, 4], [2, 2]));
    assert_eq!(window.pad, [[4, 5], [1, 1]]);
    let slices = import("slices.tflite").network;
    let parts = |node: &quintet_driver::network::Node| {
        matches!(node.operator, Operator::StridedSlice { .. } | Operator::Reshape)
    };
    assert!(slices.nodes.iter().all(parts) && slices.nodes.len() > 20);
}

#[test]
fn a_file_that_stands_for_far_more_than_its_size_is_refused() {
    refused("shared", &["they share so much"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn changed_networks_are_survived(
        changes in changes(),
        name in prop::sample::select(&[
            "slices", "lenet", "dead_channels", "open_batch", "rearranged", "reduce_max",
            "transpose_conv", "dilated",
        ][..]),
    ) {
        let mut data = corpus(&format!("{name}.tflite"));
        apply(&mut data, &changes);
        match network_from_bytes("x.tflite", &data) {
            Err(error) => prop_assert!(!error.to_string().is_empty() && !error.help().is_empty()),
            Ok(imported) => prop_assert!(imported.network.check().is_ok()),
        }
    }

    #[test]
    fn cut_networks_are_survived(length in 0..5968usize) {
        let data = corpus("moves.tflite");
        let cut = network_from_bytes("x.tflite", &data[..length.min(data.len() - 1)]);
        prop_assert!(cut.is_err() || cut.is_ok_and(|it| it.network.check().is_ok()));
    }
}
