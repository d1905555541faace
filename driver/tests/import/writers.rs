//! Small writers of formats, for tests that change a file inside its packing.

use std::io::Write;

/// A zip archive of stored members.
pub fn zip(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in members {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let size = (data.len() as u32).to_le_bytes();
        let mut common = [20, 0, 0, 0, 0, 0, 0, 0, 0, 0].to_vec(); // version, flags, method, time
        common.extend(crc.sum().to_le_bytes());
        common.extend([size, size].concat());
        common.extend([name.len() as u8, 0, 0, 0]);
        let at = archive.len() as u32;
        archive.extend([b"PK\x03\x04", common.as_slice(), name.as_bytes(), data].concat());
        directory.extend([b"PK\x01\x02\x14\0", common.as_slice(), &[0; 10]].concat());
        directory.extend(at.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let at = archive.len() as u32;
    let count = members.len() as u8;
    archive.extend_from_slice(&directory);
    archive.extend([b"PK\x05\x06\0\0\0\0".as_slice(), &[count, 0, count, 0]].concat());
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(at.to_le_bytes());
    archive.extend([0, 0]);
    archive
}

/// A gzip file.
pub fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A binary little-endian `.ply` of degree 0 with the float rows given, in the order of
/// [`PROPERTIES`].
pub fn ply(comment: &str, rows: &[[f32; 14]]) -> Vec<u8> {
    let mut file = format!("ply\nformat binary_little_endian 1.0\ncomment {comment}\n");
    file += &format!("element vertex {}\n", rows.len());
    for name in PROPERTIES {
        file += &format!("property float {name}\n");
    }
    file += "end_header\n";
    let mut file = file.into_bytes();
    file.extend(rows.iter().flatten().flat_map(|value| value.to_le_bytes()));
    file
}

pub const PROPERTIES: [&str; 14] = [
    "rot_3", "rot_2", "rot_1", "rot_0", "opacity", "x", "y", "z", "scale_0", "scale_1", "scale_2",
    "f_dc_0", "f_dc_1", "f_dc_2",
];

/// A row for [`ply`]: identity rotation, opacity 1/2, unit scale, grey, at `x`.
pub fn row(x: f32) -> [f32; 14] {
    [0., 0., 0., 1., 0., x, 0., 0., 0., 0., 0., 0., 0., 0.]
}

/// A `.glb` of this JSON and binary chunk.
pub fn glb(json: &serde_json::Value, binary: &[u8]) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    let length = (28 + text.len() + binary.len()) as u32;
    let mut file = [b"glTF".as_slice(), &2u32.to_le_bytes(), &length.to_le_bytes()].concat();
    for (kind, data) in [(b"JSON", text.as_slice()), (b"BIN\0", binary)] {
        file.extend((data.len() as u32).to_le_bytes());
        file.extend([kind.as_slice(), data].concat());
    }
    file
}

/// JSON and binary chunk of two Gaussians of degree 1, with this node.
pub fn gltf(node: serde_json::Value) -> (serde_json::Value, Vec<u8>) {
    let mut binary = Vec::new();
    let (mut views, mut accessors) = (Vec::new(), Vec::new());
    let mut attribute = |kind: &str, values: &[f32]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        views.push(serde_json::json!({
            "buffer": 0, "byteOffset": binary.len(), "byteLength": bytes.len()}));
        binary.extend(bytes);
        accessors.push(serde_json::json!({
            "bufferView": views.len() - 1, "componentType": 5126, "count": 2, "type": kind}));
        accessors.len() - 1
    };
    let attributes = serde_json::json!({
        "POSITION": attribute("VEC3", &[1., 2., 3., 4., 5., 6.]),
        "KHR_gaussian_splatting:ROTATION": attribute("VEC4", &[0., 0., 0., 1., 0., 0., 0., 1.]),
        "KHR_gaussian_splatting:SCALE": attribute("VEC3", &[0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        "KHR_gaussian_splatting:OPACITY": attribute("SCALAR", &[0.25, 1.0]),
        "KHR_gaussian_splatting:SH_DEGREE_0_COEF_0": attribute("VEC3", &[0.; 6]),
        "KHR_gaussian_splatting:SH_DEGREE_1_COEF_0": attribute("VEC3", &[0.1; 6]),
        "KHR_gaussian_splatting:SH_DEGREE_1_COEF_1": attribute("VEC3", &[0.2; 6]),
        "KHR_gaussian_splatting:SH_DEGREE_1_COEF_2": attribute("VEC3", &[0.3; 6]),
    });
    let extension = serde_json::json!({"KHR_gaussian_splatting": {
        "kernel": "ellipse", "colorSpace": "srgb_rec709_display"}});
    let json = serde_json::json!({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [node],
        "meshes": [{"primitives": [
            {"mode": 0, "attributes": attributes, "extensions": extension}]}],
        "buffers": [{"byteLength": binary.len()}],
        "bufferViews": views, "accessors": accessors});
    (json, binary)
}

/// Members of a SOG scene of version 2.
pub const PICTURES: [&str; 8] = [
    "meta.json",
    "means_l.webp",
    "means_u.webp",
    "quats.webp",
    "scales.webp",
    "sh0.webp",
    "shN_centroids.webp",
    "shN_labels.webp",
];

/// Two texels as a PNG file: (9, 8, 7, 255) and (6, 5, 4, 0).
const PNG: [u8; 74] = [
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 2, 0, 0, 0, 1, 8, 6, 0,
    0, 0, 244, 34, 127, 138, 0, 0, 0, 17, 73, 68, 65, 84, 120, 218, 99, 228, 228, 96, 255, 255,
    247, 239, 95, 70, 0, 14, 157, 4, 17, 212, 123, 237, 118, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66,
    96, 130,
];

/// One texel as a lossless WebP file: (1, 2, 3).
const WEBP: [u8; 40] = [
    82, 73, 70, 70, 32, 0, 0, 0, 87, 69, 66, 80, 86, 80, 56, 76, 20, 0, 0, 0, 47, 0, 0, 0, 0, 7,
    80, 129, 84, 8, 32, 0, 10, 154, 254, 199, 136, 136, 254, 7,
];

/// JSON and binary chunk of a triangle with a texture and all attributes that are drawn.
pub fn textured_triangle() -> (serde_json::Value, Vec<u8>) {
    use serde_json::json;
    let floats = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let parts: [Vec<u8>; 8] = [
        floats(&[0., 0., 0., 1., 0., 0., 0., 1., 0.]),
        floats(&[0., 0., 1., 0., 0., 1., 0., 0., 1.]),
        floats(&[0., 0., 1., 0., 0., 1.]),
        vec![0, 255, 0, 0, 255, 255, 0, 0, 0, 0, 0, 0],
        vec![0, 1, 2, 0],
        vec![255, 255, 255, 255, 255, 51, 102, 255, 255, 255, 255, 255],
        PNG.to_vec(),
        WEBP.to_vec(),
    ];
    let (mut binary, mut views) = (Vec::new(), Vec::new());
    for part in &parts {
        views.push(json!({"buffer": 0, "byteOffset": binary.len(), "byteLength": part.len()}));
        binary.extend(part);
        binary.resize(binary.len().next_multiple_of(4), 0);
    }
    views[3]["byteStride"] = json!(4);
    let accessor = |view: usize, component: u32, kind: &str, normalized: bool| {
        json!({"bufferView": view, "componentType": component, "count": 3, "type": kind,
            "normalized": normalized})
    };
    let json = json!({
        "asset": {"version": "2.0"}, "scene": 0, "scenes": [{"nodes": [0]}], "nodes": [{"mesh": 0}],
        "buffers": [{"byteLength": binary.len()}], "bufferViews": views,
        "accessors": [accessor(0, 5126, "VEC3", false), accessor(1, 5126, "VEC3", false),
            accessor(2, 5126, "VEC2", false), accessor(4, 5121, "SCALAR", false),
            accessor(3, 5121, "VEC2", true), accessor(5, 5121, "VEC4", true)],
        "meshes": [{"primitives": [{"indices": 3, "material": 0, "attributes": {"POSITION": 0,
            "NORMAL": 1, "TEXCOORD_0": 2, "TEXCOORD_1": 4, "COLOR_0": 5}}]}],
        "materials": [{"name": "skin", "doubleSided": true, "alphaMode": "MASK", "alphaCutoff": 0.25,
            "extensions": {"KHR_materials_unlit": {}}, "pbrMetallicRoughness": {
            "baseColorFactor": [0.5, 1, 1, 1], "baseColorTexture": {"index": 0}}}],
        "textures": [{"source": 0, "sampler": 0}],
        "samplers": [{"magFilter": 9728, "wrapS": 33071, "wrapT": 33648}],
        "images": [{"bufferView": 6, "mimeType": "image/png"},
            {"bufferView": 7, "mimeType": "image/webp"}]});
    (json, binary)
}

/// Arrays of a small hash grid with networks, in the names of nerfstudio's encodings; their
/// description comes first.
pub fn field_members() -> Vec<(&'static str, Vec<u8>)> {
    let meta = serde_json::json!({
        "W": 4, "H": 3, "fx": 4.0, "fy": 4.0, "cx": 2.0, "cy": 1.5, "scale": 1.0, "offset": 0.0,
        "aabb": [-1.0, 1.0], "near": 1.5, "far": 4.5, "n_coarse": 8, "n_fine": 4,
        "min_res": 2, "max_res": 4});
    let array = |shape: &str, count: usize| {
        let header = format!("{{'descr': '<f2', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let mut file = b"\x93NUMPY\x01\0".to_vec();
        file.extend((header.len() as u16).to_le_bytes());
        file.extend(header.as_bytes());
        // Numbers between 1/4 and 1.
        file.extend((0..count).flat_map(|at| [at as u8, 0x34 + (at % 8) as u8]));
        file
    };
    vec![
        ("meta.json", meta.to_string().into_bytes()),
        ("enc.hash_table.npy", array("32, 2", 64)),
        ("den.layers.0.weight.npy", array("4, 4", 16)),
        ("den.layers.0.bias.npy", array("4,", 4)),
        ("den.layers.1.weight.npy", array("3, 4", 12)),
        ("den.layers.1.bias.npy", array("3,", 3)),
        ("rgb.layers.0.weight.npy", array("4, 7", 28)),
        ("rgb.layers.0.bias.npy", array("4,", 4)),
        ("rgb.layers.1.weight.npy", array("3, 4", 12)),
        ("rgb.layers.1.bias.npy", array("3,", 3)),
    ]
}
