//! Whole networks on boards, byte for byte as TFLite's reference kernels have it. With
//! `--nocapture` it prints what a run costs there.

use std::path::Path;

use quintet_driver::import;
use quintet_driver::infer::Inference;
use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::network::Element;
use quintet_hil_tests::{boards, open};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../networks");

/// An array of the folder of networks.
fn array(name: &str, ending: &str) -> Array {
    let file = Path::new(FOLDER).join(format!("{name}.{ending}.npy"));
    Array::from_npy(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn networks_give_the_reference_kernels_bytes() {
    let names = [
        "mlperf_resnet8_int8",
        "mlperf_kws_ref_model_int8",
        "mlperf_ad01_int8",
        "tflm_micro_speech_int8",
        "tflm_hello_world_int8",
        "tinyengine_mnist_lenet",
    ];
    for board in boards() {
        let mut connection = open(&board);
        for name in names {
            let path = Path::new(FOLDER).join(format!("{name}.tflite"));
            let network = import::network(&path).unwrap().network;
            let mut inference = Inference::new(&mut connection, &network, &mut |_, _| ()).unwrap();
            let (input, output) = (array(name, "input"), array(name, "output"));
            let port = inference.inputs()[0].clone();
            let given = match &input.elements {
                Elements::Int8(bytes) => bytes.clone(),
                Elements::Float(reals) => port.quantise(reals),
                other => panic!("{name}: {}", other.name()),
            };
            let mut found = Vec::new();
            let mut ticks = 0;
            for sample in given.chunks(port.len()) {
                let result = inference.run(&[sample]).unwrap();
                found.extend_from_slice(&result.outputs[0]);
                ticks = result.costs.iter().map(|cost| cost.ticks).sum();
            }
            println!("{board}: {name}: {ticks} ticks a run, {} MACs", inference.bundle().macs());
            let port = &inference.outputs()[0];
            match &output.elements {
                Elements::Int8(expected) => assert!(*expected == found, "{board}: {name}"),
                Elements::Float(expected) => {
                    assert_eq!(port.element, Element::Float32);
                    let near = |(a, b): (&f32, f32)| (a - b).abs() < 1e-5;
                    let found = port.dequantise(&found);
                    assert!(expected.iter().zip(found).all(near), "{board}: {name}");
                }
                other => panic!("{name}: {}", other.name()),
            }
        }
    }
}
