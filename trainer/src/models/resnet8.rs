//! ResNet-8 (He et al. 2016, as small as MLPerf Tiny has it): three stacks of one residual block.

use serde::{Deserialize, Serialize};

use super::{one, square, widen};
use crate::network::{Activation, Builder, Network, Shape};

/// Its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResNet8 {
    /// All numbers of channels are multiplied by it.
    #[serde(default = "one")]
    pub width: f32,
    /// Channels of each stack; all but the first halve the picture.
    pub stacks: Vec<usize>,
    /// What numbers of channels are multiples of.
    pub round_to: usize,
}

impl Default for ResNet8 {
    fn default() -> Self {
        Self { width: 1.0, stacks: vec![16, 32, 64], round_to: 8 }
    }
}

impl ResNet8 {
    /// The network for pictures of this shape; `factor` widens all but input and output.
    #[must_use]
    pub fn build(&self, input: Shape, classes: usize, factor: f32) -> Network {
        let scaled = |channels| widen(channels, self.width * factor, self.round_to);
        let mut builder = Builder::new(input);
        let stem = scaled(self.stacks.first().copied().unwrap_or(1));
        let (relu, linear) = (Activation::Relu, Activation::Linear);
        let mut value = builder.convolve_normalised("stem", 0, stem, square(3, 1), relu);
        for (number, &channels) in self.stacks.iter().enumerate() {
            let name = |part: &str| format!("stack{number}/{part}");
            let (channels, stride) = (scaled(channels), if number == 0 { 1 } else { 2 });
            let from = value;
            let (first, second) = (square(3, stride), square(3, 1));
            value = builder.convolve_normalised(&name("first"), from, channels, first, relu);
            value = builder.convolve_normalised(&name("second"), value, channels, second, linear);
            // Told by the number, not by shapes, so that a wider network has the same layers.
            let around = if number == 0 {
                from
            } else {
                builder.convolve(&name("shortcut"), from, channels, square(1, stride), true)
            };
            value = builder.add(&name("add"), value, around);
            value = builder.activate(&name("relu"), value, relu);
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
    fn it_is_the_picture_classifier_of_mlperf_tiny() {
        let input = Shape { height: 32, width: 32, channels: 3 };
        let network = ResNet8::default().build(input, 10, 1.0);
        assert_eq!(network.multiplications(), 12_501_632);
        // Keras counts four numbers for each channel that is normalised.
        assert_eq!(network.folded_parameters() + 4 * (3 * 16 + 2 * 32 + 2 * 64), 78_666);
    }
}
