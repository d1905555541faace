//! What is said on standard error while training goes on: a bar if that is a terminal, and a line
//! for each epoch.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use quintet_trainer::train::log::Row;

const TEMPLATE: &str = "training [{wide_bar}] step {pos} of {len}, {eta} left";

/// A bar of steps.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    epochs: usize,
}

impl Progress {
    /// Of so many steps in so many epochs, of which `done` steps were done before.
    pub fn new(steps: usize, epochs: usize, done: usize) -> Self {
        // Hidden by itself where standard error is no terminal.
        let bar = ProgressBar::new(steps as u64).with_position(done as u64);
        let bar = match ProgressStyle::with_template(TEMPLATE) {
            Ok(style) => bar.with_style(style.progress_chars("=> ")),
            Err(_) => bar,
        };
        // What was done before says nothing about the time that is left.
        bar.reset_eta();
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, epochs }
    }

    /// Tells that a step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// Tells of an epoch.
    pub fn epoch(&self, row: &Row) {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let width = self.epochs.to_string().len();
        let (number, of, loss) = (row.epoch, self.epochs, row.loss);
        let mut line = format!("epoch {number:width$} of {of}  loss {loss:.4}");
        let shares = [
            ("training", row.train_accuracy),
            ("test", row.test_accuracy.map(f64::from)),
            ("teacher", row.teacher_accuracy.map(f64::from)),
        ];
        for (name, share) in shares.into_iter().filter_map(|(name, it)| Some((name, it?))) {
            line += &format!("  {name} {}", percent(share));
        }
        self.say(format_args!("{line}  {:.0} s", row.seconds));
    }

    /// Says something above the bar.
    pub fn say(&self, text: impl Display) {
        self.bar.suspend(|| say(text));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Says something on standard error; nobody may be listening.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
