//! What dense layers over rows of halves cost: executed instructions, by QEMU's exact count.
//!
//! `cargo test --package quintet-hil-tests --test dense_costs -- --nocapture` prints the table.

use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::accelerated::run;
use quintet_hil_tests::case::Case;
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::dense::Layer;
use quintet_hil_tests::perceptron::Network;
use quintet_hil_tests::{boards, open};

/// Inputs, outputs, and the most instructions a product on a Cortex-M4 and on RV32IMAC: 256 rows, a
/// RELU, a scratch for 32 rows.
const LAYERS: [([u16; 2], [f64; 2]); 12] = [
    ([256, 256], [0.80, 2.65]),
    ([128, 128], [0.85, 2.70]),
    ([156, 128], [0.85, 2.70]),
    ([64, 128], [0.90, 2.80]),
    ([64, 64], [0.90, 2.80]),
    ([32, 64], [1.05, 3.0]),
    ([32, 16], [1.15, 3.15]),
    ([16, 64], [1.35, 3.4]),
    ([128, 16], [0.9, 2.8]),
    ([128, 4], [1.2, 3.2]),
    ([64, 3], [2.0, 4.7]),
    ([128, 1], [3.4, 13.0]),
];

#[test]
fn layers_keep_to_their_instructions() {
    let emulated = |uri: &DeviceUri| matches!(uri, DeviceUri::Qemu { .. });
    for (uri, core) in boards().into_iter().filter(emulated).zip([0, 1]) {
        let mut connection = open(&uri);
        println!("\n{uri}: instructions, a product");
        for ([inputs, outputs], most) in LAYERS {
            let mut layer = Layer::random([inputs, outputs], 256, &mut Random::new(1));
            layer.range = [0, i16::MAX];
            let [ticks, products] = layer.run(&mut connection).unwrap().cost;
            assert_eq!(products, layer.products());
            let each = ticks as f64 / products as f64;
            println!("{inputs:>4} -> {outputs:<4} {ticks:>10} {each:>6.3}");
            assert!(each < most[core], "{uri}: {inputs} -> {outputs}: {each:.3}");
        }
    }
}

/// The most instructions that a network may take as one command, of what it takes as one command
/// after another.
///
/// It is not less: layers do the same either way, and each block begins them anew. What is saved is
/// memory.
const FUSED_MAX: f64 = 1.03;

#[test]
fn a_network_as_one_command_takes_a_third_of_the_memory() {
    let emulated = |uri: &DeviceUri| matches!(uri, DeviceUri::Qemu { .. });
    for uri in boards().into_iter().filter(emulated) {
        let mut connection = open(&uri);
        let network = Network::random(128, 32, &mut Random::new(2));
        let fused = network.run(&mut connection).unwrap().cost[0];
        let ran = |case: &Case| run(&mut connection, &uri.to_string(), case).spent[0].ticks;
        let apart: u64 = network.cases_one_by_one().iter().map(ran).sum();
        let [between, between_apart] = network.words_between().map(|words| 4 * words);
        println!("\n{uri}: 8 levels x 4 features, 32-64-16, 32-64-64-3, 128 rows");
        println!("one command  {fused:>9} instructions, {between:>6} bytes between layers");
        println!("one by one   {apart:>9} instructions, {between_apart:>6} bytes between layers");
        assert!(fused as f64 <= apart as f64 * FUSED_MAX, "{uri}");
        assert!(3 * between < between_apart);
    }
}
