//! Triangles of glTF and OBJ files: what is read, what is put right, what is refused.

use super::hostile::{apply, changes};
use super::reference;
use super::writers::{glb, gltf, textured_triangle};
use proptest::prelude::*;
use quintet_driver::import::{ImportedMesh, mesh, mesh_from_bytes, surfaces};
use quintet_driver::scene::Mesh;
use quintet_driver::scene::mesh::Wrap;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A file in `scenes/mesh`.
fn scene(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/mesh").join(name)
}

/// The mesh in a `.glb` of a textured triangle whose JSON is changed.
fn changed(change: impl FnOnce(&mut Value)) -> Result<ImportedMesh, String> {
    let (mut json, binary) = textured_triangle();
    change(&mut json);
    let imported = mesh_from_bytes("x.glb", &glb(&json, &binary));
    imported.map_err(|error| format!("{error} / {}", error.help()))
}

fn imported(change: impl FnOnce(&mut Value)) -> Mesh {
    changed(change).unwrap().mesh
}

fn close(a: &[f32], b: &[f32]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-5)
}

#[test]
fn the_meshes_of_the_repository_are_read() {
    for (file, triangles, vertices, side) in
        [("Fox.glb", 576, 1728, 1024), ("low-poly-tree.glb", 1126, 3032, 256)]
    {
        let found = mesh(&scene(file), None).unwrap();
        assert_eq!(found.format, "glTF (.glb)");
        let mesh = found.mesh;
        assert_eq!(
            (mesh.triangles.len(), mesh.coordinates.len()),
            (triangles, mesh.positions.len())
        );
        assert_eq!((mesh.positions.len(), mesh.textures[0].width), (vertices, side), "{file}");
    }
    let texture = scene("spot_texture.png");
    let spot = mesh(&scene("spot_triangulated.obj"), Some(&texture)).unwrap().mesh;
    assert_eq!((spot.triangles.len(), spot.positions.len()), (5856, 3225));
    assert_eq!((spot.materials[0].texture, spot.textures[0].width), (Some(0), 1024));
}

/// The skin of Fox, at rest, leaves it where its vertices are written; so does three.js.
#[test]
fn a_skin_at_rest_is_the_pose_that_it_was_bound_in() {
    let file = std::fs::read(scene("Fox.glb")).unwrap();
    let length = u32::from_le_bytes(file[12..16].try_into().unwrap()) as usize;
    let json: Value = serde_json::from_slice(&file[20..20 + length]).unwrap();
    let fox = mesh(&scene("Fox.glb"), None).unwrap().mesh;
    for axis in 0..3 {
        let of = |key: &str| json["accessors"][0][key][axis].as_f64().unwrap();
        let values = fox.positions.iter().map(|point| f64::from(point[axis]));
        let (least, most) = values.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
        assert!((least - of("min")).abs() < 0.02 && (most - of("max")).abs() < 0.02, "{axis}");
    }
}

#[test]
fn attributes_and_materials_are_read() {
    let mesh = imported(|_| ());
    assert_eq!(mesh.positions, [[0.0; 3], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]);
    assert_eq!(mesh.normals, [[0.0, 0.0, 1.0]; 3]);
    assert_eq!(mesh.coordinates, [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
    assert_eq!(mesh.triangles, [[0, 1, 2]]);
    assert!(close(&mesh.colors[1], &[1.0, 0.2, 0.4, 1.0]), "{:?}", mesh.colors);
    let material = &mesh.materials[0];
    assert_eq!((material.name.as_str(), material.color), ("skin", [0.5, 1.0, 1.0, 1.0]));
    assert!(material.double_sided && material.unlit && material.nearest);
    assert_eq!((material.wrap, material.cutoff), ([Wrap::Clamp, Wrap::Mirror], Some(0.25)));
    assert_eq!(mesh.textures[0].rgba, [9, 8, 7, 255, 6, 5, 4, 0]);
}

#[test]
fn the_webp_form_of_a_texture_comes_first() {
    let mesh = imported(|json| {
        json["textures"][0]["extensions"] = json!({"EXT_texture_webp": {"source": 1}});
        json["extensionsRequired"] = json!(["EXT_texture_webp"]);
    });
    assert_eq!(mesh.textures[0].rgba, [1, 2, 3, 255]);
}

#[test]
fn coordinates_are_those_that_the_texture_names_transformed() {
    let mesh = imported(|json| {
        let transform = json!({"offset": [0.5, 0], "scale": [2, 1], "texCoord": 1});
        let info = &mut json["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"];
        info["extensions"] = json!({"KHR_texture_transform": transform});
    });
    // The second set is the first one's normalised bytes, upside down.
    assert!(close(mesh.coordinates.as_flattened(), &[0.5, 1.0, 2.5, 1.0, 0.5, 0.0]));
}

#[test]
fn nodes_place_and_mirror() {
    let mesh = imported(|json| {
        json["nodes"][0] = json!({"mesh": 0, "scale": [2, 1, -1], "translation": [0, 5, 0]});
    });
    assert_eq!(mesh.positions[1], [2.0, 5.0, 0.0]);
    assert_eq!((mesh.triangles[0], mesh.normals[0]), ([0, 2, 1], [0.0, 0.0, -1.0]));
}

#[test]
fn morph_targets_and_sparse_accessors_apply() {
    let mesh = imported(|json| {
        json["meshes"][0]["primitives"][0]["targets"] = json!([{"POSITION": 1}, {"POSITION": 1}]);
        json["meshes"][0]["weights"] = json!([0.5, 0]);
        // The second vertex of the normals becomes the first one's position.
        json["accessors"][1]["sparse"] = json!({"count": 1,
            "indices": {"bufferView": 4, "byteOffset": 1, "componentType": 5121},
            "values": {"bufferView": 0}});
    });
    assert!(close(mesh.positions.as_flattened(), &[0.0, 0.0, 0.5, 1.0, 0.0, 0.0, 0.0, 1.0, 0.5]));
    assert_eq!(mesh.normals[1], [0.0, 0.0, 1.0], "of no length: some normal");
}

#[test]
fn packed_and_unknown_files_are_refused_by_name() {
    let extension = |name: &str| {
        changed(|json| {
            json["meshes"][0]["primitives"][0]["extensions"] = json!({name: {"bufferView": 0}});
        })
    };
    let said = extension("KHR_draco_mesh_compression").unwrap_err();
    assert!(
        said.contains("KHR_draco_mesh_compression") && said.contains("gltf-transform"),
        "{said}"
    );
    for (name, word) in [
        ("EXT_meshopt_compression", "EXT_meshopt_compression"),
        ("KHR_texture_basisu", "PNG"),
        ("VENDOR_thing", "VENDOR_thing"),
    ] {
        let said = changed(|json| json["extensionsRequired"] = json!([name])).unwrap_err();
        assert!(said.contains(name) && said.contains(word), "{said}");
    }
    let said = changed(|json| {
        json["textures"][0] = json!({"extensions": {"KHR_texture_basisu": {"source": 0}}});
    });
    assert!(said.unwrap_err().contains("KHR_texture_basisu"));
    let Some(chess) = reference("mesh/chess-board.glb") else { return };
    let said = mesh(&chess, None).unwrap_err().to_string();
    assert!(said.contains("KHR_draco_mesh_compression"), "{said}");
}

#[test]
fn what_a_file_contradicts_is_said() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 7] = [
        (|json| json["accessors"][2]["count"] = json!(2), "TEXCOORD"),
        (|json| json["accessors"][3]["bufferView"] = json!(5), "vertex"),
        (
            |json| {
                json["accessors"][3]["componentType"] = json!(5126);
                json["accessors"][3]["bufferView"] = json!(0);
            },
            "no unsigned integers",
        ),
        (|json| json["images"][0] = json!({"uri": "../x.png"}), "other files"),
        (|json| json["meshes"][0]["primitives"][0]["mode"] = json!(1), "without triangles"),
        (|json| json["accessors"][0]["count"] = json!(1u64 << 40), "cut short"),
        (
            |json| {
                json["accessors"][0] =
                    json!({"count": 1u64 << 40, "type": "VEC3", "componentType": 5126});
            },
            "limit",
        ),
    ];
    for (change, word) in cases {
        let said = changed(change).unwrap_err();
        assert!(said.contains(word), "{said}");
    }
}

#[test]
fn a_mesh_shown_too_often_is_refused_before_it_fills_the_memory() {
    let said = changed(|json| {
        let nodes: Vec<Value> = (0..16_000).map(|_| json!({"mesh": 0})).collect();
        json["scenes"][0]["nodes"] = (0..nodes.len()).collect();
        json["nodes"] = nodes.into();
        json["accessors"] = json!([{"count": 1 << 20, "type": "VEC3", "componentType": 5126}]);
        json["meshes"][0] = json!({"primitives": [{"attributes": {"POSITION": 0}}]});
    });
    assert!(said.unwrap_err().contains("limit"));
}

#[test]
fn triangles_beside_gaussians_are_turned_with_them() {
    let (mut json, mut binary) = gltf(json!({"mesh": 0}));
    let at = binary.len();
    for value in [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0] {
        binary.extend(value.to_le_bytes());
    }
    let views = json["bufferViews"].as_array_mut().unwrap();
    views.push(json!({"buffer": 0, "byteOffset": at, "byteLength": 36}));
    let view = views.len() - 1;
    let accessors = json["accessors"].as_array_mut().unwrap();
    accessors.push(json!({"bufferView": view, "componentType": 5126, "count": 3, "type": "VEC3"}));
    let position = accessors.len() - 1;
    let primitives = json["meshes"][0]["primitives"].as_array_mut().unwrap();
    primitives.push(json!({"attributes": {"POSITION": position}}));
    let path = std::env::temp_dir().join(format!("quintet-mixed-{}.glb", std::process::id()));
    std::fs::write(&path, glb(&json, &binary)).unwrap();
    let found = surfaces(&path, None);
    std::fs::remove_file(&path).unwrap();
    let found = found.unwrap();
    let (mesh, cloud) = (found.mesh.unwrap().mesh, found.gaussians.unwrap().cloud);
    assert_eq!((cloud.positions[0], mesh.positions[0]), ([-1.0, -2.0, 3.0], [-1.0, -2.0, 3.0]));
}

#[test]
fn materials_of_an_obj_lie_beside_it() {
    let folder = std::env::temp_dir().join(format!("quintet-obj-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("maps")).unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).unwrap();
    write("maps/a b.ppm", b"P6 1 1 255 \x01\x02\x03");
    write(
        "some.mtl",
        b"newmtl red\nKd 1 0 0\nnewmtl map\nmap_Kd -s 1 1 1 maps\\a b.ppm\n\
                        newmtl lost\nmap_Kd nowhere.png\nnewmtl out\nmap_Kd ../a.png\n",
    );
    let face = "v 0 0 0\nv 1 0 0\nv 0 1 0\nmtllib some.mtl\nusemtl map\nf 1 2 3\nusemtl red\nf 1 2 3\n\
                usemtl lost\nf 1 2 3\n";
    write("a.obj", face.as_bytes());
    write("b.obj", face.replace("usemtl lost", "usemtl out").as_bytes());
    let (good, bad) = (mesh(&folder.join("a.obj"), None), mesh(&folder.join("b.obj"), None));
    std::fs::remove_dir_all(&folder).unwrap();
    let ImportedMesh { mesh, notes, .. } = good.unwrap();
    assert_eq!(mesh.textures[0].rgba, [1, 2, 3, 255]);
    assert_eq!(
        (mesh.materials[0].texture, mesh.materials[1].color),
        (Some(0), [1.0, 0.0, 0.0, 1.0])
    );
    assert!(notes.len() == 1 && notes[0].contains("nowhere.png"), "{notes:?}");
    let said = bad.unwrap_err().to_string();
    assert!(said.contains("no file beside it"), "{said}");
}

#[test]
fn other_files_are_no_meshes() {
    for (name, bytes, word) in [
        ("x.obj", &b""[..], "an empty file"),
        ("x.glb", b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        ("x", b"ply\nformat", "a .ply file"),
        ("x.json", b"{\"means\": {}, \"asset\": {}}", "text"),
    ] {
        let error = mesh_from_bytes(name, bytes).unwrap_err();
        let said = format!("{error} / {}", error.help());
        assert!(
            said.contains(word) && said.contains("not a mesh") && said.contains(".obj"),
            "{said}"
        );
    }
}

/// Imports, and checks that what comes out is whole.
pub fn survive(name: &str, data: &[u8]) {
    let mesh = match mesh_from_bytes(name, data) {
        Ok(imported) => imported.mesh,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.help().is_empty());
            return;
        }
    };
    let count = mesh.positions.len();
    assert!(mesh.positions.as_flattened().iter().all(|value| value.is_finite()));
    for length in [mesh.normals.len(), mesh.coordinates.len(), mesh.colors.len()] {
        assert!(length == 0 || length == count);
    }
    assert!(mesh.triangles.as_flattened().iter().all(|&vertex| (vertex as usize) < count));
    assert_eq!(mesh.triangles.len(), mesh.material_of.len());
    assert!(mesh.material_of.iter().all(|&it| usize::from(it) < mesh.materials.len()));
    assert!(mesh.materials.iter().all(|it| it.texture.is_none_or(|it| it < mesh.textures.len())));
    for texture in &mesh.textures {
        assert_eq!(texture.rgba.len(), texture.width * texture.height * 4);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn changed_glbs_with_triangles_are_survived(changes in changes()) {
        let (json, binary) = textured_triangle();
        let mut data = glb(&json, &binary);
        apply(&mut data, &changes);
        survive("x.glb", &data);
    }

    #[test]
    fn changed_objs_are_survived(changes in changes()) {
        let mut data = b"mtllib a.mtl\nv 0 0 0\nv 1 0 0 1 1 1\nv 0 1 0\nvt 0 1\nvn 0 0 1\n\
            usemtl red\nf 1/1/1 2/1/1 3/1/1\nf -1 -2 -3 \\\n 1\nl 1 2\n".to_vec();
        apply(&mut data, &changes);
        survive("x.obj", &data);
    }
}
