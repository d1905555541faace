//! Tells formats apart, and says what a file looks like that is none of them.
//!
//! Marks of three bytes and more decide first, then the ending of the name (`.splat` and `.ksplat`
//! have no mark, and may begin with any bytes), then weak marks such as the brace of JSON.

use super::error::Fault;
use super::{Imported, ImportedMesh, ImportedNetwork};
use super::{gltf, ksplat, limits, obj, onnx, ply, sog, splat, spz, tflite};
use std::path::Path;

/// Imports a scene from a file's content; `folder` is where other files that it names lie.
pub(super) fn import(name: &str, data: &[u8], folder: Option<&Path>) -> Result<Imported, Fault> {
    match data {
        [] => return Err(Fault::no_gaussians("an empty file")),
        [b'p', b'l', b'y', b'\n' | b'\r', ..] => return ply::import(data),
        [b'N', b'G', b'S', b'P', ..] => return spz::import_zstd(data),
        [0x1f, 0x8b, 8, ..] => return spz::import_gzip(data),
        [b'P', b'K', 3, 4, ..] => return sog::import_zip(data),
        [b'g', b'l', b'T', b'F', ..] => return gltf::File::glb(data, folder)?.gaussians(),
        _ => {}
    }
    if is_tflite(data) {
        return Err(Fault::no_gaussians("a TensorFlow Lite network, which `quintet infer` takes"));
    }
    if let Some(looks_like) = strong_mark(data) {
        return Err(Fault::no_gaussians(looks_like));
    }
    match ending(name).as_str() {
        "splat" => return splat::import(data),
        "ksplat" => return ksplat::import(data),
        _ => {}
    }
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii_start();
    if text.first() == Some(&b'{') {
        return import_json(text, folder);
    }
    if ksplat::plausible(data) {
        return ksplat::import(data);
    }
    Err(Fault::no_gaussians(weak_kind(data)))
}

/// A file that may hold triangles.
enum MeshFile<'a> {
    Gltf(gltf::File<'a>),
    Obj,
}

/// The file as one that may hold triangles; nothing if it is of another kind.
fn mesh_file<'a>(
    name: &str,
    data: &'a [u8],
    folder: Option<&'a Path>,
) -> Result<Option<MeshFile<'a>>, Fault> {
    if data.starts_with(b"glTF") {
        return gltf::File::glb(data, folder).map(|file| Some(MeshFile::Gltf(file)));
    }
    let text = data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(data).trim_ascii_start();
    if text.first() == Some(&b'{') {
        let json: serde_json::Value = serde_json::from_slice(text)
            .map_err(|error| Fault::malformed("JSON text", error.to_string()))?;
        // A SOG scene's meta.json has "means", and may have an "asset" too.
        return match json.get("asset").is_some() && json.get("means").is_none() {
            true => gltf::File::json(json, folder).map(|file| Some(MeshFile::Gltf(file))),
            false => Ok(None),
        };
    }
    let is_obj = match ending(name).as_str() {
        "obj" => strong_mark(data).is_none() && !data.is_empty(),
        "splat" | "ksplat" => false,
        _ => strong_mark(data).is_none() && weak_kind(data) == OBJ,
    };
    Ok(is_obj.then_some(MeshFile::Obj))
}

/// Imports a mesh from a file's content; `folder` is where other files that it names lie.
pub(super) fn mesh(name: &str, data: &[u8], folder: Option<&Path>) -> Result<ImportedMesh, Fault> {
    match mesh_file(name, data, folder)? {
        Some(MeshFile::Gltf(file)) => file.mesh(),
        Some(MeshFile::Obj) => obj::import(data, folder),
        None => Err(Fault::no_mesh(match data {
            [] => "an empty file",
            [b'p', b'l', b'y', b'\n' | b'\r', ..] => "a .ply file, of Gaussians or of a mesh",
            _ => strong_mark(data).unwrap_or_else(|| weak_kind(data)),
        })),
    }
}

/// Imports the triangles and the Gaussians in a file's content, whichever there are.
pub(super) fn surfaces(
    name: &str,
    data: &[u8],
    folder: Option<&Path>,
) -> Result<(Option<ImportedMesh>, Option<Imported>), Fault> {
    let file = match mesh_file(name, data, folder)? {
        Some(MeshFile::Gltf(file)) => file,
        Some(MeshFile::Obj) => return Ok((Some(obj::import(data, folder)?), None)),
        None => return Ok((None, Some(import(name, data, folder)?))),
    };
    let gltf::Holds { gaussians, triangles } = file.holds();
    let mesh = if triangles || !gaussians { Some(file.mesh()?) } else { None };
    let cloud = if gaussians { Some(file.gaussians()?) } else { None };
    Ok((mesh, cloud))
}

/// The ending of a file's name, in small letters.
fn ending(name: &str) -> String {
    name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
}

/// Imports a network from a file's content.
pub(super) fn network(name: &str, data: &[u8]) -> Result<ImportedNetwork, Fault> {
    limits::check_network(data.len() as u64)?;
    let ending = ending(name);
    if is_tflite(data) {
        return tflite::import(data);
    }
    if ending == "onnx" || onnx::plausible(data) {
        return onnx::import(data);
    }
    Err(match data {
        [] => Fault::no_network("an empty file"),
        [b'p', b'l', b'y', b'\n' | b'\r', ..] | [b'N', b'G', b'S', b'P', ..] => {
            Fault::no_network("a scene of Gaussians, which `quintet render` takes")
        }
        [b'g', b'l', b'T', b'F', ..] => Fault::no_network("a glTF scene"),
        [0x1f, 0x8b, 8, ..] => Fault::no_network("a gzip file: a scene, or packed"),
        [b'P', b'K', 3, 4, ..] => Fault::no_network("a zip archive: a scene, or a checkpoint"),
        _ if ending == "splat" || ending == "ksplat" => {
            Fault::no_network("a scene of Gaussians, which `quintet render` takes")
        }
        _ => Fault::no_network(strong_mark(data).unwrap_or_else(|| weak_kind(data))),
    })
}

/// Bytes within which the mark of a network is.
pub(super) const MARK_BYTES: u64 = 8;

/// Whether a flatbuffer has the mark of TensorFlow Lite.
pub(super) fn is_tflite(data: &[u8]) -> bool {
    data.get(4..8) == Some(b"TFL3")
}

fn import_json(text: &[u8], folder: Option<&Path>) -> Result<Imported, Fault> {
    let json: serde_json::Value = serde_json::from_slice(text)
        .map_err(|error| Fault::malformed("JSON text", error.to_string()))?;
    let has = |key: &str| json.get(key).is_some();
    if has("lodLevels") {
        Err(sog::refuse_levels(&json))
    } else if has("means") {
        sog::import_meta(text, folder) // may have an "asset" too, so it comes before glTF
    } else if has("asset") {
        gltf::File::json(json, folder)?.gaussians()
    } else {
        Err(Fault::no_gaussians(json_kind(&json)))
    }
}

/// What a JSON text describes that is none of the formats wanted.
pub(super) fn json_kind(json: &serde_json::Value) -> &'static str {
    let has = |key: &str| json.get(key).is_some();
    if has("frames") {
        "a transforms.json of camera poses"
    } else if has("n_coarse") || has("triplane_resolution") {
        "the description of a radiance field"
    } else if has("means") {
        "the meta.json of a SOG scene"
    } else if has("asset") {
        "a glTF scene"
    } else {
        "JSON of another kind"
    }
}

/// A guess for data that are no scene, network or field.
pub(super) fn kind(data: &[u8]) -> &'static str {
    match data {
        _ if is_tflite(data) => "a TensorFlow Lite network, which `quintet infer` takes",
        [b'p', b'l', b'y', b'\n' | b'\r', ..] | [b'N', b'G', b'S', b'P', ..] => {
            "a scene of Gaussians, which `quintet render` takes"
        }
        [b'g', b'l', b'T', b'F', ..] => "a glTF scene",
        _ => strong_mark(data).unwrap_or_else(|| weak_kind(data)),
    }
}

/// What a well-known mark of another format says.
fn strong_mark(data: &[u8]) -> Option<&'static str> {
    const MARKS: [(&[u8], &str); 17] = [
        (b"QNTN", "a compiled network, which `quintet infer` takes"),
        (b"QNTB", "a compiled scene, which `quintet render` takes"),
        (b"\x89PNG\r\n", "a PNG picture"),
        (b"\xff\xd8\xff", "a JPEG picture"),
        (b"GIF8", "a GIF picture"),
        (b"RIFF", "a WebP picture or another RIFF file"),
        (b"%PDF-", "a PDF document"),
        (b"\x7fELF", "an ELF program"),
        (b"\x28\xb5\x2f\xfd", "a Zstandard file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"Rar!", "a RAR archive"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x89HDF", "an HDF5 file"),
        (b"Kaydara FBX", "an FBX mesh"),
        (b"version https://git-lfs", "a Git LFS pointer: the file itself was not downloaded"),
        (b"<!DOCTYPE", "a web page: the download probably failed"),
        (b"<html", "a web page: the download probably failed"),
    ];
    let mark = MARKS.iter().find(|(mark, _)| data.starts_with(mark));
    mark.map(|&(_, looks_like)| looks_like)
}

/// What a mesh of Wavefront's is called.
const OBJ: &str = "a Wavefront OBJ mesh";

/// A guess for data without a mark.
fn weak_kind(data: &[u8]) -> &'static str {
    let head = &data[..data.len().min(512)];
    if head.starts_with(b"\x80") && head.get(1).is_some_and(|version| (2..=5).contains(version)) {
        return "a Python pickle (a PyTorch checkpoint?)";
    }
    if head.iter().any(|&byte| byte < 9) || std::str::from_utf8(&head[..head.len() / 2]).is_err() {
        return "binary data of another kind";
    }
    let line_begins = |word: &[u8]| head.split(|&byte| byte == b'\n').any(|l| l.starts_with(word));
    if line_begins(b"v ") || line_begins(b"mtllib ") {
        OBJ
    } else if line_begins(b"solid ") {
        "an STL mesh"
    } else {
        "text"
    }
}

/// What an archive that is no `.sog` holds, by the names in it.
pub(super) fn zip_kind<'a>(names: impl Iterator<Item = &'a str>) -> &'static str {
    for name in names {
        if name.ends_with("data.pkl") {
            return "a PyTorch checkpoint";
        } else if name.ends_with(".npy") {
            return "a NumPy archive (.npz)";
        } else if name.ends_with("lod-meta.json") {
            return "an archive of several SOG levels of detail: unpack it and choose one";
        }
    }
    "a zip archive without a SOG scene in it"
}
