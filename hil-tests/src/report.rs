//! What all trials came to: the table at the end, and who failed only sometimes.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

/// How a trial ended, all its repetitions together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Each time.
    Passed,
    /// It was not tried, for this reason.
    Skipped(String),
    /// At least once.
    Failed {
        /// How often.
        failures: u32,
        /// Of how many times.
        attempts: u32,
        /// Why, the first time.
        cause: String,
    },
}

/// A trial that is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// The target's name.
    pub target: String,
    /// The test's name.
    pub test: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

/// Trials of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    passed: usize,
    failed: usize,
    flaky: usize,
    skipped: usize,
    /// Why, and how many.
    reasons: BTreeMap<String, usize>,
}

/// All trials.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In the order in which they ended.
    pub records: Vec<Record>,
}

impl Record {
    /// The trial's name.
    pub fn name(&self) -> String {
        format!("{}::{}", self.target, self.test)
    }

    /// Whether it failed, but not each time.
    pub fn is_flaky(&self) -> bool {
        matches!(self.outcome, Outcome::Failed { failures, attempts, .. } if failures < attempts)
    }
}

impl Report {
    /// Whether a trial failed.
    pub fn has_failed(&self) -> bool {
        self.records.iter().any(|record| matches!(record.outcome, Outcome::Failed { .. }))
    }

    /// Those of `targets` of which nothing was tried.
    pub fn untried<'a>(&self, targets: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let is_tried = |name: &&str| {
            self.records.iter().any(|record| {
                record.target == **name && !matches!(record.outcome, Outcome::Skipped(_))
            })
        };
        targets.into_iter().filter(|name| !is_tried(name)).collect()
    }

    /// A row for each target, with what was skipped and why, and then who failed sometimes.
    pub fn table(&self) -> String {
        let rows = self.rows();
        let width = rows.keys().map(String::len).max().unwrap_or(0).max("target".len());
        let mut text = format!(
            "{:<width$} {:>7} {:>7} {:>7} {:>8}\n",
            "target", "passed", "failed", "flaky", "skipped"
        );
        for (target, row) in &rows {
            let Row { passed, failed, flaky, skipped, reasons } = row;
            let _ =
                writeln!(text, "{target:<width$} {passed:>7} {failed:>7} {flaky:>7} {skipped:>8}");
            for (reason, count) in reasons {
                let _ = writeln!(text, "{:<width$} skipped {count}: {reason}", "");
            }
        }
        for record in self.records.iter().filter(|record| record.is_flaky()) {
            if let Outcome::Failed { failures, attempts, cause } = &record.outcome {
                let _ = writeln!(
                    text,
                    "flaky: {} failed {failures} of {attempts} times: {cause}",
                    record.name()
                );
            }
        }
        text
    }

    fn rows(&self) -> BTreeMap<String, Row> {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for record in &self.records {
            let row = rows.entry(record.target.clone()).or_default();
            match &record.outcome {
                Outcome::Passed => row.passed += 1,
                Outcome::Skipped(reason) => {
                    row.skipped += 1;
                    *row.reasons.entry(reason.clone()).or_default() += 1;
                }
                Outcome::Failed { .. } => {
                    row.failed += 1;
                    row.flaky += usize::from(record.is_flaky());
                }
            }
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Outcome, Record, Report};

    fn report() -> Report {
        let record = |target: &str, test: &str, outcome| Record {
            target: target.into(),
            test: test.into(),
            outcome,
            took: Duration::ZERO,
        };
        let failed = |failures| Outcome::Failed { failures, attempts: 3, cause: "no".into() };
        Report {
            records: vec![
                record("board", "a", Outcome::Passed),
                record("board", "b", failed(1)),
                record("board", "c", failed(3)),
                record("desk", "a", Outcome::Skipped("not attached".into())),
                record("desk", "b", Outcome::Skipped("not attached".into())),
            ],
        }
    }

    #[test]
    fn the_table_counts_each_target_and_says_why_it_was_skipped() {
        assert_eq!(
            report().table(),
            "target  passed  failed   flaky  skipped\n\
             board        1       2       1        0\n\
             desk         0       0       0        2\n       \
             skipped 2: not attached\n\
             flaky: board::b failed 1 of 3 times: no\n"
        );
    }

    #[test]
    fn a_target_that_was_only_skipped_is_untried() {
        assert!(report().has_failed());
        assert_eq!(report().untried(["board", "desk", "other"]), ["desk", "other"]);
    }
}
