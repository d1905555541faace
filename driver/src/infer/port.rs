//! Ports: the inputs and outputs of a network, and what their bytes stand for.

use serde::{Deserialize, Serialize};

use crate::network::Element;

/// An input or an output of a network. In the device it is always of signed bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Port {
    /// As in the file.
    pub name: String,
    /// Length of each axis, the outermost first.
    pub shape: Vec<usize>,
    /// What the file's own input or output has: [`Element::Int8`], [`Element::Uint8`], whose bytes
    /// are less 128 here, or [`Element::Float32`] where the network itself quantises at its edge,
    /// which the driver does for the device.
    pub element: Element,
    /// What a step of a byte stands for.
    pub scale: f32,
    /// The signed byte that stands for zero.
    pub zero_point: i32,
    /// Whether its floats are then the logarithms of a softmax over the last axis.
    pub(crate) log_softmax: bool,
    /// Where its bytes lie in the arena.
    pub offset: u32,
}

impl Port {
    /// An input or output with its scale and its zero point; it has no place yet.
    pub(crate) fn new(
        name: String,
        shape: Vec<usize>,
        element: Element,
        (scale, zero_point): (f32, i32),
    ) -> Self {
        Self { name, shape, element, scale, zero_point, log_softmax: false, offset: 0 }
    }

    /// The byte that stands for zero in the file.
    pub fn zero_point_in_file(&self) -> i32 {
        self.zero_point + if self.element == Element::Uint8 { 128 } else { 0 }
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Real numbers to the nearest bytes, ties away from zero; what lies outside goes to the end of
    /// the range, and what is no number to the zero point. As TFLite's `QUANTIZE`: divided in
    /// floats.
    pub fn quantise(&self, reals: &[f32]) -> Vec<i8> {
        let quantised = |&real: &f32| {
            let steps = (real / self.scale).round() as i32;
            steps.saturating_add(self.zero_point).clamp(i8::MIN.into(), i8::MAX.into()) as i8
        };
        reals.iter().map(quantised).collect()
    }

    /// Bytes to the real numbers that they stand for. As TFLite's `DEQUANTIZE`: multiplied in
    /// doubles, then rounded to a float. Where the network ends with a `LOG_SOFTMAX` of them, that
    /// is done too.
    pub fn dequantise(&self, bytes: &[i8]) -> Vec<f32> {
        let real = |&byte: &i8| {
            let steps = i32::from(byte).saturating_sub(self.zero_point);
            (f64::from(self.scale) * f64::from(steps)) as f32
        };
        let mut reals: Vec<f32> = bytes.iter().map(real).collect();
        if self.log_softmax {
            let columns = self.shape.last().copied().unwrap_or(1).max(1);
            reals.chunks_mut(columns).for_each(log_softmax);
        }
        reals
    }

    /// Elements as they lie in the arena.
    pub(crate) fn to_arena(&self, elements: &[i8]) -> Vec<u8> {
        elements.iter().map(|&element| element as u8).collect()
    }
}

/// Source: `LogSoftmax` in TFLite's `kernels/internal/reference/log_softmax.h`.
fn log_softmax(row: &mut [f32]) {
    let greatest = row.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = row.iter().map(|&real| (real - greatest).exp()).sum();
    let of_sum = sum.ln();
    row.iter_mut().for_each(|real| *real = *real - greatest - of_sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn port(scale: f32, zero_point: i32) -> Port {
        Port::new(String::new(), vec![1], Element::Float32, (scale, zero_point))
    }

    #[test]
    fn reals_go_to_the_nearest_byte() {
        let port = port(0.5, -3);
        let reals = [0.0, 0.24, 0.25, -0.25, -0.24, 1e30, -1e30, f32::NAN, f32::INFINITY];
        assert_eq!(port.quantise(&reals), [-3, -3, -2, -4, -3, 127, -128, -3, 127]);
    }

    #[test]
    fn every_byte_comes_back() {
        let port = port(0.391_015, 89);
        let all: Vec<i8> = (i8::MIN..=i8::MAX).collect();
        assert_eq!(port.quantise(&port.dequantise(&all)), all);
    }
}
