//! Distillation: how far a network's outputs are from its teacher's.

use serde::{Deserialize, Serialize};

use crate::train::loss::softmax;

/// How much the teacher's answer for a sample counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uncertainty {
    /// Always 1: plain distillation (Hinton et al. 2015).
    Ignore,
    /// `1 - H(p) / ln K`, where `H` is the entropy of the teacher's probabilities for `K` classes: 1
    /// for a teacher that is sure, 0 for one that knows nothing. Ours, in place of NetDistiller's own
    /// formula, which could not be read.
    Entropy,
}

/// The Kullback-Leibler divergence of the outputs at a temperature `t` from the teacher's, times
/// `t^2` (so that its gradient does not shrink with `t`) and each sample's certainty; the mean over
/// samples. Adds its gradient, times `weight`.
pub fn distil(
    outputs: &[f32],
    teacher: &[f32],
    classes: usize,
    (temperature, uncertainty): (f32, Uncertainty),
    weight: f32,
    gradient: &mut [f32],
) -> f32 {
    let soft = |outputs: &[f32]| {
        let divided: Vec<f32> = outputs.iter().map(|value| value / temperature).collect();
        softmax(&divided, classes)
    };
    let (own, wanted) = (soft(outputs), soft(teacher));
    let certain = softmax(teacher, classes);
    let samples = outputs.len() / classes;
    let mut loss = 0.0;
    for sample in 0..samples {
        let row = sample * classes..(sample + 1) * classes;
        let factor = match uncertainty {
            Uncertainty::Ignore => 1.0,
            Uncertainty::Entropy => {
                1.0 - entropy(&certain[row.clone()]) / libm::logf(classes as f32)
            }
        };
        for class in row {
            let (q, p) = (own[class].clamp(1e-30, 1.0), wanted[class].clamp(1e-30, 1.0));
            loss += factor * temperature * temperature * p * (libm::logf(p) - libm::logf(q));
            gradient[class] += weight * factor * temperature * (q - p) / samples as f32;
        }
    }
    loss / samples as f32
}

fn entropy(probabilities: &[f32]) -> f32 {
    probabilities.iter().map(|p| -p * libm::logf(p.clamp(1e-30, 1.0))).sum()
}
