//! `demo-train`: from samples to a network on a device: trains one, exports it in int8, streams it to
//! an emulated Cortex-M board, and holds the board's answers against the host's.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::process::{build_quintet, command, document, root, target_directory};
use crate::{board, firmware, setup, trainer};

const DEVICE: &str = "qemu:mps2-an386";
const CONFIG: &str = "trainer/configs/digits.toml";

/// Runs the subcommand.
pub fn run() -> Result<()> {
    println!("== 1/4: set up");
    setup::run()?;
    println!("\n== 2/4: build the firmware, the driver and the trainer");
    firmware::run(&board::select(None)?)?;
    let [quintet, trainer] = [build_quintet()?, trainer::build()?];
    let folder = target_directory().join("demo-train");
    // As a person would type it, where that can be.
    let folder = folder.strip_prefix(root()).unwrap_or(&folder);
    println!("\n== 3/4: train with NetDistiller, on handwritten digits");
    let training = train(&trainer, folder)?;
    println!("\n== 4/4: run all test samples on an emulated Cortex-M4F (Arm MPS2, AN386)");
    let answers = evaluate(&quintet, folder)?;
    println!("\n{}", table(&training, &answers)?);
    compare(&training, &answers)
}

/// Trains; returns what the trainer says in the end.
fn train(program: &Path, folder: &Path) -> Result<Value> {
    let mut train = command(program);
    train.args([CONFIG, "--samples", "--json", "--overwrite", "--output"]).arg(folder);
    document(&mut train)
}

/// Runs the test samples on the device; returns what came of it.
fn evaluate(program: &Path, folder: &Path) -> Result<Value> {
    let mut evaluate = command(program);
    evaluate.arg("eval").arg(folder.join("network.tflite"));
    evaluate.args(["--device", DEVICE, "--json"]);
    for (option, name) in [("--data", "samples"), ("--labels", "labels"), ("--expect", "outputs")] {
        evaluate.arg(option).arg(folder.join(format!("test_{name}.npy")));
    }
    document(&mut evaluate)
}

/// The numbers that are worth a look.
fn table(training: &Value, answers: &Value) -> Result<String> {
    let percent = |value: &Value| {
        let share = value.as_f64().context("an accuracy is missing")?;
        anyhow::Ok(format!("{:.2} %", 100.0 * share))
    };
    Ok(format!(
        "accuracy in float                     {}\n\
         accuracy in int8, on the host         {}\n\
         accuracy in int8, on {DEVICE}  {}\n\
         outputs equal in every byte           {} of {} samples\n\
         network.tflite                        {} bytes\n\
         cost of a sample                      {} {}",
        percent(&training["test_accuracy"])?,
        percent(&training["int8"]["test_accuracy"])?,
        percent(&answers["classified"]["accuracy"])?,
        answers["expected"]["equal"],
        answers["samples"],
        training["int8"]["bytes"],
        answers["ticks"]["mean"],
        answers["ticks"]["unit"].as_str().unwrap_or("ticks"),
    ))
}

/// Fails unless the device answered what the host did, byte for byte.
fn compare(training: &Value, answers: &Value) -> Result<()> {
    let samples = training["test_samples"].as_u64().context("the trainer ran no samples")?;
    let is_as_many = |value: &Value, count: Option<u64>| count.is_some() && value.as_u64() == count;
    ensure!(
        is_as_many(&answers["samples"], Some(samples))
            && is_as_many(&answers["expected"]["equal"], Some(samples))
            && is_as_many(
                &answers["classified"]["correct"],
                training["int8"]["test_hits"].as_u64()
            ),
        "{DEVICE} does not answer as the host: {answers}, where the host has {}",
        training["int8"]
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::compare;

    #[test]
    fn a_single_other_output_is_noticed() {
        let training = json!({ "test_samples": 360, "int8": { "test_hits": 350 } });
        let answers = |samples, correct, equal| {
            json!({
                "samples": samples,
                "classified": { "correct": correct },
                "expected": { "equal": equal },
            })
        };
        assert!(compare(&training, &answers(360, 350, 360)).is_ok());
        assert!(compare(&training, &answers(359, 350, 360)).is_err());
        assert!(compare(&training, &answers(360, 349, 360)).is_err());
        assert!(compare(&training, &answers(360, 350, 359)).is_err());
        assert!(compare(&json!({}), &json!({})).is_err());
    }
}
