//! Depthwise convolutions give the bytes of their definition on the virtual device, and on boards
//! the very same.

use quintet_driver::device::Connection;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::depthwise::Depthwise;
use quintet_hil_tests::devices;
use quintet_protocol::program::Sliding;

fn check(devices: &mut [(DeviceUri, Connection)], layer: &Depthwise) {
    let expected = layer.expected();
    for (uri, connection) in devices {
        let done = layer.run(connection).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let first = done.outputs[0].iter().zip(&expected).position(|(a, b)| a != b);
        let convolution = &layer.convolution;
        assert_eq!(first, None, "{uri}: {:?} {:?}", convolution.sliding, convolution.bytes);
    }
}

/// Any layer: half of them of a range that ends at the output's zero, some of a narrower one.
fn layer(sliding: Sliding, random: &mut Random) -> Depthwise {
    let mut layer = Depthwise::random(sliding, random);
    if random.within(0..=1) == 1 {
        layer = layer.to_zero();
    }
    if random.within(0..=3) == 0 {
        let bytes = &mut layer.convolution.bytes;
        (bytes.least, bytes.greatest) = (bytes.zero_out.min(100), 110);
    }
    if random.within(0..=7) == 0 {
        layer.convolution.scales[0].shift = 1;
    }
    layer
}

#[test]
fn any_shape_gives_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(30);
    for _ in 0..300 {
        let mut within = |least: i32, greatest: i32| random.within(least..=greatest) as u16;
        let (channels, multiplier) = (within(1, 13), within(1, 4).saturating_sub(2).max(1));
        let one = within(0, 3) == 0;
        let columns = |count: u16| if one { 1 } else { count };
        let sliding = Sliding {
            input: [within(1, 19), columns(within(1, 11)), channels],
            output: [within(1, 19), columns(within(1, 9)), channels * multiplier],
            kernel: [within(1, 7), columns(within(1, 7))],
            stride: [(); 2].map(|()| within(1, 3) as u8),
            dilation: [(); 2].map(|()| within(1, 4).saturating_sub(2).max(1) as u8),
            pad: [within(0, 5), within(0, 3)],
        };
        check(&mut devices, &layer(sliding, &mut random));
    }
}

#[test]
fn windows_of_3x3_give_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(40);
    for _ in 0..300 {
        let mut within = |least: i32, greatest: i32| random.within(least..=greatest) as u16;
        let channels = within(1, 13);
        let sliding = Sliding {
            input: [within(1, 9), within(1, 14), channels],
            output: [within(1, 9), within(1, 12), channels],
            kernel: [3; 2],
            stride: [within(1, 4) as u8, within(1, 2) as u8],
            dilation: [1; 2],
            pad: [within(0, 3), within(0, 3)],
        };
        check(&mut devices, &layer(sliding, &mut random));
    }
}
