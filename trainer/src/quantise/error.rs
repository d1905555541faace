//! Why a network cannot be quantised.

/// Why a network cannot be quantised.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantiseError {
    /// A normalisation that cannot be folded.
    #[error(
        "normalisation `{node}` cannot be folded: it is behind no convolution, depthwise or dense layer \
         whose output nothing else reads"
    )]
    Normalisation {
        /// Its name.
        node: String,
    },
    /// An activation that int8 networks have no operator for.
    #[error(
        "activation `{node}` cannot be fused: it is behind no layer or sum whose output nothing else \
         reads"
    )]
    Activation {
        /// Its name.
        node: String,
    },
    /// A network that has roundings already.
    #[error("`{node}` is a rounding: the network is quantised already")]
    Rounded {
        /// Its name.
        node: String,
    },
    /// A value without a range.
    #[error("the value that `{node}` reads has no rounding: the network is not quantised")]
    Unrounded {
        /// The reader's name.
        node: String,
    },
    /// Nothing to calibrate with.
    #[error("there are no samples to calibrate with")]
    NoSamples,
    /// The data are for another network.
    #[error("samples have {found} elements, and the network takes {expected}")]
    Samples {
        /// Elements of a sample.
        found: usize,
        /// Elements of the input.
        expected: usize,
    },
    /// A number that is none.
    #[error("the values of `{node}` are not finite")]
    NotFinite {
        /// The node's name.
        node: String,
    },
}

impl QuantiseError {
    /// What to do next.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Normalisation { .. } => "move the normalisation behind a layer of its own",
            Self::Activation { .. } => "move the activation behind a layer or a sum of its own",
            Self::Rounded { .. } => "quantise the network that the roundings were put into",
            Self::Unrounded { .. } => "quantise the network first",
            Self::NoSamples => "give at least one sample, with recipe.int8.calibration.samples",
            Self::Samples { .. } => "calibrate with the data that the network was built for",
            Self::NotFinite { .. } => "train for longer, or at a lower rate",
        }
    }
}
