//! What the device's vector commands are given, worked out as TFLite works it out: factors, ranges,
//! maps.
//!
//! Floats are `f32` or `f64` exactly where TFLite has `float` or `double`, as the last bit counts.
//! Sources, of TFLite 2.14: `Prepare` in `kernels/{add,sub,mul,reduce,softmax}.cc`,
//! `kernels/kernel_util.cc`, `kernels/internal/quantization_util.cc`.

mod unary;

use super::Activation;
use super::scale::scale_of;
use quintet_protocol::network::Scale;

pub use unary::lookup;

/// Bits that sums are shifted to the left by before they are scaled.
const ADD_LEFT_BITS: i32 = 20;
/// Integer bits of a difference in Softmax, of 31.
const SOFTMAX_INTEGER_BITS: i32 = 5;

/// Least and greatest byte of an output of that scale and zero point.
pub fn activation_range(activation: Activation, output: (f32, i32)) -> (i8, i8) {
    let [least, greatest] = match activation {
        Activation::None => [None, None],
        Activation::Relu => [Some(0.0), None],
        Activation::Relu6 => [Some(0.0), Some(6.0)],
        Activation::ReluN1To1 => [Some(-1.0), Some(1.0)],
    };
    let byte = |real: f32| saturate(output.1.saturating_add((real / output.0).round() as i32));
    (least.map_or(i8::MIN, byte), greatest.map_or(i8::MAX, byte))
}

/// Scales of the two inputs of a sum or a difference, and of the sum, from the tensors' scales.
pub fn add_scales(a: f32, b: f32, output: f32) -> [Scale; 3] {
    let twice_greater = f64::from(2.0 * a.max(b));
    let steps = (1 << ADD_LEFT_BITS) as f32 * output;
    [
        scale_of(f64::from(a) / twice_greater),
        scale_of(f64::from(b) / twice_greater),
        scale_of(twice_greater / f64::from(steps)),
    ]
}

/// Scale of a product, from the tensors' scales.
pub fn multiply_scale(a: f32, b: f32, output: f32) -> Scale {
    scale_of(f64::from(a * b / output))
}

/// Scale of a sum of `count` elements that gives their mean.
pub fn reduce_scale(input: f32, output: f32, count: usize) -> Scale {
    let scale = scale_of(f64::from(input) / f64::from(output));
    let count = count.max(1) as u64;
    // The division goes into the multiplier, which keeps its 31 bits as far as the shift allows.
    let bits = (63 - count.leading_zeros() as i32).min(32).min(31 + i32::from(scale.shift));
    let multiplier = (i64::from(scale.multiplier) << bits) / count as i64;
    Scale { multiplier: multiplier as i32, shift: (i32::from(scale.shift) - bits) as i8 }
}

/// Scale of differences in Softmax, and the least difference that counts.
pub fn softmax_parameters(input: f32, beta: f32) -> (Scale, i32) {
    let steps = f64::from(1u32 << (31 - SOFTMAX_INTEGER_BITS));
    let greatest = f64::from(i32::MAX);
    let scale = scale_of((f64::from(beta) * f64::from(input) * steps).min(greatest));
    let whole = f64::from((1 << SOFTMAX_INTEGER_BITS) - 1);
    let radius =
        whole * f64::from(1 << (31 - SOFTMAX_INTEGER_BITS)) / 2f64.powi(scale.shift.into());
    (scale, -(radius.floor().min(greatest) as i32))
}

/// For each row (or column) of the output the input's that it is of; there are at most 2^16 of
/// either.
pub fn resize_map(
    input: usize,
    output: usize,
    align_corners: bool,
    half_pixel_centers: bool,
) -> Vec<u16> {
    let scale = if align_corners && output > 1 {
        input.saturating_sub(1) as f32 / (output - 1) as f32
    } else {
        input as f32 / output as f32
    };
    let offset = if half_pixel_centers { 0.5 } else { 0.0 };
    let place = |at: usize| {
        let real = (at as f32 + offset) * scale;
        let whole = if align_corners { real.round() } else { real.floor() };
        (whole as usize).min(input.saturating_sub(1)) as u16
    };
    (0..output).map(place).collect()
}

fn saturate(value: i32) -> i8 {
    value.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}
