//! Scenes of every kind through `quintet render`, `inspect`, `profile` and `compile`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{decode, digest, fails, folder, quintet, render, small_scene, works};

fn scenes(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes").join(name)
}

fn cow() -> PathBuf {
    scenes("mesh/spot_triangulated.obj")
}

fn ball() -> PathBuf {
    scenes("grids/ball_vm")
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Runs `quintet ACTION SCENE...` with the rest of the arguments after a space each.
fn json_of(folder: &Path, action: &str, scenes: &[&Path], rest: &str) -> Value {
    let mut command = quintet(folder, &[action, "--json"]);
    command.args(scenes).args(rest.split_whitespace());
    parsed(&works(command))
}

#[test]
fn triangles_become_a_picture() {
    let folder = folder("mesh");
    let texture = scenes("mesh/spot_texture.png");
    let rest = format!("--texture {} --size 64x48", texture.display());
    let unlit = json_of(&folder, "render", &[&cow()], &rest);
    assert_eq!(
        (&unlit["scene"]["kind"], &unlit["scene"]["triangles"]),
        (&"mesh".into(), &5856.into())
    );
    let (size, rgb) = decode(&folder.join("spot_triangulated.png"));
    assert_eq!(size, [64, 48]);
    assert!(rgb.chunks(3).filter(|pixel| *pixel != [0; 3]).count() > 400);
    let mut digests = vec![unlit["frames"][0]["digest"].clone()];
    for look in ["--shading lambert", "--shading normals", "--filter nearest"] {
        let other = json_of(&folder, "render", &[&cow()], &format!("{rest} {look}"));
        assert!(!digests.contains(&other["frames"][0]["digest"]), "{look} makes no difference");
        digests.push(other["frames"][0]["digest"].clone());
    }
}

#[test]
fn triangles_and_gaussians_are_one_frame() {
    let folder = folder("mixed");
    let (robot, cow) = (small_scene(), cow());
    let report = json_of(&folder, "render", &[&robot, &cow], "--size 64x48");
    let scene = &report["scene"];
    assert_eq!(scene["kind"], "mixed");
    assert_eq!((&scene["gaussians"], &scene["triangles"]), (&1873.into(), &5856.into()));
    assert_eq!(scene["paths"].as_array().unwrap().len(), 2);
    let alone = json_of(&folder, "render", &[&robot], "--size 64x48");
    assert_ne!(report["frames"][0]["digest"], alone["frames"][0]["digest"]);
}

#[test]
fn a_field_is_drawn_over_its_own_background_from_its_own_view() {
    let folder = folder("field");
    let report = json_of(&folder, "render", &[&ball()], "--size 32x24 --samples 16");
    assert_eq!(report["scene"]["kind"], "field");
    assert_eq!(report["scene"]["field"]["samples"], json!([16, 0]));
    let (_, rgb) = decode(&folder.join("ball_vm.png"));
    assert_eq!(digest(&rgb), report["frames"][0]["digest"].as_str().unwrap());
    let corner = rgb[..3].to_vec();
    assert!(rgb.chunks(3).any(|pixel| pixel != corner), "nothing to see");
    let rest = "--size 32x24 --samples 16 --background 9,99,199";
    json_of(&folder, "render", &[&ball()], rest);
    let (_, rgb) = decode(&folder.join("ball_vm.png"));
    assert_eq!(rgb[..3], [9, 99, 199]);
}

#[test]
fn entries_of_sixteen_bits_are_sent_where_they_are_asked_for() {
    let folder = folder("entries");
    let draw = |bits: &str| {
        let report =
            json_of(&folder, "render", &[&ball()], &format!("--size 8x6 --entries {bits}"));
        let bytes = report["bundle"]["upload_bytes"].as_u64().unwrap();
        (bytes, report["frames"][0]["digest"].clone())
    };
    let ((eight, coarse), (sixteen, fine)) = (draw("8"), draw("16"));
    // A byte more for each of some twelve thousand entries.
    assert!((12_000..14_000).contains(&(sixteen - eight)), "{eight} and {sixteen} bytes");
    assert_ne!(coarse, fine);
}

#[test]
fn options_of_another_kind_are_refused_by_name() {
    let folder = folder("other_kind");
    let refused =
        |scene: &Path, rest: &str, what: &str| fails(render(&folder, scene, rest), 2, what);
    refused(&small_scene(), "--shading lambert", "--shading is for triangles");
    refused(&small_scene(), "--samples 8", "--samples is for radiance fields");
    refused(&cow(), "--no-occupancy", "--no-occupancy is for radiance fields");
    refused(&cow(), "--entries 16", "--entries is for radiance fields and hybrids");
    refused(&ball(), "--filter nearest", "--filter is for triangles");
    refused(&small_scene(), "--texture x.png", "--texture is for triangles");
    refused(&cow(), "--view front", "tells of no views");
}

#[test]
fn what_is_given_up_for_a_quality_or_a_budget_is_said() {
    let folder = folder("quality");
    let of = |scene: &Path, rest: &str| json_of(&folder, "render", &[scene], rest);
    let whole = of(&small_scene(), "--size 64x48 --quality high");
    assert_eq!(whole["scene"]["given_up"], json!([]));
    let mut drawn = whole["scene"]["gaussians"].as_u64().unwrap();
    for (rest, said) in [
        ("--quality medium", "drawn with 937 of 1 873 Gaussians, without those"),
        ("--budget 1500K", "of 1 873 Gaussians"),
        ("--quality low", "drawn with 469 of 1 873 Gaussians"),
    ] {
        let report = of(&small_scene(), &format!("--size 64x48 {rest}"));
        let scene = &report["scene"];
        assert!(scene["given_up"][0].as_str().unwrap().contains(said), "{scene}");
        assert!(scene["gaussians"].as_u64().unwrap() < drawn, "{rest}: {scene}");
        drawn = scene["gaussians"].as_u64().unwrap();
    }
    let field = of(&ball(), "--size 16x12 --quality medium");
    assert_eq!(field["scene"]["given_up"], json!(["drawn with 16 + 8 of 32 + 16 samples a ray"]));
    assert_eq!(field["scene"]["field"]["samples"], json!([16, 8]));
    let free = of(&ball(), "--size 16x12 --budget 9G");
    assert_eq!(free["scene"]["given_up"], json!([]));
}

#[test]
fn qualities_and_budgets_that_cannot_be_are_refused() {
    let folder = folder("no_quality");
    let refused = |scene: &Path, rest: &str, code: i32, what: &str| {
        fails(render(&folder, scene, rest), code, what);
    };
    refused(&cow(), "--quality low", 2, "--quality is for Gaussians and radiance fields");
    refused(&cow(), "--budget 8M", 2, "--budget is for Gaussians alone and radiance fields");
    refused(&ball(), "--samples 8 --quality low", 2, "cannot be used with");
    refused(&ball(), "--samples 8 --budget 8M", 2, "cannot be used with");
    refused(&ball(), "--quality low --budget 8M", 2, "cannot be used with");
    refused(&ball(), "--budget 8X", 2, "a number of instructions");
    refused(&small_scene(), "--budget 1000", 1, "a frame does not fit 1 000 instructions");
}

#[test]
fn a_scene_file_puts_parts_in_their_places() {
    let folder = folder("scene_file");
    let name = "both.quintet.json";
    let part = |position: [f64; 3]| {
        json!({ "file": cow(), "kind": "mesh", "texture": scenes("mesh/spot_texture.png"),
                "transform": { "position": position, "scale": 0.4 } })
    };
    let view = json!({ "width": 64, "height": 48, "fx": 60, "fy": 60, "cx": 32, "cy": 24,
        "world_to_camera": [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 3], [0, 0, 0, 1]] });
    let write = |scene: Value| fs::write(folder.join(name), scene.to_string()).unwrap();
    let mut digests = Vec::new();
    for position in [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0]] {
        let parts = json!([small_scene(), part(position)]);
        write(json!({ "quintet": 1, "parts": parts, "views": { "front": view } }));
        let report = json_of(&folder, "render", &[Path::new(name)], "--view front");
        assert_eq!(report["scene"]["kind"], "mixed");
        assert_eq!(report["frames"][0]["view"], "front");
        assert_eq!(report["frames"][0]["file"], "both.png");
        digests.push(report["frames"][0]["digest"].clone());
    }
    assert_ne!(digests[0], digests[1], "the part did not move");
    fails(render(&folder, Path::new(name), "--view back"), 1, "front");

    let file = |part: Value| json!({ "quintet": 1, "parts": [part] });
    let ball = || json!({ "file": ball(), "transform": { "scale": 2 } });
    for (scene, what) in [
        (json!({ "quintet": 1 }), "parts"),
        (json!({ "quintet": 2, "parts": ["a.ply"] }), "version 2"),
        (json!({ "quintet": 1, "parts": [], }), "0 parts"),
        (json!({ "quintet": 1, "parts": ["a.ply"], "lights": [] }), "lights"),
        (file(json!({ "file": "a.ply", "colour": "red" })), "part 1: unknown field `colour`"),
        (file(json!("absent.ply")), "part 1: "),
        (file(json!({ "file": cow(), "kind": "gaussians" })), "holds triangles"),
        (file(json!({ "file": small_scene(), "texture": "a.png" })), "part 1: has a texture"),
        (file(json!(name)), "a scene file as a part"),
        (file(ball()), "fields are not placed"),
        (json!({ "quintet": 1, "parts": [ball()["file"], cow()] }), "a radiance field together"),
        (file(json!({ "file": small_scene(), "transform": { "scale": [1, 2, 1] } })), "unevenly"),
        (file(json!({ "file": cow(), "transform": { "rotation": [0, 0, 0, 0] } })), "length zero"),
    ] {
        write(scene);
        fails(render(&folder, Path::new(name), ""), 1, what);
    }
}

#[test]
fn a_hybrid_has_the_colours_of_its_field() {
    let folder = folder("hybrid");
    let hybrid = scenes("hybrid/spot.quintet.json");
    let report = json_of(&folder, "render", &[&hybrid], "--size 64x48");
    assert_eq!(report["scene"]["kind"], "hybrid");
    let operators: Vec<&str> = report["frames"][0]["commands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|command| command["operator"].as_str().unwrap())
        .collect();
    for operator in ["geometry", "combined_grid", "gemm"] {
        assert!(operators.contains(&operator), "{operators:?}");
    }
    fails(render(&folder, &hybrid, "--samples 8"), 2, "--samples is for radiance fields");
}

#[test]
fn a_compiled_scene_gives_the_same_pixels() {
    let folder = folder("compiled");
    for (scene, rest, arena) in [
        (small_scene(), "--size 48x36 --orbit 3", "--arena 150K"),
        (cow(), "--size 48x36", ""),
        (ball(), "--size 16x12 --samples 8", ""),
    ] {
        let mut compile = quintet(&folder, &["compile", "-o", "scene.qnt", "--json"]);
        compile.arg(&scene).args(rest.split_whitespace()).args(arena.split_whitespace());
        let compiled = parsed(&works(compile));
        let expected = json_of(&folder, "render", &[&scene], &format!("{rest} {arena}"));
        let found = json_of(&folder, "render", &[Path::new("scene.qnt")], "");
        assert_eq!(
            found["frames"].as_array().unwrap().len() as u64,
            compiled["views"].as_u64().unwrap()
        );
        for (expected, found) in
            expected["frames"].as_array().unwrap().iter().zip(found["frames"].as_array().unwrap())
        {
            assert_eq!(expected["digest"], found["digest"], "{}", scene.display());
        }
        assert_eq!(found["scene"]["kind"], expected["scene"]["kind"]);
        let inspected = json_of(&folder, "inspect", &[Path::new("scene.qnt")], "");
        assert_eq!(inspected["memory"]["arena"], compiled["arena_bytes"]);
    }
    let compiled = Path::new("scene.qnt");
    fails(render(&folder, compiled, "--size 99x99"), 2, "--size comes too late");
    fails(render(&folder, compiled, "--orbit 2"), 2, "--orbit comes too late");
    fails(render(&folder, compiled, "--arena 4K"), 2, "compiled for an arena of");
    fails(quintet(&folder, &["compile", "scene.qnt"]), 2, "compiled already");
    let mut bytes = fs::read(folder.join("scene.qnt")).unwrap();
    bytes[4] = 9;
    fs::write(folder.join("newer.qnt"), &bytes).unwrap();
    fails(render(&folder, Path::new("newer.qnt"), ""), 1, "version 9");
    bytes[4] = 1;
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(folder.join("damaged.qnt"), &bytes).unwrap();
    fails(render(&folder, Path::new("damaged.qnt"), ""), 1, "damaged");
}

#[test]
fn inspect_tells_what_triangles_and_fields_are() {
    let folder = folder("inspect_kinds");
    let fox = json_of(&folder, "inspect", &[&scenes("mesh/Fox.glb")], "--size 64x48");
    assert_eq!((&fox["kind"], &fox["triangles"]), (&"mesh".into(), &576.into()));
    assert_eq!(fox["surfaces"][0]["triangles"], 576);
    assert_eq!(fox["textures"].as_array().unwrap().len(), 1);
    let field = json_of(&folder, "inspect", &[&ball()], "--size 16x12 --samples 8");
    let names: Vec<&str> = field["graph"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"factors") && names.contains(&"dense"), "{names:?}");
    for report in [&fox, &field] {
        assert!(report["memory"]["smallest_arena"].as_u64() <= report["memory"]["arena"].as_u64());
        let buffers = report["buffers"].as_array().unwrap();
        assert!(buffers.iter().all(|buffer| buffer["name"] != "unused"), "{buffers:?}");
        let commands = report["commands"].as_array().unwrap();
        assert!(commands.iter().all(|command| command["name"] != "other"), "{commands:?}");
    }
    let scene = scenes("mesh/Fox.glb").to_string_lossy().into_owned();
    let said = works(quintet(&folder, &["inspect", &scene]));
    assert!(said.contains("576 triangles") && said.contains("materials"), "{said}");
}

#[test]
fn profiles_of_several_scenes_are_rows_whose_shares_are_a_whole() {
    let folder = folder("profile_kinds");
    let (robot, cow) = (small_scene(), cow());
    let report = json_of(&folder, "profile", &[&robot, &cow], "--size 48x36");
    let rows = report["pipelines"].as_array().unwrap();
    assert_eq!((&rows[0]["kind"], &rows[1]["kind"]), (&"gaussians".into(), &"mesh".into()));
    for row in rows {
        let shares = row["shares"].as_object().unwrap();
        let sum: f64 = shares.values().map(|share| share.as_f64().unwrap()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{row}");
        assert!(row["arena_bytes"].as_u64().unwrap() > 0 && row["ticks"].as_u64().unwrap() > 0);
    }
    assert!(rows[0]["shares"]["sort"].as_f64().unwrap() > 0.0);
    assert!(rows[1]["shares"]["combined_grid"].as_f64().unwrap() > 0.0);
    let alone = json_of(&folder, "profile", &[&cow], "--size 48x36");
    assert_eq!(alone["pipeline"]["kind"], "mesh");
}
