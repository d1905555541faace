//! DS-CNN (Zhang et al. 2017, "Hello Edge"): a convolution over a spectrogram, then depthwise
//! separable ones. As it is by default, it is the keyword spotter of MLPerf Tiny.

use serde::{Deserialize, Serialize};

use super::{one, square, widen};
use crate::network::{Activation, Builder, Network, Padding, Shape};

/// Its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DsCnn {
    /// All numbers of channels are multiplied by it.
    #[serde(default = "one")]
    pub width: f32,
    /// Channels of all layers.
    pub channels: usize,
    /// Height (frames) and width (bands) of the first convolution's kernel.
    pub kernel: [usize; 2],
    /// Its stride.
    pub stride: [usize; 2],
    /// Pairs of a depthwise convolution of 3x3 and a pointwise one.
    pub blocks: usize,
    /// What numbers of channels are multiples of.
    pub round_to: usize,
}

impl Default for DsCnn {
    fn default() -> Self {
        let (kernel, stride) = ([10, 4], [2, 2]);
        Self { width: 1.0, channels: 64, kernel, stride, blocks: 4, round_to: 8 }
    }
}

impl DsCnn {
    /// The network for spectrograms of this shape (frames x bands x 1); `factor` widens all but
    /// input and output.
    #[must_use]
    pub fn build(&self, input: Shape, classes: usize, factor: f32) -> Network {
        let channels = widen(self.channels, self.width * factor, self.round_to);
        let mut builder = Builder::new(input);
        let first = (self.kernel, self.stride, Padding::Same);
        let mut value = builder.convolve_normalised("stem", 0, channels, first, Activation::Relu);
        for number in 0..self.blocks {
            let [depthwise, pointwise] =
                ["depthwise", "pointwise"].map(|part| format!("block{number}/{part}"));
            let relu = Activation::Relu;
            value = builder.depthwise_normalised(&depthwise, value, square(3, 1), relu);
            value = builder.convolve_normalised(&pointwise, value, channels, square(1, 1), relu);
        }
        value = builder.average("pool", value);
        builder.dense("classes", value, classes, true);
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_keyword_spotter_of_mlperf_tiny() {
        let input = Shape { height: 49, width: 10, channels: 1 };
        let network = DsCnn::default().build(input, 12, 1.0);
        assert_eq!(network.multiplications(), 2_656_768);
        // Keras counts four numbers for each of the 9 x 64 channels that are normalised.
        assert_eq!(network.folded_parameters() + 4 * 9 * 64, 24_908);
    }
}
