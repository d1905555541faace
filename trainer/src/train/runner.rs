//! A network with its engine, and what is done with both.

use super::loss;
use super::recipe::Recipe;
use super::task::Task;
use crate::data::Dataset;
use crate::engine::{Engine, Pass};
use crate::network::{Network, State};
use crate::random::Random;

/// Batches by which the statistics of a finished network are measured anew.
const MEASURED_BATCHES: usize = 64;
/// Samples of a batch that is only looked at.
const LOOK: usize = 512;

/// Of random numbers: those that change samples, and those that choose samples to measure with.
const SAMPLE: u64 = 2;
const MEASURE: u64 = 3;

/// A network with its engine.
#[derive(Debug)]
pub(super) struct Runner {
    pub network: Network,
    pub engine: Engine,
}

impl Runner {
    pub fn new(network: Network) -> Self {
        Self { engine: Engine::new(&network), network }
    }
}

/// Loads a step's samples as they are shown in that step.
pub(super) fn load(
    runner: &mut Runner,
    data: &Dataset,
    recipe: &Recipe,
    step: usize,
    chosen: &[usize],
) {
    runner.engine.load(&runner.network, chosen.len(), |place, input| {
        let sample = chosen[place];
        let mut random = Random::new(&[SAMPLE, recipe.seed, step as u64, sample as u64]);
        recipe.augment.write(data, sample, &mut random, input);
    });
}

/// Measures running statistics anew, as the mean over batches of training samples.
pub(super) fn measure(
    runner: &mut Runner,
    data: &Dataset,
    recipe: &Recipe,
    pass: Pass,
    state: &mut State,
) {
    let order = Random::new(&[MEASURE, recipe.seed]).permutation(data.len());
    let batches = order.chunks_exact(recipe.batch).take(MEASURED_BATCHES);
    for (number, chosen) in batches.enumerate() {
        // As in training: shifted pictures have other means than whole ones.
        runner.engine.load(&runner.network, chosen.len(), |place, input| {
            let sample = chosen[place];
            let mut random = Random::new(&[MEASURE, recipe.seed, sample as u64]);
            recipe.augment.write(data, sample, &mut random, input);
        });
        runner.engine.forward(&runner.network, state, pass);
        let share = 1.0 / (number + 1) as f32;
        runner.engine.update_statistics(&runner.network, share, &mut state.statistics);
    }
}

/// See [`accuracy`].
pub(super) fn accuracy_of(runner: &mut Runner, state: &State, pass: Pass, data: &Dataset) -> f32 {
    let Ok(task) = Task::of(&runner.network, data) else { return 0.0 };
    let (mut hits, mut reproduction) = (0, loss::Reproduction::default());
    for first in (0..data.len()).step_by(LOOK) {
        let count = LOOK.min(data.len() - first);
        let Runner { network, engine } = &mut *runner;
        engine.load(network, count, |place, input| data.write(first + place, input));
        engine.forward(network, state, pass);
        let outputs = engine.outputs();
        match task {
            Task::Classify => hits += loss::hits(&outputs, &data.labels[first..first + count]),
            Task::Reproduce => {
                for (output, input) in outputs.iter().zip(engine.value(0)) {
                    reproduction.add(*output, input);
                }
            }
        }
    }
    match task {
        Task::Classify => hits as f32 / data.len().max(1) as f32,
        Task::Reproduce => reproduction.share() as f32,
    }
}

/// Share of samples that a network answers rightly; of an autoencoder, the share of the samples'
/// energy (the sum of squares) that it reproduces.
#[must_use]
pub fn accuracy(network: &Network, state: &State, data: &Dataset) -> f32 {
    accuracy_of(&mut Runner::new(network.clone()), state, Pass::INFER, data)
}
