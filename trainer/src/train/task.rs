//! What networks learn to do, and what they lose by not doing it.

use super::error::TrainingError;
use super::loss;
use super::recipe::Recipe;
use super::training::StepReport;
use crate::data::Dataset;
use crate::distil;
use crate::engine::Engine;
use crate::network::Network;

/// What a network is to answer to a batch.
pub(crate) enum Target {
    /// Of each sample, its class.
    Labels(Vec<u16>),
    /// The samples themselves.
    Inputs(Vec<f32>),
}

/// What a network learns to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// To name the class: an output for each.
    Classify,
    /// To reproduce its input: an output for each of its numbers.
    Reproduce,
}

impl Task {
    /// What a network can learn with such data.
    pub fn of(network: &Network, data: &Dataset) -> Result<Self, TrainingError> {
        let outputs = network.output().elements();
        match outputs {
            _ if network.input() != data.shape => {
                Err(TrainingError::Shape { network: network.input(), data: data.shape })
            }
            _ if outputs == data.classes.len() && outputs > 1 => Ok(Self::Classify),
            _ if outputs == data.shape.elements() => Ok(Self::Reproduce),
            _ => Err(TrainingError::Outputs {
                outputs,
                classes: data.classes.len(),
                elements: data.shape.elements(),
            }),
        }
    }

    /// The target of a batch that was loaded into an engine.
    pub fn target(self, engine: &Engine, data: &Dataset, chosen: &[usize]) -> Target {
        match self {
            Self::Classify => {
                Target::Labels(chosen.iter().map(|sample| data.labels[*sample]).collect())
            }
            Self::Reproduce => Target::Inputs(engine.value(0)),
        }
    }
}

/// The loss by a batch's target; adds its gradient by the outputs, times `weight`.
pub(super) fn loss_of(
    outputs: &[f32],
    target: &Target,
    smoothing: f32,
    weight: f32,
    gradient: &mut [f32],
) -> f32 {
    match target {
        Target::Labels(labels) => {
            let probabilities = loss::softmax(outputs, outputs.len() / labels.len());
            loss::cross_entropy(&probabilities, labels, smoothing, weight, gradient)
        }
        Target::Inputs(inputs) => loss::squared_error(outputs, inputs, weight, gradient),
    }
}

/// The tiny network's loss by target and teacher; the gradient by its outputs.
pub(super) fn tiny_loss(
    recipe: &Recipe,
    outputs: &[f32],
    teacher: Option<&[f32]>,
    target: &Target,
    report: &mut StepReport,
) -> Vec<f32> {
    let mut gradient = vec![0.0; outputs.len()];
    let distil = recipe.distil.zip(teacher);
    let weight = distil.map_or(1.0, |(distil, _)| distil.label_weight);
    report.loss = loss_of(outputs, target, recipe.smoothing, weight, &mut gradient);
    if let Target::Labels(labels) = target {
        report.hits = loss::hits(outputs, labels);
    }
    if let Some((distil, teacher)) = distil {
        report.distance = match target {
            Target::Labels(labels) => {
                let how = (distil.temperature, distil.uncertainty);
                let classes = outputs.len() / labels.len();
                distil::distil(outputs, teacher, classes, how, distil.weight, &mut gradient)
            }
            Target::Inputs(_) => {
                loss::squared_error(outputs, teacher, distil.weight, &mut gradient)
            }
        };
    }
    gradient
}
