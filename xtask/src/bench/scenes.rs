//! Scenes: executed instructions a frame, by part of the work.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{BOARDS, reference};
use crate::process::{command, read, root};

const SIZES: [&str; 2] = ["160x120", "320x240"];
/// The parts of a frame, in the order of execution.
const PHASES: [&str; 5] = ["project", "sort", "bin", "rasterise", "resolve"];

const ITEMS: &str = "primitives, keys, pairs of primitive and tile, pixels visited, pixels";

/// A scene and the camera to see it with.
struct Subject {
    scene: PathBuf,
    cameras: PathBuf,
    view: &'static str,
}

/// A frame's cost by part: instructions and items.
struct Measurement {
    name: String,
    size: &'static str,
    board: &'static str,
    phases: [[u64; 2]; PHASES.len()],
    record: Value,
}

/// Measures all scenes, prints a table and returns the records.
pub fn run(program: &Path, as_json: bool) -> Result<Vec<Value>> {
    if !as_json {
        println!("Executed instructions a frame, by QEMU's exact count; below each, per item.");
        println!("Items: {ITEMS}.\n");
        print!("{:<24} {:<8} {:<11} {:>12}", "scene", "size", "board", "total");
        println!("{}", PHASES.map(|phase| format!(" {phase:>11}")).concat());
    }
    let mut records = Vec::new();
    for subject in &subjects() {
        for size in SIZES {
            for board in BOARDS {
                let measurement = measure(program, subject, size, board)?;
                if !as_json {
                    println!("{}", rows(&measurement));
                }
                records.push(measurement.record);
            }
        }
    }
    Ok(records)
}

fn subjects() -> Vec<Subject> {
    let playbot = root().join("scenes/playbot");
    let in_repository = Subject {
        scene: playbot.join("playbot_lod4.compressed.ply"),
        cameras: playbot.join("cameras.json"),
        view: "playbot_cam0",
    };
    let mut subjects = vec![in_repository];
    if let Some(folder) = reference() {
        for (scene, view) in [
            ("playbot_lod5.ply", "playbot_cam0"),
            ("playbot_lod4_formats/playbot_lod4.ply", "playbot_cam0"),
            ("playbot_lod3.ply", "playbot_cam0"),
            ("guitar.compressed.ply", "guitar_cam0"),
        ] {
            subjects.push(Subject {
                scene: folder.join("scenes/splat").join(scene),
                cameras: folder.join("reference/splat/cameras.json"),
                view,
            });
        }
    }
    subjects
}

fn measure(
    program: &Path,
    subject: &Subject,
    size: &'static str,
    board: &'static str,
) -> Result<Measurement> {
    let scratch = std::env::temp_dir().join(format!("quintet-bench-{}.png", std::process::id()));
    let mut command = command(program);
    command.arg("render").arg(&subject.scene).arg("--camera").arg(&subject.cameras);
    command.args(["--view", subject.view, "--size", size, "--json"]);
    command.args(["--device", &format!("qemu:{board}")]).arg("--output").arg(&scratch);
    let printed = read(&mut command);
    let _ = std::fs::remove_file(&scratch);
    let report: Value = serde_json::from_str(&printed?).context("quintet printed no JSON")?;
    let commands = report["frames"][0]["commands"].as_array().context("no commands in it")?;
    let mut phases = [[0; 2]; PHASES.len()];
    for command in commands {
        if command["unit"] != "instructions" {
            bail!("qemu:{board} does not count: the device inside QEMU did not load");
        }
        let place = PHASES.iter().position(|&phase| command["phase"] == phase);
        let place = place.with_context(|| format!("unknown phase {}", command["phase"]))?;
        for (sum, key) in phases[place].iter_mut().zip(["ticks", "items"]) {
            *sum += command[key].as_u64().context("a count is missing")?;
        }
    }
    let name = name(&subject.scene);
    let parts = PHASES.iter().zip(phases).map(|(&phase, [instructions, items])| {
        (phase.to_owned(), json!({ "instructions": instructions, "items": items }))
    });
    let record = json!({
        "scene": name,
        "gaussians": report["scene"]["gaussians"],
        "view": subject.view,
        "size": size,
        "board": board,
        "target": report["device"]["target"],
        "instructions": phases.iter().map(|[instructions, _]| instructions).sum::<u64>(),
        "parts": parts.collect::<serde_json::Map<_, _>>(),
        "digest": report["frames"][0]["digest"],
    });
    Ok(Measurement { name, size, board, phases, record })
}

fn name(scene: &Path) -> String {
    scene.file_name().unwrap_or_default().to_string_lossy().trim_end_matches(".ply").to_owned()
}

/// A row of instructions, and one of instructions per item.
fn rows(measurement: &Measurement) -> String {
    let Measurement { name, size, board, phases, .. } = measurement;
    let total: u64 = phases.iter().map(|[instructions, _]| instructions).sum();
    let counts = phases.map(|[instructions, _]| format!(" {instructions:>11}")).concat();
    let each = phases.map(|[instructions, items]| {
        format!(" {:>11.1}", instructions as f64 / items.max(1) as f64)
    });
    format!("{name:<24} {size:<8} {board:<11} {total:>12}{counts}\n{:58}{}", "", each.concat())
}
