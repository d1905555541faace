//! Pictures of the virtual device against pictures that others made: renders of the same scenes by
//! gsplat 1.5.3 and three.js, in floats, at 320x240 on black.
//!
//! Two of those are in the repository. The others, and the larger scenes, are looked for in the
//! folder that `QUINTET_REFERENCE_DIR` names. `cargo test --test quality -- --nocapture` prints all
//! figures.

mod fields;
mod hybrids;
mod meshes;
mod pictures;
mod samples;

use std::path::{Path, PathBuf};

use pictures::{psnr, psnr_of_object, read_camera, read_png};
use quintet_driver::camera::Camera;
use quintet_driver::compile::Options;
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::quantise::Bounds;
use quintet_driver::render::Renderer;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_protocol::crc::crc32;

/// What every scene must reach, dB: over the frame, and where the reference is not black.
const WHOLE_MIN: f64 = 45.0;
const OBJECT_MIN: f64 = 42.0;
/// How far below what a format and our own arithmetic cost together a render may be, dB.
const FORMAT_MARGIN: f64 = 0.5;
/// How far below what the format costs by itself, dB.
const FLOOR_MARGIN: f64 = 1.5;

/// What the formats cost, dB: float render of the third party's conversion against float render of
/// the source `.ply` of PLAYBOT, level 4, at 320x240.
const FORMAT_FLOORS: [(&str, f64); 10] = [
    ("ply", f64::INFINITY),
    ("khr.glb", f64::INFINITY),
    ("compressed.ply", 51.0),
    ("sog", 55.6),
    ("v3.spz", 45.4),
    ("v4.spz", 45.4),
    ("level0.ksplat", 46.2),
    ("level1.ksplat", 46.1),
    ("level2.ksplat", 44.4),
    ("splat", 31.7),
];

/// The folder with the larger references; says so if there is none.
fn reference_folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("QUINTET_REFERENCE_DIR").map(PathBuf::from);
    if folder.is_none() {
        println!("{test}: skipped: QUINTET_REFERENCE_DIR is not set");
    }
    folder
}

/// PLAYBOT in the repository.
fn playbot() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/playbot")
}

/// The two reference cameras of a scene.
fn cameras(file: &Path, scene: &str) -> [Camera; 2] {
    [0, 1].map(|number| read_camera(file, &format!("{scene}_cam{number}")))
}

/// Pictures of the scene in a file by the virtual device.
fn render(scene: &Path, cameras: &[Camera]) -> Vec<Vec<u8>> {
    let cloud = import::gaussians(scene).unwrap().cloud;
    let middle = Bounds::of(&cloud.positions).middle();
    let reach = cameras.iter().map(|camera| camera.distance(&middle)).fold(0.0, f64::max);
    let uri = DeviceUri::Virtual { arena: None };
    let mut connection = Connection::open(&uri, Limits::default()).unwrap();
    let options = Options {
        width: cameras[0].width,
        height: cameras[0].height,
        background: [0; 3],
        arena_bytes: connection.description().arena_bytes as usize,
    };
    let mut renderer =
        Renderer::new(&mut connection, &cloud, reach, &options, &mut |_, _| ()).unwrap();
    cameras.iter().map(|camera| renderer.render(camera).unwrap().rgb).collect()
}

/// Prints and checks the figures of a scene's two pictures; returns what failed.
fn check(name: &str, pictures: &[Vec<u8>], references: &[Vec<u8>; 2]) -> Vec<String> {
    let mut failures = Vec::new();
    for (number, (picture, reference)) in pictures.iter().zip(references).enumerate() {
        let (whole, object) = (psnr(picture, reference), psnr_of_object(picture, reference));
        let line = format!("{name:<16} camera {number}  {whole:6.2} dB  object {object:6.2} dB");
        println!("{line}");
        if whole < WHOLE_MIN || object < OBJECT_MIN {
            failures.push(line);
        }
    }
    failures
}

#[test]
fn scenes_look_like_the_reference_renders() {
    let Some(folder) = reference_folder("scenes_look_like_the_reference_renders") else { return };
    let scenes = folder.join("scenes/splat");
    let pictures = folder.join("reference/splat");
    let mut failures = Vec::new();
    for (name, file, camera) in [
        ("playbot_lod4", "playbot_lod4_formats/playbot_lod4.ply", "playbot"),
        ("playbot_lod3", "playbot_lod3.ply", "playbot"),
        ("playbot_lod2", "playbot/2_0", "playbot"),
        ("guitar", "guitar.compressed.ply", "guitar"),
    ] {
        let cameras = cameras(&pictures.join("cameras.json"), camera);
        let references = [0, 1].map(|n| read_png(&pictures.join(format!("{name}_cam{n}.png"))));
        failures.extend(check(name, &render(&scenes.join(file), &cameras), &references));
    }
    assert!(failures.is_empty(), "below {WHOLE_MIN} or {OBJECT_MIN} dB: {failures:#?}");
}

/// Against the reference picture the format's loss and our own add up as mean squares.
#[test]
fn every_format_costs_only_what_it_costs_others() {
    let Some(folder) = reference_folder("every_format_costs_only_what_it_costs_others") else {
        return;
    };
    let formats = folder.join("scenes/splat/playbot_lod4_formats");
    let file = |format: &str| formats.join(format!("playbot_lod4.{format}"));
    let cameras = &cameras(&folder.join("reference/splat/cameras.json"), "playbot")[..1];
    let reference = read_png(&folder.join("reference/splat/playbot_lod4_cam0.png"));
    let source = render(&file("ply"), cameras).remove(0);
    let own = psnr(&source, &reference);
    let mut failures = Vec::new();
    for (format, floor) in FORMAT_FLOORS {
        let picture = render(&file(format), cameras).remove(0);
        let (to_reference, to_source) = (psnr(&picture, &reference), psnr(&picture, &source));
        let alone = if floor.is_finite() { floor - FLOOR_MARGIN } else { 0.0 };
        let bar = (sum(floor, own) - FORMAT_MARGIN).max(alone);
        let line = format!(
            "{format:<16} {to_reference:6.2} dB  bar {bar:6.2} dB  floor {floor:5.1} dB  \
             to our .ply {to_source:6.2} dB"
        );
        println!("{line}");
        if to_reference < bar {
            failures.push(line);
        }
    }
    assert!(failures.is_empty(), "below the bar: {failures:#?}");
}

/// PSNR of two independent errors together, dB.
fn sum(a: f64, b: f64) -> f64 {
    let share = |figure: f64| 10f64.powf(-figure / 10.0);
    -10.0 * (share(a) + share(b)).log10()
}

/// The same from a clone alone, with the formats that are in the repository.
#[test]
fn playbot_in_the_repository_looks_like_the_reference_render() {
    let folder = playbot();
    let cameras = cameras(&folder.join("reference/cameras.json"), "playbot");
    let references =
        [0, 1].map(|n| read_png(&folder.join(format!("reference/playbot_lod4_cam{n}.png"))));
    let mut failures = Vec::new();
    for format in ["compressed.ply", "sog"] {
        let pictures = render(&folder.join(format!("playbot_lod4.{format}")), &cameras);
        failures.extend(check(format, &pictures, &references));
    }
    assert!(failures.is_empty(), "below {WHOLE_MIN} or {OBJECT_MIN} dB: {failures:#?}");
    for (format, floor) in FORMAT_FLOORS {
        let scene = folder.join(format!("playbot_lod4.{format}"));
        if scene.exists() {
            let figure = psnr(&render(&scene, &cameras[..1])[0], &references[0]);
            println!("{format:<16} camera 0  {figure:6.2} dB  floor {floor:5.1}");
            assert!(figure >= floor - FLOOR_MARGIN, "{format}: {figure:.2} dB");
        }
    }
}

/// CRC-32 of our own pixels, so that no change of a picture goes unnoticed. When one is meant,
/// judge it by the figures above, then put the digests here that the failing test prints.
#[test]
fn pixels_change_only_on_purpose() {
    const DIGESTS: [(&str, [u32; 2]); 2] = [
        ("playbot_lod4.sog", [0x36d0_d5e2, 0x6957_b0c8]),
        ("playbot_lod6.ply", [0xa909_03f8, 0x1f01_aa99]),
    ];
    let cameras = cameras(&playbot().join("reference/cameras.json"), "playbot");
    let found = DIGESTS.map(|(file, _)| {
        let pictures = render(&playbot().join(file), &cameras);
        (file, [crc32(&pictures[0]), crc32(&pictures[1])])
    });
    assert_eq!(found, DIGESTS, "found (left): {found:#x?}");
}
