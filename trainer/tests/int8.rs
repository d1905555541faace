//! Folding, calibration and rounding.

#[path = "int8_networks/mod.rs"]
mod networks;

use quintet_trainer::data::Dataset;
use quintet_trainer::engine::{Engine, Pass};
use quintet_trainer::network::{Activation, Builder, Network, Operation, Shape, State};
use quintet_trainer::quantise::{Calibration, Choice, QuantiseError, aware, fold, quantise};

const SAMPLES: usize = 40;

fn outputs(network: &Network, state: &State, data: &Dataset) -> Vec<f32> {
    let mut engine = Engine::new(network);
    engine.load(network, data.len(), |number, input| data.write(number, input));
    engine.forward(network, state, Pass::INFER);
    engine.outputs()
}

/// The greatest difference, in shares of the greatest number.
fn difference(one: &[f32], other: &[f32]) -> f32 {
    let greatest = one.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let differences = one.iter().zip(other).map(|(one, other)| (one - other).abs());
    differences.fold(0.0, f32::max) / greatest
}

/// How much more the outputs vary from sample to sample than they differ.
fn decibels(one: &[f32], other: &[f32], samples: usize) -> f64 {
    let elements = one.len() / samples;
    let mean = |element: usize| {
        let its = one.iter().skip(element).step_by(elements);
        its.map(|value| f64::from(*value)).sum::<f64>() / samples as f64
    };
    let means: Vec<f64> = (0..elements).map(mean).collect();
    let (mut signal, mut noise) = (0.0, 0.0);
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        signal += (f64::from(*one) - means[at % elements]).powi(2);
        noise += f64::from(one - other).powi(2);
    }
    10.0 * (signal / noise).log10()
}

#[test]
fn folding_leaves_outputs_as_they_are() {
    for (name, network) in networks::all() {
        let state = networks::state(&network, 3);
        let data = networks::data(network.input(), 5, SAMPLES);
        let (folded, folded_state) = fold::fold(&network, &state).unwrap();
        let is_gone = |network: &Network| {
            let is_one = |node: &quintet_trainer::network::Node| {
                matches!(node.operation, Operation::Normalise { .. })
            };
            !network.nodes.iter().any(is_one)
        };
        assert!(is_gone(&folded) && !is_gone(&network), "{name}");
        let [before, after] =
            [outputs(&network, &state, &data), outputs(&folded, &folded_state, &data)];
        assert!(difference(&before, &after) < 2e-5, "{name}: {}", difference(&before, &after));
    }
}

#[test]
fn a_normalisation_is_not_folded_into_what_others_read() {
    let mut builder = Builder::new(Shape::vector(4));
    let layer = builder.dense("layer", 0, 4, false);
    let normalised = builder.normalise("norm", layer, Activation::Relu, false);
    builder.add("sum", layer, normalised);
    let network = builder.finish();
    let state = network.initialise(1);
    let found = fold::fold(&network, &state);
    assert_eq!(found.err(), Some(QuantiseError::Normalisation { node: "norm".into() }));
    let mut builder = Builder::new(Shape::vector(4));
    builder.normalise("first", 0, Activation::Relu, false);
    let network = builder.finish();
    let found = fold::fold(&network, &network.initialise(1));
    assert_eq!(found.err(), Some(QuantiseError::Normalisation { node: "first".into() }));
}

#[test]
fn an_activation_that_cannot_be_fused_is_refused() {
    let mut builder = Builder::new(Shape::vector(4));
    let layer = builder.dense("layer", 0, 4, true);
    let active = builder.activate("relu", layer, Activation::Relu);
    builder.add("sum", layer, active);
    let found = aware::with_roundings(&builder.finish());
    assert_eq!(found.err(), Some(QuantiseError::Activation { node: "relu".into() }));
}

#[test]
fn quantised_networks_are_close_to_their_floats_however_ranges_are_chosen() {
    for (name, network) in networks::all() {
        let state = networks::state(&network, 4);
        let data = networks::data(network.input(), 5, SAMPLES);
        let expected = outputs(&network, &state, &data);
        for choice in [Choice::Extent, Choice::Quantile(0.0001), Choice::LeastError] {
            let calibration = Calibration { samples: 30, choice };
            let (rounded, state) = quantise(&network, &state, &data, &calibration).unwrap();
            assert_eq!(state.ranges.len(), rounded.ranges);
            let weights = aware::rounded(&rounded, &state).unwrap();
            let found = decibels(&expected, &outputs(&rounded, &weights, &data), SAMPLES);
            assert!((13.0..50.0).contains(&found), "{name} {choice:?}: {found} dB");
        }
    }
}

#[test]
fn ranges_of_activations_begin_at_zero_and_pools_keep_theirs() {
    let network = networks::mobilenet();
    let state = networks::state(&network, 4);
    let data = networks::data(network.input(), 5, SAMPLES);
    let (rounded, state) = quantise(&network, &state, &data, &Calibration::default()).unwrap();
    let range_of = |node: &quintet_trainer::network::Node| match node.operation {
        Operation::Round { range } => Some(range),
        _ => None,
    };
    let mut activations = 0;
    for node in &rounded.nodes {
        let Some(range) = range_of(node) else { continue };
        let before = &rounded.nodes[node.inputs[0]];
        match before.operation {
            Operation::Activate(_) => {
                activations += 1;
                let [low, high] = state.ranges[range];
                assert!(low == 0.0 && high > 0.0 && high <= 6.0, "{}: {low} {high}", node.name);
            }
            Operation::AveragePool(_) => {
                assert_eq!(range_of(&rounded.nodes[before.inputs[0]]), Some(range));
            }
            _ => {}
        }
    }
    assert!(activations > 5, "{activations}");
}

#[test]
fn rounding_changes_weights_by_half_a_step_at_most_and_rounds_once() {
    let network = networks::resnet();
    let state = networks::state(&network, 4);
    let data = networks::data(network.input(), 5, SAMPLES);
    let (network, state) = quantise(&network, &state, &data, &Calibration::default()).unwrap();
    let once = aware::rounded(&network, &state).unwrap();
    assert!(once.parameters != state.parameters);
    for tensor in &network.tensors {
        let [before, after] = [&state, &once].map(|state| &state.parameters[tensor.range()]);
        let greatest = before.iter().fold(0.0f32, |most, value| most.max(value.abs()));
        for (before, after) in before.iter().zip(after) {
            assert!((before - after).abs() <= 0.501 * greatest / 127.0, "{}", tensor.name);
        }
    }
    let twice = aware::rounded(&network, &once).unwrap();
    assert!(difference(&once.parameters, &twice.parameters) < 1e-6);
}

#[test]
fn training_with_rounded_weights_lowers_the_loss() {
    let network = networks::mlp();
    let state = networks::state(&network, 4);
    let data = networks::data(network.input(), 5, SAMPLES);
    let (network, mut state) = quantise(&network, &state, &data, &Calibration::default()).unwrap();
    // The outputs' own errors against zeros.
    let mut engine = Engine::new(&network);
    let mut losses = Vec::new();
    for _ in 0..30 {
        let rounded = aware::rounded(&network, &state).unwrap();
        engine.load(&network, data.len(), |number, input| data.write(number, input));
        engine.forward(&network, &rounded, Pass::TRAIN);
        let outputs = engine.outputs();
        losses.push(outputs.iter().map(|output| f64::from(output * output)).sum::<f64>());
        let mut gradient = vec![0.0; network.parameters()];
        engine.backward(&network, &rounded, &outputs, &mut gradient);
        for (value, gradient) in state.parameters.iter_mut().zip(gradient) {
            *value -= 1e-4 * gradient;
        }
    }
    assert!(losses[29] < 0.8 * losses[0], "{losses:?}");
}

#[test]
fn data_of_another_network_and_no_data_are_refused() {
    let network = networks::mlp();
    let state = networks::state(&network, 4);
    let other = networks::data(Shape::vector(3), 5, 4);
    let found = quantise(&network, &state, &other, &Calibration::default());
    assert_eq!(found.err(), Some(QuantiseError::Samples { found: 3, expected: 64 }));
    let none = networks::data(network.input(), 5, 0);
    let found = quantise(&network, &state, &none, &Calibration::default());
    assert_eq!(found.err(), Some(QuantiseError::NoSamples));
}
