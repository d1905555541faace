//! Why a network cannot be quantised.

/// Why a network cannot be quantised.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantiseError {
    /// A normalisation that cannot be folded.
    #[error(
        "normalisation `{node}` cannot be folded: put it behind a convolution, a depthwise or a dense \
         layer whose output nothing else reads"
    )]
    Normalisation {
        /// Its name.
        node: String,
    },
    /// An activation that int8 networks have no operator for.
    #[error(
        "activation `{node}` cannot be fused: put it behind a layer or a sum whose output nothing \
         else reads"
    )]
    Activation {
        /// Its name.
        node: String,
    },
    /// A network that has roundings already.
    #[error("`{node}` is a rounding: quantise the network that it was put into")]
    Rounded {
        /// Its name.
        node: String,
    },
    /// A value without a range.
    #[error("the value that `{node}` reads has no rounding: quantise the network first")]
    Unrounded {
        /// The reader's name.
        node: String,
    },
    /// Nothing to calibrate with.
    #[error("there are no samples to calibrate with: give at least one")]
    NoSamples,
    /// The data are for another network.
    #[error("samples have {found} elements, and the network takes {expected}: use its own data")]
    Samples {
        /// Elements of a sample.
        found: usize,
        /// Elements of the input.
        expected: usize,
    },
    /// A number that is none.
    #[error("the values of `{node}` are not finite: train with a lower learning rate")]
    NotFinite {
        /// The node's name.
        node: String,
    },
}
