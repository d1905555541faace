//! Stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013), weight decay, and
//! a learning rate that warms up and then falls as a cosine.

use serde::{Deserialize, Serialize};

use crate::network::{Network, Role};

/// The optimiser's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Optimiser {
    /// Of each parameter.
    pub velocity: Vec<f32>,
}

/// Its constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Learning rate.
    pub rate: f32,
    /// Share of the velocity that is kept.
    pub momentum: f32,
    /// Share of each weight that is lost with each step, times the rate.
    pub decay: f32,
}

impl Optimiser {
    /// Moves parameters against their gradient.
    pub fn step(
        &mut self,
        network: &Network,
        step: Step,
        gradient: &[f32],
        parameters: &mut [f32],
    ) {
        self.velocity.resize(parameters.len(), 0.0);
        for tensor in &network.tensors {
            let decay = if tensor.role == Role::Weight { step.decay } else { 0.0 };
            let range = tensor.range();
            let values = parameters[range.clone()].iter_mut().zip(&gradient[range.clone()]);
            for ((value, gradient), velocity) in values.zip(&mut self.velocity[range]) {
                let gradient = gradient + decay * *value;
                *velocity = step.momentum * *velocity + gradient;
                *value -= step.rate * (gradient + step.momentum * *velocity);
            }
        }
    }
}

/// The learning rate at a share (0..1) of training: rises over the first `warm_up` of it, then
/// falls as a cosine to zero.
#[must_use]
pub fn cosine(rate: f32, warm_up: f32, progress: f32) -> f32 {
    if progress < warm_up {
        return rate * progress / warm_up;
    }
    let rest = (progress - warm_up) / (1.0 - warm_up).max(f32::EPSILON);
    rate * 0.5 * (1.0 + libm::cosf(std::f32::consts::PI * rest.min(1.0)))
}
