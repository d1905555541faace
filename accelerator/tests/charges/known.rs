//! Charges that were worked out by hand, on an accelerator of round numbers.

use quintet_accelerator::Instance;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::feature::{LayerRecord, Matrix};
use quintet_protocol::grid::Level;
use quintet_protocol::message::Phase;
use quintet_protocol::network::Scale;
use quintet_protocol::program::{
    Add, BufferId, ByteRange, Command, Convolve, ConvolveDepthwise, Copy, Corners, Dense, Fill,
    GridEntry, Interpolate, March, Perceptron, RasteriseGaussians, ResolveTile, Sliding, Sort,
};
use quintet_protocol::ray::Spacing;
use quintet_protocol::tile::Cursor;

use super::bench::{Bench, PLAIN};

/// A buffer whose contents do not matter.
const ANY: BufferId = BufferId(0);
const BYTES: ByteRange = ByteRange { zero_in: 0, zero_out: 0, least: -128, greatest: 127 };

fn plain() -> Instance {
    Instance::from_toml(PLAIN).unwrap()
}

fn charged(bench: &Bench, command: &Command, work: &[(Phase, u64)]) -> Receipt {
    bench.charge(&plain(), command, work)
}

/// A bench with a buffer whose contents do not matter.
fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.zeros(64);
    bench
}

#[test]
fn a_command_with_nothing_to_do_costs_its_hand_over() {
    let sort = Sort {
        keys: ANY,
        count: ANY,
        order: ANY,
        scratch: ANY,
        histogram: ANY,
        capacity: 8,
        digit_bits: 8,
        ties: false,
    };
    let idle = Receipt { clocks: 20, stall: 20, ..Receipt::default() };
    assert_eq!(charged(&bench(), &Command::Sort(sort), &[]), idle);
}

#[test]
fn filling_is_stores_and_elements_one_after_another_where_there_is_one_piece() {
    let fill = Command::Fill(Fill { output: ANY, count: 100, value: 1 });
    // 100 elements on 4 lanes; 7 bursts of 16 bytes at 4 bytes a clock.
    let expected = Receipt {
        clocks: 20 + 25 + 28,
        reduce: 25,
        store: 28,
        stall: 20,
        bytes_written: 112,
        items: 100,
        ..Receipt::default()
    };
    assert_eq!(charged(&bench(), &fill, &[(Phase::Elements, 100)]), expected);
}

fn adding() -> Command {
    let scale = Scale { multiplier: 1 << 30, shift: 0 };
    Command::Add(Add {
        a: ANY,
        b: ANY,
        scratch: ANY,
        output: ANY,
        count: 2048,
        period: 1,
        scale_a: scale,
        scale_b: scale,
        scale_out: scale,
        bytes: BYTES,
        zero_b: 0,
        subtract: false,
    })
}

#[test]
fn adding_hides_elements_behind_what_moves() {
    // 129 and 128 bursts move in 1028 clocks, 512 clocks are work; in 5 pieces of 512 bytes at
    // most, (512 + 1028 + 4 * 1028) / 5 = 1130.4.
    let expected = Receipt {
        clocks: 20 + 10 + 1131,
        reduce: 512,
        load: 516,
        store: 512,
        stall: 30,
        bytes_read: 2064,
        bytes_written: 2048,
        operations: 3 * 2048,
        items: 2048,
        ..Receipt::default()
    };
    assert_eq!(charged(&bench(), &adding(), &[(Phase::Elements, 2048)]), expected);
}

#[test]
fn without_overlap_all_of_it_comes_one_after_another_and_each_piece_waits() {
    let serial = plain().with("overlap", "false").unwrap();
    let receipt = bench().charge(&serial, &adding(), &[]);
    assert_eq!(receipt.clocks, 20 + 5 * 10 + 512 + 516 + 512);
    assert_eq!(receipt.stall, 70);
}

fn sliding(channels: u16, channels_out: u16) -> Sliding {
    Sliding {
        input: [4, 4, channels],
        output: [4, 4, channels_out],
        kernel: [3, 3],
        stride: [1; 2],
        dilation: [1; 2],
        pad: [1; 2],
    }
}

#[test]
fn a_convolution_takes_a_pass_for_each_4_pixels_and_2_channels() {
    let convolve = Command::Convolve(Convolve {
        input: ANY,
        weights: ANY,
        scratch: ANY,
        output: ANY,
        sliding: sliding(4, 3),
        bytes: BYTES,
        first_page: 0,
        page_pairs: 0,
        unpaired: false,
    });
    // 4 x 2 passes of 36 products, 5 clocks to fill and drain. 64 bytes of input and two records of
    // 104 bytes are 17 bursts, 48 bytes of output 3.
    let expected = Receipt {
        clocks: 20 + 10 + 293 + 68 + 12,
        index: 293,
        reduce: 293,
        load: 68,
        store: 12,
        stall: 30,
        bytes_read: 272,
        bytes_written: 48,
        operations: 16 * 3 * 36,
        items: 0,
    };
    assert_eq!(charged(&bench(), &convolve, &[]), expected);
}

#[test]
fn a_depthwise_convolution_uses_one_column_of_the_array() {
    let convolve = Command::ConvolveDepthwise(ConvolveDepthwise {
        input: ANY,
        weights: ANY,
        scratch: ANY,
        output: ANY,
        sliding: sliding(4, 4),
        bytes: BYTES,
    });
    // 4 channels of 4 passes of 9 products, 4 clocks to fill and drain; 4 records of 40 bytes.
    let expected = Receipt {
        clocks: 20 + 10 + 148 + 56 + 16,
        index: 148,
        reduce: 148,
        load: 56,
        store: 16,
        stall: 30,
        bytes_read: 64 + 160,
        bytes_written: 64,
        operations: 4 * 16 * 9,
        items: 0,
    };
    assert_eq!(charged(&bench(), &convolve, &[]), expected);
}

fn dense(inputs: u16, outputs: u16) -> Command {
    let matrix = |stride| Matrix { stride, first: 0 };
    Command::Dense(Dense {
        input: ANY,
        count: ANY,
        weights: ANY,
        scratch: ANY,
        output: ANY,
        capacity: 100,
        inputs,
        outputs,
        input_matrix: matrix(inputs),
        output_matrix: matrix(outputs + outputs % 2),
        least: 0,
        greatest: 100,
    })
}

#[test]
fn a_dense_layer_is_charged_for_the_rows_that_it_had() {
    // 2 x 2 passes of 4 products, 5 clocks to fill and drain; 40 and 48 bytes in, 30 out.
    let expected = Receipt {
        clocks: 20 + 10 + 21 + 24 + 8,
        index: 21,
        reduce: 21,
        load: 24,
        store: 8,
        stall: 30,
        bytes_read: 96,
        bytes_written: 32,
        operations: 60,
        items: 60,
    };
    assert_eq!(charged(&bench(), &dense(4, 3), &[(Phase::Multiply, 60)]), expected);
}

#[test]
fn what_half_a_buffer_does_not_hold_is_loaded_again_whichever_way_is_less() {
    // 2048 bytes of input in 4 parts, 1152 of weights in 3: weights 4 times and inputs once are
    // 6656 bytes, inputs 3 times and weights once 7296.
    let receipt = charged(&bench(), &dense(64, 16), &[(Phase::Multiply, 16 * 64 * 16)]);
    assert_eq!(receipt.bytes_read, 6656);
    // 4 x 8 passes of 64 products; in 13 pieces (2053 + 1792 + 12 * 2053) / 13 = 2190.8.
    assert_eq!((receipt.reduce, receipt.clocks), (2053, 20 + 10 + 2191));
}

fn level(entries: u32) -> Level {
    Level { entries, hashed: true, ..Level::default() }
}

#[test]
fn corners_wait_for_banks_as_often_as_chance_has_it() {
    let mut bench = bench();
    let levels = bench.words(&level(100).to_words());
    let table = bench.zeros(50);
    let interpolate = Command::Interpolate(Interpolate {
        points: ANY,
        count: ANY,
        levels,
        table,
        output: ANY,
        capacity: 10,
        level_count: 1,
        features: 2,
        entry: GridEntry::Bytes,
        corners: Corners::Linear,
        dimensions: 3,
        selects: false,
        adds: false,
        matrix: Matrix { stride: 2, first: 0 },
    });
    // 80 corners on 2 lanes. Of 4 banks 4 (1 - (3/4)^2) = 1.75 serve two lanes: 46 clocks. 13
    // bursts of table, 3 of level, 8 of points; 10 rows of 4 bytes are 3 bursts.
    let expected = Receipt {
        clocks: 20 + 10 + 46 + 96 + 12,
        index: 40,
        reduce: 40,
        load: 96,
        store: 12,
        stall: 36,
        bytes_read: 384,
        bytes_written: 48,
        operations: 160,
        items: 10,
    };
    assert_eq!(charged(&bench, &interpolate, &[(Phase::Lookup, 10)]), expected);
}

#[test]
fn entries_that_a_buffer_has_no_room_for_are_fetched_one_by_one() {
    let mut bench = bench();
    let levels = bench.words(&level(1024).to_words());
    let table = bench.zeros(512);
    let interpolate = |points| {
        let command = Command::Interpolate(Interpolate {
            points: ANY,
            count: ANY,
            levels,
            table,
            output: ANY,
            capacity: 1000,
            level_count: 1,
            features: 2,
            entry: GridEntry::Bytes,
            corners: Corners::Nearest,
            dimensions: 3,
            selects: false,
            adds: false,
            matrix: Matrix { stride: 2, first: 0 },
        });
        charged(&bench, &command, &[(Phase::Lookup, points)])
    };
    // Three bursts of level, and three bytes a word of points: 4 points are 3 bursts.
    assert_eq!(interpolate(4).bytes_read, 16 * (3 + 3 + 4));
    // Half a buffer is 512 of 2048 bytes: 32 bursts, and 3/4 of 400 entries beside.
    let many = interpolate(400);
    assert_eq!(many.bytes_read, 16 * (3 + 300 + 32 + 300));
    // 300 runs wait 10 clocks each, two together, while their bursts take 4.
    assert_eq!(many.stall - 20 - 10, (3000 + 1200) / 2 - 1200 + 29);
}

#[test]
fn a_perceptron_keeps_what_lies_between_its_layers() {
    let mut bench = bench();
    let record = |inputs, outputs| LayerRecord { inputs, outputs, ..LayerRecord::default() };
    let layers: Vec<u32> =
        [record(8, 4), record(4, 2)].iter().flat_map(LayerRecord::to_words).collect();
    let layers = bench.words(&layers);
    let weights = bench.zeros(28);
    let matrix = |stride| Matrix { stride, first: 0 };
    let perceptron = Command::Perceptron(Perceptron {
        count: ANY,
        layers,
        weights,
        scratch: ANY,
        rows: ANY,
        grid: None,
        capacity: 100,
        work: matrix(8),
        widest: 8,
        layer_count: 2,
        input_matrix: matrix(8),
        inputs: 8,
        inputs_to: 0,
        output_matrix: matrix(8),
        outputs: 2,
        outputs_from: 0,
    });
    // 40 rows of 40 products. Half a buffer holds 32 rows of 16 bytes: blocks of 32 and 8.
    // Of 32: 8 x 2 passes of 8, 5 to fill; 8 x 1 of 4 (as many as rows that are handed out), 5.
    // Of 8: 2 x 2 of 8, 5; 2 x 1 of 4, 5.
    let reduce = (128 + 5 + 32 + 5) + (32 + 5 + 8 + 5);
    let receipt = charged(&bench, &perceptron, &[(Phase::Multiply, 1600)]);
    assert_eq!((receipt.reduce, receipt.operations), (reduce, 1600));
    // A burst for each row, and 7 of weights, once; a burst for each row that is written.
    assert_eq!((receipt.bytes_read, receipt.bytes_written), (16 * 47, 16 * 40));
}

#[test]
fn a_sort_that_its_buffer_does_not_hold_goes_through_memory_in_each_pass() {
    let sort = |keys: u64| {
        let command = Command::Sort(Sort {
            keys: ANY,
            count: ANY,
            order: ANY,
            scratch: ANY,
            histogram: ANY,
            capacity: 1000,
            digit_bits: 8,
            ties: false,
        });
        charged(&bench(), &command, &[(Phase::Sort, keys)])
    };
    // 4 passes of 4 bits, 16 counts each; 64 keys with their numbers are 512 bytes.
    let held = sort(64);
    assert_eq!((held.index, held.reduce, held.bytes_read), (32, 4 * 32 + 64, 256));
    let spilled = sort(100);
    assert_eq!((spilled.load, spilled.store), (100 + 3 * 200, 100 + 3 * 200));
    // In 6 pieces of 2800 bytes, (264 + 1400 + 5 * 1400) / 6.
    assert_eq!((spilled.reduce, spilled.clocks), (264, 20 + 10 + 1444));
}

#[test]
fn a_tile_that_half_a_buffer_does_not_hold_is_drawn_in_parts() {
    let mut bench = bench();
    let count = bench.words(&[2]);
    let frame = bench.frame(8, 8);
    let rasterise = Command::RasteriseGaussians(RasteriseGaussians {
        splats: ANY,
        order: ANY,
        count,
        bins: ANY,
        tiles: ANY,
        accumulators: ANY,
        frame,
        capacity: 4,
        tile_width: 8,
        tile_height: 8,
        background: [0; 3],
    });
    // Two pairs are set up and binned; 40 pixels visited at one exponential a clock, 64 handed out
    // by two lanes. 1024 bytes of tile are two parts. Loads: order 1 burst, bounds 2, bins 1,
    // splats 2 x 2 of 3; of these 14 in 6 runs that wait 10 clocks each, two together: (60 + 56) /
    // 2 - 56 = 2.
    let expected = Receipt {
        clocks: 20 + 10 + 72 + 64 + 52 + 2,
        index: 7,
        reduce: 40 + 32,
        load: 64,
        store: 4 + 48,
        stall: 32,
        bytes_read: 256,
        bytes_written: 208,
        operations: 40,
        items: 106,
    };
    let work = [(Phase::Bin, 2), (Phase::Rasterise, 40), (Phase::Resolve, 64)];
    assert_eq!(charged(&bench, &rasterise, &work), expected);
}

#[test]
fn resolving_reads_accumulators_and_writes_three_bytes_a_pixel() {
    let mut bench = bench();
    let frame = bench.frame(8, 8);
    let resolve =
        ResolveTile { cursor: ANY, accumulators: ANY, frame, capacity: 64, background: [0; 3] };
    let receipt = charged(&bench, &Command::ResolveTile(resolve), &[(Phase::Resolve, 64)]);
    assert_eq!((receipt.bytes_read, receipt.bytes_written, receipt.reduce), (1024, 192, 32));
}

#[test]
fn rays_look_at_two_cells_beside_those_of_their_samples() {
    let mut bench = bench();
    let cursor = bench.words(&Cursor { pixels: 16, size: [4, 4], ..Cursor::default() }.to_words());
    let march = Command::March(March {
        cursor,
        rays: ANY,
        marks: ANY,
        accumulators: ANY,
        shares: None,
        occupancy: None,
        samples: ANY,
        points: ANY,
        per_ray: 64,
        capacity: 100,
        pixels: 16,
        opaque: 0,
        grid_bits: 0,
        spacing: Spacing::Middles,
        channels: 3,
        clips: false,
    });
    let receipt = charged(&bench, &march, &[(Phase::March, 50)]);
    assert_eq!((receipt.index, receipt.operations), ((50 + 32) / 2, 150));
    // 40 bursts of rays, 4 of marks, one for each transmittance; 63 of samples, 4 of marks.
    assert_eq!((receipt.bytes_read, receipt.bytes_written), (16 * 60, 16 * 67));
}

#[test]
fn a_copy_moves_whole_bursts_which_runs_share_that_lie_together() {
    let copy = Command::Copy(Copy {
        input: ANY,
        output: ANY,
        counts: [2, 3, 1],
        run: 20,
        from: 0,
        from_strides: [300, 100, 0],
        to: 0,
        to_strides: [60, 20, 0],
    });
    let receipt = charged(&bench(), &copy, &[(Phase::Elements, 120)]);
    assert_eq!((receipt.index, receipt.reduce, receipt.operations), (6, 30, 0));
    // Two bursts for each run where they are far apart; where they lie together, 120 bytes are 8.
    assert_eq!((receipt.bytes_read, receipt.bytes_written), (6 * 32, 8 * 16));
}
