//! MobileNetV2 (Sandler et al. 2018) with few and narrow blocks, as MobileNetV2-Tiny has them.

use serde::{Deserialize, Serialize};

use super::{one, square, widen};
use crate::network::{Activation, Builder, Network, Shape};

/// Blocks of the same output.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// How many times wider the inside of a block is than its input; 1 leaves the first layer out.
    pub expansion: usize,
    /// Channels of the output, at width 1.
    pub channels: usize,
    /// Blocks.
    pub blocks: usize,
    /// Of the first block; the others have 1.
    pub stride: usize,
}

/// Its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MobileNetV2 {
    /// All numbers of channels are multiplied by it, and rounded to a multiple of `round_to`.
    #[serde(default = "one")]
    pub width: f32,
    /// Channels of the first convolution, of 3x3.
    pub stem: usize,
    /// Its stride.
    #[serde(default = "two")]
    pub stem_stride: usize,
    /// Blocks.
    pub stages: Vec<Stage>,
    /// Channels of the last pointwise convolution; 0 leaves it out.
    pub head: usize,
    /// What numbers of channels are multiples of.
    #[serde(default = "eight")]
    pub round_to: usize,
}

fn two() -> usize {
    2
}

fn eight() -> usize {
    8
}

impl MobileNetV2 {
    /// The network for pictures of this shape; `factor` widens all but input and output.
    #[must_use]
    pub fn build(&self, input: Shape, classes: usize, factor: f32) -> Network {
        let scaled = |channels| widen(channels, self.width * factor, self.round_to);
        let mut builder = Builder::new(input);
        let (relu6, linear) = (Activation::Relu6, Activation::Linear);
        let (stem, pointwise) = (square(3, self.stem_stride), square(1, 1));
        let mut value = builder.convolve_normalised("stem", 0, scaled(self.stem), stem, relu6);
        let mut number = 0;
        for stage in &self.stages {
            for block in 0..stage.blocks {
                let name = |part: &str| format!("block{number}/{part}");
                let window = square(3, if block == 0 { stage.stride } else { 1 });
                let (from, channels) = (value, scaled(stage.channels));
                if stage.expansion > 1 {
                    let inside = builder.shape(from).channels * stage.expansion;
                    let name = name("expand");
                    value = builder.convolve_normalised(&name, value, inside, pointwise, relu6);
                }
                value = builder.depthwise_normalised(&name("depthwise"), value, window, relu6);
                let project = name("project");
                value = builder.convolve_normalised(&project, value, channels, pointwise, linear);
                if builder.shape(from) == builder.shape(value) {
                    value = builder.add(&name("add"), value, from);
                }
                number += 1;
            }
        }
        if self.head > 0 {
            let channels = scaled(self.head);
            value = builder.convolve_normalised("head", value, channels, pointwise, relu6);
        }
        value = builder.average("pool", value);
        builder.dense("classes", value, classes, true);
        builder.finish()
    }
}
