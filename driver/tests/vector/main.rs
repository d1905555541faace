//! Vector commands, with the driver's factors and tables, against TFLite 2.14's reference kernels.
//!
//! `cases.json` holds random networks of one operator with the interpreter's outputs (TensorFlow
//! 2.14.1, `BUILTIN_REF`); tensors are signed bytes in hexadecimal.

mod device;

use device::Bench;
use quintet_driver::network::tables::{
    activation_range, add_scales, lookup, multiply_scale, reduce_scale, resize_map,
    softmax_parameters,
};
use quintet_driver::network::{Activation, Operator};
use quintet_protocol::network::Scale;
use quintet_protocol::program::{
    Add, BufferKind, ByteRange, Command, Lookup, Multiply, Pool, Reduce, Resize, Sliding, Softmax,
};
use serde::Deserialize;

const CASES: &str = include_str!("cases.json");

#[derive(Clone, Copy, Deserialize)]
struct Quantisation {
    scale: f32,
    zero: i32,
}

/// Bytes in hexadecimal.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Bytes(Vec<u8>);

impl TryFrom<String> for Bytes {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let pairs = (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16));
        pairs.collect::<Result<_, _>>().map(Self)
    }
}

impl Bytes {
    fn signed(&self) -> Vec<i8> {
        self.0.iter().map(|&byte| byte as i8).collect()
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Clamp {
    None,
    Relu,
    #[serde(rename = "RELU6")]
    Relu6,
    #[serde(rename = "RELU_N1_TO_1")]
    ReluN1To1,
}

impl From<Clamp> for Activation {
    fn from(clamp: Clamp) -> Self {
        match clamp {
            Clamp::None => Self::None,
            Clamp::Relu => Self::Relu,
            Clamp::Relu6 => Self::Relu6,
            Clamp::ReluN1To1 => Self::ReluN1To1,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Case {
    Unary {
        op: String,
        alpha: f32,
        input: Quantisation,
        output: Quantisation,
        expect: Bytes,
    },
    Binary(Binary),
    Mean {
        dims: [u32; 3],
        input: Quantisation,
        output: Quantisation,
        x: Bytes,
        expect: Bytes,
    },
    Softmax {
        rows: u32,
        columns: u32,
        beta: f32,
        input: Quantisation,
        x: Bytes,
        expect: Bytes,
    },
    Pool(Pooling),
    Resize {
        input: usize,
        output: usize,
        align_corners: bool,
        half_pixel_centers: bool,
        expect: Bytes,
    },
}

#[derive(Deserialize)]
struct Binary {
    op: String,
    activation: Clamp,
    a: Quantisation,
    b: Quantisation,
    output: Quantisation,
    x: Bytes,
    y: Bytes,
    expect: Bytes,
}

#[derive(Deserialize)]
struct Pooling {
    greatest: bool,
    activation: Clamp,
    input_shape: [u16; 3],
    output_size: [u16; 2],
    kernel: [u16; 2],
    stride: [u8; 2],
    pad: [u16; 2],
    output: Quantisation,
    x: Bytes,
    expect: Bytes,
}

/// Runs `check` on all cases that it is for; fails if there is none.
fn each(mut check: impl FnMut(&Case, &str) -> bool) {
    let lines = CASES.lines().filter(|line| line.len() > 1);
    let lines = lines.map(|line| line.trim_end_matches(','));
    let checked = lines.filter(|line| check(&serde_json::from_str(line).unwrap(), line)).count();
    assert!(checked > 1);
}

fn operator(name: &str, alpha: f32) -> Operator {
    match name {
        "LOGISTIC" => Operator::Logistic,
        "TANH" => Operator::Tanh,
        "RELU" => Operator::Clamp(Activation::Relu),
        "RELU6" => Operator::Clamp(Activation::Relu6),
        "RELU_N1_TO_1" => Operator::Clamp(Activation::ReluN1To1),
        "LEAKY_RELU" => Operator::LeakyRelu { alpha },
        "HARD_SWISH" => Operator::HardSwish,
        "QUANTIZE" => Operator::Quantize,
        other => panic!("{other}"),
    }
}

fn bytes(zero_in: i32, output: Quantisation, activation: Activation) -> ByteRange {
    let (least, greatest) = activation_range(activation, (output.scale, output.zero));
    ByteRange { zero_in: zero_in as i8, zero_out: output.zero as i8, least, greatest }
}

#[test]
fn functions_of_a_byte_are_the_reference_kernels() {
    each(|case, line| {
        let Case::Unary { op, alpha, input, output, expect } = case else { return false };
        let operator = operator(op, *alpha);
        assert_eq!(operator.name(), op);
        let (from, to) = ((input.scale, input.zero), (output.scale, output.zero));
        let table = lookup(&operator, from, to).unwrap();
        assert_eq!(table.to_vec(), expect.signed(), "{line}");

        let (mut bench, all) = (Bench::default(), Vec::from_iter((0..=255).rev()));
        let input = bench.input(&all);
        let table = bench.input(&table.map(|byte| byte as u8));
        let output = bench.output(256);
        let command = Command::Lookup(Lookup { input, table, output, count: 256 });
        let expected: Vec<i8> =
            all.iter().map(|byte| expect.0[usize::from(byte ^ 0x80)] as i8).collect();
        assert_eq!(bench.run(command, output, 256), expected);
        true
    });
}

#[test]
fn operators_of_more_than_a_byte_have_no_table() {
    assert_eq!(lookup(&Operator::Reshape, (1.0, 0), (1.0, 0)), None);
    assert_eq!(lookup(&Operator::Softmax { beta: 1.0 }, (1.0, 0), (1.0, 0)), None);
}

impl Binary {
    /// The output, written to a buffer of its own or over an input of the same size.
    fn run(&self, over: Option<usize>) -> Vec<i8> {
        let Self { a, b, output, .. } = self;
        let mut bench = Bench::default();
        let [id_a, id_b] = [(0, &self.x), (1, &self.y)].map(|(place, bytes)| {
            let id = bench.input(&bytes.0);
            if over == Some(place) { bench.writable(id) } else { id }
        });
        let scratch = bench.buffer(BufferKind::Scratch, 2048);
        let (count, period) = (self.x.0.len(), self.y.0.len() as u32);
        let to = match over {
            None => bench.output(count),
            Some(place) => [id_a, id_b][place],
        };
        let bytes = bytes(a.zero, *output, self.activation.into());
        let zero_b = b.zero as i8;
        let command = if self.op == "MUL" {
            Command::Multiply(Multiply {
                a: id_a,
                b: id_b,
                output: to,
                count: count as u32,
                period,
                scale: multiply_scale(a.scale, b.scale, output.scale),
                bytes,
                zero_b,
            })
        } else {
            let [scale_a, scale_b, scale_out] = add_scales(a.scale, b.scale, output.scale);
            Command::Add(Add {
                a: id_a,
                b: id_b,
                scratch,
                output: to,
                count: count as u32,
                period,
                scale_a,
                scale_b,
                scale_out,
                bytes,
                zero_b,
                subtract: self.op == "SUB",
            })
        };
        bench.run(command, to, count)
    }
}

#[test]
fn sums_and_products_are_the_reference_kernels() {
    each(|case, line| {
        let Case::Binary(case) = case else { return false };
        assert_eq!(case.run(None), case.expect.signed(), "{line}");
        assert_eq!(case.run(Some(0)), case.expect.signed(), "over the first: {line}");
        if case.x.0.len() == case.y.0.len() {
            assert_eq!(case.run(Some(1)), case.expect.signed(), "over the second: {line}");
        }
        true
    });
}

#[test]
fn means_are_the_reference_kernels() {
    each(|case, line| {
        let Case::Mean { dims, input, output, x, expect } = case else { return false };
        let [outer, reduced, inner] = *dims;
        let mut bench = Bench::default();
        let (id, to) = (bench.input(&x.0), bench.output(expect.0.len()));
        let scale = reduce_scale(input.scale, output.scale, reduced as usize);
        let bytes = bytes(input.zero, *output, Activation::None);
        let command =
            Command::Reduce(Reduce { input: id, output: to, outer, reduced, inner, scale, bytes });
        assert_eq!(bench.run(command, to, expect.0.len()), expect.signed(), "{line}");
        true
    });
}

#[test]
fn softmax_is_the_reference_kernels() {
    each(|case, line| {
        let Case::Softmax { rows, columns, beta, input, x, expect } = case else { return false };
        let mut bench = Bench::default();
        let (id, to) = (bench.input(&x.0), bench.output(x.0.len()));
        let (scale, least_difference) = softmax_parameters(input.scale, *beta);
        let command = Command::Softmax(Softmax {
            input: id,
            output: to,
            rows: *rows,
            columns: *columns,
            scale,
            least_difference,
        });
        assert_eq!(bench.run(command, to, x.0.len()), expect.signed(), "{line}");
        true
    });
}

#[test]
fn pools_are_the_reference_kernels() {
    each(|case, line| {
        let Case::Pool(case) = case else { return false };
        let mut bench = Bench::default();
        let (input, output) = (bench.input(&case.x.0), bench.output(case.expect.0.len()));
        let [rows, columns] = case.output_size;
        let sliding = Sliding {
            input: case.input_shape,
            output: [rows, columns, case.input_shape[2]],
            kernel: case.kernel,
            stride: case.stride,
            dilation: [1, 1],
            pad: case.pad,
        };
        let bytes =
            ByteRange { zero_in: 0, zero_out: 0, ..bytes(0, case.output, case.activation.into()) };
        let command =
            Command::Pool(Pool { input, output, sliding, bytes, greatest: case.greatest });
        let length = case.expect.0.len();
        assert_eq!(bench.run(command, output, length), case.expect.signed(), "{line}");
        true
    });
}

#[test]
fn resized_pictures_are_the_reference_kernels() {
    each(|case, line| {
        let Case::Resize { input, output, align_corners, half_pixel_centers, expect } = case else {
            return false;
        };
        let rows = resize_map(*input, *output, *align_corners, *half_pixel_centers);
        let picture: Vec<u8> = (0..*input as u8).collect();
        let map: Vec<u8> = rows.iter().chain(&[0]).flat_map(|half| half.to_le_bytes()).collect();
        let mut bench = Bench::default();
        let (id, map, to) = (bench.input(&picture), bench.input(&map), bench.output(*output));
        let command = Command::Resize(Resize {
            input: id,
            map,
            output: to,
            input_shape: [*input as u16, 1, 1],
            output_size: [*output as u16, 1],
        });
        assert_eq!(bench.run(command, to, *output), expect.signed(), "{line}");
        true
    });
}

/// A mean of one element is its own requantisation.
#[test]
fn the_mean_of_one_has_the_plain_scale() {
    assert_eq!(reduce_scale(0.75, 1.0, 1), Scale { multiplier: 3 << 29, shift: 0 });
    assert_eq!(reduce_scale(0.75, 1.0, 4), Scale { multiplier: 3 << 29, shift: -2 });
}
