//! HARD_SWISH, `x * relu6(x + 3) / 6`, in TFLite's 16-bit fixed point.
//!
//! Source: `HardSwish` in TFLite's `kernels/internal/reference/hard_swish.h` and `HardSwishPrepare`
//! in `kernels/activations.cc`.

use crate::network::scale::scale_of;
use quintet_firmware::kernels::requantise::right_rounded;

/// Bits that the input is shifted to the left by, so that 9 bits fill 16.
const HIGH_BITS: u32 = 7;

/// What HARD_SWISH does between two scales.
pub struct HardSwish {
    /// From the shifted input to the output's steps, before `output_right`.
    output: i16,
    /// Bits to shift to the right in the end.
    output_right: u32,
    /// From the shifted input to where 1 << 15 stands for 3, before `gate_left`.
    gate: i16,
    /// Bits to shift to the left; negative to the right.
    gate_left: i32,
}

impl HardSwish {
    pub fn new(input: f32, output: f32) -> Self {
        let step = input * (1.0 / (1 << HIGH_BITS) as f32);
        let to_output = scale_of(f64::from(step / output));
        let to_gate = scale_of(f64::from(step / (3.0 / 32768.0)));
        Self {
            output: upper_half(to_output.multiplier),
            // TFLite refuses a shift to the left here.
            output_right: to_output.shift.min(0).unsigned_abs().into(),
            gate: upper_half(to_gate.multiplier),
            gate_left: to_gate.shift.into(),
        }
    }

    /// The output's distance to its zero point for an input's, which is of 9 bits.
    pub fn of(&self, input: i32) -> i32 {
        let high = (input << HIGH_BITS) as i16;
        let gate = self.gate(high);
        // From -1..1 to 0..1.
        let gate = ((i32::from(gate) + (1 << 15)) >> 1) as i16;
        let product = i32::from(gate) * i32::from(rounded_high(high, self.output));
        right_rounded(product / (1 << 15), self.output_right)
    }

    /// A third of the input, -1..1 in 15 bits of fraction, saturated.
    fn gate(&self, high: i16) -> i16 {
        if self.gate_left > 0 {
            let nearly = saturate(i64::from(high) << (self.gate_left - 1));
            return saturate(i64::from(rounded_high(nearly, self.gate)) << 1);
        }
        let right = self.gate_left.unsigned_abs();
        right_rounded(rounded_high(high, self.gate).into(), right) as i16
    }
}

/// The 16 upper bits of a multiplier, rounded.
fn upper_half(multiplier: i32) -> i16 {
    ((i64::from(multiplier) + (1 << 15)) >> 16).min(i16::MAX.into()) as i16
}

/// `a * b / 2^15`, rounded half up.
fn rounded_high(a: i16, b: i16) -> i16 {
    saturate((i64::from(a) * i64::from(b) + (1 << 14)) >> 15)
}

fn saturate(value: i64) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}
