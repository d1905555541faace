//! The networks in `corpus/`, and what TFLite's reference kernels made of random inputs.
//!
//! `corpus/generate.py` wrote them. `NAME.bin` has the samples of `NAME.tflite` end to end: of each all
//! inputs, then all outputs, bytes or little-endian floats.

use std::path::{Path, PathBuf};

use quintet_driver::import;
use quintet_driver::infer::{Inference, Port};
use quintet_driver::network::{Element, Network, Operator};

/// The reference softmax works with a table of floats, ours in integers.
const SOFTMAX_TOLERANCE: u8 = 1;

/// Every network's file, in the order of their names.
pub fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/networks/corpus");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "tflite")).collect();
    files.sort();
    files
}

fn network(file: &Path) -> Network {
    match import::network(file) {
        Ok(imported) => imported.network,
        Err(error) => panic!("{error} {}", error.help()),
    }
}

/// Splits what comes next off the samples, as the port takes it: bytes, turned into signed ones if the
/// file has unsigned ones.
fn next<'a>(data: &mut &'a [u8], port: &Port) -> &'a [u8] {
    let size = if port.element == Element::Float32 { size_of::<f32>() } else { 1 };
    let (taken, rest) = data.split_at(port.len() * size);
    *data = rest;
    taken
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|it| f32::from_le_bytes(*it)).collect()
}

fn signed(bytes: &[u8], from_unsigned: bool) -> Vec<i8> {
    let flip = if from_unsigned { 0x80 } else { 0 };
    bytes.iter().map(|byte| (byte ^ flip) as i8).collect()
}

/// Runs a network on its samples; the outputs that differ, in words.
fn differences(file: &Path) -> Vec<String> {
    let network = network(file);
    let softmax = network.nodes.iter().any(|it| matches!(it.operator, Operator::Softmax { .. }));
    let tolerance = if softmax { SOFTMAX_TOLERANCE } else { 0 };
    let name = file.file_stem().unwrap().to_string_lossy();
    let from_unsigned = name == "unsigned";
    let mut connection = super::open();
    let mut inference = match Inference::new(&mut connection, &network, &mut |_, _| ()) {
        Ok(inference) => inference,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let (inputs, outputs) = (inference.inputs().to_vec(), inference.outputs().to_vec());
    let data = std::fs::read(file.with_extension("bin")).unwrap();
    let mut data = &data[..];
    let mut found = Vec::new();
    while !data.is_empty() {
        let given: Vec<Vec<i8>> = inputs
            .iter()
            .map(|port| match (next(&mut data, port), port.element) {
                (bytes, Element::Float32) => port.quantise(&floats(bytes)),
                (bytes, _) => signed(bytes, from_unsigned),
            })
            .collect();
        let given: Vec<&[i8]> = given.iter().map(Vec::as_slice).collect();
        let results = match inference.run(&given) {
            Ok(result) => result.outputs,
            Err(error) => return vec![format!("{name}: {error}")],
        };
        for (number, (port, bytes)) in outputs.iter().zip(&results).enumerate() {
            let expected = next(&mut data, port);
            let differ = if port.element == Element::Float32 {
                let reals = port.dequantise(bytes);
                floats(expected).iter().zip(&reals).filter(|(a, b)| a != b).count()
            } else {
                let expected = signed(expected, from_unsigned);
                expected.iter().zip(bytes).filter(|(a, b)| a.abs_diff(**b) > tolerance).count()
            };
            if differ > 0 {
                let all = port.len();
                found.push(format!("{name}: output {number}: {differ} of {all} differ"));
            }
        }
    }
    found
}

#[test]
fn every_operator_and_option_gives_the_reference_kernels_bytes() {
    let found: Vec<String> = files().iter().flat_map(|file| differences(file)).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}
