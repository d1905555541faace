//! `quintet infer` and `quintet eval` as a user meets them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use quintet_driver::input::npy::{Array, Elements};
use quintet_driver::picture::Picture;
use serde_json::Value;

use super::{fails, folder, quintet, works};

const KEYWORDS: &str = "mlperf_kws_ref_model_int8.tflite";
const SINE: &str = "tflm_hello_world_int8.tflite";

/// A network of the repository, or a file that belongs to one.
pub fn network(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../networks").join(name)
}

/// What is stored beside a network: its inputs or outputs.
fn beside(model: &str, what: &str) -> PathBuf {
    network(&model.replace(".tflite", &format!(".{what}.npy")))
}

/// `quintet infer` of a model on its own inputs, with the rest of the arguments after a space each.
fn infer(folder: &Path, model: &str, rest: &str) -> Command {
    let mut command = quintet(folder, &["infer"]);
    command.arg(network(model)).arg("--input").arg(beside(model, "input"));
    command.args(rest.split_whitespace());
    command
}

fn eval(folder: &Path, model: &str, data: &Path, rest: &str) -> Command {
    let mut command = quintet(folder, &["eval"]);
    command.arg(network(model)).arg("--data").arg(data).args(rest.split_whitespace());
    command
}

fn read(path: &Path) -> Array {
    Array::from_npy(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn outputs_are_written_as_the_reference_kernels_have_them() {
    let folder = folder("outputs");
    let said = works(infer(&folder, KEYWORDS, "--output out.npy"));
    assert!(said.contains("out.npy") && said.contains("13 operators"), "{said}");
    assert_eq!(read(&folder.join("out.npy")), read(&beside(KEYWORDS, "output")));
}

#[test]
fn the_json_report_has_the_greatest_outputs_with_their_labels() {
    let folder = folder("infer_json");
    let names: String = (0..12).map(|class| format!("word {class}\n")).collect();
    fs::write(folder.join("words.txt"), names).unwrap();
    let printed = works(infer(&folder, KEYWORDS, "--labels words.txt --top 2 --json"));
    let report: Value = serde_json::from_str(&printed).unwrap();
    let Elements::Int8(expected) = read(&beside(KEYWORDS, "output")).elements else { panic!() };
    let samples = report["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 16);
    for (sample, expected) in samples.iter().zip(expected.chunks(12)) {
        let top = sample["outputs"][0]["top"].as_array().unwrap();
        assert_eq!(top.len(), 2);
        let index = top[0]["index"].as_u64().unwrap() as usize;
        assert_eq!(expected[index], *expected.iter().max().unwrap());
        assert_eq!(top[0]["label"], format!("word {index}"));
        assert_eq!(top[0]["value"], (f64::from(expected[index]) + 128.0) / 256.0);
        assert!(sample["ticks"].as_u64().unwrap() > 0);
    }
    assert_eq!(report["inputs"][0]["shape"], serde_json::json!([1, 49, 10, 1]));
    assert_eq!(report["device"]["board"], "virtual");
}

#[test]
fn people_see_the_first_samples() {
    let folder = folder("infer_people");
    let said = works(infer(&folder, SINE, "--top 1"));
    assert!(said.contains("... 48 more"), "{said}");
    assert!(said.lines().count() < 30, "{said}");
}

#[test]
fn floats_are_quantised_as_the_model_says() {
    let folder = folder("floats");
    let angles = Array { shape: vec![3, 1], elements: Elements::Float(vec![0.0, 1.5, 4.7]) };
    fs::write(folder.join("angles.npy"), angles.to_npy()).unwrap();
    let mut command = quintet(&folder, &["infer"]);
    command.arg(network(SINE)).args(["--input", "angles.npy", "--json"]);
    let report: Value = serde_json::from_str(&works(command)).unwrap();
    for (sample, angle) in [0.0f64, 1.5, 4.7].into_iter().enumerate() {
        let value = report["samples"][sample]["outputs"][0]["top"][0]["value"].as_f64().unwrap();
        assert!((value - angle.sin()).abs() < 0.1, "sin {angle} = {value}");
    }
}

#[test]
fn wrong_inputs_are_refused_with_what_is_wanted() {
    let folder = folder("wrong_inputs");
    let command = |input: &Path| {
        let mut command = quintet(&folder, &["infer"]);
        command.arg(network(KEYWORDS)).arg("--input").arg(input);
        command
    };
    fails(command(&beside(SINE, "input")), 1, "[49, 10, 1]");
    fails(command(Path::new("missing.npy")), 1, "missing.npy");
    let integers = Array { shape: vec![490], elements: Elements::Integer(vec![0; 490]) };
    fs::write(folder.join("integers.npy"), integers.to_npy()).unwrap();
    fails(command(Path::new("integers.npy")), 1, "takes int8, uint8 or floats");
    fs::write(folder.join("text.npy"), "1 2 3").unwrap();
    fails(command(Path::new("text.npy")), 1, "no array, picture or sound");
    let picture = Picture { width: 4, height: 4, rgb: vec![7; 48] };
    picture.write_png(&folder.join("picture.png")).unwrap();
    works(command(Path::new("picture.png"))); // a spectrogram of one channel is a picture, too
    let mut sine = quintet(&folder, &["infer"]);
    sine.arg(network(SINE)).args(["--input", "picture.png"]);
    fails(sine, 1, "cannot be made of a picture");
    fails(infer(&folder, KEYWORDS, "--input again.npy"), 2, "the model takes 1");
    fails(infer(&folder, KEYWORDS, "--output no/folder/out.npy"), 1, "no/folder");
    fails(infer(&folder, KEYWORDS, "--labels missing.txt"), 1, "missing.txt");
    fs::write(folder.join("three.txt"), "a\nb\nc\n").unwrap();
    fails(infer(&folder, KEYWORDS, "--labels three.txt"), 1, "3 labels, the model gives 12");
    // Before anybody looks for the device.
    let mut early = command(Path::new("text.npy"));
    early.args(["--device", "unix:no-such-socket"]);
    fails(early, 1, "no array, picture or sound");
}

#[test]
fn accuracy_and_agreement_are_counted() {
    let folder = folder("eval");
    let (data, expect) = (beside(KEYWORDS, "input"), beside(KEYWORDS, "output"));
    let Elements::Int8(outputs) = read(&expect).elements else { panic!() };
    let classes = outputs.chunks(12).map(|output| {
        let most = output.iter().max().unwrap();
        output.iter().position(|it| it == most).unwrap()
    });
    // Right for all samples but the first two.
    let labels: Vec<_> =
        classes.enumerate().map(|(at, it)| if at < 2 { (it + 1) % 12 } else { it }).collect();
    let lines: Vec<_> = labels.iter().map(|label| format!("word.bin, {label}\n")).collect();
    fs::write(folder.join("labels.csv"), lines.concat()).unwrap();
    let mut command = eval(&folder, KEYWORDS, &data, "--labels labels.csv --json --expect");
    command.arg(&expect);
    let report: Value = serde_json::from_str(&works(command)).unwrap();
    assert_eq!(report["samples"], 16);
    assert_eq!(report["classified"]["correct"], 14);
    assert_eq!(report["expected"]["equal"], 16);
    assert_eq!(report["expected"]["worst_difference"], 0.0);
    let said = works(eval(&folder, KEYWORDS, &data, "--labels labels.csv --limit 4"));
    assert!(said.contains("correct 2 of 4, 50.00 %"), "{said}");

    fails(eval(&folder, KEYWORDS, &data, ""), 2, "nothing to compare with");
    fs::write(folder.join("few.csv"), "1\n2\n").unwrap();
    fails(eval(&folder, KEYWORDS, &data, "--labels few.csv"), 1, "there are 16 samples, 2 labels");
    fs::write(folder.join("other.csv"), "12\n".repeat(16)).unwrap();
    fails(eval(&folder, KEYWORDS, &data, "--labels other.csv"), 1, "sample 0 is of class 12");
    fs::write(folder.join("words.csv"), "0\nyes\n".repeat(8)).unwrap();
    fails(eval(&folder, KEYWORDS, &data, "--labels words.csv"), 1, "label 1 is \"yes\"");
}

#[test]
fn a_folder_of_pictures_by_class_is_a_set() {
    let folder = folder("eval_folder");
    // The class that the model gives a picture of one shade.
    let class_of = |shade: u8| -> u64 {
        let picture = Picture { width: 10, height: 49, rgb: vec![shade; 10 * 49 * 3] };
        let name = format!("{shade}.png");
        picture.write_png(&folder.join(&name)).unwrap();
        let mut command = quintet(&folder, &["infer", "--json", "--top", "1", "--input", &name]);
        command.arg(network(KEYWORDS));
        let report: Value = serde_json::from_str(&works(command)).unwrap();
        report["samples"][0]["outputs"][0]["top"][0]["index"].as_u64().unwrap()
    };
    // Three pictures where they belong, and one beside it.
    for (shade, off) in [(0, 0), (90, 0), (170, 0), (255, 1)] {
        let class = folder.join("set").join(((class_of(shade) + off) % 12).to_string());
        fs::create_dir_all(&class).unwrap();
        fs::copy(folder.join(format!("{shade}.png")), class.join(format!("{shade}.png"))).unwrap();
    }
    let printed = works(eval(&folder, KEYWORDS, Path::new("set"), "--json"));
    let report: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&report["samples"], &report["classified"]["correct"]), (&4.into(), &3.into()));
    fs::create_dir(folder.join("empty")).unwrap();
    fails(eval(&folder, KEYWORDS, Path::new("empty"), ""), 1, "no samples");
}

#[test]
fn a_compiled_network_gives_the_same_bytes_and_knows_its_classes() {
    let folder = folder("compiled_network");
    let names: String = (0..12).map(|class| format!("word {class}\n")).collect();
    fs::write(folder.join("words.txt"), names).unwrap();
    let mut compile = quintet(&folder, &["compile", "-o", "kws.qnt", "--labels", "words.txt"]);
    compile.arg("--json").arg(network(KEYWORDS));
    let compiled: Value = serde_json::from_str(&works(compile)).unwrap();
    assert_eq!(compiled["labels"].as_array().unwrap().len(), 12);
    let run = |rest: &[&str]| {
        let mut command = quintet(&folder, &["infer", "kws.qnt", "--input"]);
        command.arg(beside(KEYWORDS, "input")).args(rest);
        command
    };
    let said = works(run(&["--output", "out.npy"]));
    assert!(said.contains("word ") && said.contains("13 operators"), "{said}");
    assert_eq!(read(&folder.join("out.npy")), read(&beside(KEYWORDS, "output")));
    let inspected = works(quintet(&folder, &["inspect", "kws.qnt", "--json"]));
    let inspected: Value = serde_json::from_str(&inspected).unwrap();
    assert_eq!(inspected["memory"]["arena"], compiled["arena_bytes"]);
    assert_eq!(inspected["macs"], 2_656_768);
    works(quintet(&folder, &["profile", "kws.qnt"]));
    fails(run(&["--arena", "20K"]), 2, "compiled for");
    fails(quintet(&folder, &["compile", "kws.qnt"]), 2, "compiled already");
    fails(quintet(&folder, &["render", "kws.qnt"]), 1, "quintet infer");
    let mut sized = quintet(&folder, &["compile", "--size", "9x9"]);
    sized.arg(network(KEYWORDS));
    fails(sized, 2, "--size is for scenes");
    let mut bytes = fs::read(folder.join("kws.qnt")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(folder.join("kws.qnt"), &bytes).unwrap();
    fails(run(&[]), 1, "damaged");
}

#[test]
fn labels_must_be_the_networks() {
    let folder = folder("compiled_labels");
    fs::write(folder.join("words.txt"), "yes\nno\n").unwrap();
    let mut compile = quintet(&folder, &["compile", "--labels", "words.txt"]);
    compile.arg(network(KEYWORDS));
    fails(compile, 1, "there are 2 labels");
}
