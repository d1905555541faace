//! `methods`: what NetBooster and NetDistiller gain over plain training: the same network trained
//! with each of them and for longer and longer without, from several seeds each.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::process::{command, document, target_directory};
use crate::{options, trainer};

/// A row of the table.
struct Method {
    name: &'static str,
    /// Its configuration's name below `trainer/configs`.
    config: &'static str,
    /// Epochs, where not those of the configuration.
    epochs: Option<&'static str>,
}

const METHODS: [Method; 7] = [
    Method { name: "plain, 160 epochs", config: "cifar10", epochs: Some("160") },
    Method { name: "plain, 320 epochs", config: "cifar10", epochs: None },
    Method { name: "plain, 640 epochs", config: "cifar10", epochs: Some("640") },
    Method { name: "NetBooster, 80 + 80 epochs", config: "cifar10-netbooster", epochs: None },
    Method {
        name: "NetDistiller, 160 epochs",
        config: "cifar10-netdistiller",
        epochs: Some("160"),
    },
    Method { name: "NetDistiller, 320 epochs", config: "cifar10-netdistiller", epochs: None },
    Method { name: "both, 40 + 40 epochs", config: "cifar10-both", epochs: None },
];

/// What a training came to.
struct Trained {
    /// Accuracies on the test samples in float and in int8, in percent.
    accuracies: [f64; 2],
    minutes: f64,
}

/// Runs the subcommand with `--data DIR` and perhaps `--seeds N`. What was trained before is taken
/// as it is, and what was stopped goes on.
pub fn run(arguments: &[&str]) -> Result<()> {
    let mut rest = arguments.to_vec();
    let data = options::take(&mut rest, "--data")?.context("--data DIR: the folder of CIFAR-10")?;
    let data = std::path::absolute(data)?;
    let seeds = options::take(&mut rest, "--seeds")?.unwrap_or("3");
    let seeds: usize = seeds.parse().with_context(|| format!("--seeds {seeds}: not a number"))?;
    ensure!(seeds > 0, "--seeds: one at least");
    if let Some(option) = rest.first() {
        bail!("{option}: not an option");
    }
    let program = trainer::build()?;
    let mut rows = METHODS.map(|_| Vec::new());
    // Seed by seed, so that there is something to see of all methods early on.
    for seed in 0..seeds {
        for (method, row) in METHODS.iter().zip(&mut rows) {
            row.push(method.train(&program, &data, seed)?);
        }
        println!("\n{}", table(&rows));
    }
    Ok(())
}

impl Method {
    fn train(&self, program: &Path, data: &Path, seed: usize) -> Result<Trained> {
        let output = format!("{}-{}-{seed}", self.config, self.epochs.unwrap_or("own"));
        let output = target_directory().join("methods").join(output);
        let config = PathBuf::from("trainer/configs").join(self.config).with_extension("toml");
        let mut train = command(program);
        train.arg(config).arg("--data").arg(data).arg("--output").arg(output);
        // One thread, whose minutes can be compared.
        train.args(["--resume", "--json", "--evaluate-every", "5", "--threads", "1"]);
        train.arg("--seed").arg(seed.to_string());
        if let Some(epochs) = self.epochs {
            train.args(["--epochs", epochs]);
        }
        let told = document(&mut train)?;
        let number = |value: &Value| value.as_f64().context("the trainer leaves out a number");
        Ok(Trained {
            accuracies: [
                100.0 * number(&told["test_accuracy"])?,
                100.0 * number(&told["int8"]["test_accuracy"])?,
            ],
            minutes: number(&told["seconds"])? / 60.0,
        })
    }
}

/// Means and standard deviations, for Markdown.
fn table(rows: &[Vec<Trained>]) -> String {
    let mut table =
        "| method | float | int8 | lost at most | minutes |\n|---|---|---|---|---|\n".to_owned();
    for (method, row) in METHODS.iter().zip(rows) {
        let [float, int8] = [0, 1].map(|form| {
            let (mean, deviation) = spread(row.iter().map(|it| it.accuracies[form]));
            format!("{mean:.2} ± {deviation:.2}")
        });
        let lost =
            row.iter().map(|it| it.accuracies[0] - it.accuracies[1]).fold(f64::MIN, f64::max);
        let (minutes, _) = spread(row.iter().map(|it| it.minutes));
        table += &format!("| {} | {float} | {int8} | {lost:.2} | {minutes:.0} |\n", method.name);
    }
    table
}

/// Mean and sample standard deviation.
fn spread(values: impl ExactSizeIterator<Item = f64> + Clone) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.clone().sum::<f64>() / count;
    let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
    (mean, (squares / (count - 1.0).max(1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_means_spreads_and_the_greatest_loss() {
        let trained = |float, int8| Trained { accuracies: [float, int8], minutes: 12.4 };
        let rows =
            METHODS.map(|_| vec![trained(60.0, 59.5), trained(62.0, 62.1), trained(64.0, 63.4)]);
        let text = table(&rows);
        assert!(
            text.contains("| both, 40 + 40 epochs | 62.00 ± 2.00 | 61.67 ± 1.99 | 0.60 | 12 |\n"),
            "{text}"
        );
    }

    #[test]
    fn every_method_has_its_configuration() {
        for method in &METHODS {
            let folder = crate::process::root().join("trainer/configs");
            assert!(folder.join(method.config).with_extension("toml").is_file(), "{}", method.name);
        }
    }

    #[test]
    fn arguments_are_checked_before_anything_is_built() {
        for arguments in
            [&[][..], &["--data"], &["--data", "x", "--seeds", "0"], &["--data", "x", "-v"]]
        {
            assert!(run(arguments).is_err(), "{arguments:?}");
        }
    }
}
