//! NetDistiller (Zhang et al. 2023): a tiny network is trained as the leading channels of a wider
//! teacher, both at once and with the same weights.
//!
//! Each step runs both. The teacher learns from labels, the tiny network from labels and from the
//! teacher. Where their gradients of a shared weight contradict each other, the teacher's is
//! projected (gradient surgery, after PCGrad, Yu et al. 2020, of which only the teacher's side is
//! taken, so that the tiny network comes first). Distillation counts for a sample as much as the
//! teacher is sure of it. The paper could be read in its abstract only: its own formula of
//! uncertainty is not known here, see [`Uncertainty`]; channels are shared as in NetAug's code.

mod knowledge;
mod share;
mod surgery;

pub use knowledge::{Uncertainty, distil};
pub use share::Share;
pub use surgery::{Surgery, operate};

use serde::{Deserialize, Serialize};

/// How a network learns from a wider self.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Distil {
    /// How many times wider the teacher is.
    pub width: f32,
    /// What the distance from the teacher counts, beside the loss by labels.
    pub weight: f32,
    /// What the loss by labels counts.
    pub label_weight: f32,
    /// By which outputs are divided before they become probabilities.
    pub temperature: f32,
    /// How much a sample counts.
    pub uncertainty: Uncertainty,
    /// What is done about gradients in conflict.
    pub surgery: Surgery,
}

impl Default for Distil {
    fn default() -> Self {
        Self {
            width: 2.0,
            weight: 1.0,
            label_weight: 1.0,
            temperature: 1.0,
            uncertainty: Uncertainty::Entropy,
            surgery: Surgery::Tensor,
        }
    }
}
