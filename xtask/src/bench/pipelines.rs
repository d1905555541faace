//! Pipelines: how the instructions of a frame share out among the micro-operators.

use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::BOARDS;
use crate::process::{command, read, root};

/// A scene of each kind in the repository, and the size of its picture.
const SCENES: [(&str, &str); 7] = [
    ("scenes/playbot/playbot_lod4.sog", "160x120"),
    ("scenes/mesh/Fox.glb", "160x120"),
    ("scenes/hybrid/spot.quintet.json", "160x120"),
    ("scenes/grids/ball_hash", "32x24"),
    ("scenes/grids/ball_vm", "32x24"),
    ("scenes/grids/ball_triplane", "32x24"),
    ("scenes/nerf/lego-lowres-199999.safetensors", "8x8"),
];
/// The micro-operators, by their names in JSON.
const OPERATORS: [&str; 7] =
    ["geometry", "combined_grid", "decomposed_grid", "sort", "gemm", "vector", "control"];

/// Measures all scenes, prints a table and returns the records.
pub fn run(program: &Path, as_json: bool) -> Result<Vec<Value>> {
    if !as_json {
        println!("\nExecuted instructions a frame, and the share of each micro-operator.\n");
        print!("{:<28} {:<9} {:<11} {:>14}", "scene", "size", "board", "a frame");
        println!("{}", OPERATORS.map(|name| format!(" {name:>15}")).concat());
    }
    let mut records = Vec::new();
    for (scene, size) in SCENES {
        for board in BOARDS {
            let pipeline = measure(program, &root().join(scene), size, board)?;
            if !as_json {
                println!("{}", row(scene, size, board, &pipeline)?);
            }
            records.push(json!({ "scene": scene, "board": board, "pipeline": pipeline }));
        }
    }
    Ok(records)
}

fn measure(program: &Path, scene: &Path, size: &str, board: &str) -> Result<Value> {
    let mut command = command(program);
    command.arg("profile").arg(scene).args(["--size", size, "--json"]);
    command.args(["--device", &format!("qemu:{board}")]);
    let mut report: Value =
        serde_json::from_str(&read(&mut command)?).context("quintet printed no JSON")?;
    if report["unit"] != "instructions" {
        bail!("qemu:{board} does not count: the device inside QEMU did not load");
    }
    Ok(report["pipeline"].take())
}

fn row(scene: &str, size: &str, board: &str, pipeline: &Value) -> Result<String> {
    let name = scene.rsplit('/').next().unwrap_or(scene);
    let ticks = pipeline["ticks"].as_u64().context("a count is missing")?;
    let mut text = format!("{name:<28} {size:<9} {board:<11} {ticks:>14}");
    for operator in OPERATORS {
        let share = pipeline["shares"][operator].as_f64().context("a share is missing")?;
        text += &format!(" {:>13.1} %", 100.0 * share);
    }
    Ok(text)
}
