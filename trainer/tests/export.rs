//! Exported networks: files, bundles, and what devices make of them.

#[path = "int8_networks/mod.rs"]
mod networks;

use quintet_driver::compile::saved::SavedNetwork;
use quintet_driver::device::Connection;
use quintet_driver::import::network_from_bytes;
use quintet_driver::infer::Inference;
use quintet_driver::network as int8;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_trainer::data::Dataset;
use quintet_trainer::engine::{Engine, Pass};
use quintet_trainer::export::evaluate::evaluate;
use quintet_trainer::export::{Ending, ExportError, bundle::bundle, integers, to_tflite};
use quintet_trainer::network::{Network, State};
use quintet_trainer::quantise::{Calibration, QuantiseError, aware, quantise};

const VIRTUAL: DeviceUri = DeviceUri::Virtual { arena: None };
const SAMPLES: usize = 24;

/// A network of whole numbers, the one of floats that it was made of, and data.
struct Made {
    network: Network,
    state: State,
    data: Dataset,
    whole: int8::Network,
}

fn made(network: &Network, ending: Ending) -> Made {
    let state = networks::state(network, 6);
    let data = networks::data(network.input(), 5, SAMPLES);
    let (network, state) = quantise(network, &state, &data, &Calibration::default()).unwrap();
    let whole = integers(&network, &state, ending).unwrap();
    Made { network, state, data, whole }
}

#[test]
fn an_exported_file_is_read_as_it_was_made() {
    for (name, network) in networks::all() {
        for ending in [Ending::Logits, Ending::Softmax] {
            let whole = made(&network, ending).whole;
            let file = to_tflite(&whole, "a test").unwrap();
            let read = network_from_bytes("test.tflite", &file).unwrap().network;
            assert_eq!(read.nodes.len(), whole.nodes.len(), "{name}");
            for (read, written) in read.nodes.iter().zip(&whole.nodes) {
                assert_eq!((&read.operator, &read.inputs), (&written.operator, &written.inputs));
            }
            // The importer leaves out nothing but the shapes of reshaped tensors.
            for (read, written) in read.tensors.iter().zip(&whole.tensors) {
                let is_constant = written.data.is_some();
                assert_eq!((&read.name, &read.shape), (&written.name, &written.shape), "{name}");
                assert_eq!((&read.element, &read.data), (&written.element, &written.data));
                assert!(is_constant || read.quantisation == written.quantisation, "{}", read.name);
            }
        }
    }
}

#[test]
fn devices_answer_as_training_that_rounds_foresaw() {
    for (name, network) in networks::all() {
        let Made { network, state, data, whole } = made(&network, Ending::Logits);
        let weights = aware::rounded(&network, &state).unwrap();
        let mut engine = Engine::new(&network);
        engine.load(&network, data.len(), |number, input| data.write(number, input));
        engine.forward(&network, &weights, Pass::INFER);
        let output = whole.tensor(whole.outputs[0]).quantisation.as_ref().unwrap();
        let (scale, zero) = output.of_tensor().unwrap();
        let found = evaluate(&whole, &data, SAMPLES, &VIRTUAL).unwrap().outputs;
        let foreseen = engine.outputs();
        assert_eq!(found.len(), foreseen.len());
        // What differs is the rounding of ties and of sums, which layers pass on: deep networks of
        // random numbers to some steps.
        let steps = found
            .iter()
            .zip(foreseen)
            .map(|(found, foreseen)| (f32::from(*found) - zero as f32 - foreseen / scale).abs());
        let (most, sum) = steps.fold((0.0f32, 0.0), |(most, sum), it| (most.max(it), sum + it));
        let mean = sum / found.len() as f32;
        assert!(most < 12.0 && mean < 1.6, "{name}: {most} steps, {mean} on average");
    }
}

#[test]
fn a_bundle_gives_the_bytes_of_the_network_it_was_made_of() {
    for (name, network) in networks::all() {
        let Made { data, whole, .. } = made(&network, Ending::Softmax);
        let saved = bundle(&whole, name, &data.classes, None).unwrap();
        let read = SavedNetwork::from_bytes(&saved.to_bytes()).unwrap();
        assert_eq!((&read.name, &read.labels), (&name.to_owned(), &data.classes));
        let mut connection = Connection::open(&VIRTUAL, Limits::default()).unwrap();
        let arena = connection.description().arena_bytes as usize;
        let mut inference =
            Inference::with_bundle(&mut connection, read.bundle, arena, &mut |_, _| ()).unwrap();
        let expected = evaluate(&whole, &data, SAMPLES, &VIRTUAL).unwrap().outputs;
        let outputs = (0..SAMPLES).flat_map(|number| {
            let sample: Vec<i8> = data.sample(number).iter().map(|it| (it ^ 0x80) as i8).collect();
            inference.run(&[&sample]).unwrap().outputs.concat()
        });
        assert!(outputs.eq(expected), "{name}");
    }
}

#[test]
fn outputs_come_in_the_order_of_the_samples_whatever_the_number_of_threads() {
    let Made { data, whole, .. } = made(&networks::mobilenet(), Ending::Logits);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| evaluate(&whole, &data, SAMPLES - 1, &VIRTUAL).unwrap())
    };
    let [one, five] = [with(1), with(5)];
    assert_eq!(one, five);
    assert_eq!((one.samples, one.outputs.len()), (SAMPLES - 1, 5 * (SAMPLES - 1)));
    let greatest = |sample: &[i8]| (0..5).rev().max_by_key(|class| sample[*class]).unwrap();
    let answers = one.outputs.chunks(5).map(greatest);
    let hits = answers.zip(&data.labels).filter(|(answer, label)| *answer == usize::from(**label));
    assert_eq!(one.hits, hits.count());
}

#[test]
fn a_network_that_is_not_quantised_is_refused() {
    let network = networks::resnet();
    let state = networks::state(&network, 6);
    let found = integers(&network, &state, Ending::Logits);
    assert!(matches!(found, Err(ExportError::Quantise(QuantiseError::Unrounded { .. }))));
}
