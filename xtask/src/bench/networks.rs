//! Networks: executed instructions an inference and memory, beside those of TensorFlow Lite Micro.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{BOARDS, reference};
use crate::process::{command, read, root};

/// What TensorFlow Lite Micro with CMSIS-NN 99f736a6 takes for a network: arm-none-eabi-gcc 12.2
/// -O3, on the same emulated Cortex-M4, by the same count.
struct Peer {
    name: &'static str,
    instructions: u64,
    /// Its tensor arena, which has neither weights nor the network's operators in it.
    arena_bytes: u64,
}

const PEERS: [Peer; 6] = [
    peer("mlperf_resnet8_int8", 29_877_367, 55_092),
    peer("mlperf_kws_ref_model_int8", 7_849_643, 22_916),
    peer("mlperf_vww_96_int8", 24_722_555, 100_804),
    peer("mlperf_ad01_int8", 582_911, 2_676),
    peer("tflm_person_detect_int8", 23_528_943, 82_420),
    peer("tflm_micro_speech_int8", 1_495_195, 6_932),
];

const fn peer(name: &'static str, instructions: u64, arena_bytes: u64) -> Peer {
    Peer { name, instructions, arena_bytes }
}

/// Measures all networks, prints a table and returns the records.
pub fn run(program: &Path, as_json: bool) -> Result<Vec<Value>> {
    if !as_json {
        println!(
            "Executed instructions an inference, by QEMU's exact count, for each product and as a"
        );
        println!(
            "share of TensorFlow Lite Micro's with CMSIS-NN on the Cortex-M4; bytes of activations at"
        );
        println!("the peak, and as a share of its arena.\n");
        print!("{:<28} {:>11}", "network", "products");
        print!(
            "{}",
            BOARDS.map(|board| format!(" {board:>12} {:>5} {:>5}", "each", "share")).concat()
        );
        println!(" {:>8} {:>5}", "peak", "share");
    }
    let mut records = Vec::new();
    for peer in &PEERS {
        let Some(path) = find(peer.name) else { continue };
        let record = measure(program, &path, peer)?;
        if !as_json {
            println!("{}", row(peer, &record)?);
        }
        records.push(record);
    }
    if !as_json {
        println!();
    }
    Ok(records)
}

/// The file of a network, in the repository or among the references.
fn find(name: &str) -> Option<PathBuf> {
    let folders = [Some(root().join("networks")), reference().map(|folder| folder.join("models"))];
    let files = folders.into_iter().flatten().map(|folder| folder.join(format!("{name}.tflite")));
    files.into_iter().find(|file| file.is_file())
}

fn measure(program: &Path, path: &Path, peer: &Peer) -> Result<Value> {
    let quintet = |arguments: &[&str]| -> Result<Value> {
        let (action, options) = arguments.split_first().context("no subcommand")?;
        let printed = read(command(program).arg(action).arg(path).args(options).arg("--json"))?;
        serde_json::from_str(&printed).context("quintet printed no JSON")
    };
    let plan = quintet(&["inspect"])?;
    let mut boards = serde_json::Map::new();
    for board in BOARDS {
        let profile = quintet(&["profile", "--device", &format!("qemu:{board}")])?;
        if profile["unit"] != "instructions" {
            bail!("qemu:{board} does not count: the device inside QEMU did not load");
        }
        let costs = profile["costs"].as_array().context("no costs")?;
        let ticks = costs.iter().map(|cost| cost["ticks"].as_u64());
        boards
            .insert(board.into(), ticks.sum::<Option<u64>>().context("a count is missing")?.into());
    }
    Ok(json!({
        "network": peer.name,
        "products": plan["macs"],
        "instructions": boards,
        "activation_bytes": plan["memory"]["activations"],
        "constant_bytes": plan["memory"]["constants"],
        "cmsis_nn_instructions": peer.instructions,
        "tflm_arena_bytes": peer.arena_bytes,
    }))
}

fn row(peer: &Peer, record: &Value) -> Result<String> {
    let number = |value: &Value| value.as_u64().context("a count is missing");
    let (products, peak) = (number(&record["products"])?, number(&record["activation_bytes"])?);
    let share = |part: u64, whole: u64| format!("{:.2}", part as f64 / whole as f64);
    let mut text = format!("{:<28} {products:>11}", peer.name);
    for (board, is_peer_s) in BOARDS.into_iter().zip([true, false]) {
        let instructions = number(&record["instructions"][board])?;
        let of_peer = if is_peer_s { share(instructions, peer.instructions) } else { "-".into() };
        text += &format!(" {instructions:>12} {:>5} {of_peer:>5}", share(instructions, products));
    }
    Ok(text + &format!(" {peak:>8} {:>5}", share(peak, peer.arena_bytes)))
}
