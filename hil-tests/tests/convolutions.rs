//! Convolutions give the bytes of their definition on the virtual device, and on boards the very
//! same.

use quintet_driver::device::Connection;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::{Convolution, Random};
use quintet_hil_tests::devices;
use quintet_protocol::program::Sliding;

fn check(devices: &mut [(DeviceUri, Connection)], layer: &Convolution) {
    let expected = layer.expected();
    for (uri, connection) in devices {
        let done = layer.run(connection).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let first = done.outputs[0].iter().zip(&expected).position(|(a, b)| a != b);
        assert_eq!(first, None, "{uri}: {:?} {:?}", layer.sliding, layer.bytes);
    }
}

/// A shape with windows that go beyond every edge, now and then far beyond.
fn shape(random: &mut Random) -> Sliding {
    let mut within = |least: i32, greatest: i32| random.within(least..=greatest) as u16;
    let channels_in = within(1, 9) * within(1, 2);
    let input = [within(1, 9), within(1, 9), channels_in];
    let kernel = [within(1, 4), within(1, 4)];
    let output = [within(1, 7), within(1, 7), within(1, 9)];
    let pad = [within(0, 5), within(0, 5)];
    let mut steps = || [within(1, 3) as u8, within(1, 3) as u8];
    Sliding { input, output, kernel, stride: steps(), dilation: steps(), pad }
}

#[test]
fn any_shape_gives_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(20);
    for _ in 0..400 {
        let sliding = shape(&mut random);
        check(&mut devices, &Convolution::random(sliding, &mut random));
    }
}

#[test]
fn wide_pictures_give_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(24);
    for _ in 0..100 {
        let mut sliding = shape(&mut random);
        sliding.input[1] = random.within(10..=40) as u16;
        sliding.output[1] = random.within(8..=40) as u16;
        sliding.output[2] = random.within(1..=20) as u16;
        check(&mut devices, &Convolution::random(sliding, &mut random).awkward(&mut random));
    }
}

/// Columns of so many bytes that pixels go one by one.
#[test]
fn long_columns_give_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(25);
    for channels_out in [1, 2, 5, 8] {
        let input = [3, 4, random.within(1500..=1600) as u16];
        let output = [2, 3, channels_out];
        let pad = [random.within(0..=1) as u16, 1];
        let (stride, dilation) = ([1; 2], [1, random.within(1..=2) as u8]);
        let sliding = Sliding { input, output, kernel: [3, 3], stride, dilation, pad };
        check(&mut devices, &Convolution::random(sliding, &mut random));
    }
}

#[test]
fn any_factors_and_weights_give_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(22);
    for _ in 0..300 {
        let sliding = shape(&mut random);
        check(&mut devices, &Convolution::random(sliding, &mut random).awkward(&mut random));
    }
}

#[test]
fn fully_connected_layers_give_the_bytes_of_the_definition() {
    let mut devices = devices();
    let mut random = Random::new(23);
    for _ in 0..100 {
        let [count_in, count_out] = [200, 40].map(|most| random.within(1..=most) as u16);
        let sliding = Sliding {
            input: [1, 1, count_in],
            output: [1, 1, count_out],
            kernel: [1, 1],
            stride: [1, 1],
            dilation: [1, 1],
            pad: [0, 0],
        };
        let layer = Convolution::random(sliding, &mut random);
        check(&mut devices, &layer);
        check(&mut devices, &layer.awkward(&mut random));
    }
}

#[test]
fn streamed_weights_give_the_same_bytes() {
    let mut devices = devices();
    let mut random = Random::new(21);
    for number in 0..60 {
        let mut sliding = shape(&mut random);
        sliding.output[2] = random.within(3..=40) as u16;
        let layer = Convolution::random(sliding, &mut random);
        let expected = layer.expected();
        let (page_pairs, slots) = (random.within(1..=5) as u16, random.within(1..=3) as usize);
        for (uri, connection) in &mut devices {
            let done = layer.run_streamed(connection, page_pairs, slots);
            let done = done.unwrap_or_else(|error| panic!("{uri}: {number}: {error}"));
            let pages = usize::from(sliding.output[2]).div_ceil(2).div_ceil(page_pairs.into());
            assert_eq!(done.pulled, pages, "{uri}: {number}");
            assert!(done.outputs[0] == expected, "{uri}: {sliding:?}");
        }
    }
}
