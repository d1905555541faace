//! An autoencoder of dense layers: what it reproduces badly is an anomaly. As it is by default, it
//! is that of MLPerf Tiny (Koizumi et al. 2020, the baseline of DCASE task 2).

use serde::{Deserialize, Serialize};

use super::{one, widen};
use crate::network::{Activation, Builder, Network, Shape};

/// Its sizes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Autoencoder {
    /// All numbers of channels are multiplied by it.
    #[serde(default = "one")]
    pub width: f32,
    /// Outputs of the layers between input and output.
    pub layers: Vec<usize>,
    /// What numbers of outputs are multiples of.
    pub round_to: usize,
}

impl Default for Autoencoder {
    fn default() -> Self {
        let layers = vec![128, 128, 128, 128, 8, 128, 128, 128, 128];
        Self { width: 1.0, layers, round_to: 8 }
    }
}

impl Autoencoder {
    /// The network for inputs of this shape; its output has as many numbers, whatever `_classes`.
    /// `factor` widens all but input and output.
    #[must_use]
    pub fn build(&self, input: Shape, _classes: usize, factor: f32) -> Network {
        let mut builder = Builder::new(input);
        let mut value = 0;
        for (number, &outputs) in self.layers.iter().enumerate() {
            let name = format!("layer{number}");
            let outputs = widen(outputs, self.width * factor, self.round_to);
            value = builder.dense(&name, value, outputs, false);
            value = builder.normalise(&format!("{name}/norm"), value, Activation::Relu, false);
        }
        builder.dense("output", value, input.elements(), true);
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_autoencoder_of_mlperf_tiny() {
        let network = Autoencoder::default().build(Shape::vector(640), 1, 1.0);
        assert_eq!(network.multiplications(), 264_192);
        // Keras counts four numbers for each output that is normalised.
        assert_eq!(network.folded_parameters() + 4 * (8 * 128 + 8), 269_992);
    }
}
