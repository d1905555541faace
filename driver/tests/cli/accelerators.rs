//! Accelerators: given to devices, told of, accounted for, swept over.

use std::thread;
use std::time::{Duration, Instant};

use super::*;

fn network() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../networks/mlperf_kws_ref_model_int8.tflite")
}

fn json(command: Command) -> Value {
    serde_json::from_str(&works(command)).unwrap()
}

/// `quintet profile FILE`, with the rest of the arguments after a space each, as JSON.
fn profile(folder: &Path, file: &Path, rest: &str) -> Value {
    let mut command = quintet(folder, &["profile", "--json"]);
    command.arg(file).args(rest.split_whitespace());
    json(command)
}

/// `quintet accelerator sweep` of the small scene and a network, into `to`.
fn sweep(folder: &Path, rest: &str) -> Command {
    let mut command = quintet(folder, &["accelerator", "sweep"]);
    command.args([small_scene(), network()]).args(rest.split_whitespace());
    command
}

/// The cells of a table without quotes, its heading first.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split(',').map(Into::into).collect()).collect()
}

#[test]
fn info_tells_of_an_accelerator_and_what_it_leaves_to_the_core() {
    let folder = folder("accelerator_info");
    let info = json(quintet(&folder, &["info", "--json"]));
    assert_eq!(info["accelerator"], serde_json::json!({ "state": "absent" }));
    assert!(works(quintet(&folder, &["info"])).contains("accelerator  none"));
    let spec = ["info", "--accelerator", "tiny-ecp5,without=Gemm.Convolve,without=Sort"];
    let said = works(quintet(&folder, &spec));
    assert!(said.contains("version 1.0") && said.contains("100 MHz"), "{said}");
    assert!(said.contains("Gemm: ConvolveDepthwise, Dense"), "{said}");
    let mut command = quintet(&folder, &spec);
    command.arg("--json");
    let accelerator = &json(command)["accelerator"];
    let commands = accelerator["commands"].as_array().unwrap();
    assert_eq!(
        (&accelerator["state"], &accelerator["clock_khz"]),
        (&"ready".into(), &100_000.into())
    );
    assert!(commands.contains(&"Gemm.Dense".into()) && commands.contains(&"Vector.Add".into()));
    assert!(!commands.contains(&"Gemm.Convolve".into()) && !commands.contains(&"Sort.Sort".into()));
    let mut from_environment = quintet(&folder, &["info", "--json"]);
    from_environment.env("QUINTET_ACCELERATOR", "edge");
    assert_eq!(json(from_environment)["accelerator"]["clock_khz"], 1_000_000);
}

#[test]
fn pictures_are_the_same_with_any_accelerator() {
    let folder = folder("accelerator_pictures");
    let digest = |rest: &str| {
        let report = json(render(&folder, &small_scene(), &format!("--size 40x30 --json {rest}")));
        report["frames"][0]["digest"].clone()
    };
    let expected = digest("");
    for spec in ["none", "tiny-ecp5", "edge,pace=clock", "edge,without=Geometry", "gaurast"] {
        assert_eq!(digest(&format!("--accelerator {spec}")), expected, "{spec}");
    }
    assert_eq!(digest("--arena 110K --accelerator tiny-ecp5"), expected, "streamed");
}

#[test]
fn a_profile_accounts_for_each_command() {
    let folder = folder("accelerator_profile");
    let without = profile(&folder, &network(), "");
    assert_eq!(without["accelerator"], Value::Null);
    let report =
        profile(&folder, &network(), "--accelerator tiny-ecp5,without=Gemm.ConvolveDepthwise");
    let account = &report["accelerator"];
    assert_eq!(
        (&account["instance"], &account["clock_hz"]),
        (&"tiny-ecp5".into(), &100_000_000.into())
    );
    let mut clocks = 0;
    for command in account["commands"].as_array().unwrap() {
        let receipt = &command["accelerator"];
        if command["name"] == "Gemm.ConvolveDepthwise" {
            assert_eq!((receipt, &command["limit"]), (&Value::Null, &Value::Null), "{command}");
            continue;
        }
        let of = |key: &str| receipt[key].as_u64().unwrap();
        clocks += of("clocks");
        assert!(of("clocks") > 0 && of("bytes_read") > 0 && of("bytes_written") > 0, "{command}");
        assert_eq!(
            command["array_utilisation"].is_null(),
            command["name"].as_str().unwrap().starts_with("Vector")
        );
    }
    // A clock is 10 ns. This computer's nanoseconds are no measure of a core, and left out.
    let frame = &account["frame"];
    assert_eq!((&frame["accelerator_ns"], &frame["core_ns"]), (&(clocks * 10).into(), &0.into()));
}

#[test]
fn a_profile_says_in_words_what_limits_a_frame() {
    let folder = folder("accelerator_words");
    let mut command = quintet(&folder, &["profile", "--accelerator", "edge,without=Sort"]);
    command.arg(small_scene()).args(["--size", "64x48"]);
    let said = works(command);
    for words in
        ["executes 2 of 3 commands", "Geometry.RasteriseGaussians", "by the core", "limited by"]
    {
        assert!(said.contains(words), "{words} is not in: {said}");
    }
    assert!(said.contains("no silicon's") && said.contains("--device qemu:BOARD"), "{said}");
}

#[test]
fn an_accelerator_that_fails_is_told_with_its_command() {
    let folder = folder("accelerator_fails");
    for (fault, why) in [
        ("error@2", "it found a fault in itself"),
        ("unknown-error@2", "it gave the unknown code"),
        ("garbage-head@2", "its answer makes no sense"),
        ("never-answers@2", "it made no progress"),
    ] {
        let rest = format!("--size 40x30 --accelerator tiny-ecp5,misbehave={fault}");
        let what =
            format!("at command 2, Geometry.RasteriseGaussians, the accelerator failed: {why}");
        fails(render(&folder, &small_scene(), &rest), 1, &what);
    }
    let mut infer = quintet(&folder, &["profile", "--accelerator", "edge,misbehave=error@4"]);
    infer.arg(network());
    fails(infer, 1, "at command 4, Gemm.Convolve, the accelerator failed");
}

#[test]
fn accelerators_that_make_no_sense_are_refused() {
    let folder = folder("accelerator_refused");
    for (spec, what) in [
        ("huge", "tiny-ecp5"),
        ("edge,without=Gem", "Gemm.Dense"),
        ("edge,array.rows=0", "1 to 1024"),
        ("edge,pace=slow", "pace=instant"),
        ("edge,misbehave=error", "never-answers"),
        ("model:absent.toml", "absent.toml"),
    ] {
        fails(render(&folder, &small_scene(), &format!("--accelerator {spec}")), 2, what);
    }
    for device in ["serial:/dev/quintet-none", "unix:/quintet/none", "tcp:localhost:1"] {
        for spec in ["edge", "none"] {
            let command = ["info", "--device", device, "--accelerator", spec];
            fails(quintet(&folder, &command), 2, "its accelerator is what the board has");
        }
    }
}

#[test]
fn descriptions_are_listed_shown_and_taken_back() {
    let folder = folder("accelerator_show");
    let list = works(quintet(&folder, &["accelerator", "list"]));
    assert!(list.contains("tiny-ecp5 ") && list.contains("\nedge "), "{list}");
    let preset = works(quintet(&folder, &["accelerator", "show", "edge"]));
    assert!(preset.contains("[array]") && preset.contains('#'), "{preset}");
    let changed = works(quintet(&folder, &["accelerator", "show", "edge,array.rows=7"]));
    assert!(changed.contains("rows = 7"), "{changed}");
    for (name, text, spec) in [("a.toml", preset, "edge"), ("b.toml", changed, "edge,array.rows=7")]
    {
        fs::write(folder.join(name), text).unwrap();
        let instance = |spec: &str| {
            let command = quintet(&folder, &["info", "--json", "--accelerator", spec]);
            json(command)["accelerator"]["instance"].clone()
        };
        assert_eq!(instance(&format!("model:{name}")), instance(spec));
    }
    fails(quintet(&folder, &["accelerator", "show", "none"]), 2, "none is no accelerator");
}

#[test]
fn a_sweep_writes_a_row_for_each_run_and_a_plot() {
    let folder = folder("accelerator_sweep");
    let said = works(sweep(
        &folder,
        "--size 40x30 --vary memory.bytes_per_clock=1,4 --vary array.rows=4,8 -o out",
    ));
    assert!(said.contains("sweep.csv") && said.contains("limited by"), "{said}");
    let rows = cells(&folder.join("out/sweep.csv"));
    assert_eq!(rows[0][..4], ["workload", "memory.bytes_per_clock", "array.rows", "digest"]);
    assert_eq!(rows.len(), 1 + 2 * 4);
    let at = |row: &Vec<String>, name: &str| {
        let column = rows[0].iter().position(|it| it == name).unwrap();
        row[column].parse::<u64>().unwrap()
    };
    let clocks = |workload: &str, bytes: &str, array: &str| {
        let its = |row: &&Vec<String>| row[..3] == [workload, bytes, array];
        at(rows.iter().find(its).unwrap(), "clocks")
    };
    let kws = "mlperf_kws_ref_model_int8";
    assert!(clocks(kws, "4", "8") < clocks(kws, "1", "8"));
    assert!(clocks(kws, "4", "8") < clocks(kws, "4", "4"));
    // The array has no part in Gaussians.
    assert_eq!(clocks("playbot_lod6", "4", "8"), clocks("playbot_lod6", "4", "4"));
    for row in &rows[1..] {
        assert_eq!(at(row, "commands"), at(row, "accelerated"));
        assert_eq!(at(row, "accelerator_ns"), at(row, "clocks") * 10);
        assert_eq!(row[6], "", "nanoseconds of this computer are not the core's instructions");
    }
    let plot = fs::read_to_string(folder.join("out/sweep.svg")).unwrap();
    for word in ["memory.bytes_per_clock", "array.rows=8", "time, ms", "playbot_lod6", kws] {
        assert!(plot.contains(word), "{word} is not in the plot");
    }
}

#[test]
fn a_sweep_can_take_commands_away() {
    let folder = folder("accelerator_sweep_without");
    works(sweep(&folder, "--size 40x30 --vary without=Sort,Gemm,Geometry --accelerator edge"));
    let rows = cells(&folder.join("sweep/sweep.csv"));
    let executed = rows[1..].iter().map(|row| format!("{} of {}", row[4], row[3]));
    let expected = ["2 of 3", "12 of 12", "3 of 3", "2 of 12", "1 of 3", "12 of 12"];
    assert_eq!(executed.collect::<Vec<_>>(), expected);
}

#[test]
fn a_sweep_that_is_ended_leaves_what_it_has_written() {
    let folder = folder("accelerator_sweep_ended");
    let values = (1..=250).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
    let mut command = sweep(&folder, &format!("--size 40x30 --vary array.rows={values} -o out"));
    let mut child = command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let table = folder.join("out/sweep.csv");
    let deadline = Instant::now() + Duration::from_secs(60);
    while !fs::read_to_string(&table).is_ok_and(|text| text.lines().count() > 5) {
        assert!(Instant::now() < deadline, "the sweep writes nothing");
        thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it was not over");
    let rows = cells(&table);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "{rows:?}");
    assert!(fs::read_to_string(folder.join("out/sweep.svg")).unwrap().contains("array.rows"));
}

#[test]
fn sweeps_that_make_no_sense_are_refused_before_any_run() {
    let folder = folder("accelerator_sweep_refused");
    for (rest, what) in [
        ("--vary array.depth=1,2", "array.rows"),
        ("--vary array.rows=4,0", "1 to 1024"),
        ("--vary array.rows", "KEY=VALUE,VALUE"),
        ("--vary array.rows=4,4", "twice"),
        ("--vary array.rows=4 --vary array.rows=8", "twice"),
        ("--vary array.rows=4 --accelerator none", "no accelerator none"),
        ("", "--vary"),
    ] {
        fails(sweep(&folder, rest), 2, what);
    }
    let many = (1..=300).map(|value| value.to_string()).collect::<Vec<_>>().join(",");
    fails(sweep(&folder, &format!("--vary array.rows={many}")), 2, "too many");
    assert!(!folder.join("sweep").exists());
    fs::write(folder.join("taken"), "").unwrap();
    fails(sweep(&folder, "--vary array.rows=4 -o taken"), 1, "cannot write taken");
}

#[test]
fn help_says_how_accelerators_are_named() {
    let folder = folder("accelerator_help");
    for command in ["render", "infer", "eval", "profile", "info", "link", "log"] {
        let help = works(quintet(&folder, &[command, "--help"]));
        for word in ["--accelerator", "without=", "pace=clock", "model:FILE", "accelerator list"] {
            assert!(help.contains(word), "{word} is not in: {help}");
        }
    }
    let help = works(quintet(&folder, &["accelerator", "sweep", "--help"]));
    for word in ["--vary", "sweep.csv", "overlapped_ns", "no measurement of silicon"] {
        assert!(help.contains(word), "{word} is not in: {help}");
    }
}
