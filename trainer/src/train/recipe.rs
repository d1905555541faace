//! The numbers that say how a network is trained.

use serde::{Deserialize, Serialize};

use crate::boost::Boost;
use crate::data::augment::Augment;
use crate::distil::Distil;
use crate::quantise::Calibration;

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
    /// What comes after that.
    pub tune: Tune,
    /// From floats to int8.
    pub int8: Int8,
}

/// Tuning: the network goes on by itself, at a learning rate that rises and falls anew. A giant
/// becomes linear first; a teacher learns no more and only answers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tune {
    /// Epochs, on top of the recipe's; a giant needs one at least.
    pub epochs: usize,
    /// Greatest learning rate.
    pub rate: f32,
}

impl Default for Tune {
    fn default() -> Self {
        Self { epochs: 0, rate: 0.05 }
    }
}

/// How a network becomes int8.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Int8 {
    /// How ranges are found.
    pub calibration: Calibration,
    /// Epochs of quantisation-aware training after all others.
    pub aware_epochs: usize,
    /// Its greatest learning rate.
    pub aware_rate: f32,
}

impl Default for Int8 {
    fn default() -> Self {
        Self { calibration: Calibration::default(), aware_epochs: 0, aware_rate: 0.0002 }
    }
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
            tune: Tune::default(),
            int8: Int8::default(),
        }
    }
}

impl Recipe {
    /// Epochs with those of tuning and of quantisation-aware training.
    #[must_use]
    pub fn all_epochs(&self) -> usize {
        self.epochs + self.tune.epochs + self.int8.aware_epochs
    }
}
