//! Commands over rows of features give the same bits on every board as on the virtual device.

use quintet_driver::device::Connection;
use quintet_driver::session::SessionError;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::convolution::Random;
use quintet_hil_tests::dense::Layer;
use quintet_hil_tests::devices;
use quintet_hil_tests::one_command::{self, Done, Operand};
use quintet_hil_tests::perceptron::Network;
use quintet_protocol::feature::{Matrix, wave_columns, wave_words};
use quintet_protocol::program::{BufferId, Command, Gather, Harmonics, Waves};
use quintet_protocol::ray::RAY_WORDS;

/// Runs a command on each, and says what it cost.
fn same(
    devices: &mut [(DeviceUri, Connection)],
    run: impl Fn(&mut Connection) -> Result<Done, SessionError>,
) {
    let mut expected = None;
    for (uri, connection) in devices {
        let done = run(connection).unwrap_or_else(|error| panic!("{uri}: {error}"));
        let [ticks, items] = done.cost;
        println!("{uri}: {ticks} ticks, {items} items");
        let first = expected.get_or_insert_with(|| done.outputs.clone());
        assert!(done.outputs == *first, "{uri}");
    }
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
            same(&mut devices, |connection| layer.run(connection));
        }
    }
}

#[test]
fn perceptrons_give_the_same_halves() {
    let mut devices = devices();
    let mut random = Random::new(31);
    for block in [4, 12, 32, 64] {
        let rows = random.within(1..=90) as u32;
        let network = Network::random(rows, block, &mut random);
        same(&mut devices, |connection| network.run(connection));
    }
}

#[test]
fn waves_give_the_same_halves() {
    let mut devices = devices();
    let mut random = Random::new(32);
    for of_halves in [false, true] {
        for (coordinates, frequency_count, includes_input) in
            [(3, 10, true), (3, 4, false), (8, 2, true)]
        {
            let [input, count, frequencies, output] = [0, 1, 2, 3].map(BufferId);
            let columns = wave_columns(coordinates, frequency_count, includes_input) as u16;
            let matrix = Matrix { stride: columns.next_multiple_of(2) + 2, first: 2 };
            let waves = Waves {
                input,
                count,
                frequencies,
                output,
                capacity: 50,
                input_stride: 10,
                input_first: 2,
                frequency_count: frequency_count as u8,
                coordinates: coordinates as u8,
                of_halves,
                includes_input,
                matrix,
                input_shift: if of_halves { 1 } else { 17 },
            };
            let input: Vec<i8> = (0..2000).map(|_| random.word() as i8).collect();
            let records: Vec<u32> =
                (0..frequency_count * wave_words(coordinates)).map(|_| random.word()).collect();
            let operands = [
                Operand::Input(&input),
                Operand::Constant(&[50]),
                Operand::Constant(&records),
                Operand::Output(4 * matrix.words(50)),
            ];
            same(&mut devices, |it| one_command::run(it, &operands, Command::Waves(waves)));
        }
    }
}

#[test]
fn harmonics_give_the_same_halves() {
    let mut devices = devices();
    let mut random = Random::new(33);
    for degree in 0..=3 {
        let [rays, count, output] = [0, 1, 2].map(BufferId);
        let matrix = Matrix { stride: 18, first: 2 };
        let harmonics = Harmonics { rays, count, output, capacity: 60, degree, matrix };
        let rays: Vec<i8> = (0..60 * 4 * RAY_WORDS).map(|_| random.word() as i8).collect();
        let operands = [
            Operand::Input(&rays),
            Operand::Constant(&[60]),
            Operand::Output(4 * matrix.words(60)),
        ];
        same(&mut devices, |it| one_command::run(it, &operands, Command::Harmonics(harmonics)));
    }
}

#[test]
fn gathered_rows_are_the_same() {
    let mut devices = devices();
    let mut random = Random::new(34);
    for is_listed in [true, false] {
        let [input, count, list, output] = [0, 1, 2, 3].map(BufferId);
        let matrix = Matrix { stride: 12, first: 2 };
        let gather = Gather {
            input,
            count,
            list: Some(list).filter(|_| is_listed),
            output,
            capacity: 70,
            rows: 20,
            columns: 10,
            list_first: 0,
            list_stride: 2,
            input_matrix: matrix,
            output_matrix: matrix,
        };
        let input: Vec<i8> = (0..480).map(|_| random.word() as i8).collect();
        let entries: Vec<u32> = (0..140).map(|_| random.word() % 24).collect();
        let operands = [
            Operand::Input(&input),
            Operand::Constant(&[70]),
            Operand::Constant(&entries),
            Operand::Output(4 * matrix.words(70)),
        ];
        same(&mut devices, |it| one_command::run(it, &operands, Command::Gather(gather)));
    }
}
