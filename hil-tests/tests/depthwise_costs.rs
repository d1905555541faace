//! What depthwise convolutions cost, against CMSIS-NN: executed instructions of one layer, by
//! QEMU's exact count.
//!
//! `cargo test --package quintet-hil-tests --test depthwise_costs -- --nocapture` prints the table.

use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::{Random, same};
use quintet_hil_tests::depthwise::Depthwise;
use quintet_hil_tests::{boards, open};

/// Name, rows, columns and channels, sides of the window, stride; and what CMSIS-NN 99f736a6 takes
/// for it, where that was counted: compiled by GCC 12.2 -O3 for a Cortex-M4 with DSP, and as plain
/// C for RV32IMC.
type Layer = (&'static str, [u16; 3], [u16; 2], u8, Option<[u64; 2]>);

const LAYERS: [Layer; 11] = [
    ("3x3 25x5x64", [25, 5, 64], [3, 3], 1, Some([599_616, 1_118_337])),
    ("3x3 48x48x8", [48, 48, 8], [3, 3], 1, Some([1_651_113, 2_952_279])),
    ("3x3/2 48x48x16", [48, 48, 16], [3, 3], 2, Some([771_297, 1_445_844])),
    ("3x3 6x6x128", [6, 6, 128], [3, 3], 1, Some([334_983, 611_149])),
    ("3x3 24x24x32", [24, 24, 32], [3, 3], 1, None),
    ("3x3/2 24x24x32", [24, 24, 32], [3, 3], 2, None),
    ("3x3 3x3x256", [3, 3, 256], [3, 3], 1, None),
    ("5x5 12x12x48", [12, 12, 48], [5, 5], 1, None),
    ("7x7/2 20x20x48", [20, 20, 48], [7, 7], 2, None),
    ("5x1 28x1x128", [28, 1, 128], [5, 1], 1, None),
    ("15x1 40x1x64", [40, 1, 64], [15, 1], 1, None),
];

/// The most that a layer may take of what CMSIS-NN does, on the Cortex-M4 and on RV32IMAC.
const SHARE_MAX: [f64; 2] = [0.4, 0.4];

/// The most instructions a product that a layer may take.
const EACH_MAX: [f64; 2] = [5.5, 9.1];

#[test]
fn every_depthwise_layer_takes_less_than_cmsis_nn() {
    let emulated = |uri: &DeviceUri| matches!(uri, DeviceUri::Qemu { .. });
    for (uri, core) in boards().into_iter().filter(emulated).zip([0, 1]) {
        let mut connection = open(&uri);
        println!("\n{uri}: instructions, a product, of CMSIS-NN's; a product with any range");
        for (name, input, kernel, stride, peer) in LAYERS {
            let sliding = same(input, input[2], kernel, stride);
            let any = Depthwise::random(sliding, &mut Random::new(1));
            let to_zero = any.clone().to_zero();
            let [to_zero, any] = [to_zero, any].map(|layer| {
                let done = layer.run(&mut connection).unwrap();
                assert_eq!(done.outputs[0], layer.expected());
                done.cost
            });
            let each = |[ticks, products]: [u64; 2]| ticks as f64 / products as f64;
            let peer = peer.map(|peer| to_zero[0] as f64 / peer[core] as f64);
            let share = peer.map_or(String::new(), |share| format!("{share:.3}"));
            println!(
                "{:<16} {:>8} {:>6.2} {share:>6} {:>6.2}",
                name,
                to_zero[0],
                each(to_zero),
                each(any)
            );
            assert!(each(to_zero) < EACH_MAX[core], "{uri}: {name}");
            assert!(peer.is_none_or(|share| share < SHARE_MAX[core]), "{uri}: {}", name);
        }
    }
}
