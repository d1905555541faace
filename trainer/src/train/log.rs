//! What is told of training: a row for each epoch, as CSV.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::training::{Stage, StepReport};

/// The columns of [`Log::csv`]. Losses and the distance are means over the epoch's samples;
/// accuracies are shares; rate and slope are those of the epoch's last step; seconds are of work,
/// all epochs so far. What there is not is empty.
const COLUMNS: &str = "epoch,step,stage,rate,loss,train_accuracy,test_accuracy,teacher_loss,\
                       teacher_accuracy,distance,conflicts,conflicts_of,slope,seconds";

/// The rows so far, and the sums of the epoch that goes on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Log {
    /// Of the epochs that are over.
    pub rows: Vec<Row>,
    /// Seconds of work.
    pub seconds: f64,
    sums: Sums,
}

/// What there is to tell of an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its number, from 1.
    pub epoch: usize,
    /// Steps done at its end.
    pub step: usize,
    /// Where training was.
    pub stage: Stage,
    /// Learning rate.
    pub rate: f32,
    /// Loss of the network by labels.
    pub loss: f64,
    /// Share of the training samples, as they were shown, that were answered rightly; none if
    /// the network does not classify.
    pub train_accuracy: Option<f64>,
    /// Share of the test samples.
    pub test_accuracy: Option<f32>,
    /// Loss of the teacher by labels, where it learns.
    pub teacher_loss: Option<f64>,
    /// The teacher's share of the test samples.
    pub teacher_accuracy: Option<f32>,
    /// Distance from the teacher.
    pub distance: Option<f64>,
    /// Gradients in conflict, and of how many.
    pub conflicts: [u64; 2],
    /// Slope of the inserted activations.
    pub slope: f32,
    /// Seconds of work since training began.
    pub seconds: f64,
}

/// What an epoch's steps reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Sums {
    steps: u64,
    loss: f64,
    teacher_loss: f64,
    distance: f64,
    hits: u64,
    conflicts: [u64; 2],
    rate: f32,
    slope: f32,
}

/// What is known at the end of an epoch beside the reports of its steps.
#[derive(Clone, Copy, Debug)]
pub struct EpochEnd {
    /// Its number, from 1.
    pub epoch: usize,
    /// Steps done.
    pub step: usize,
    /// Where training was.
    pub stage: Stage,
    /// Samples of a step, if they are answered rightly or wrongly.
    pub batch: Option<usize>,
    /// Share of the test samples that the network answers rightly, if it was asked.
    pub test_accuracy: Option<f32>,
    /// That of the teacher, if there is one.
    pub teacher_accuracy: Option<f32>,
}

impl Log {
    /// Takes a step's report.
    pub fn add(&mut self, report: &StepReport) {
        let sums = &mut self.sums;
        sums.steps += 1;
        sums.loss += f64::from(report.loss);
        sums.teacher_loss += f64::from(report.teacher_loss);
        sums.distance += f64::from(report.distance);
        sums.hits += report.hits as u64;
        sums.conflicts[0] += report.conflicts[0] as u64;
        sums.conflicts[1] += report.conflicts[1] as u64;
        (sums.rate, sums.slope) = (report.rate, report.slope);
    }

    /// Closes an epoch: what its steps reported becomes a row.
    pub fn close(&mut self, end: EpochEnd) {
        let sums = std::mem::take(&mut self.sums);
        let mean = |sum: f64| sum / sums.steps.max(1) as f64;
        // A distance or a teacher's loss of exactly nothing is none that was measured.
        let measured = |sum: f64| (sum != 0.0).then(|| mean(sum));
        self.rows.push(Row {
            epoch: end.epoch,
            step: end.step,
            stage: end.stage,
            rate: sums.rate,
            loss: mean(sums.loss),
            train_accuracy: end.batch.map(|batch| mean(sums.hits as f64) / batch as f64),
            test_accuracy: end.test_accuracy,
            teacher_loss: measured(sums.teacher_loss),
            teacher_accuracy: end.teacher_accuracy,
            distance: measured(sums.distance),
            conflicts: sums.conflicts,
            slope: sums.slope,
            seconds: self.seconds,
        });
    }

    /// All rows, below the names of their columns.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text = format!("{COLUMNS}\n");
        for row in &self.rows {
            // To a string nothing fails.
            let _ = writeln!(text, "{}", row.csv());
        }
        text
    }
}

impl Row {
    fn csv(&self) -> String {
        let stage = match self.stage {
            Stage::Main => "main",
            Stage::Linearise => "linearise",
            Stage::Tune => "tune",
            Stage::Aware => "aware",
        };
        let number = |it: Option<f64>| it.map_or_else(String::new, |value| format!("{value:.6}"));
        let share = |it: Option<f32>| number(it.map(f64::from));
        let [conflicts, of] = self.conflicts;
        format!(
            "{},{},{stage},{:.6},{:.6},{},{},{},{},{},{conflicts},{of},{:.6},{:.1}",
            self.epoch,
            self.step,
            self.rate,
            self.loss,
            number(self.train_accuracy),
            share(self.test_accuracy),
            number(self.teacher_loss),
            share(self.teacher_accuracy),
            number(self.distance),
            self.slope,
            self.seconds,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: EpochEnd = EpochEnd {
        epoch: 1,
        step: 2,
        stage: Stage::Main,
        batch: Some(8),
        test_accuracy: Some(0.5),
        teacher_accuracy: None,
    };

    #[test]
    fn an_epoch_is_the_mean_of_its_steps() {
        let mut log = Log::default();
        for (loss, hits, rate) in [(2.0, 2, 0.1), (1.0, 4, 0.2)] {
            log.add(&StepReport { loss, hits, rate, conflicts: [1, 3], ..StepReport::default() });
        }
        log.seconds = 1.25;
        log.close(END);
        let text = log.csv();
        let row = text.lines().nth(1).unwrap();
        let wanted = "1,2,main,0.200000,1.500000,0.375000,0.500000,,,,2,6,0.000000,1.2";
        assert_eq!(row, wanted);
        assert_eq!(COLUMNS.split(',').count(), row.split(',').count());
    }

    #[test]
    fn an_epoch_begins_from_nothing() {
        let mut log = Log::default();
        log.add(&StepReport { loss: 2.0, ..StepReport::default() });
        log.close(END);
        log.add(&StepReport { loss: 1.0, ..StepReport::default() });
        log.close(END);
        let losses: Vec<f64> = log.rows.iter().map(|row| row.loss).collect();
        assert_eq!(losses, [2.0, 1.0]);
    }
}
