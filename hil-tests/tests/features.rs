//! Commands over rows of features give the same bits on every board as on the virtual device.

use quintet_driver::device::Connection;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::dense::Layer;
use quintet_hil_tests::{boards, open, uri};

/// The virtual device, then the boards.
fn devices() -> Vec<(DeviceUri, Connection)> {
    let uris = [vec![uri("virtual:")], boards()].concat();
    uris.into_iter().map(|uri| (uri.clone(), open(&uri))).collect()
}

#[test]
fn dense_layers_give_the_same_halves() {
    let mut devices = devices();
    let mut random = Random::new(30);
    for outputs in [1, 2, 3, 4, 6, 16, 64, 128] {
        for inputs in [4, 8, 28, 32, 36, 60, 64, 156, 512] {
            let rows = random.within(1..=40) as u32;
            let mut layer = Layer::random([inputs, outputs], rows, &mut random);
            layer.block = random.within(1..=32) as usize;
            layer.range = match random.within(0..=2) {
                0 => layer.range,
                1 => [0, i16::MAX],
                _ => [random.within(-9000..=0) as i16, random.within(0..=9000) as i16],
            };
            let run = |connection: &mut Connection| layer.run(connection).unwrap().outputs;
            let mut outputs = devices.iter_mut().map(|(uri, it)| (uri, run(it)));
            let (_, expected) = outputs.next().unwrap();
            for (uri, found) in outputs {
                assert!(found == expected, "{uri}: {layer:?}");
            }
        }
    }
}
