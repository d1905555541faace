//! Training, step by step. Everything random is made of the seed, the epoch and the sample's number,
//! so that [`Training::snapshot`] is all there is to keep.

use serde::{Deserialize, Serialize};

use super::loss;
use super::optimise::{Optimiser, Step, cosine};
use super::recipe::Recipe;
use crate::boost::{self, contract};
use crate::data::Dataset;
use crate::distil::{self, Share};
use crate::engine::{Engine, Pass};
use crate::network::{Network, State};
use crate::random::Random;

/// Of running statistics, how much a batch counts.
const STATISTICS_MOMENTUM: f32 = 0.1;
/// Batches by which the statistics of a finished network are measured anew.
const MEASURED_BATCHES: usize = 64;
/// Samples of a batch that is only looked at.
const LOOK: usize = 512;

/// Random numbers of different use.
const ORDER: u64 = 1;
const SAMPLE: u64 = 2;
const MEASURE: u64 = 3;

/// A network with its engine.
#[derive(Debug)]
struct Runner {
    network: Network,
    engine: Engine,
}

impl Runner {
    fn new(network: Network) -> Self {
        Self { engine: Engine::new(&network), network }
    }
}

/// The tiny network inside of a wider one.
#[derive(Debug)]
struct Inner {
    runner: Runner,
    share: Share,
}

/// Where training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The giant, or the teacher with the tiny network inside, or just the network.
    Main,
    /// A giant on its way to become linear.
    Linearise,
    /// The network itself, after it was a giant.
    Tune,
}

/// All that training changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Steps done.
    pub step: usize,
    /// Which networks the states belong to.
    pub stage: Stage,
    /// Of the network that is optimised: the widest one in [`Stage::Main`].
    pub state: State,
    /// Its optimiser's.
    pub optimiser: Optimiser,
    /// Running statistics of the tiny network inside of a teacher.
    pub inner_statistics: Vec<f32>,
    /// The teacher once it does not learn any more.
    pub teacher: Option<State>,
}

/// What a step did.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepReport {
    /// The loss of the tiny network by labels.
    pub loss: f32,
    /// That of the teacher.
    pub teacher_loss: f32,
    /// The tiny network's distance from the teacher.
    pub distance: f32,
    /// Samples that were answered rightly.
    pub hits: usize,
    /// Learning rate.
    pub rate: f32,
    /// Slope of the inserted activations.
    pub slope: f32,
    /// Gradients in conflict, and of how many.
    pub conflicts: [usize; 2],
}

/// Two builders of the same network, the one wider.
pub type Build<'a> = &'a dyn Fn(f32) -> Network;

/// A network in training.
#[derive(Debug)]
pub struct Training<'a> {
    recipe: Recipe,
    data: &'a Dataset,
    /// The network that is wanted.
    plain: Network,
    /// What learns now.
    main: Runner,
    inner: Option<Inner>,
    /// The teacher when it only answers.
    teacher: Option<Runner>,
    snapshot: Snapshot,
    order: Option<(usize, Vec<usize>)>,
}

impl<'a> Training<'a> {
    /// Starts training of the network that `build` makes at width 1.
    ///
    /// # Errors
    /// A sentence, when data, network and recipe do not fit.
    pub fn new(recipe: Recipe, data: &'a Dataset, build: Build) -> Result<Self, String> {
        if data.len() < recipe.batch || recipe.batch == 0 {
            return Err(format!(
                "{} training samples do not make a batch of {}: lower `batch`",
                data.len(),
                recipe.batch
            ));
        }
        let plain = build(1.0);
        let boosted = |network: Network| match &recipe.boost {
            Some(boost) => boost::expand(&network, boost),
            None => network,
        };
        let small = boosted(build(1.0));
        let (main, inner) = match &recipe.distil {
            Some(distil) => {
                let wide = boosted(build(distil.width));
                let share = Share::new(&small, &wide)
                    .map_err(|name| format!("the teacher's {name} does not contain the network's"))?;
                (Runner::new(wide), Some(Inner { runner: Runner::new(small), share }))
            }
            None => (Runner::new(small), None),
        };
        let state = main.network.initialise(recipe.seed);
        let inner_statistics = inner
            .as_ref()
            .map_or(Vec::new(), |it| it.runner.network.initialise(recipe.seed).statistics);
        let snapshot = Snapshot {
            step: 0,
            stage: Stage::Main,
            state,
            optimiser: Optimiser::default(),
            inner_statistics,
            teacher: None,
        };
        Ok(Self { recipe, data, plain, main, inner, teacher: None, snapshot, order: None })
    }

    /// What it has learnt so far.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Goes on from what was learnt before.
    ///
    /// # Errors
    /// A sentence, when that is of another network.
    pub fn restore(&mut self, snapshot: Snapshot) -> Result<(), String> {
        if snapshot.stage != Stage::Main {
            self.leave_main();
        }
        if snapshot.stage == Stage::Tune {
            self.main = Runner::new(self.plain.clone());
        }
        let inner = self.inner.as_ref().map_or(0, |inner| inner.runner.network.statistics);
        let velocity = snapshot.optimiser.velocity.len();
        let fits = snapshot.state.parameters.len() == self.main.network.parameters()
            && snapshot.state.statistics.len() == self.main.network.statistics
            && (velocity == 0 || velocity == snapshot.state.parameters.len())
            && snapshot.inner_statistics.len() == inner
            && snapshot.teacher.is_some() == self.teacher.is_some();
        if !fits {
            return Err("the checkpoint is of another network: train anew, without --resume".into());
        }
        self.snapshot = snapshot;
        Ok(())
    }

    /// Steps of an epoch: what does not fill a batch is left for another epoch's order.
    #[must_use]
    pub fn steps_of_epoch(&self) -> usize {
        self.data.len() / self.recipe.batch
    }

    /// Steps of the whole training.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.steps_of_epoch() * self.recipe.all_epochs()
    }

    /// Steps done.
    #[must_use]
    pub fn step_number(&self) -> usize {
        self.snapshot.step
    }

    /// Whether all steps are done.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.snapshot.step >= self.steps()
    }

    /// Does one step.
    pub fn step(&mut self) -> StepReport {
        self.enter_stage();
        let (rate, slope) = self.rates();
        let pass = Pass { batch_statistics: true, slope };
        let chosen = self.choose();
        let mut report = StepReport { rate, slope, ..StepReport::default() };
        let gradient = if self.inner.is_some() {
            self.step_joint(&chosen, pass, &mut report)
        } else {
            self.step_single(&chosen, pass, &mut report)
        };
        let step = Step { rate, momentum: self.recipe.momentum, decay: self.recipe.decay };
        let Snapshot { optimiser, state, .. } = &mut self.snapshot;
        optimiser.step(&self.main.network, step, &gradient, &mut state.parameters);
        self.snapshot.step += 1;
        report
    }

    /// One network, perhaps with a teacher that only answers.
    fn step_single(&mut self, chosen: &[usize], pass: Pass, report: &mut StepReport) -> Vec<f32> {
        let labels = self.labels(chosen);
        load(&mut self.main, self.data, &self.recipe, self.snapshot.step, chosen);
        let Runner { network, engine } = &mut self.main;
        engine.forward(network, &self.snapshot.state, pass);
        engine.update_statistics(
            network,
            STATISTICS_MOMENTUM,
            &mut self.snapshot.state.statistics,
        );
        let outputs = engine.outputs();
        let wanted = self.teacher.as_mut().zip(self.snapshot.teacher.as_ref()).map(|(it, state)| {
            load(it, self.data, &self.recipe, self.snapshot.step, chosen);
            it.engine.forward(&it.network, state, Pass::INFER);
            it.engine.outputs()
        });
        let dy = tiny_loss(&self.recipe, &outputs, wanted.as_deref(), &labels, report);
        let Runner { network, engine } = &mut self.main;
        let mut gradient = vec![0.0; network.parameters()];
        engine.backward(network, &self.snapshot.state, &dy, &mut gradient);
        gradient
    }

    /// Teacher and tiny network, with the same weights.
    fn step_joint(&mut self, chosen: &[usize], pass: Pass, report: &mut StepReport) -> Vec<f32> {
        let labels = self.labels(chosen);
        let Some(inner) = &mut self.inner else { return Vec::new() };
        let recipe = &self.recipe;
        let step = self.snapshot.step;
        // The teacher, by labels.
        load(&mut self.main, self.data, recipe, step, chosen);
        let Runner { network, engine } = &mut self.main;
        engine.forward(network, &self.snapshot.state, pass);
        let statistics = &mut self.snapshot.state.statistics;
        engine.update_statistics(network, STATISTICS_MOMENTUM, statistics);
        let wanted = engine.outputs();
        let classes = network.output().elements();
        let mut dy = vec![0.0; wanted.len()];
        let probabilities = loss::softmax(&wanted, classes);
        report.teacher_loss =
            loss::cross_entropy(&probabilities, &labels, recipe.smoothing, 1.0, &mut dy);
        let mut gradient = vec![0.0; network.parameters()];
        engine.backward(network, &self.snapshot.state, &dy, &mut gradient);
        // The tiny network, by labels and teacher.
        load(&mut inner.runner, self.data, recipe, step, chosen);
        let statistics = std::mem::take(&mut self.snapshot.inner_statistics);
        let parameters = inner.share.gather(&self.snapshot.state.parameters);
        let mut state = State { parameters, statistics, ranges: Vec::new() };
        let Runner { network, engine } = &mut inner.runner;
        engine.forward(network, &state, pass);
        engine.update_statistics(network, STATISTICS_MOMENTUM, &mut state.statistics);
        let outputs = engine.outputs();
        let dy = tiny_loss(recipe, &outputs, Some(&wanted), &labels, report);
        let mut own = vec![0.0; network.parameters()];
        engine.backward(network, &state, &dy, &mut own);
        self.snapshot.inner_statistics = state.statistics;
        if let Some(distil) = &recipe.distil {
            report.conflicts =
                distil::operate(distil.surgery, network, &inner.share, &own, &mut gradient);
        }
        inner.share.scatter(&own, &mut gradient);
        gradient
    }

    /// Learning rate, and slope of inserted activations.
    fn rates(&self) -> (f32, f32) {
        let steps = self.steps_of_epoch();
        let main = steps * self.recipe.epochs;
        let step = self.snapshot.step;
        match &self.recipe.boost {
            Some(boost) if step >= main => {
                let progress = (step - main) as f32 / (steps * boost.tune_epochs).max(1) as f32;
                let slope = (progress / boost.linearise.max(f32::EPSILON)).min(1.0);
                let warm_up = self.recipe.warm_up.min(1.0) / boost.tune_epochs.max(1) as f32;
                (cosine(boost.tune_rate, warm_up, progress), slope)
            }
            _ => {
                let warm_up = self.recipe.warm_up / self.recipe.epochs.max(1) as f32;
                (cosine(self.recipe.rate, warm_up, step as f32 / main.max(1) as f32), 0.0)
            }
        }
    }

    /// Changes networks where a stage ends.
    fn enter_stage(&mut self) {
        let Some(boost) = self.recipe.boost else { return };
        let main = self.steps_of_epoch() * self.recipe.epochs;
        let tuning = self.steps_of_epoch() * boost.tune_epochs;
        let linear = main + (tuning as f32 * boost.linearise).ceil() as usize;
        if self.snapshot.stage == Stage::Main && self.snapshot.step >= main {
            let state = self.extract();
            if let Some(wide) = self.leave_main() {
                self.snapshot.teacher = Some(wide);
            }
            self.begin(Stage::Linearise, state);
        }
        if self.snapshot.stage == Stage::Linearise && self.snapshot.step >= linear.max(main + 1) {
            let state = self.contracted(self.snapshot.state.clone());
            self.main = Runner::new(self.plain.clone());
            self.begin(Stage::Tune, state);
        }
    }

    fn begin(&mut self, stage: Stage, state: State) {
        self.snapshot.stage = stage;
        self.snapshot.state = state;
        self.snapshot.optimiser = Optimiser::default();
        self.snapshot.inner_statistics.clear();
    }

    /// From here on the tiny network, or its giant, learns by itself; the teacher's state if it had
    /// one.
    fn leave_main(&mut self) -> Option<State> {
        let inner = self.inner.take()?;
        self.teacher = Some(std::mem::replace(&mut self.main, inner.runner));
        Some(self.snapshot.state.clone())
    }

    /// The state of the tiny network, or its giant.
    fn extract(&self) -> State {
        match &self.inner {
            Some(inner) => State {
                parameters: inner.share.gather(&self.snapshot.state.parameters),
                statistics: self.snapshot.inner_statistics.clone(),
                ranges: Vec::new(),
            },
            None => self.snapshot.state.clone(),
        }
    }

    /// A giant, linear by now, as the network itself. Its statistics are measured before.
    fn contracted(&mut self, mut state: State) -> State {
        let pass = Pass { batch_statistics: true, slope: 1.0 };
        measure(&mut self.main, self.data, &self.recipe, pass, &mut state);
        contract(&self.plain, &self.main.network, &state)
    }

    /// The network as it is by now: with statistics measured anew, and contracted if it is a giant
    /// (which changes what it does as long as its slope is not 1).
    #[must_use]
    pub fn network(&mut self) -> (Network, State) {
        let mut state = self.extract();
        let (_, slope) = self.rates();
        let pass = Pass { batch_statistics: true, slope };
        let runner = self.inner.as_mut().map_or(&mut self.main, |inner| &mut inner.runner);
        measure(runner, self.data, &self.recipe, pass, &mut state);
        let is_giant = self.recipe.boost.is_some() && self.snapshot.stage != Stage::Tune;
        if is_giant {
            let state = contract(&self.plain, &runner.network, &state);
            return (self.plain.clone(), state);
        }
        (self.plain.clone(), state)
    }

    /// Share of samples that the tiny network (a giant where it is one) answers rightly, by its
    /// running statistics.
    pub fn accuracy(&mut self, data: &Dataset) -> f32 {
        let state = self.extract();
        let (_, slope) = self.rates();
        let runner = self.inner.as_mut().map_or(&mut self.main, |inner| &mut inner.runner);
        accuracy_of(runner, &state, Pass { batch_statistics: false, slope }, data)
    }

    /// That of the teacher, if there is one.
    pub fn teacher_accuracy(&mut self, data: &Dataset) -> Option<f32> {
        match (&mut self.teacher, &self.snapshot.teacher) {
            (Some(teacher), Some(state)) => Some(accuracy_of(teacher, state, Pass::INFER, data)),
            _ if self.inner.is_some() => {
                Some(accuracy_of(&mut self.main, &self.snapshot.state, Pass::INFER, data))
            }
            _ => None,
        }
    }

    /// Products that a step's samples cost forward, all networks together.
    #[must_use]
    pub fn multiplications(&self) -> u64 {
        let inner = self.inner.as_ref().map(|inner| &inner.runner);
        let runners = [Some(&self.main), inner, self.teacher.as_ref()];
        runners.into_iter().flatten().map(|runner| runner.network.multiplications()).sum()
    }

    /// The samples of this step.
    fn choose(&mut self) -> Vec<usize> {
        let epoch = self.snapshot.step / self.steps_of_epoch();
        let batch = self.recipe.batch;
        let first = self.snapshot.step % self.steps_of_epoch() * batch;
        let (seed, count) = (self.recipe.seed, self.data.len());
        let (drawn, order) = self.order.get_or_insert_with(|| (usize::MAX, Vec::new()));
        if *drawn != epoch {
            *order = Random::new(&[ORDER, seed, epoch as u64]).permutation(count);
            *drawn = epoch;
        }
        order[first..first + batch].to_vec()
    }

    fn labels(&self, chosen: &[usize]) -> Vec<u16> {
        chosen.iter().map(|sample| self.data.labels[*sample]).collect()
    }
}

/// The tiny network's loss, and its gradient by the outputs.
fn tiny_loss(
    recipe: &Recipe,
    outputs: &[f32],
    teacher: Option<&[f32]>,
    labels: &[u16],
    report: &mut StepReport,
) -> Vec<f32> {
    let classes = outputs.len() / labels.len();
    let probabilities = loss::softmax(outputs, classes);
    let mut gradient = vec![0.0; outputs.len()];
    let distil = recipe.distil.filter(|_| teacher.is_some());
    let weight = distil.map_or(1.0, |distil| distil.label_weight);
    report.hits = loss::hits(outputs, labels);
    report.loss =
        loss::cross_entropy(&probabilities, labels, recipe.smoothing, weight, &mut gradient);
    if let (Some(distil), Some(teacher)) = (distil, teacher) {
        let how = (distil.temperature, distil.uncertainty);
        report.distance =
            distil::distil(outputs, teacher, classes, how, distil.weight, &mut gradient);
    }
    gradient
}

/// Loads a step's samples as they are shown in that step.
fn load(runner: &mut Runner, data: &Dataset, recipe: &Recipe, step: usize, chosen: &[usize]) {
    runner.engine.load(&runner.network, chosen.len(), |place, input| {
        let sample = chosen[place];
        let mut random = Random::new(&[SAMPLE, recipe.seed, step as u64, sample as u64]);
        recipe.augment.write(data, sample, &mut random, input);
    });
}

/// Measures running statistics anew, as the mean over batches of training samples.
fn measure(runner: &mut Runner, data: &Dataset, recipe: &Recipe, pass: Pass, state: &mut State) {
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

fn accuracy_of(runner: &mut Runner, state: &State, pass: Pass, data: &Dataset) -> f32 {
    let mut hits = 0;
    for first in (0..data.len()).step_by(LOOK) {
        let count = LOOK.min(data.len() - first);
        runner.engine.load(&runner.network, count, |place, input| data.write(first + place, input));
        runner.engine.forward(&runner.network, state, pass);
        hits += loss::hits(&runner.engine.outputs(), &data.labels[first..first + count]);
    }
    hits as f32 / data.len().max(1) as f32
}

/// Share of samples that a network answers rightly.
#[must_use]
pub fn accuracy(network: &Network, state: &State, data: &Dataset) -> f32 {
    accuracy_of(&mut Runner::new(network.clone()), state, Pass::INFER, data)
}
