//! The `quintet` command as a user meets it: what it writes, what it prints, how it fails.

#![cfg(feature = "cli")]

mod accelerators;
mod boards;
mod inspect;
#[cfg(unix)]
mod mlperf;
mod networks;
mod scenes;
mod selftests;
mod sets;
mod trainer;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use sha2::{Digest, Sha256};

/// A new folder of its own for each test.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A file of the repository's example scene.
fn playbot(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/playbot").join(name)
}

fn small_scene() -> PathBuf {
    playbot("playbot_lod6.ply")
}

/// `quintet ARGUMENTS`, in `folder`.
fn quintet(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quintet"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for variable in ["DEVICE", "ACCELERATOR", "TIMEOUT", "FIRMWARE_DIR", "FAULT", "LOG", "ELF"] {
        command.env_remove(format!("QUINTET_{variable}"));
    }
    command
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs a command that has to work; returns what it printed.
fn works(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{command:?}: {}", text(&stderr));
    assert!(!text(&stderr).contains("panicked"), "{}", text(&stderr));
    text(&stdout).into()
}

/// Runs a command that has to fail with `code`, say `what` and how to get on, and print nothing.
fn fails(mut command: Command, code: i32, what: &str) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = text(&stderr);
    assert_eq!(status.code(), Some(code), "{command:?}: {said}");
    assert!(said.starts_with("error: "), "{said}");
    assert!(said.contains(what), "{what:?} is not in: {said}");
    assert!(said.contains("help"), "{said}");
    assert!(!said.contains("panicked") && !said.contains("RUST_BACKTRACE"), "{said}");
    assert!(stdout.is_empty(), "{}", text(&stdout));
}

/// `quintet render` of a scene, with the rest of the arguments after a space each.
fn render(folder: &Path, scene: &Path, rest: &str) -> Command {
    let mut command = quintet(folder, &["render"]);
    command.arg(scene).args(rest.split_whitespace());
    command
}

/// A PNG file's size and RGB bytes.
fn decode(path: &Path) -> ([u32; 2], Vec<u8>) {
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgb).unwrap();
    assert_eq!(info.color_type, png::ColorType::Rgb);
    ([info.width, info.height], rgb)
}

fn digest(rgb: &[u8]) -> String {
    Sha256::digest(rgb).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_scene_becomes_a_picture_named_after_it() {
    let folder = folder("picture");
    let said = works(render(&folder, &small_scene(), "--size 64x48 --background 10,20,30"));
    assert!(said.contains("1 873 Gaussians"), "{said}");
    assert!(said.contains("rasterise") && said.contains("playbot_lod6.png"), "{said}");
    let (size, rgb) = decode(&folder.join("playbot_lod6.png"));
    assert_eq!(size, [64, 48]);
    assert_eq!(rgb[..3], [10, 20, 30], "the corner shows the background");
    assert!(rgb.chunks(3).filter(|pixel| *pixel != [10, 20, 30]).count() > 300);
}

#[test]
fn the_json_report_is_one_document_and_its_digest_is_that_of_the_picture() {
    let folder = folder("json");
    let cameras = playbot("cameras.json");
    let mut command =
        render(&folder, &playbot("playbot_lod4.sog"), "--json -o here.png --size 80x60");
    command.args(["--view", "playbot_cam0", "--camera"]).arg(cameras);
    let report: Value = serde_json::from_str(&works(command)).unwrap();
    assert_eq!(report["device"]["uri"], "virtual:");
    assert_eq!(report["device"]["ticks"], "nanoseconds");
    assert_eq!(report["scene"]["gaussians"], 8406);
    assert_eq!(report["contact_sheet"], Value::Null);
    let frame = &report["frames"][0];
    assert_eq!((&frame["view"], &frame["file"]), (&"playbot_cam0".into(), &"here.png".into()));
    let ([width, height], rgb) = decode(&folder.join("here.png"));
    assert_eq!((&frame["width"], &frame["height"]), (&width.into(), &height.into()));
    assert_eq!(frame["digest"], digest(&rgb));
    let commands = frame["commands"].as_array().unwrap();
    let phases: Vec<_> =
        commands.iter().map(|command| command["phase"].as_str().unwrap()).collect();
    assert_eq!(phases, ["project", "sort", "bin", "rasterise", "resolve"]);
    assert_eq!(commands[4]["items"], 80 * 60);
    assert_eq!(commands[1]["operator"], "sort");
    let sent = report["link"]["sent"].as_u64().unwrap();
    assert!(sent > report["bundle"]["upload_bytes"].as_u64().unwrap());
    assert!(frame["link"]["received"].as_u64().unwrap() > 80 * 60 * 3);
}

#[test]
fn a_view_has_its_own_size_unless_told_otherwise() {
    let folder = folder("view");
    let file = fs::read_to_string(playbot("cameras.json")).unwrap();
    let mut cameras: Value = serde_json::from_str(&file).unwrap();
    let only = cameras["playbot_cam1"].take();
    let only = serde_json::json!({ "only": only });
    fs::write(folder.join("one.json"), only.to_string()).unwrap();
    works(render(&folder, &small_scene(), "--camera one.json -o a.png"));
    assert_eq!(decode(&folder.join("a.png")).0, [320, 240]);
    works(render(&folder, &small_scene(), "--camera one.json --view only --size 40x30 -o b.png"));
    assert_eq!(decode(&folder.join("b.png")).0, [40, 30]);
}

#[test]
fn an_orbit_makes_frames_and_a_contact_sheet() {
    let folder = folder("orbit");
    let printed = works(render(&folder, &small_scene(), "--orbit 5 --size 40x30 -o a/b --json"));
    let report: Value = serde_json::from_str(&printed).unwrap();
    let frames = report["frames"].as_array().unwrap();
    assert_eq!(frames.len(), 5);
    let mut digests = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(frame["file"], format!("a/b/frame_{index:03}.png"));
        let (size, rgb) = decode(&folder.join(frame["file"].as_str().unwrap()));
        assert_eq!(size, [40, 30]);
        assert_eq!(frame["digest"], digest(&rgb));
        digests.push(digest(&rgb));
    }
    digests.dedup();
    assert_eq!(digests.len(), 5, "the camera moves");
    let sheet = folder.join(report["contact_sheet"].as_str().unwrap());
    let ([width, height], _) = decode(&sheet);
    assert!(width > 3 * 40 && height > 2 * 30 && width < 3 * 60, "{width}x{height}");
    assert_eq!(fs::read_dir(folder.join("a/b")).unwrap().count(), 6);
}

#[test]
fn a_part_of_the_arena_gives_the_same_pixels() {
    let folder = folder("arena");
    let whole = works(render(&folder, &small_scene(), "--size 160x120 --json -o a.png"));
    let part =
        works(render(&folder, &small_scene(), "--size 160x120 --arena 210K --json -o b.png"));
    let [whole, part] = [whole, part].map(|text| serde_json::from_str::<Value>(&text).unwrap());
    assert_eq!(whole["frames"][0]["digest"], part["frames"][0]["digest"]);
    assert!(part["bundle"]["arena_bytes"].as_u64().unwrap() <= 210 << 10);
    assert_ne!(whole["bundle"]["tile"], part["bundle"]["tile"]);
}

#[test]
fn inspect_says_what_a_scene_is_and_needs() {
    let folder = folder("inspect");
    let scene = playbot("playbot_lod4.v4.spz").to_string_lossy().into_owned();
    let said = works(quintet(&folder, &["inspect", &scene]));
    for word in ["SPZ v4", "8 406", "smallest arena", "accumulators", "rasterise_gaussians"] {
        assert!(said.contains(word), "{word} is not in: {said}");
    }
    let report = works(quintet(&folder, &["inspect", &scene, "--size", "160x120", "--json"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!((&report["gaussians"], &report["size"]), (&8406.into(), &vec![160, 120].into()));
    let memory = |key: &str| report["memory"][key].as_u64().unwrap();
    let parts = ["program", "constants", "input", "scratch"].map(memory);
    assert_eq!(parts.iter().sum::<u64>(), memory("arena"));
    assert!(memory("smallest_arena") <= memory("arena"));
    let buffers = report["buffers"].as_array().unwrap();
    assert!(buffers.iter().all(|buffer| buffer["name"] != "unused"), "{buffers:?}");
}

#[test]
fn the_smallest_arena_is_just_enough() {
    let folder = folder("smallest");
    let scene = small_scene().to_string_lossy().into_owned();
    let report = works(quintet(&folder, &["inspect", &scene, "--json", "--size", "64x48"]));
    let report: Value = serde_json::from_str(&report).unwrap();
    let smallest = report["memory"]["smallest_arena"].as_u64().unwrap();
    let with =
        |arena: u64| render(&folder, &small_scene(), &format!("--size 64x48 --arena {arena}"));
    works(with(smallest));
    fails(with(smallest - 1), 1, "bytes of arena");
}

#[test]
fn devices_and_info_say_what_there_is() {
    let folder = folder("devices");
    let list: Value =
        serde_json::from_str(&works(quintet(&folder, &["devices", "--json"]))).unwrap();
    let uris: Vec<_> = list.as_array().unwrap().iter().map(|device| &device["uri"]).collect();
    assert_eq!(uris[..4], ["virtual:", "qemu:netduinoplus2", "qemu:mps2-an386", "qemu:riscv-virt"]);
    assert!(works(quintet(&folder, &["devices"])).contains("emulated board"));
    let info = works(quintet(&folder, &["info", "--device", "virtual:?arena=65536", "--json"]));
    let info: Value = serde_json::from_str(&info).unwrap();
    assert_eq!((&info["board"], &info["arena_bytes"]), (&"virtual".into(), &65536.into()));
    let mut from_environment = quintet(&folder, &["info"]);
    from_environment.env("QUINTET_DEVICE", "virtual:?arena=4096");
    assert!(works(from_environment).contains("4096 bytes"));
}

#[test]
fn help_teaches() {
    let folder = folder("help");
    assert!(works(quintet(&folder, &["--help"])).contains("quintet render scene.ply"));
    let help = works(quintet(&folder, &["render", "--help"]));
    for word in ["world_to_camera", "serial:PATH", "digest", "--orbit", "QUINTET_DEVICE"] {
        assert!(help.contains(word), "{word} is not in: {help}");
    }
    for command in ["inspect", "info", "devices", "link", "selftest", "flash", "doctor"] {
        assert!(works(quintet(&folder, &[command, "--help"])).contains("--json"));
        works(quintet(&folder, &[command, "-h"]));
    }
}

#[test]
fn bad_scenes_are_refused_with_advice() {
    let folder = folder("bad_scenes");
    let good = fs::read(small_scene()).unwrap();
    let body = good.windows(11).position(|w| w == b"end_header\n").unwrap() + 11;
    let header = String::from_utf8(good[..body].to_vec()).unwrap();
    let huge = header.replace("vertex 1873", "vertex 99999999999").into_bytes();
    let nan = f32::NAN.to_le_bytes().repeat((good.len() - body) / 4);
    let sog = fs::read(playbot("playbot_lod4.sog")).unwrap();
    let spz = fs::read(playbot("playbot_lod4.v4.spz")).unwrap();
    for (name, bytes, what) in [
        ("truncated.ply", good[..good.len() / 2].to_vec(), "cut short"),
        ("huge.ply", [&huge, &good[body..]].concat(), "99999999999"),
        ("nan.ply", [header.as_bytes(), &nan].concat(), "NaN"),
        ("corrupt.ply", [b"ply\nformat nonsense\n", &good[40..]].concat(), "header"),
        ("half.sog", sog[..sog.len() / 2].to_vec(), "cut short"),
        ("half.spz", spz[..spz.len() / 2].to_vec(), "cut short"),
        ("picture.ply", b"\x89PNG\r\n\x1a\n".to_vec(), "PNG"),
        ("empty.splat", Vec::new(), "empty"),
        ("text.ply", b"hello".to_vec(), "text"),
    ] {
        fs::write(folder.join(name), bytes).unwrap();
        fails(render(&folder, Path::new(name), ""), 1, what);
        fails(quintet(&folder, &["inspect", name]), 1, what);
    }
    fails(render(&folder, Path::new("absent.ply"), ""), 1, "No such file");
    assert!(!folder.join("truncated.png").exists());
}

#[test]
fn a_scene_too_large_for_the_arena_says_what_it_needs() {
    let folder = folder("too_large");
    fails(render(&folder, &small_scene(), "--arena 100K"), 1, "at the least, even streamed");
    fails(
        render(&folder, &small_scene(), "--arena 100K --orbit 2 -o new"),
        1,
        "at the least, even streamed",
    );
    assert!(!folder.join("new").exists(), "a folder made for nothing is removed");
    fails(
        render(&folder, &small_scene(), "--device virtual:?arena=65536"),
        1,
        "at the least, even streamed",
    );
    fails(render(&folder, &small_scene(), "--arena 1000M"), 1, "smaller");
}

#[test]
fn devices_that_are_not_there_are_told_apart_from_other_failures() {
    let folder = folder("no_device");
    fails(render(&folder, &small_scene(), "--device qemu:nope"), 3, "mps2-an386");
    fails(render(&folder, &small_scene(), "--device serial:/dev/quintet-none"), 3, "no such port");
    fails(render(&folder, &small_scene(), "--device unix:/quintet/none"), 3, "no such port");
    // Firmware of a board must be there for QEMU to be looked for.
    fs::create_dir_all(folder.join("firmware")).unwrap();
    let mut no_firmware = quintet(&folder, &["info", "--device", "qemu:mps2-an386"]);
    no_firmware.env("QUINTET_FIRMWARE_DIR", folder.join("firmware"));
    fails(no_firmware, 3, "cargo xtask firmware");
    fs::write(folder.join("firmware/qemu-mps2-an386.elf"), "").unwrap();
    let mut no_qemu = quintet(&folder, &["info", "--device", "qemu:mps2-an386"]);
    no_qemu.env("QUINTET_FIRMWARE_DIR", folder.join("firmware")).env("PATH", "/quintet/none");
    fails(no_qemu, 3, "qemu-system-arm is not installed");
    let listener = std::os::unix::net::UnixListener::bind(folder.join("mute")).unwrap();
    fails(quintet(&folder, &["info", "--device", "unix:mute"]), 3, "no Quintet device answered");
    drop(listener);
}

#[test]
fn cameras_that_cannot_be_used_are_refused() {
    let folder = folder("cameras");
    let cameras = playbot("cameras.json");
    let with = |rest: &str| {
        let mut command = render(&folder, &small_scene(), rest);
        command.arg("--camera").arg(&cameras);
        command
    };
    fails(with("--view nope"), 1, "playbot_cam0, playbot_cam1");
    fails(with(""), 1, "several views");
    fs::write(folder.join("broken.json"), "{\"a\": {\"width\": 3}}").unwrap();
    fails(render(&folder, &small_scene(), "--camera broken.json"), 1, "height");
    fs::write(folder.join("text.json"), "hello").unwrap();
    fails(render(&folder, &small_scene(), "--camera text.json"), 1, "not a camera file");
    fails(render(&folder, &small_scene(), "--camera absent.json"), 1, "No such file");
}

#[test]
fn wrong_usage_is_told_before_any_work() {
    let folder = folder("usage");
    for (rest, what) in [
        ("--size 0x10", "WIDTHxHEIGHT"),
        ("--size 5000x10", "4096"),
        ("--size big", "WIDTHxHEIGHT"),
        ("--background red", "R,G,B"),
        ("--orbit 0", "1..=3600"),
        ("--view alone", "tells of no views"),
        ("--orbit 3 --camera a.json", "--camera"),
        ("--arena many", "512K"),
        ("--device /dev/ttyACM0", "serial:PATH"),
        ("-o picture.jpg", ".png"),
        ("-o picture", ".png"),
        ("--orbit 2 -o frames.png", "folder"),
    ] {
        fails(render(&folder, &small_scene(), rest), 2, what);
    }
    fails(render(&folder, &small_scene(), "-o absent/picture.png"), 1, "cannot write");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    let nothing = quintet(&folder, &[]).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("Usage: quintet"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = folder("pipe");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let scene = small_scene().to_string_lossy().into_owned();
    let mut command = quintet(&folder, &["inspect", &scene, "--json"]);
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
}

#[test]
fn faults_on_the_link_change_nothing_but_the_time() {
    let folder = folder("faults");
    let mut digests = Vec::new();
    for fault in ["", "--fault drop=2e-5,corrupt=2e-5,reset=5e-6,seed=5"] {
        let rest = format!("--json --size 64x48 {fault}");
        let report = works(render(&folder, &small_scene(), &rest));
        let report: Value = serde_json::from_str(&report).unwrap();
        digests.push(report["frames"][0]["digest"].clone());
    }
    assert_eq!(digests[0], digests[1]);
}

#[test]
fn faults_that_make_no_sense_are_wrong_usage() {
    let folder = folder("fault_usage");
    for (fault, what) in [
        ("drop", "entry 1 is not NAME=VALUE"),
        ("seed=1,drop=2", "entry 2 is not a probability"),
        ("stall=1e-3:soon", "entry 1 has no time"),
    ] {
        fails(quintet(&folder, &["info", "--fault", fault]), 2, what);
    }
}

#[test]
fn the_link_is_measured_and_what_limits_it_is_said() {
    let folder = folder("link");
    let measure = |rest: &str| {
        let mut command = quintet(&folder, &["link", "--seconds", "1", "--json"]);
        command.args(rest.split_whitespace());
        serde_json::from_str::<Value>(&works(command)).unwrap()
    };
    let good = measure("");
    for way in ["down", "up"] {
        let way = &good[way];
        assert!(way["bytes_per_second"].as_f64().unwrap() > 10_000.0, "{way}");
        assert!(way["wire_bytes_per_second"].as_f64() > way["bytes_per_second"].as_f64(), "{way}");
        assert_eq!(way["damaged"], 0);
        assert!(!way["advice"].as_str().unwrap().is_empty());
    }
    assert!(good["round_trip_ms"]["min"].as_f64() <= good["round_trip_ms"]["max"].as_f64());
    let bad = measure("--fault corrupt=1e-4,seed=3");
    assert!(bad["down"]["damaged"].as_u64().unwrap() > 0, "{bad}");
    assert!(bad["down"]["limit"].as_str().unwrap().starts_with("losses"), "{bad}");
}

#[test]
fn a_limit_for_frames_is_refused_where_no_frame_is_drawn() {
    let folder = folder("frames");
    for command in ["info", "link", "log"] {
        fails(quintet(&folder, &[command, "--timeout", "1"]), 2, "--timeout");
    }
}

#[test]
fn a_device_without_a_log_says_so() {
    let folder = folder("log");
    fails(quintet(&folder, &["log", "--for", "1"]), 1, "sends no logs");
    fails(quintet(&folder, &["log", "--level", "loud"]), 2, "trace, debug, info, warn, error");
    let output = quintet(&folder, &["info", "--log", "info"]).output().unwrap();
    assert!(output.status.success(), "the log is not what was asked for in the first place");
    let said = text(&output.stderr);
    assert!(said.starts_with("warning: the device's log cannot be read"), "{said}");
    assert!(said.contains("sends no logs") && !said.contains("error"), "{said}");
}

#[test]
fn ports_that_cannot_be_opened_are_told_apart() {
    use std::os::unix::fs::PermissionsExt;

    let folder = folder("ports");
    let info = |path: &str| quintet(&folder, &["info", "--device", &format!("serial:{path}")]);
    fails(info("/dev/null"), 3, "not a serial port");
    fails(info("/"), 3, "a folder, not a serial port");
    fails(info(env!("CARGO_BIN_EXE_quintet")), 3, "a file, not a serial port");

    let (_far, near) = serialport::TTYPort::pair().unwrap();
    let path = serialport::SerialPort::name(&near).unwrap();
    drop(near);
    let first = serialport::new(&path, 9600).open().unwrap();
    fails(info(&path), 3, "another program is using it");
    drop(first);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let plain = info(&path);
    let command = if fs::File::open(&path).is_err() {
        plain
    } else {
        // Root is refused nothing, but for the privileges that are given up here.
        let mut bare = Command::new("setpriv");
        bare.args(["--inh-caps=-all", "--bounding-set=-all"]);
        bare.arg(plain.get_program()).args(plain.get_args()).stdin(Stdio::null());
        bare
    };
    fails(command, 3, "permission denied");
}
