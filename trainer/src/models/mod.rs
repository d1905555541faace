//! The networks that can be trained, in sizes for microcontrollers.

pub mod mobilenet_v2;

use serde::{Deserialize, Serialize};

use crate::network::{Network, Shape};
use mobilenet_v2::MobileNetV2;

/// A network, as the table `[network]` of a configuration tells it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
#[non_exhaustive]
pub enum Model {
    /// Inverted residual blocks.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2(MobileNetV2),
}

impl Model {
    /// The network for inputs of this shape; `factor` widens all but input and output.
    #[must_use]
    pub fn build(&self, input: Shape, classes: usize, factor: f32) -> Network {
        match self {
            Self::MobileNetV2(model) => model.build(input, classes, factor),
        }
    }
}
