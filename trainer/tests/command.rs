//! What the command says and leaves, right and wrong.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const CONFIG: &str = "
[network]
kind = \"mobilenet-v2\"
stem = 4
stages = [{ expansion = 1, channels = 8, blocks = 1, stride = 1 }]
head = 0
round_to = 4

[recipe]
epochs = 1
";

/// A folder with a configuration.
fn place(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("command").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join("digits");
    let text = format!("[data]\nkind = \"idx\"\npath = {data:?}\n{CONFIG}");
    std::fs::write(folder.join("net.toml"), text).unwrap();
    folder
}

fn train(folder: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet-train"));
    command.current_dir(folder).arg("net.toml").args(options).output().unwrap()
}

/// What a command that fails says.
fn refusal(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(
        text.lines().any(|line| line.starts_with("error: ")) && text.contains("\n  help: "),
        "{text}"
    );
    text
}

#[test]
fn a_training_leaves_network_log_and_curve_and_says_so() {
    let folder = place("whole");
    let output = train(&folder, &["--json", "--samples"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["epochs"], &summary["steps"]), (&1.into(), &11.into()));
    let accuracy = summary["test_accuracy"].as_f64().unwrap();
    assert!((0.1..=1.0).contains(&accuracy), "{accuracy}");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with("epoch 1 of 1  loss "), "{stderr}");
    let read = |name: &str| std::fs::read(folder.join("net").join(name)).unwrap();
    let log = String::from_utf8(read("log.csv")).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
    assert!(read("curve.svg").starts_with(b"<svg"));
    // 360 pictures of 8x8 with labels of two bytes, each file behind a header.
    let sizes = ["test_samples.npy", "test_labels.npy"].map(|name| read(name).len());
    assert_eq!(sizes, [128 + 360 * 64, 128 + 360 * 2]);
    // Of each sample an int8 number for each class.
    assert_eq!(read("test_outputs.npy").len(), 128 + 360 * 10);
    let int8 = &summary["int8"];
    let share = int8["test_hits"].as_f64().unwrap() / 360.0;
    assert!((share - accuracy).abs() < 0.05, "{share} in int8, {accuracy} in float");
    assert_eq!(int8["test_accuracy"], share);
    assert_eq!(int8["bytes"], read("network.tflite").len());
    assert_eq!(int8["bundle_bytes"], read("network.qnt").len());
    let network = folder.join(summary["network"]["path"].as_str().unwrap());
    assert_eq!(std::fs::read(network).unwrap(), read("network.safetensors"));
}

#[test]
fn an_autoencoder_is_told_by_what_it_reproduces() {
    let folder = place("reproduces");
    let text = "[data]\nkind = \"digits\"\n[network]\nkind = \"autoencoder\"\nlayers = [32, 16, 32]\n\
                [recipe]\nepochs = 2\n";
    std::fs::write(folder.join("net.toml"), text).unwrap();
    let output = train(&folder, &["--json"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !stderr.contains("training "), "{stderr}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let [float, int8] =
        [&summary, &summary["int8"]].map(|it| it["test_reproduced"].as_f64().unwrap());
    assert!(float > 0.2 && (float - int8).abs() < 0.02, "{float} in float, {int8} in int8");
    assert!(summary["test_accuracy"].is_null() && summary["int8"]["test_hits"].is_null());
}

#[test]
fn a_folder_with_a_training_is_not_overwritten_unasked() {
    let folder = place("again");
    assert!(train(&folder, &[]).status.success());
    let text = refusal(&train(&folder, &[]), 2);
    assert!(text.contains("net holds a training already") && text.contains("--resume"), "{text}");
    // What is over already stays as it is, and is told again.
    let again = train(&folder, &["--resume"]);
    assert!(again.status.success());
    assert!(String::from_utf8_lossy(&again.stdout).contains("accuracy"));
    assert!(train(&folder, &["--overwrite", "--seed", "3"]).status.success());
}

#[test]
fn a_checkpoint_of_another_training_is_refused_with_what_differs() {
    let folder = place("other");
    assert!(train(&folder, &[]).status.success());
    let text = refusal(&train(&folder, &["--resume", "--epochs", "2", "--seed", "9"]), 1);
    assert!(text.contains("recipe.epochs was 1 and is 2"), "{text}");
    assert!(text.contains("recipe.seed was 0 and is 9"), "{text}");
}

#[test]
fn a_training_that_is_over_is_made_int8_in_another_way() {
    let folder = place("int8");
    let path = folder.join("net.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let files = || {
        ["safetensors", "tflite"].map(|kind| {
            std::fs::read(folder.join("net").join("network").with_extension(kind)).unwrap()
        })
    };
    assert!(train(&folder, &[]).status.success());
    let before = files();
    let with = |int8: &str| std::fs::write(&path, format!("{text}int8 = {{ {int8} }}\n")).unwrap();
    with("calibration = { choice = \"least-error\" }");
    assert!(train(&folder, &["--resume"]).status.success());
    let calibrated = files();
    assert!(calibrated[0] == before[0] && calibrated[1] != before[1]);
    with("aware_epochs = 1");
    assert!(train(&folder, &["--resume"]).status.success());
    assert!(files()[1] != before[1]);
    // What has learnt to be rounded in one way is not taken for another.
    with("aware_epochs = 1, aware_rate = 0.5");
    let said = refusal(&train(&folder, &["--resume"]), 1);
    assert!(said.contains("recipe.int8.aware_rate was"), "{said}");
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let folder = place("damaged");
    assert!(train(&folder, &[]).status.success());
    let path = folder.join("net").join("checkpoint");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.pop();
    std::fs::write(&path, bytes).unwrap();
    let text = refusal(&train(&folder, &["--resume"]), 1);
    assert!(text.contains("checkpoint: it is damaged"), "{text}");
}

#[test]
fn what_is_wrong_with_a_configuration_is_told_with_its_place() {
    let folder = place("wrong");
    let path = folder.join("net.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("epochs = 1", "epochs = 1\nrate = -1.0")).unwrap();
    let said = refusal(&train(&folder, &[]), 1);
    assert!(said.contains("net.toml:14: `recipe.rate` is -1, and has to be in"), "{said}");
    std::fs::write(&path, text.replace("digits", "letters")).unwrap();
    let said = refusal(&train(&folder, &[]), 1);
    assert!(said.contains("letters: there is no") && said.contains("`path`"), "{said}");
    std::fs::remove_file(&path).unwrap();
    assert!(refusal(&train(&folder, &[]), 1).contains("net.toml"));
}

#[cfg(unix)]
#[test]
fn data_may_lie_elsewhere_than_the_configuration_says() {
    let folder = place("elsewhere");
    let path = folder.join("net.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("data/digits", "data/letters")).unwrap();
    // From where the user is.
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join("digits");
    std::os::unix::fs::symlink(data, folder.join("here")).unwrap();
    assert!(train(&folder, &["--data", "here"]).status.success());
    let said = refusal(&train(&folder, &["--data", "nowhere", "--overwrite"]), 1);
    assert!(said.contains("nowhere: there is no"), "{said}");
    std::fs::write(&path, text.replace("\"idx\"", "\"digits\"").replace("path", "# path")).unwrap();
    let said = refusal(&train(&folder, &["--data", "here", "--overwrite"]), 2);
    assert!(said.contains("--data makes no sense here"), "{said}");
}

#[test]
fn training_that_diverges_stops_and_says_what_to_lower() {
    let folder = place("diverges");
    let path = folder.join("net.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let wild = "epochs = 2\nrate = 100.0\nmomentum = 0.9999\ndecay = 1.0";
    std::fs::write(&path, text.replace("epochs = 1", wild)).unwrap();
    let said = refusal(&train(&folder, &[]), 1);
    assert!(said.contains("diverged") && said.contains("recipe.rate"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_training_that_is_interrupted_says_how_to_go_on() {
    let folder = place("interrupted");
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet-train"));
    command.current_dir(&folder).args(["net.toml", "--epochs", "100000"]);
    let child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !folder.join("net").join("log.csv").exists() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    // Two at a time in one folder would spoil each other's work.
    let busy = refusal(&train(&folder, &["--resume"]), 1);
    assert!(busy.contains("net is in use"), "{busy}");
    let kill = Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("stopped after step") && said.contains("--epochs 100000 --resume"),
        "{said}"
    );
}
