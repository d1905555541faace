//! What is put right, what is noted and what is refused, and with which words.

use super::writers::{PROPERTIES, glb, gltf, ply, row, zip};
use super::{read, reference, scene};
use quintet_driver::import::{Imported, gaussians, gaussians_from_bytes};
use serde_json::json;

/// The message and the advice of a refusal.
fn refusal(name: &str, bytes: &[u8]) -> String {
    let error = gaussians_from_bytes(name, bytes).unwrap_err();
    format!("{error} / {}", error.help())
}

fn import(name: &str, bytes: &[u8]) -> Imported {
    gaussians_from_bytes(name, bytes).unwrap()
}

#[test]
fn properties_are_found_by_name() {
    let cloud = import("x.ply", &ply("", &[row(7.0)])).cloud;
    assert_eq!(cloud.positions, [[7.0, 0.0, 0.0]]);
    assert_eq!(cloud.rotations, [[1.0, 0.0, 0.0, 0.0]]);
    assert_eq!((cloud.scales[0], cloud.opacities[0], cloud.colors[0]), ([1.0; 3], 0.5, [0.5; 3]));
    let text = String::from_utf8(ply("", &[])).unwrap();
    for name in PROPERTIES {
        let without = text.replace(&format!("property float {name}\n"), "");
        let without = without.replace("vertex 0", "vertex 1");
        let said = refusal("x.ply", without.as_bytes());
        assert!(said.contains(name), "without {name}: {said}");
    }
}

#[test]
fn comments_tell_the_kernel() {
    assert!(import("x", &ply("SplatRenderMode: mip", &[row(0.0)])).antialiased);
    assert!(import("x", &ply("antialiased 1", &[row(0.0)])).antialiased);
    assert!(!import("x", &ply("antialiased 0", &[row(0.0)])).antialiased);
    assert!(refusal("x", &ply("SplatRenderMode: 2dgs", &[row(0.0)])).contains("2DGS"));
}

#[test]
fn bad_gaussians_are_left_out_while_they_are_few() {
    let imported = import("x", &ply("", &[row(0.0), row(f32::NAN), row(2.0)]));
    assert_eq!((imported.cloud.len(), imported.dropped), (2, 1));
    assert_eq!(imported.notes, ["1 Gaussians with NaN or infinite values were left out."]);
    let said = refusal("x", &ply("", &[row(0.0), row(f32::INFINITY), row(f32::NAN)]));
    assert!(said.contains("2 of 3 Gaussians"), "{said}");
    let mut unoriented = row(0.0);
    unoriented[3] = 0.0;
    let imported = import("x", &ply("", &[unoriented]));
    assert_eq!(imported.cloud.rotations, [[1.0, 0.0, 0.0, 0.0]]);
    assert_eq!(imported.notes.len(), 1);
}

#[test]
fn empty_scenes_and_huge_counts_are_refused() {
    assert!(refusal("x", &ply("", &[])).contains("no Gaussians"));
    assert!(refusal("x.splat", &[]).contains("an empty file"));
    let text = String::from_utf8(ply("", &[])).unwrap();
    for (count, word) in
        [("16777216", "cut short"), ("16777217", "limit"), ("18446744073709551615", "limit")]
    {
        let said = refusal("x", text.replace("vertex 0", &format!("vertex {count}")).as_bytes());
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn every_cut_of_a_fixture_is_refused() {
    for (name, step) in [
        ("playbot_lod4.compressed.ply", 9973),
        ("playbot_lod4.v3.spz", 29_989),
        ("playbot_lod4.v4.spz", 29_989),
        ("playbot_lod4.sog", 9973),
        ("playbot_lod4.level2.ksplat", 9973),
        ("playbot_lod6.ply", 9973),
    ] {
        let data = read(name);
        for length in (0..data.len()).step_by(step).chain([data.len() - 1]) {
            assert!(gaussians_from_bytes(name, &data[..length]).is_err(), "{name} at {length}");
        }
    }
    assert!(refusal("x.splat", &read("playbot_lod4.splat")[..100]).contains("byte 96"));
}

#[test]
fn content_decides_before_the_name() {
    for (name, format) in [
        ("playbot_lod4.compressed.ply", "PlayCanvas compressed .ply"),
        ("playbot_lod4.v4.spz", "SPZ v4"),
        ("playbot_lod4.sog", "SOG v2"),
        ("playbot_lod4.level2.ksplat", ".ksplat, compression 2"),
    ] {
        assert_eq!(import("scene.bin", &read(name)).format, format);
    }
    assert!(refusal("scene.bin", &read("playbot_lod4.splat")).contains("binary data"));
}

#[test]
fn other_files_are_recognised() {
    for (bytes, word) in [
        (&b"\x89PNG\r\n\x1a\n"[..], "a PNG picture"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"# made by hand\nv 0 0 0\nv 1 0 0\nf 1 2 3\n", "Wavefront OBJ"),
        (b"hello", "text"),
        (b"{\"frames\": []}", "transforms.json"),
        (b"{\"frames\": [}", "line 1 column 13"),
        (b"\x80\x02\x8a\nl\xfc", "pickle"),
        (&[0; 64], "binary data"),
    ] {
        let said = refusal("x", bytes);
        assert!(
            said.contains(word) && (said.contains(".ksplat") || word.contains("line")),
            "{said}"
        );
    }
    let said = refusal("x.npz", &zip(&[("weights.npy", vec![])]));
    assert!(said.contains("NumPy archive"), "{said}");
    assert!(refusal("x", &super::writers::gzip(&[0; 64])).contains("gzip file without"));
    assert!(refusal("meta.json", &read("lod6/meta.json")).contains("without its pictures"));
}

#[test]
fn levels_of_detail_are_listed() {
    let said = refusal(
        "lod-meta.json",
        br#"{"lodLevels": 2, "filenames": ["1_0/meta.json", "0_0/meta.json"]}"#,
    );
    assert!(said.contains("0_0/meta.json, 1_0/meta.json"), "{said}");
    assert!(gaussians(&scene("")).unwrap_err().to_string().contains("folder without meta.json"));
}

#[test]
fn a_scene_cannot_name_files_elsewhere() {
    let meta = String::from_utf8(read("lod6/meta.json")).unwrap();
    let folder = std::env::temp_dir().join(format!("quintet-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("meta.json"), meta.replace("means_l.webp", "../means_l.webp"))
        .unwrap();
    let error = gaussians(&folder).unwrap_err();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(error.to_string().contains("elsewhere"), "{error}");
}

#[test]
fn gltf_nodes_place_their_gaussians() {
    let half = std::f32::consts::FRAC_1_SQRT_2;
    // A quarter turn about z, x to y, then twice as large, then moved.
    let node = json!({"mesh": 0, "rotation": [0, 0, half, half], "scale": [2, 2, 2],
        "translation": [10, 0, 0]});
    let (json, binary) = gltf(node);
    let cloud = import("x", &glb(&json, &binary)).cloud;
    let close = |a: &[f32], b: &[f32]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5);
    // (1, 2, 3) becomes (-2, 1, 3), (6, 2, 6), and in INRIA's axes (-6, -2, 6).
    assert!(close(&cloud.positions[0], &[-6.0, -2.0, 6.0]), "{:?}", cloud.positions[0]);
    assert!(close(&cloud.scales[0], &[0.2, 0.4, 0.6]));
    assert_eq!(cloud.opacities, [0.25, 1.0]);
    // A gradient of (-x, -y, z) (0.3, 0.1, 0.2) turns like a vector: to -0.1, 0.3, then 0.1, -0.3.
    let first: Vec<f32> = cloud.harmonics[..9].iter().step_by(3).copied().collect();
    assert!(close(&first, &[-0.3, 0.2, 0.1]), "{first:?}");
}

#[test]
fn gltf_data_uris_and_integers_are_read() {
    let (mut json, binary) = gltf(json!({"mesh": 0}));
    json["buffers"][0]["uri"] =
        format!("data:application/octet-stream;base64,{}", base64(&binary)).into();
    let plain = import("x.gltf", json.to_string().as_bytes());
    assert_eq!(plain.format, "glTF (.gltf) with KHR_gaussian_splatting");
    assert_eq!(plain.cloud.positions[1], [-4.0, -5.0, 6.0]);
    // Opacities as normalised bytes, four apart, in a view of their own.
    let mut binary = binary;
    let at = binary.len();
    binary.extend([51, 9, 9, 9, 255]);
    let mut json = gltf(json!({"mesh": 0})).0;
    json["bufferViews"][3] =
        json!({"buffer": 0, "byteOffset": at, "byteLength": 5, "byteStride": 4});
    json["accessors"][3]["componentType"] = 5121.into();
    json["accessors"][3]["normalized"] = true.into();
    assert_eq!(import("x", &glb(&json, &binary)).cloud.opacities, [0.2, 1.0]);
}

fn base64(data: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    data.chunks(3)
        .flat_map(|chunk| {
            let word = (0..3).fold(0, |word, i| word << 8 | u32::from(*chunk.get(i).unwrap_or(&0)));
            (0..4).map(move |i| match i <= chunk.len() {
                true => char::from(DIGITS[(word >> (18 - 6 * i) & 63) as usize]),
                false => '=',
            })
        })
        .collect()
}

#[test]
fn gltf_that_needs_more_is_refused_by_name() {
    let (json, binary) = gltf(json!({"mesh": 0}));
    let with = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = json.clone();
        change(&mut json);
        refusal("x", &glb(&json, &binary))
    };
    let draco = with(&|j| j["extensionsRequired"] = json!(["KHR_draco_mesh_compression"]));
    assert!(draco.contains("requires KHR_draco_mesh_compression"), "{draco}");
    let meshopt =
        with(&|j| j["bufferViews"][0]["extensions"] = json!({"EXT_meshopt_compression": {}}));
    assert!(meshopt.contains("EXT_meshopt_compression"), "{meshopt}");
    let spz = with(&|j| {
        j["meshes"][0]["primitives"][0]["extensions"]["KHR_gaussian_splatting"]["extensions"] =
            json!({"KHR_gaussian_splatting_compression_spz_2": {}});
    });
    assert!(spz.contains("compression_spz_2"), "{spz}");
    let mesh = with(&|j| j["meshes"][0]["primitives"][0]["extensions"] = json!({}));
    assert!(mesh.contains("without Gaussians"), "{mesh}");
    let sparse = with(&|j| j["accessors"][0]["sparse"] = json!({}));
    assert!(sparse.contains("sparse"), "{sparse}");
    let short = with(&|j| j["accessors"][0]["count"] = json!(u64::MAX));
    assert!(short.contains("cut short"), "{short}");
    let mirrored = with(&|j| j["nodes"][0]["scale"] = json!([-1, 1, 1]));
    assert!(mirrored.contains("node 0 mirrors"), "{mirrored}");
    let bin = with(&|j| j["buffers"][0]["uri"] = json!("x.bin"));
    assert!(bin.contains("other files"), "{bin}");
}

#[test]
fn meshes_of_others_are_refused() {
    for (name, word) in [
        ("mesh/chess-board.glb", "KHR_draco_mesh_compression"),
        ("mesh/Fox.glb", "meshes only"),
        ("mesh/teapot.obj", "Wavefront OBJ"),
    ] {
        let Some(path) = reference(name) else { return };
        let said = gaussians(&path).unwrap_err().to_string();
        assert!(said.contains(word), "{said}");
    }
}
