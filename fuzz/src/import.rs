//! The importers: any file gives a whole scene or an error that says what to do.
//!
//! A fuzzer does not get past a checksum or a compression by chance: the `_inside` targets pack
//! their bytes as the format does, and so reach what lies behind.

#[path = "../../driver/tests/import/writers.rs"]
#[allow(dead_code, reason = "written for the importers' own tests, which use all of it")]
mod writers;

use quintet_driver::import::{
    field_from_bytes, gaussians_from_bytes, mesh_from_bytes, network_from_bytes,
};

/// INRIA and PlayCanvas compressed.
pub fn ply(data: &[u8]) {
    import("x.ply", data);
}

/// antimatter15.
pub fn splat(data: &[u8]) {
    import("x.splat", data);
}

/// GaussianSplats3D.
pub fn ksplat(data: &[u8]) {
    import("x.ksplat", data);
}

/// Niantic SPZ, as it is.
pub fn spz(data: &[u8]) {
    import("x.spz", data);
}

/// Niantic SPZ of versions 2 and 3, inside the gzip.
pub fn spz_inside(data: &[u8]) {
    import("x.spz", &writers::gzip(data));
}

/// SOG, as it is.
pub fn sog(data: &[u8]) {
    import("x.sog", data);
}

/// SOG, inside the zip: the members in the order of [`writers::PICTURES`], each with its length
/// before it, in two bytes.
pub fn sog_inside(data: &[u8]) {
    let members = members(writers::PICTURES.into_iter(), data);
    import("x.sog", &writers::zip(&members));
}

/// Contents for members of an archive, each with its length before it, in two bytes; as many as
/// there are contents for.
fn members<'a>(names: impl Iterator<Item = &'a str>, mut rest: &[u8]) -> Vec<(&'a str, Vec<u8>)> {
    let content = |name| {
        let (length, after) = rest.split_first_chunk()?;
        let length = usize::from(u16::from_le_bytes(*length)).min(after.len());
        let (content, after) = after.split_at(length);
        rest = after;
        Some((name, content.to_vec()))
    };
    names.map_while(content).collect()
}

/// A radiance field in one file, as it is.
pub fn field(data: &[u8]) {
    match field_from_bytes("x", data) {
        Ok(imported) => {
            let field = &imported.field;
            assert!(field.bounds[0] < field.bounds[1] && field.sampling.coarse > 0);
            assert!(field.model.density.is_some() && field.model.color.is_some());
        }
        Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
    }
}

/// A checkpoint of PyTorch: a pickle, inside the zip, with storages for its tensors.
pub fn pickle(data: &[u8]) {
    let mut members = vec![("x/data.pkl", data.to_vec())];
    members.extend(["x/data/0", "x/data/1", "x/data/2"].map(|name| (name, vec![0; 96])));
    field(&writers::zip(&members));
}

/// nerfstudio's grids, inside the zip: the members in the order of [`writers::field_members`], each
/// with its length before it, in two bytes.
pub fn npz(data: &[u8]) {
    let names = writers::field_members();
    let names = names.iter().map(|(name, _)| *name);
    field(&writers::zip(&members(names, data)));
}

/// ONNX.
pub fn onnx(data: &[u8]) {
    if let Err(error) = network_from_bytes("x.onnx", data) {
        assert!(!error.to_string().is_empty() && !error.help().is_empty());
    }
}

/// glTF, binary or JSON: its Gaussians and its triangles.
pub fn gltf(data: &[u8]) {
    import("x.glb", data);
    mesh("x.glb", data);
}

/// Wavefront OBJ, without the files that it names.
pub fn obj(data: &[u8]) {
    mesh("x.obj", data);
}

/// TensorFlow Lite: what comes out is a network that its own check finds good.
pub fn tflite(data: &[u8]) {
    match network_from_bytes("x.tflite", data) {
        Ok(imported) => assert_eq!(imported.network.check(), Ok(())),
        Err(error) => assert!(!error.to_string().is_empty() && !error.help().is_empty()),
    }
}

/// Imports triangles, and checks that what comes out is whole.
fn mesh(name: &str, data: &[u8]) {
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
}

/// Imports, and checks that what comes out is whole.
fn import(name: &str, data: &[u8]) {
    let imported = match gaussians_from_bytes(name, data) {
        Ok(imported) => imported,
        Err(error) => {
            assert!(!error.to_string().is_empty() && !error.help().is_empty());
            return;
        }
    };
    let cloud = &imported.cloud;
    let count = cloud.len();
    assert!(count > 0 && imported.dropped <= count);
    assert_eq!(cloud.harmonics.len(), count * cloud.harmonics_per_gaussian());
    assert_eq!([cloud.scales.len(), cloud.colors.len()], [count; 2]);
    assert_eq!([cloud.rotations.len(), cloud.opacities.len()], [count; 2]);
    let finite = |values: &[[f32; 3]]| values.iter().flatten().all(|value| value.is_finite());
    assert!(finite(&cloud.positions) && finite(&cloud.scales));
}
