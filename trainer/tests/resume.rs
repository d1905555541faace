//! Training that is killed, wherever it is, and resumed ends in the same weights, bit by bit, as
//! training that is not.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

use quintet_trainer::random::Random;
use quintet_trainer::whole_file;

/// What is trained: small enough for many runs. A recipe may follow.
const NETWORK: &str = "
[network]
kind = \"mobilenet-v2\"
stem = 8
stem_stride = 1
stages = [
    { expansion = 2, channels = 8, blocks = 2, stride = 1 },
    { expansion = 2, channels = 16, blocks = 1, stride = 2 },
]
head = 16

[recipe]
batch = 64
augment = { shift = 1 }
";
const BOOST: &str = "boost = { ratio = 2, linearise = 0.5 }\n";
const TUNE: &str = "tune = { epochs = 1 }\n";
const AWARE: &str = "int8 = { aware_epochs = 1 }\n";
const DISTIL: &str = "distil = { width = 2.0 }\n";

/// Trainings in a folder of their own.
struct Place {
    folder: PathBuf,
    config: PathBuf,
}

impl Place {
    fn new(name: &str, recipe: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let config = folder.join("config.toml");
        let text = format!("[data]\nkind = \"digits\"\n{NETWORK}{recipe}");
        std::fs::write(&config, text).unwrap();
        Self { folder, config }
    }

    /// A command that writes a checkpoint after each step, which makes a run long enough to be
    /// killed in its middle.
    fn command(&self, output: &str, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quintet-train"));
        command.arg(&self.config).arg("--output").arg(self.folder.join(output));
        command.args(["--checkpoint-every", "0"]).args(options);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    fn run(&self, output: &str, options: &[&str]) {
        let status = self.command(output, options).status().unwrap();
        assert!(status.success(), "{output}: {status}");
    }

    /// What a training left: its weights, and its log without the seconds, which are never the
    /// same.
    fn outcome(&self, output: &str) -> (Vec<u8>, Vec<String>) {
        let file = |name: &str| std::fs::read(self.folder.join(output).join(name)).unwrap();
        let log = String::from_utf8(file("log.csv")).unwrap();
        let rows = log.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned());
        (file("network.safetensors"), rows.collect())
    }
}

/// Kills a run after some checkpoints, in the middle of a step or while the next one is written;
/// its status if it was over before.
fn kill(mut child: Child, checkpoint: &Path, random: &mut Random) -> Option<ExitStatus> {
    let time = || std::fs::metadata(checkpoint).and_then(|it| it.modified()).ok();
    let mut left = 2 + random.below(7);
    let while_written = random.below(2) == 0;
    let mut last: Option<SystemTime> = time();
    while left > 0 || (while_written && !whole_file::unfinished(checkpoint).exists()) {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if time() != last {
            last = time();
            left -= usize::from(left > 0);
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    if !while_written {
        std::thread::sleep(Duration::from_micros(random.below(5_000) as u64));
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    status.success().then_some(status)
}

/// Holds a training that is killed again and again against one that is not.
fn survives(name: &str, recipe: &str, epochs: usize) {
    let place = Place::new(name, recipe);
    let epochs = epochs.to_string();
    let options = ["--epochs", &epochs, "--threads", "2"];
    place.run("whole", &options);
    let resumed = [&options[..], &["--resume"]].concat();
    let checkpoint = place.folder.join("killed").join("checkpoint");
    let mut random = Random::new(&[name.len() as u64]);
    let [mut kills, mut cut_off] = [0, 0];
    loop {
        let child = place.command("killed", &resumed).spawn().unwrap();
        match kill(child, &checkpoint, &mut random) {
            None => {
                kills += 1;
                cut_off += usize::from(whole_file::unfinished(&checkpoint).exists());
            }
            Some(status) => {
                assert!(status.success(), "{name}, after {kills} kills: {status}");
                break;
            }
        }
        assert!(kills < 200, "{name} does not get on");
    }
    println!("{name}: killed {kills} times, {cut_off} of them while a checkpoint was written");
    assert!(kills >= 3, "{name} was killed {kills} times only");
    let (weights, log) = place.outcome("whole");
    let (resumed_weights, resumed_log) = place.outcome("killed");
    assert_eq!(log, resumed_log, "{name}");
    assert!(weights == resumed_weights, "{name}: other weights after {kills} kills");
}

#[test]
fn plain_training_survives_kills() {
    survives("plain", "", 2);
}

#[test]
fn boosted_training_survives_kills_in_all_its_stages() {
    survives("boosted", &format!("{BOOST}{TUNE}"), 1);
}

#[test]
fn distilled_training_survives_kills_in_all_its_stages() {
    survives("distilled", &format!("{DISTIL}{TUNE}"), 1);
}

#[test]
fn boosted_and_distilled_training_survives_kills_in_all_its_stages() {
    survives("both", &format!("{BOOST}{DISTIL}{TUNE}"), 1);
}

#[test]
fn training_that_learns_to_be_rounded_survives_kills() {
    survives("aware", AWARE, 1);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let place = Place::new("threads", &format!("{BOOST}{DISTIL}{TUNE}"));
    for threads in ["1", "2", "3"] {
        place.run(threads, &["--epochs", "1", "--threads", threads]);
    }
    let one = place.outcome("1");
    assert!(one == place.outcome("2") && one == place.outcome("3"));
    // And that a difference would be seen:
    place.run("seed", &["--epochs", "1", "--seed", "1"]);
    assert!(one.0 != place.outcome("seed").0);
}
