//! The numbers that say how a network is trained.

use serde::{Deserialize, Serialize};

use crate::boost::Boost;
use crate::data::augment::Augment;
use crate::distil::Distil;

/// How a network is trained. Plain training, unless it is boosted, distilled, or both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Recipe {
    /// Of all that is random.
    pub seed: u64,
    /// Passes over the training samples; tuning comes on top.
    pub epochs: usize,
    /// Samples of a step.
    pub batch: usize,
    /// Greatest learning rate.
    pub rate: f32,
    /// Share of the velocity that is kept from step to step.
    pub momentum: f32,
    /// Weight decay.
    pub decay: f32,
    /// Epochs in which the learning rate rises.
    pub warm_up: f32,
    /// Share of the label that is spread over all classes.
    pub smoothing: f32,
    /// What is done to pictures.
    pub augment: Augment,
    /// NetBooster.
    pub boost: Option<Boost>,
    /// NetDistiller.
    pub distil: Option<Distil>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            seed: 0,
            epochs: 30,
            batch: 128,
            rate: 0.2,
            momentum: 0.9,
            decay: 4e-5,
            warm_up: 1.0,
            smoothing: 0.0,
            augment: Augment::default(),
            boost: None,
            distil: None,
        }
    }
}

impl Recipe {
    /// Epochs with those of tuning.
    #[must_use]
    pub fn all_epochs(&self) -> usize {
        self.epochs + self.boost.map_or(0, |boost| boost.tune_epochs)
    }
}
