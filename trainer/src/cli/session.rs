//! A training from its first step, or its checkpoint, to its last, with all that is kept of it.

use std::time::{Duration, Instant};

use quintet_trainer::config::{Config, differences};
use quintet_trainer::data::Split;
use quintet_trainer::network::{Network, State};
use quintet_trainer::train::checkpoint::Checkpoint;
use quintet_trainer::train::log::{EpochEnd, Log};
use quintet_trainer::train::training::{Stage, Training};

use super::failure::{FAILED, Failure};
use super::folder::Folder;
use super::interrupt::Interrupt;
use super::progress::Progress;

/// How a session is kept; none of it changes what is learnt.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Time between two checkpoints within an epoch.
    pub checkpoint_every: Duration,
    /// Epochs between two looks at the test samples.
    pub evaluate_every: usize,
}

/// Why a session returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All steps are done.
    Over,
    /// Somebody wanted it to stop; the checkpoint has all steps that were done.
    Stopped,
}

/// A training and its folder.
#[derive(Debug)]
pub struct Session<'a> {
    config: &'a Config,
    data: &'a Split,
    folder: &'a Folder,
    training: Training<'a>,
    log: Log,
    identity: String,
    fingerprint: u32,
    /// Since when `log.seconds` is counted on, and the last checkpoint.
    since: [Instant; 2],
}

impl<'a> Session<'a> {
    /// Sets up a training, not a step of which is done.
    pub fn new(config: &'a Config, data: &'a Split, folder: &'a Folder) -> Result<Self, Failure> {
        let classes = data.train.classes.len();
        let build = |factor: f32| config.network.build(data.train.shape, classes, factor);
        let training = Training::new(config.recipe.clone(), &data.train, &build)?;
        let (identity, fingerprint) = (config.identity()?, data.fingerprint());
        let (log, since) = (Log::default(), [Instant::now(); 2]);
        Ok(Self { config, data, folder, training, log, identity, fingerprint, since })
    }

    /// Steps done, and of how many.
    pub fn steps(&self) -> [usize; 2] {
        [self.training.step_number(), self.training.steps()]
    }

    /// Epochs of all stages.
    pub fn epochs(&self) -> usize {
        self.config.recipe.all_epochs()
    }

    /// What was logged.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Goes on where a checkpoint was written. What was logged after it has not happened.
    pub fn resume(&mut self, checkpoint: Checkpoint) -> Result<(), Failure> {
        let mut differences = differences(&checkpoint.identity, &self.identity);
        // Before quantisation-aware training nothing depends on how the network becomes int8.
        if checkpoint.snapshot.stage != Stage::Aware {
            differences.retain(|it| !it.starts_with("recipe.int8."));
        }
        if checkpoint.fingerprint != self.fingerprint {
            differences.push("the data are not those that it began with".into());
        }
        if !differences.is_empty() {
            return Err(Failure::new(
                FAILED,
                "the checkpoint is of another training",
                differences.join("\n"),
                "undo these changes to go on, choose another folder with --output, or begin anew \
                 with --overwrite",
            ));
        }
        self.training.restore(checkpoint.snapshot)?;
        self.log = checkpoint.log;
        self.folder.tell(&self.log)
    }

    /// Trains to the end, or until it is interrupted.
    pub fn run(&mut self, keeping: Keeping, interrupt: &Interrupt) -> Result<End, Failure> {
        let [done, all] = self.steps();
        let progress = Progress::new(all, self.config.recipe.all_epochs(), done);
        self.since = [Instant::now(); 2];
        while !self.training.is_over() {
            let report = self.training.step()?;
            self.log.add(&report);
            progress.step();
            let steps = self.training.steps_of_epoch();
            let is_epoch = self.training.step_number().is_multiple_of(steps);
            if is_epoch {
                self.close_epoch(keeping);
            }
            let is_stopped = interrupt.is_raised();
            if is_epoch || is_stopped || self.since[1].elapsed() >= keeping.checkpoint_every {
                self.keep()?;
            }
            if is_epoch {
                self.folder.tell(&self.log)?;
                self.log.rows.last().into_iter().for_each(|row| progress.epoch(row));
            }
            if is_stopped {
                return Ok(End::Stopped);
            }
        }
        Ok(End::Over)
    }

    /// The network as it is by now.
    pub fn network(&mut self) -> (Network, State) {
        self.training.network()
    }

    /// The same with the roundings of int8.
    pub fn quantised(&mut self) -> Result<(Network, State), Failure> {
        Ok(self.training.quantised()?)
    }

    /// Whether the network names classes, and does not reproduce its input.
    pub fn classifies(&self) -> bool {
        self.training.classifies()
    }

    fn close_epoch(&mut self, keeping: Keeping) {
        let epoch = self.training.step_number() / self.training.steps_of_epoch();
        let is_asked = epoch.is_multiple_of(keeping.evaluate_every) || self.training.is_over();
        let test = &self.data.test;
        let test_accuracy = is_asked.then(|| self.training.accuracy(test));
        let teacher_accuracy = match is_asked {
            true => self.training.teacher_accuracy(test),
            false => None,
        };
        self.count_seconds();
        self.log.close(EpochEnd {
            epoch,
            step: self.training.step_number(),
            stage: self.training.snapshot().stage,
            batch: self.training.classifies().then_some(self.config.recipe.batch),
            test_accuracy,
            teacher_accuracy,
        });
    }

    fn count_seconds(&mut self) {
        self.log.seconds += self.since[0].elapsed().as_secs_f64();
        self.since[0] = Instant::now();
    }

    /// Writes a checkpoint, unless what was learnt is lost.
    fn keep(&mut self) -> Result<(), Failure> {
        let snapshot = self.training.snapshot();
        if !snapshot.state.parameters.iter().all(|value| value.is_finite()) {
            return Err(Failure::new(
                FAILED,
                format!("training has diverged by step {}", snapshot.step),
                "a weight is no finite number any more",
                format!(
                    "lower recipe.rate (it is {}) or recipe.tune.rate, or raise \
                     recipe.warm_up, and begin anew with --overwrite",
                    self.config.recipe.rate
                ),
            ));
        }
        self.count_seconds();
        self.folder.keep(&Checkpoint {
            identity: self.identity.clone(),
            fingerprint: self.fingerprint,
            snapshot: self.training.snapshot().clone(),
            log: self.log.clone(),
        })?;
        self.since[1] = Instant::now();
        Ok(())
    }
}
