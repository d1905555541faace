//! `quintet inspect` and `quintet profile` of networks.

use serde_json::Value;

use super::{fails, folder, quintet, works};

const WORDS: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../networks/mlperf_kws_ref_model_int8.tflite");

const SAMPLES: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../networks/mlperf_kws_ref_model_int8.input.npy");

fn json(name: &str, arguments: &[&str]) -> Value {
    serde_json::from_str(&works(quintet(&folder(name), arguments))).unwrap()
}

#[test]
fn inspect_tells_layers_buffers_and_memory_of_a_network() {
    let report = json("inspect_network", &["inspect", WORDS, "--json"]);
    assert_eq!(report["macs"], 2_656_768);
    let layers = report["layers"].as_array().unwrap();
    assert_eq!(layers[0]["operator"], "CONV_2D");
    assert_eq!(layers[0]["kernel"], "convolve");
    assert_eq!(layers.len(), 12);
    assert_eq!(report["board"], Value::Null);
    // What TensorFlow Lite Micro takes is 22 916.
    assert!(report["memory"]["activations"].as_u64().unwrap() < 12_000, "{}", report["memory"]);
    for buffer in report["buffers"].as_array().unwrap() {
        let end = buffer["offset"].as_u64().unwrap() + buffer["bytes"].as_u64().unwrap();
        assert!(end <= report["memory"]["arena"].as_u64().unwrap(), "{buffer}");
    }
    let text = works(quintet(&folder("inspect_network_text"), &["inspect", WORDS]));
    assert!(text.contains("DEPTHWISE_CONV_2D") && text.contains("smallest arena"), "{text}");
}

#[test]
fn inspect_tells_what_a_board_allows() {
    let fits = |arena: &str| json("inspect_board", &["inspect", WORDS, "--json", "--arena", arena]);
    assert_eq!(fits("1M")["board"]["fits"], "resident");
    assert_eq!(fits("40K")["board"]["fits"], "streamed");
    let no = fits("8K");
    assert_eq!(no["board"]["fits"], "no");
    let smallest = no["memory"]["smallest_arena"].as_u64().unwrap();
    assert_eq!(no["board"]["missing"], smallest - 8192);
    let folder = folder("too_small");
    let infer = ["infer", WORDS, "--input", SAMPLES, "--device", "virtual:?arena=8192"];
    fails(quintet(&folder, &infer), 1, "too few");
}

#[test]
fn profile_sorts_what_commands_cost() {
    let report = json("profile", &["profile", WORDS, "--json"]);
    assert_eq!(report["unit"], "nanoseconds");
    let costs = report["costs"].as_array().unwrap();
    assert_eq!(costs.len(), 12);
    let ticks: Vec<u64> = costs.iter().map(|row| row["ticks"].as_u64().unwrap()).collect();
    assert!(ticks.is_sorted_by(|a, b| a >= b), "{ticks:?}");
    let shares: f64 = costs.iter().map(|row| row["share"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-9, "{shares}");
    let scene = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenes/playbot/playbot_lod6.ply");
    let report = json("profile_scene", &["profile", scene, "--size", "80x60", "--json"]);
    assert!(report["costs"].as_array().unwrap().len() >= 4);
}
