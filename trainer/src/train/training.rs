//! Training, step by step. Everything random is made of the seed, the epoch and the sample's
//! number, so that [`Training::snapshot`] is all there is to keep.

use serde::{Deserialize, Serialize};

use super::error::TrainingError;
use super::optimise::{Optimiser, Step, cosine};
use super::recipe::Recipe;
use super::runner::{Runner, accuracy_of, load, measure};
use super::task::{Task, loss_of, tiny_loss};
use crate::boost::{self, contract};
use crate::data::Dataset;
use crate::distil::{self, Share};
use crate::engine::Pass;
use crate::network::{Network, State};
use crate::quantise::{self, aware, quantise};
use crate::random::Random;

/// Of running statistics, how much a batch counts.
const STATISTICS_MOMENTUM: f32 = 0.1;
/// Of random numbers: those that order samples.
const ORDER: u64 = 1;

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
    /// The network itself, after it was a giant, or without the teacher learning beside it.
    Tune,
    /// The network with the roundings of int8: quantisation-aware training.
    Aware,
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
    task: Task,
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
    /// When data, network and recipe do not fit.
    pub fn new(recipe: Recipe, data: &'a Dataset, build: Build) -> Result<Self, TrainingError> {
        if data.len() < recipe.batch || recipe.batch == 0 {
            return Err(TrainingError::Batch { samples: data.len(), batch: recipe.batch });
        }
        let plain = build(1.0);
        let task = Task::of(&plain, data)?;
        let boosted = |network: Network| match &recipe.boost {
            Some(boost) => boost::expand(&network, boost),
            None => network,
        };
        let small = boosted(build(1.0));
        if recipe.boost.is_some() && small == plain {
            return Err(TrainingError::Boost);
        }
        if recipe.boost.is_some() && recipe.tune.epochs == 0 {
            return Err(TrainingError::Tuning);
        }
        let (main, inner) = match &recipe.distil {
            Some(distil) => {
                let wide = boosted(build(distil.width));
                let share = Share::new(&small, &wide)
                    .map_err(|tensor| TrainingError::Teacher { tensor })?;
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
        Ok(Self { recipe, task, data, plain, main, inner, teacher: None, snapshot, order: None })
    }

    /// What it has learnt so far.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Whether the network names classes, and does not reproduce its input.
    #[must_use]
    pub fn classifies(&self) -> bool {
        self.task == Task::Classify
    }

    /// Goes on from what was learnt before.
    ///
    /// # Errors
    /// When that is of another network.
    pub fn restore(&mut self, snapshot: Snapshot) -> Result<(), TrainingError> {
        if snapshot.stage != Stage::Main {
            self.leave_main();
        }
        match snapshot.stage {
            Stage::Main | Stage::Linearise => {}
            Stage::Tune => self.main = Runner::new(self.plain.clone()),
            Stage::Aware => {
                let folded = quantise::fold::fold(&self.plain, &self.plain.initialise(0))?.0;
                self.main = Runner::new(aware::with_roundings(&folded)?.network);
            }
        }
        let network = &self.main.network;
        let inner = self.inner.as_ref().map_or(0, |inner| inner.runner.network.statistics);
        let velocity = snapshot.optimiser.velocity.len();
        let fits = snapshot.state.parameters.len() == network.parameters()
            && snapshot.state.statistics.len() == network.statistics
            && snapshot.state.ranges.len() == network.ranges
            && (velocity == 0 || velocity == snapshot.state.parameters.len())
            && snapshot.inner_statistics.len() == inner
            && snapshot.teacher.is_some() == self.teacher.is_some();
        if !fits {
            return Err(TrainingError::Checkpoint);
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
        self.ends()[2]
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
    ///
    /// # Errors
    /// When the loss is no finite number, or the network cannot be quantised.
    pub fn step(&mut self) -> Result<StepReport, TrainingError> {
        self.enter_stage()?;
        let (rate, slope) = self.rates();
        let pass = Pass { batch_statistics: true, slope };
        let chosen = self.choose();
        let mut report = StepReport { rate, slope, ..StepReport::default() };
        let gradient = if self.inner.is_some() {
            self.step_joint(&chosen, pass, &mut report)
        } else {
            self.step_single(&chosen, pass, &mut report)?
        };
        if !(report.loss + report.teacher_loss + report.distance).is_finite() {
            return Err(TrainingError::Diverged { step: self.snapshot.step });
        }
        let step = Step { rate, momentum: self.recipe.momentum, decay: self.recipe.decay };
        let Snapshot { optimiser, state, .. } = &mut self.snapshot;
        optimiser.step(&self.main.network, step, &gradient, &mut state.parameters);
        self.snapshot.step += 1;
        Ok(report)
    }

    /// One network, perhaps with a teacher that only answers.
    fn step_single(
        &mut self,
        chosen: &[usize],
        pass: Pass,
        report: &mut StepReport,
    ) -> Result<Vec<f32>, TrainingError> {
        let (data, recipe, step) = (self.data, &self.recipe, self.snapshot.step);
        let wanted =
            self.teacher.as_mut().zip(self.snapshot.teacher.as_ref()).map(|(it, state)| {
                load(it, data, recipe, step, chosen);
                it.engine.forward(&it.network, state, Pass::INFER);
                it.engine.outputs()
            });
        load(&mut self.main, data, recipe, step, chosen);
        let Runner { network, engine } = &mut self.main;
        // The weights that the device will have; the gradient moves the floats behind them.
        let rounded = match self.snapshot.stage {
            Stage::Aware => Some(aware::rounded(network, &self.snapshot.state)?),
            _ => None,
        };
        let state = rounded.as_ref().unwrap_or(&self.snapshot.state);
        engine.forward(network, state, pass);
        let target = self.task.target(engine, data, chosen);
        let dy = tiny_loss(recipe, &engine.outputs(), wanted.as_deref(), &target, report);
        let mut gradient = vec![0.0; network.parameters()];
        engine.backward(network, state, &dy, &mut gradient);
        let statistics = &mut self.snapshot.state.statistics;
        engine.update_statistics(network, STATISTICS_MOMENTUM, statistics);
        Ok(gradient)
    }

    /// Teacher and tiny network, with the same weights.
    fn step_joint(&mut self, chosen: &[usize], pass: Pass, report: &mut StepReport) -> Vec<f32> {
        let Some(inner) = &mut self.inner else { return Vec::new() };
        let recipe = &self.recipe;
        let step = self.snapshot.step;
        // The teacher, by labels.
        load(&mut self.main, self.data, recipe, step, chosen);
        let Runner { network, engine } = &mut self.main;
        let target = self.task.target(engine, self.data, chosen);
        engine.forward(network, &self.snapshot.state, pass);
        let statistics = &mut self.snapshot.state.statistics;
        engine.update_statistics(network, STATISTICS_MOMENTUM, statistics);
        let wanted = engine.outputs();
        let mut dy = vec![0.0; wanted.len()];
        report.teacher_loss = loss_of(&wanted, &target, recipe.smoothing, 1.0, &mut dy);
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
        let dy = tiny_loss(recipe, &outputs, Some(&wanted), &target, report);
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
        let [main, tune, aware] = self.ends();
        let step = self.snapshot.step;
        let steps = self.steps_of_epoch();
        // The rate of a stage of its own, which warms up over some epochs.
        let rate = |greatest, first: usize, end: usize, epochs: f32| {
            let length = (end - first).max(1) as f32;
            let progress = (step.max(first) - first) as f32 / length;
            cosine(greatest, epochs * steps as f32 / length, progress)
        };
        let Recipe { boost, tune: tuning, int8, warm_up, .. } = &self.recipe;
        if step >= tune {
            let slope = if boost.is_some() { 1.0 } else { 0.0 };
            (rate(int8.aware_rate, tune, aware, 0.0), slope)
        } else if step >= main {
            let slope = boost.map_or(0.0, |boost| {
                let whole = (tune - main) as f32 * boost.linearise.max(f32::EPSILON);
                ((step - main) as f32 / whole).min(1.0)
            });
            (rate(tuning.rate, main, tune, warm_up.min(1.0)), slope)
        } else {
            (rate(self.recipe.rate, 0, main, *warm_up), 0.0)
        }
    }

    /// The steps at which the main stage, tuning and quantisation-aware training are over.
    fn ends(&self) -> [usize; 3] {
        let steps = self.steps_of_epoch();
        let main = steps * self.recipe.epochs;
        let tune = main + steps * self.recipe.tune.epochs;
        [main, tune, tune + steps * self.recipe.int8.aware_epochs]
    }

    /// Changes networks where a stage ends.
    fn enter_stage(&mut self) -> Result<(), TrainingError> {
        let [main, tune, aware] = self.ends();
        let step = self.snapshot.step;
        if self.snapshot.stage == Stage::Main && step >= main && tune > main {
            let state = self.extract();
            self.snapshot.teacher = self.leave_main();
            let is_giant = self.recipe.boost.is_some();
            self.begin(if is_giant { Stage::Linearise } else { Stage::Tune }, state);
        }
        if let Some(boost) = self.recipe.boost {
            let linear = main + ((tune - main) as f32 * boost.linearise).ceil() as usize;
            if self.snapshot.stage == Stage::Linearise && step >= linear.max(main + 1) {
                let state = self.network().1;
                self.main = Runner::new(self.plain.clone());
                self.begin(Stage::Tune, state);
            }
        }
        if self.snapshot.stage != Stage::Aware && step >= tune && aware > tune {
            let (network, state) = self.quantised()?;
            if self.snapshot.stage == Stage::Main {
                self.snapshot.teacher = self.leave_main();
            }
            self.main = Runner::new(network);
            self.begin(Stage::Aware, state);
        }
        Ok(())
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

    /// The network as it is by now, in floats: with statistics measured anew, and contracted if it
    /// is a giant (which changes what it does as long as its slope is not 1); once it learns to be
    /// rounded, with its roundings.
    #[must_use]
    pub fn network(&mut self) -> (Network, State) {
        let mut state = self.extract();
        let (_, slope) = self.rates();
        let pass = Pass { batch_statistics: true, slope };
        let is_giant = matches!(self.snapshot.stage, Stage::Main | Stage::Linearise)
            && self.recipe.boost.is_some();
        let runner = self.inner.as_mut().map_or(&mut self.main, |inner| &mut inner.runner);
        if self.snapshot.stage == Stage::Aware {
            return (runner.network.clone(), state);
        }
        measure(runner, self.data, &self.recipe, pass, &mut state);
        if is_giant {
            state = contract(&self.plain, &runner.network, &state);
        }
        (self.plain.clone(), state)
    }

    /// The network with the roundings of int8: see [`quantise()`].
    ///
    /// # Errors
    /// When its numbers are not finite.
    pub fn quantised(&mut self) -> Result<(Network, State), TrainingError> {
        let (network, state) = self.network();
        if self.snapshot.stage == Stage::Aware {
            return Ok((network, state));
        }
        Ok(quantise(&network, &state, self.data, &self.recipe.int8.calibration)?)
    }

    /// As [`accuracy`](super::accuracy), of the tiny network (a giant where it is one) by its
    /// running statistics, or of the rounded one.
    pub fn accuracy(&mut self, data: &Dataset) -> f32 {
        let mut state = self.extract();
        if self.snapshot.stage == Stage::Aware {
            state = aware::rounded(&self.main.network, &state).unwrap_or(state);
        }
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
}
