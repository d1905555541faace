//! Trials: each test on each target, run as `cargo test` runs tests, and recorded.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::report::{Outcome, Record, Report};
use crate::suite::{self, Test};
use crate::target::{Ports, Target};
use crate::{attempt, on_device};

/// Trials at a time of targets that are started for each. More would be slower, and the first to
/// run out of time the one that is to blame least.
const AT_A_TIME: usize = 4;

/// Which trials to run.
#[derive(Clone, Debug)]
pub struct Selection {
    /// On these.
    pub targets: Vec<Target>,
    /// Those with this in their names.
    pub filter: Option<String>,
    /// Each so many times.
    pub repeat: u32,
    /// Only print their names.
    pub list: bool,
}

/// Where trials put what they came to.
type Records = Arc<Mutex<Vec<Record>>>;

/// A trial's work: whether there is a reason to skip it, or how it ended.
type Work = Box<dyn Fn() -> Result<(), String> + Send>;

/// Runs trials; prints each as it ends.
pub fn run(selection: &Selection) -> Report {
    let records = Records::default();
    let ports = Ports::now();
    let mut trials = Vec::new();
    for target in &selection.targets {
        // A board on the desk serves one trial at a time.
        let turn = target.is_hardware().then(|| Arc::new(Mutex::new(())));
        for test in suite::all() {
            let (skipped, work) = prepare(target, test, &ports);
            let name = (target.name.clone(), test.name.to_owned());
            trials.push(trial(name, skipped, work, turn.clone(), selection.repeat, &records));
        }
        for test in on_device::tests(target) {
            let name = (target.name.clone(), format!("on_device::{}", test.name));
            let skipped = test.skipped.clone();
            let work: Work = Box::new(move || test.run());
            trials.push(trial(name, skipped, work, turn.clone(), selection.repeat, &records));
        }
    }
    let arguments = Arguments {
        filter: selection.filter.clone(),
        list: selection.list,
        test_threads: Some(AT_A_TIME),
        ..Arguments::default()
    };
    // What it came to is in the records.
    let _ = libtest_mimic::run(&arguments, trials);
    let records = std::mem::take(&mut *records.lock().unwrap_or_else(PoisonError::into_inner));
    Report { records }
}

/// Why a test is not run on a target, if it is not; and what running it is.
fn prepare(target: &Target, test: &'static Test, ports: &Ports) -> (Option<String>, Work) {
    let place = ports.find(target);
    let absent = place.as_ref().and_then(|place| place.as_ref().err().cloned());
    let skipped = absent.or_else(|| target.refuses(&test.needs));
    let (target, place) = (target.clone(), place.and_then(Result::ok));
    (skipped, Box::new(move || attempt::run(&target, place.as_ref(), test)))
}

/// A trial that records how it ends.
fn trial(
    (target, test): (String, String),
    skipped: Option<String>,
    work: Work,
    turn: Option<Arc<Mutex<()>>>,
    repeat: u32,
    records: &Records,
) -> Trial {
    let records = Arc::clone(records);
    let name = format!("{target}::{test}");
    Trial::ignorable_test(name, move || {
        let turn = turn.as_ref().map(|turn| turn.lock().unwrap_or_else(PoisonError::into_inner));
        let begun = Instant::now();
        let outcome = match skipped {
            Some(reason) => Outcome::Skipped(reason),
            None => repeated(&work, repeat),
        };
        drop(turn);
        let completed = completion(&outcome);
        let record = Record { target, test, outcome, took: begun.elapsed() };
        records.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        completed
    })
}

/// Does it so many times, whatever comes of it.
fn repeated(work: &Work, attempts: u32) -> Outcome {
    let (mut failures, mut first) = (0, None);
    for _ in 0..attempts {
        if let Err(cause) = work() {
            failures += 1;
            first.get_or_insert(cause);
        }
    }
    match first {
        Some(cause) => Outcome::Failed { failures, attempts, cause },
        None => Outcome::Passed,
    }
}

fn completion(outcome: &Outcome) -> Result<Completion, Failed> {
    match outcome {
        Outcome::Passed => Ok(Completion::Completed),
        Outcome::Skipped(reason) => Ok(Completion::ignored_with(reason)),
        Outcome::Failed { attempts: 1, cause, .. } => Err(cause.into()),
        Outcome::Failed { failures, attempts, cause } => {
            Err(format!("{failures} of {attempts} times: {cause}").into())
        }
    }
}
