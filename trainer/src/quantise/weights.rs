//! Weights and biases as int8 layers have them: symmetric int8 with a scale for each output
//! channel, and int32 at the scale of the products.
//!
//! Source: TensorFlow Lite 8-bit quantization specification. Dense layers have one scale for all
//! outputs, which is all that TFLite's kernels up to 2.14 and those for microcontrollers take.

use super::{QuantiseError, aware};
use crate::network::{Network, Node, Operation, State};

/// Greatest weight: -128 is left out, so that the range is symmetric.
const WEIGHT_MAX: f32 = 127.0;
/// Greatest bias. Devices take sums below 2^30; the other half is the products'.
const BIAS_MAX: f32 = (1u32 << 29) as f32;

/// A layer's weights and bias in whole numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerWeights {
    /// In the order of the tensor, -127..=127.
    pub weights: Vec<i8>,
    /// What a step of a weight stands for: one for each output channel, or one for all.
    pub scales: Vec<f32>,
    /// Of each output channel.
    pub bias: Vec<i32>,
    /// What a step of a bias stands for: as many as `scales`.
    pub bias_scales: Vec<f32>,
}

/// Those of a layer whose input is rounded.
///
/// # Errors
/// [`QuantiseError::Unrounded`], when its input is not, or it has no bias.
pub fn of(network: &Network, state: &State, node: &Node) -> Result<LayerWeights, QuantiseError> {
    let input = aware::affine_of(network, state, node.inputs[0]);
    let (Some((weight, bias)), Some((input, _))) = (node.layer_tensors(), input) else {
        return Err(QuantiseError::Unrounded { node: node.name.clone() });
    };
    let [weight, bias] =
        [weight, bias].map(|tensor| &state.parameters[network.tensors[tensor].range()]);
    let is_dense = matches!(node.operation, Operation::Dense { .. });
    Ok(LayerWeights::new(weight, bias, input, !is_dense))
}

impl LayerWeights {
    /// Rounds weights to nearest; the last axis of `weights` has as many channels as `bias`.
    #[must_use]
    pub fn new(weights: &[f32], bias: &[f32], input_scale: f32, per_channel: bool) -> Self {
        let mut scales = vec![0.0f32; bias.len()];
        for row in weights.chunks_exact(bias.len()) {
            for (scale, weight) in scales.iter_mut().zip(row) {
                *scale = scale.max(weight.abs() / WEIGHT_MAX);
            }
        }
        for (scale, bias) in scales.iter_mut().zip(bias) {
            *scale = scale.max(bias.abs() / (input_scale * BIAS_MAX));
        }
        if !per_channel {
            scales = vec![scales.into_iter().fold(0.0, f32::max)];
        }
        // A channel of zeros gives zero at any scale.
        scales.iter_mut().filter(|scale| !scale.is_normal()).for_each(|scale| *scale = 1.0);
        let bias_scales: Vec<f32> = scales.iter().map(|scale| input_scale * scale).collect();
        let of = |scales: &[f32], channel: usize| scales[channel % scales.len()];
        let quantised = |(at, weight): (usize, &f32)| {
            let steps = libm::rintf(weight / of(&scales, at % bias.len()));
            steps.clamp(-WEIGHT_MAX, WEIGHT_MAX) as i8
        };
        let weights = weights.iter().enumerate().map(quantised).collect();
        let quantised = |(channel, bias): (usize, &f32)| {
            let scale = f64::from(of(&bias_scales, channel));
            libm::rint(f64::from(*bias) / scale) as i32
        };
        let bias = bias.iter().enumerate().map(quantised).collect();
        Self { weights, scales, bias, bias_scales }
    }

    /// Writes the real numbers that the weights stand for.
    pub fn write_weights(&self, weights: &mut [f32]) {
        for (at, (real, weight)) in weights.iter_mut().zip(&self.weights).enumerate() {
            *real = f32::from(*weight) * self.scales[at % self.bias.len() % self.scales.len()];
        }
    }

    /// Writes the real numbers that the bias stands for.
    pub fn write_bias(&self, bias: &mut [f32]) {
        for (channel, (real, bias)) in bias.iter_mut().zip(&self.bias).enumerate() {
            let scale = f64::from(self.bias_scales[channel % self.bias_scales.len()]);
            *real = (f64::from(*bias) * scale) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_channel_fills_its_range() {
        let weights = [0.5, -12.7, -0.25, 3.0];
        let layer = LayerWeights::new(&weights, &[0.0, 1.0], 0.5, true);
        assert_eq!(layer.weights, [127, -127, -64, 30]);
        assert_eq!(layer.scales, [0.5 / 127.0, 0.1]);
        assert_eq!(layer.bias, [0, 20]);
        let mut real = [0.0; 4];
        layer.write_weights(&mut real);
        for (real, weight) in real.iter().zip(weights) {
            assert!((real - weight).abs() <= 0.5 * 0.1, "{real} for {weight}");
        }
        let mut bias = [9.0; 2];
        layer.write_bias(&mut bias);
        assert_eq!(bias, [0.0, 1.0]);
    }

    #[test]
    fn one_scale_for_all_is_that_of_the_greatest() {
        let layer = LayerWeights::new(&[0.5, -12.7, -0.25, 3.0], &[0.0, 1.0], 0.5, false);
        assert_eq!(layer.weights, [5, -127, -2, 30]);
        assert_eq!((layer.scales.len(), layer.bias_scales.len()), (1, 1));
    }

    #[test]
    fn a_bias_without_weights_stays_within_what_devices_sum() {
        let layer = LayerWeights::new(&[0.0, 0.0], &[3.0, 0.0], 0.01, true);
        assert_eq!(layer.weights, [0, 0]);
        assert!(layer.bias[0] > 1 << 28 && layer.bias[0] <= 1 << 29, "{:?}", layer.bias);
        let mut bias = [0.0; 2];
        layer.write_bias(&mut bias);
        assert!((bias[0] - 3.0).abs() < 1e-6 && bias[1] == 0.0, "{bias:?}");
    }
}
