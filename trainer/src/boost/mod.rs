//! NetBooster (Yu et al., DAC 2023): a tiny network is trained as a deep giant and contracted
//! again.
//!
//! Chosen pointwise convolutions become inverted residual blocks whose depthwise kernel is 1x1, so
//! that each is a product of matrices once its activations are gone. Those are taken away little by
//! little (`a z + (1 - a) clip(z)`, `a` from 0 to 1); at `a = 1` the giant is, to rounding, the
//! network that it was made from, with other weights. The paper itself could not be read; what
//! stands here follows its abstract and its published outline. Ours are: the choice among pointwise
//! convolutions with a normalisation, the linear shortcut, and where the slope acts on ReLU6.

mod contract;
mod expand;

pub use contract::contract;
pub use expand::expand;

use serde::{Deserialize, Serialize};

/// What bridges an inserted block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shortcut {
    /// Nothing.
    None,
    /// The convolution that was there: the giant can do what the network could.
    #[default]
    Linear,
}

/// How a network becomes a giant, and again itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Boost {
    /// How many times wider the inside of an inserted block is than its input.
    pub ratio: usize,
    /// Share of the pointwise convolutions that are replaced, uniformly from first to last.
    pub share: f32,
    /// What bridges them.
    pub shortcut: Shortcut,
    /// Share of the tuning in which activations become linear; then the giant is contracted.
    pub linearise: f32,
}

impl Default for Boost {
    fn default() -> Self {
        Self { ratio: 6, share: 0.5, shortcut: Shortcut::Linear, linearise: 0.4 }
    }
}
