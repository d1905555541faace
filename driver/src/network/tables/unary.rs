//! Operators of one byte as tables of their 256 values.
//!
//! Sources, of TFLite 2.14: `kernels/activations.cc`, `kernels/quantize.cc`,
//! `kernels/internal/reference/{leaky_relu,hard_swish,requantize}.h`, `kernels/internal/common.h`.

use super::{activation_range, saturate};
use crate::network::Operator;
use crate::network::scale::scale_of;
use quintet_firmware::kernels::requantise::scale as scaled;
use quintet_protocol::network::Scale;

mod hard_swish;

use hard_swish::HardSwish;

/// The output byte for each input byte, that of -128 first; `None` of an operator that is not of
/// one byte. Scales and zero points are those of the tensors; zero points are bytes.
pub fn lookup(operator: &Operator, input: (f32, i32), output: (f32, i32)) -> Option<[i8; 256]> {
    let table = |value: &dyn Fn(i32) -> i8| {
        let mut bytes = [0; 256];
        bytes.iter_mut().zip(-128 - input.1..).for_each(|(byte, x)| *byte = value(x));
        bytes
    };
    Some(match *operator {
        Operator::Logistic => table(&|x| real(x, input.0, output, |x| 1.0 / (1.0 + (-x).exp()))),
        Operator::Tanh => table(&|x| real(x, input.0, output, f32::tanh)),
        Operator::Clamp(activation) => {
            let scale = scale_of(f64::from(input.0 / output.0));
            let (least, greatest) = activation_range(activation, output);
            table(&|x| moved(scaled(x, scale), output.1).clamp(least, greatest))
        }
        Operator::LeakyRelu { alpha } => {
            let identity = scale_of(f64::from(input.0 / output.0));
            let slope = signed_scale_of(f64::from(input.0 * alpha / output.0));
            table(&|x| moved(scaled(x, if x >= 0 { identity } else { slope }), output.1))
        }
        Operator::HardSwish => {
            let swish = HardSwish::new(input.0, output.0);
            table(&|x| moved(swish.of(x), output.1))
        }
        Operator::Quantize => {
            let scale = scale_of(f64::from(input.0) / f64::from(output.0));
            table(&|x| moved(scaled(x, scale), output.1))
        }
        _ => return None,
    })
}

/// The byte that a function of a real number gives for `x` steps of the input, in floats.
fn real(x: i32, step: f32, output: (f32, i32), function: impl Fn(f32) -> f32) -> i8 {
    let steps = (function(step * x as f32) * (1.0 / output.0)).round();
    saturate((steps + output.1 as f32) as i32)
}

/// A byte from a zero point and a distance to it.
fn moved(distance: i32, zero_point: i32) -> i8 {
    saturate(distance.saturating_add(zero_point))
}

fn signed_scale_of(real: f64) -> Scale {
    let scale = scale_of(real.abs());
    Scale { multiplier: if real < 0.0 { -scale.multiplier } else { scale.multiplier }, ..scale }
}
