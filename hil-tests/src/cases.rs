//! Cases of every pipeline and of networks, small enough that all of them run in seconds.

use std::path::{Path, PathBuf};

use quintet_driver::camera::Camera;
use quintet_driver::camera_file;
use quintet_driver::compile::mesh::{MeshOptions, Shading};
use quintet_driver::compile::network::compile as compile_network;
use quintet_driver::compile::{Method, content};
use quintet_driver::framing::framing_camera;
use quintet_driver::import::{self, SceneOptions};
use quintet_driver::scene::Content;

use crate::case::Case;
use crate::cloud;
use crate::convolution::Random;
use crate::perceptron::Network;

/// Arena that everything here fits in as a whole.
pub const ARENA: usize = 12 << 20;

/// A file of the repository's scenes.
pub fn scene_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes").join(name)
}

/// A scene of the repository, of one file or of several.
pub fn scene(names: &[&str], texture: Option<&str>) -> Content {
    let options = SceneOptions::with_texture(texture.map(scene_file));
    let paths: Vec<PathBuf> = names.iter().map(|name| scene_file(name)).collect();
    let imported = match paths.as_slice() {
        [path] => import::scene(path, &options),
        paths => import::scenes(paths, &options),
    };
    imported.unwrap().content
}

/// The same with so many samples of a ray, if it is a field.
pub fn sampled(mut content: Content, coarse: usize, fine: usize) -> Content {
    if let Content::Field(field) = &mut content {
        (field.sampling.coarse, field.sampling.fine) = (coarse, fine);
    }
    content
}

/// A case of a scene.
fn drawn(name: &str, scene: &Content, camera: &Camera, method: &Method, arena: usize) -> Case {
    let options = crate::options(std::slice::from_ref(camera), arena);
    let bundle = content(scene, std::slice::from_ref(camera), method, &options).unwrap();
    Case::scene(name, bundle, camera)
}

/// A case of a scene that fits, drawn in the ordinary way from where all of it is seen.
pub fn framed(name: &str, scene: &Content, size: [u16; 2]) -> Case {
    drawn(name, scene, &framing_camera(scene, size), &Method::default(), ARENA)
}

/// A case of every pipeline.
pub fn pipelines() -> Vec<Case> {
    let made_up = Content::Gaussians(cloud(300, 2, 11));
    let many = Content::Gaussians(cloud(2000, 3, 9));
    let cow = scene(&["mesh/spot_triangulated.obj"], Some("mesh/spot_texture.png"));
    let both = scene(&["playbot/playbot_lod6.ply", "mesh/spot_triangulated.obj"], None);
    let nerf = sampled(scene(&["nerf/lego-lowres-199999.safetensors"], None), 8, 8);
    let (_, view) = camera_file::read_view(&scene_file("nerf/cameras.json"), None).unwrap();
    let shaded = |shading| Method {
        mesh: MeshOptions { shading, ..MeshOptions::default() },
        ..Method::default()
    };
    let cow_camera = framing_camera(&cow, [64, 48]);
    let cow_case =
        |shading| drawn(&format!("spot, {shading:?}"), &cow, &cow_camera, &shaded(shading), ARENA);
    let mut cases = vec![
        framed("Gaussians", &made_up, [64, 48]),
        drawn(
            "Gaussians, streamed",
            &many,
            &framing_camera(&many, [64, 48]),
            &Method::default(),
            200 << 10,
        ),
        cow_case(Shading::Unlit),
        cow_case(Shading::Lambert),
        cow_case(Shading::Normals),
        framed("triangles among Gaussians", &both, [64, 48]),
        drawn("NeRF", &nerf, &view.resized(6, 6), &Method::default(), ARENA),
        framed("hybrid", &scene(&["hybrid/spot.quintet.json"], None), [48, 36]),
    ];
    for name in ["ball_hash", "ball_vm", "ball_triplane", "ball_ngp/ball.ingp"] {
        let field = sampled(scene(&[&format!("grids/{name}")], None), 16, 0);
        cases.push(framed(name, &field, [20, 15]));
    }
    // No scene is drawn by this one yet.
    cases.push(Network::random(40, 16, &mut Random::new(3)).case());
    cases
}

/// A case of every network in a folder, in their order.
pub fn networks(folder: &Path) -> Vec<Case> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "tflite")).collect();
    paths.sort();
    paths.iter().map(|path| network(path, ARENA)).collect()
}

/// A case of a network in an arena of so many bytes.
pub fn network(path: &Path, arena: usize) -> Case {
    let network = import::network(path).unwrap().network;
    let bundle = compile_network(&network, arena).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy();
    Case::network(name, &bundle)
}

/// The folder of the repository's networks.
pub fn network_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../networks")
}
