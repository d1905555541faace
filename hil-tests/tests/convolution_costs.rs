//! What convolutions cost, against CMSIS-NN: executed instructions of one layer, by QEMU's exact
//! count.
//!
//! `cargo test --package quintet-hil-tests --test convolution_costs -- --nocapture` prints the
//! table.

use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::{Convolution, Random, same};
use quintet_hil_tests::{boards, open};
use quintet_protocol::program::Sliding;

/// A layer that a network has, and what CMSIS-NN 99f736a6 takes for it: compiled by GCC 12.2 -O3
/// for a Cortex-M4 with DSP, and as plain C for RV32IMC.
struct Peer {
    name: &'static str,
    /// Rows, columns, channels.
    input: [u16; 3],
    channels_out: u16,
    kernel: [u16; 2],
    stride: u8,
    instructions: [u64; 2],
}

const PEERS: [Peer; 15] = [
    peer("3x3 32x32x16 -> 16", [32, 32, 16], 16, [3, 3], 1, [5_487_497, 12_656_214]),
    peer("3x3 32x32x3 -> 16", [32, 32, 3], 16, [3, 3], 1, [2_134_136, 3_077_910]),
    peer("3x3/2 32x32x16 -> 32", [32, 32, 16], 32, [3, 3], 2, [2_519_231, 5_814_986]),
    peer("3x3 16x16x32 -> 32", [16, 16, 32], 32, [3, 3], 1, [4_542_341, 11_262_401]),
    peer("3x3 8x8x64 -> 64", [8, 8, 64], 64, [3, 3], 1, [4_155_293, 10_621_135]),
    peer("1x1/2 32x32x16 -> 32", [32, 32, 16], 32, [1, 1], 2, [562_885, 875_468]),
    peer("10x4/2 49x10x1 -> 64", [49, 10, 1], 64, [10, 4], 2, [1_111_177, 1_815_106]),
    peer("1x1 25x5x64 -> 64", [25, 5, 64], 64, [1, 1], 1, [1_068_926, 2_464_697]),
    peer("1x1 48x48x8 -> 16", [48, 48, 8], 16, [1, 1], 1, [1_954_934, 2_489_396]),
    peer("1x1 6x6x128 -> 128", [6, 6, 128], 128, [1, 1], 1, [1_079_166, 2_720_645]),
    peer("3x3/2 96x96x3 -> 8", [96, 96, 3], 8, [3, 3], 2, [3_063_015, 4_173_548]),
    peer("640 -> 128", [1, 1, 640], 128, [1, 1], 1, [160_049, 444_591]),
    peer("128 -> 640", [1, 1, 128], 640, [1, 1], 1, [185_278, 458_066]),
    peer("128 -> 128", [1, 1, 128], 128, [1, 1], 1, [37_165, 92_372]),
    peer("64 -> 12", [1, 1, 64], 12, [1, 1], 1, [2_174, 4_650]),
];

const fn peer(
    name: &'static str,
    input: [u16; 3],
    channels_out: u16,
    kernel: [u16; 2],
    stride: u8,
    instructions: [u64; 2],
) -> Peer {
    Peer { name, input, channels_out, kernel, stride, instructions }
}

impl Peer {
    fn sliding(&self) -> Sliding {
        same(self.input, self.channels_out, self.kernel, self.stride)
    }

    /// Products, those with padding included.
    fn products(&self) -> u64 {
        let product = |factors: &[u16]| factors.iter().map(|&it| u64::from(it)).product::<u64>();
        product(&self.sliding().output) * product(&self.kernel) * u64::from(self.input[2])
    }
}

/// The most that a layer may take of what CMSIS-NN does, on a Cortex-M4 and on RV32IMAC. What takes
/// most is the fully connected layer of 768 products, where the command itself is a third of the
/// work.
const SHARES_MAX: [f64; 2] = [0.86, 0.99];

#[test]
fn layers_keep_to_their_share_of_what_cmsis_nn_takes() {
    let emulated = |uri: &DeviceUri| matches!(uri, DeviceUri::Qemu { .. });
    for (uri, core) in boards().into_iter().filter(emulated).zip([0, 1]) {
        let mut connection = open(&uri);
        println!("\n{uri}: instructions, a product, of CMSIS-NN's");
        for peer in &PEERS {
            let layer = Convolution::random(peer.sliding(), &mut Random::new(1));
            let done = layer.run(&mut connection).unwrap();
            assert_eq!(done.outputs[0], layer.expected(), "{uri}: {}", peer.name);
            let share = done.cost[0] as f64 / peer.instructions[core] as f64;
            let each = done.cost[0] as f64 / peer.products() as f64;
            println!("{:<22} {:>10} {each:>6.2} {share:>6.2}", peer.name, done.cost[0]);
            assert!(share < SHARES_MAX[core], "{uri}: {}: {share:.2}", peer.name);
        }
    }
}
