//! The networks that can be trained, in sizes for microcontrollers.

pub mod autoencoder;
pub mod ds_cnn;
pub mod mobilenet_v2;
pub mod resnet8;

use serde::{Deserialize, Serialize};

use crate::network::{Network, Padding, Shape};
use autoencoder::Autoencoder;
use ds_cnn::DsCnn;
use mobilenet_v2::MobileNetV2;
use resnet8::ResNet8;

/// A network and its sizes, as a configuration file has them: `kind` tells which.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Model {
    /// For pictures.
    #[serde(rename = "mobilenet-v2")]
    MobileNetV2(MobileNetV2),
    /// For spectrograms.
    #[serde(rename = "ds-cnn")]
    DsCnn(DsCnn),
    /// For pictures.
    #[serde(rename = "resnet8")]
    ResNet8(ResNet8),
    /// For anomalies; its output has the input's size.
    #[serde(rename = "autoencoder")]
    Autoencoder(Autoencoder),
}

impl Model {
    /// The network for inputs of this shape. `factor` widens all but input and output: at a whole
    /// factor each tensor has that of factor 1 as its leading channels.
    #[must_use]
    pub fn build(&self, input: Shape, classes: usize, factor: f32) -> Network {
        match self {
            Self::MobileNetV2(model) => model.build(input, classes, factor),
            Self::DsCnn(model) => model.build(input, classes, factor),
            Self::ResNet8(model) => model.build(input, classes, factor),
            Self::Autoencoder(model) => model.build(input, classes, factor),
        }
    }
}

/// A number of channels, times `factor`, as the nearest multiple of `multiple`, one at least.
fn widen(channels: usize, factor: f32, multiple: usize) -> usize {
    let multiple = multiple.max(1);
    let wide = channels as f32 * factor;
    ((wide / multiple as f32).round() as usize).max(1) * multiple
}

/// Kernel, stride and padding of a square window.
fn square(kernel: usize, stride: usize) -> ([usize; 2], [usize; 2], Padding) {
    ([kernel, kernel], [stride, stride], Padding::Same)
}

/// Sizes that every model may leave at 1.
fn one() -> f32 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const MLPERF: [(&str, Shape, usize); 4] = [
        ("ds-cnn", Shape { height: 49, width: 10, channels: 1 }, 12),
        ("resnet8", Shape { height: 32, width: 32, channels: 3 }, 10),
        ("autoencoder", Shape { height: 1, width: 1, channels: 640 }, 1),
        ("mobilenet-v2", Shape { height: 32, width: 32, channels: 3 }, 10),
    ];

    fn model(kind: &str) -> Model {
        let sizes = match kind {
            "mobilenet-v2" => {
                "stem = 8\nhead = 64\n\
                 [[stages]]\nexpansion = 3\nchannels = 16\nblocks = 2\nstride = 2\n"
            }
            _ => "",
        };
        toml::from_str(&format!("kind = \"{kind}\"\n{sizes}")).expect("a valid configuration")
    }

    #[test]
    fn a_wider_network_has_the_same_tensors_with_more_channels() {
        for (kind, input, classes) in MLPERF {
            let narrow = model(kind).build(input, classes, 1.0);
            for factor in [1.5, 2.0, 3.0] {
                let wide = model(kind).build(input, classes, factor);
                assert_eq!(wide.output(), narrow.output(), "{kind}");
                assert_eq!(wide.nodes.len(), narrow.nodes.len(), "{kind}");
                assert!(wide.parameters() > narrow.parameters(), "{kind}");
                for (wide, narrow) in wide.tensors.iter().zip(&narrow.tensors) {
                    assert_eq!((&wide.name, wide.role), (&narrow.name, narrow.role), "{kind}");
                    assert_eq!(wide.shape.len(), narrow.shape.len(), "{kind}: {}", wide.name);
                    let mut extents = wide.shape.iter().zip(&narrow.shape);
                    assert!(extents.all(|(wide, narrow)| wide >= narrow), "{kind}: {}", wide.name);
                }
            }
        }
    }

    #[test]
    fn a_configuration_names_what_it_does_not_know() {
        for (kind, ..) in MLPERF {
            let error = toml::from_str::<Model>(&format!("kind = \"{kind}\"\nwdith = 2.0\n"));
            let error = error.expect_err("a misspelt size is no size").to_string();
            assert!(error.contains("wdith"), "{kind}: {error}");
        }
        let error = toml::from_str::<Model>("kind = \"vgg\"\n").expect_err("no such network");
        assert!(error.to_string().contains("vgg"), "{error}");
    }
}
