//! Why a network cannot be trained.

use crate::network::Shape;
use crate::quantise::QuantiseError;

/// Why a network cannot be trained, or not any further.
#[derive(Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// There is not one whole batch.
    #[error("{samples} training samples do not make a batch of {batch}")]
    Batch {
        /// Samples that there are.
        samples: usize,
        /// Samples of a batch.
        batch: usize,
    },
    /// The data do not have the shape of the network's input.
    #[error("the network takes {}, the data are {}", text(network), text(data))]
    Shape {
        /// Of the network's input.
        network: Shape,
        /// Of a sample.
        data: Shape,
    },
    /// The outputs stand for nothing in the data.
    #[error(
        "the network has {outputs} outputs, which are neither the {classes} classes nor the \
         {elements} numbers of a sample"
    )]
    Outputs {
        /// Of the network.
        outputs: usize,
        /// Of the data.
        classes: usize,
        /// Of a sample.
        elements: usize,
    },
    /// The wider network does not have the tiny one inside.
    #[error("the teacher's {tensor} does not contain the network's")]
    Teacher {
        /// The tensor's name.
        tensor: String,
    },
    /// NetBooster's giant has no time to become linear.
    #[error("a giant without tuning does not become the network that is wanted")]
    Tuning,
    /// NetBooster has nothing to do.
    #[error(
        "none of the network's layers is expanded: it has none to expand, or the share is too small"
    )]
    Boost,
    /// A checkpoint is of another network.
    #[error("the checkpoint is of another network")]
    Checkpoint,
    /// The loss is no number any more.
    #[error("training diverged: the loss of step {step} is no finite number")]
    Diverged {
        /// The step, from 0.
        step: usize,
    },
    /// The network cannot be quantised.
    #[error(transparent)]
    Quantise(#[from] QuantiseError),
}

impl TrainingError {
    /// What the user can do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Batch { .. } => "lower recipe.batch, or take more data",
            Self::Shape { .. } => "the network is made for the data's shape: build it for that",
            Self::Outputs { .. } => {
                "give a network that classifies as many outputs as there are classes, two at least, \
                 and an autoencoder as many as its input has numbers"
            }
            Self::Teacher { .. } => "choose a whole number for recipe.distil.width, 2 for example",
            Self::Tuning => "give recipe.tune.epochs, a third of recipe.epochs or more",
            Self::Boost => "leave [recipe.boost] out, or raise recipe.boost.share",
            Self::Checkpoint => {
                "choose another folder with --output, or begin anew with --overwrite"
            }
            Self::Diverged { .. } => {
                "lower recipe.rate, recipe.tune.rate or recipe.int8.aware_rate, or raise \
                 recipe.warm_up, and begin anew with --overwrite"
            }
            Self::Quantise(error) => error.advice(),
        }
    }
}

fn text(shape: &Shape) -> String {
    format!("{}x{}x{}", shape.height, shape.width, shape.channels)
}
