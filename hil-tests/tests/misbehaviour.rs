//! The suite fails on devices that misbehave: in time, with a cause that names what happened, and
//! with the exit status of a failure. On one that behaves the same trials pass.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// Longest that a device may be waited for in a trial. Nothing waits this long unless it hangs, and
/// then it is the suite that does.
const TRIAL: Duration = Duration::from_secs(60);

/// What a run of the suite came to.
struct Ran {
    status: Option<i32>,
    printed: String,
    junit: String,
    took: Duration,
}

/// Runs the suite's trials with `test` in their names on a fake target.
fn run(does: &str, patience: f32, test: &str) -> Ran {
    let folder = std::env::temp_dir().join(format!("quintet-{does}-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (targets, junit) = (folder.join("targets.toml"), folder.join("junit.xml"));
    fs::write(&targets, target(does, patience)).unwrap();
    let begun = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_quintet-hil"))
        .args(["--target", "fake", "--test", test])
        .args([PathBuf::from("--targets"), targets, "--junit".into(), junit.clone()])
        .output()
        .unwrap();
    let ran = Ran {
        status: output.status.code(),
        printed: String::from_utf8_lossy(&output.stdout).into_owned(),
        junit: fs::read_to_string(junit).unwrap_or_default(),
        took: begun.elapsed(),
    };
    fs::remove_dir_all(&folder).unwrap();
    ran
}

/// A file with a target that does something wrong.
fn target(does: &str, patience: f32) -> String {
    format!(
        "[fake]\ndevice = {{ kind = \"fake\", does = \"{does}\" }}\narena = 1_048_576\n\
         rate = 1_000_000\npatience = {patience}\ntrial = {}\n",
        TRIAL.as_secs()
    )
}

/// Runs a trial on a fake target that has to fail, and for one of these reasons.
fn fails(does: &str, test: &str, causes: &[&str]) {
    let ran = run(does, 1.0, test);
    let all = format!("{does}: status {:?}, {:?}\n{}", ran.status, ran.took, ran.printed);
    assert_eq!(ran.status, Some(101), "{all}");
    let is_told = causes.iter().any(|cause| ran.printed.contains(cause));
    assert!(is_told, "none of {causes:?} is told: {all}");
    assert!(ran.junit.contains("<failure message=") && !ran.junit.contains("/>"), "{}", ran.junit);
    assert!(ran.took < TRIAL, "{all}");
}

#[test]
fn a_device_that_behaves_passes() {
    let ran = run("nothing", 60.0, "comes_back");
    assert_eq!(ran.status, Some(0), "{}", ran.printed);
    assert!(ran.junit.contains("failures=\"0\""), "{}", ran.junit);
}

#[test]
fn a_silent_device_fails_the_suite() {
    fails("silent", "hello", &["no Quintet device answered"]);
}

#[test]
fn a_device_that_hangs_fails_the_suite() {
    fails("hangs", "comes_back", &["did not answer `", "no Quintet device answered"]);
}

#[test]
fn a_device_that_resets_all_the_time_fails_the_suite() {
    fails(
        "resets",
        "comes_back",
        &["does not hold any more", "the connection to the device broke"],
    );
}

#[test]
fn a_device_that_garbles_fails_the_suite() {
    fails("garbles", "hello", &["no Quintet device answered"]);
}

#[test]
fn a_device_that_answers_half_fails_the_suite() {
    fails("halves", "hello", &["no Quintet device answered"]);
}

#[test]
fn a_device_that_babbles_fails_the_suite() {
    fails("babbles", "hello", &["no Quintet device answered"]);
}

#[test]
fn a_device_that_lies_fails_the_suite() {
    fails("lies", "small_scenes", &["pixels of view 0 differ"]);
}

#[test]
fn a_target_that_is_not_attached_is_skipped_with_the_reason_and_never_passed() {
    let folder = std::env::temp_dir().join(format!("quintet-away-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (targets, junit) = (folder.join("targets.toml"), folder.join("junit.xml"));
    let text = "[desk]\nboard = \"qemu-mps2-an386\"\n\
                device = { kind = \"hardware\", uri = \"serial:/nonexistent/tty\" }\n\
                arena = 65_536\nrate = 1_000\npatience = 1\ntrial = 60\n";
    fs::write(&targets, text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_quintet-hil"))
        .args(["--target", "desk", "--target", "virtual", "--test", "hello"])
        .args([PathBuf::from("--targets"), targets, "--junit".into(), junit.clone()])
        .output()
        .unwrap();
    let (printed, told) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    let document = fs::read_to_string(&junit).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    assert!(printed.contains("skipped 1: not attached: there is no /nonexistent/tty"), "{printed}");
    assert!(document.contains("<skipped message=\"not attached"), "{document}");
    // It was asked for by name, so that to skip it is not what was wanted.
    assert_eq!(output.status.code(), Some(101), "{printed}{told}");
    assert!(told.contains("desk was asked for"), "{told}");
}
