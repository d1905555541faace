//! Losses and their gradients by the outputs. All are means over samples.

/// Probabilities of outputs: samples x classes.
#[must_use]
pub fn softmax(outputs: &[f32], classes: usize) -> Vec<f32> {
    let mut probabilities = outputs.to_vec();
    for row in probabilities.chunks_exact_mut(classes) {
        let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        row.iter_mut().for_each(|value| *value = libm::expf(*value - most));
        let sum: f32 = row.iter().sum();
        row.iter_mut().for_each(|value| *value /= sum);
    }
    probabilities
}

/// Cross entropy with labels, of which `smoothing` is spread over all classes; adds its gradient,
/// times `weight`.
pub fn cross_entropy(
    probabilities: &[f32],
    labels: &[u16],
    smoothing: f32,
    weight: f32,
    gradient: &mut [f32],
) -> f32 {
    let classes = probabilities.len() / labels.len();
    let share = weight / labels.len() as f32;
    let mut loss = 0.0;
    let rows = probabilities.chunks_exact(classes).zip(gradient.chunks_exact_mut(classes));
    for ((row, gradient), &label) in rows.zip(labels) {
        for (class, (probability, gradient)) in row.iter().zip(gradient).enumerate() {
            let hit = if class == usize::from(label) { 1.0 - smoothing } else { 0.0 };
            let target = hit + smoothing / classes as f32;
            *gradient += share * (probability - target);
            loss -= target * libm::logf(probability.clamp(1e-30, 1.0));
        }
    }
    loss / labels.len() as f32
}

/// The mean squared difference of outputs from what is wanted, over all numbers; adds its gradient,
/// times `weight`.
pub fn squared_error(outputs: &[f32], wanted: &[f32], weight: f32, gradient: &mut [f32]) -> f32 {
    let share = 1.0 / outputs.len() as f32;
    let mut loss = 0.0;
    for ((output, wanted), gradient) in outputs.iter().zip(wanted).zip(gradient) {
        let difference = output - wanted;
        *gradient += 2.0 * weight * share * difference;
        loss += difference * difference;
    }
    loss * share
}

/// How much of their inputs outputs reproduce: sums over all numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reproduction {
    error: f64,
    whole: f64,
}

impl Reproduction {
    /// Counts a number.
    pub fn add(&mut self, output: f32, input: f32) {
        self.error += f64::from(output - input).powi(2);
        self.whole += f64::from(input).powi(2);
    }

    /// The share of the inputs' energy (the sum of squares) that is reproduced: 1 at most, and below
    /// 0 where an output of nothing would be nearer.
    #[must_use]
    pub fn share(&self) -> f64 {
        1.0 - self.error / self.whole.max(f64::MIN_POSITIVE)
    }
}

/// How many outputs are greatest at their label.
#[must_use]
pub fn hits(outputs: &[f32], labels: &[u16]) -> usize {
    let classes = outputs.len() / labels.len().max(1);
    let rows = outputs.chunks_exact(classes.max(1)).zip(labels);
    rows.filter(|(row, label)| {
        let hit = row[usize::from(**label)];
        // The first of equals wins, as in the device's answer.
        row.iter()
            .enumerate()
            .all(|(class, value)| *value < hit || (*value == hit && class >= usize::from(**label)))
    })
    .count()
}
