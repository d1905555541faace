//! Meshes against pictures by three.js, and against renders in floats from wherever else.

use std::path::{Path, PathBuf};

use super::pictures::{psnr, read_camera, read_png};
use super::{playbot, reference_folder};
use quintet_driver::camera::Camera;
use quintet_driver::compile::mesh::{Filter, MeshOptions, Shading, compile, frame};
use quintet_driver::compile::{Bundle, Options};
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::quantise::Bounds;
use quintet_driver::reference;
use quintet_driver::render::Renderer;
use quintet_driver::scene::{GaussianCloud, Mesh};
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_protocol::fault::Random;

/// What every picture by three.js must be met with: dB, and share of the pixels that both cover or
/// both leave black.
const THREE_MIN: f64 = 35.0;
const COVERAGE_MIN: f64 = 0.995;
/// What our own renders in floats must be met with, dB.
const FLOAT_MIN: f64 = 40.0;
/// three.js rasterises with places rounded to a sixteenth of a pixel, the float render with exact
/// ones: how near it comes, dB.
const FLOAT_TO_THREE_MIN: f64 = 40.0;

/// The looks that there are pictures of.
const LOOKS: [(&str, Shading, Filter); 4] = [
    ("unlit_nearest", Shading::Unlit, Filter::Nearest),
    ("unlit_bilinear", Shading::Unlit, Filter::Bilinear),
    ("lambert", Shading::Lambert, Filter::Bilinear),
    ("normal", Shading::Normals, Filter::Bilinear),
];

/// The folder of meshes in the repository.
fn meshes() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenes/mesh")
}

/// A mesh of the repository, by the name that its pictures have.
fn mesh(name: &str) -> Mesh {
    let (file, texture) = match name {
        "spot" => ("spot_triangulated.obj", Some(meshes().join("spot_texture.png"))),
        "fox" => ("Fox.glb", None),
        _ => ("low-poly-tree.glb", None),
    };
    import::mesh(&meshes().join(file), texture.as_deref()).unwrap().mesh
}

fn look(shading: Shading, filter: Filter) -> MeshOptions {
    MeshOptions { shading, filter, ..MeshOptions::default() }
}

/// A picture by the virtual device, with an arena of so many bytes or its own.
fn render(
    mesh: &Mesh,
    gaussians: Option<&GaussianCloud>,
    look: &MeshOptions,
    camera: &Camera,
    arena: Option<usize>,
) -> Vec<u8> {
    let mut connection =
        Connection::open(&DeviceUri::Virtual { arena: None }, Limits::default()).unwrap();
    let arena_bytes = arena.unwrap_or(connection.description().arena_bytes as usize);
    let bundle = bundle(mesh, gaussians, look, camera, arena_bytes);
    let size = [camera.width, camera.height];
    let mut renderer =
        Renderer::with_bundle(&mut connection, bundle, size, &mut |_, _| ()).unwrap();
    renderer.render(camera).unwrap().rgb
}

fn bundle(
    mesh: &Mesh,
    gaussians: Option<&GaussianCloud>,
    look: &MeshOptions,
    camera: &Camera,
    arena_bytes: usize,
) -> Bundle {
    let Camera { width, height, .. } = *camera;
    let options = Options { width, height, background: [0; 3], arena_bytes };
    let reach = camera.distance(&frame(mesh, gaussians, 0.0).origin);
    compile(mesh, gaussians, reach, look, &options).unwrap()
}

/// Share of the pixels that both pictures cover, or both leave black.
fn coverage_agreement(a: &[u8], b: &[u8]) -> f64 {
    let covered = |picture: &[u8]| -> Vec<bool> {
        picture.as_chunks::<3>().0.iter().map(|pixel| *pixel != [0; 3]).collect()
    };
    let (a, b) = (covered(a), covered(b));
    let agreeing = a.iter().zip(&b).filter(|(a, b)| a == b).count();
    agreeing as f64 / a.len() as f64
}

/// Calls with every picture by three.js: its name, mesh, look, camera and bytes.
fn for_each_picture(mut call: impl FnMut(&str, &Mesh, &MeshOptions, &Camera, &[u8])) {
    let folder = meshes().join("reference");
    for scene in ["spot", "fox", "tree"] {
        let mesh = mesh(scene);
        let camera = read_camera(&folder.join("cameras.json"), &format!("{scene}_cam0"));
        for (name, shading, filter) in LOOKS {
            let picture = folder.join(format!("{scene}_cam0_{name}.png"));
            // Fox has no normals, and three.js no picture of them.
            if picture.exists() {
                let name = format!("{scene} {name}");
                call(&name, &mesh, &look(shading, filter), &camera, &read_png(&picture));
            }
        }
    }
}

#[test]
fn meshes_look_like_those_of_three_js() {
    let mut failures = Vec::new();
    for_each_picture(|name, mesh, look, camera, reference| {
        let picture = render(mesh, None, look, camera, None);
        let (figure, agreement) =
            (psnr(&picture, reference), coverage_agreement(&picture, reference));
        let line = format!("{name:<20} {figure:6.2} dB  coverage {:7.3} %", agreement * 100.0);
        println!("{line}");
        if figure < THREE_MIN || agreement < COVERAGE_MIN {
            failures.push(line);
        }
    });
    assert!(failures.is_empty(), "below the bar: {failures:#?}");
}

/// So that what follows is held against something that was held against others.
#[test]
fn the_render_in_floats_looks_like_that_of_three_js() {
    let mut failures = Vec::new();
    for_each_picture(|name, mesh, look, camera, reference| {
        let picture = reference::mesh::render(mesh, None, look, camera, [0; 3]).rgb;
        let figure = psnr(&picture, reference);
        let line = format!("{name:<20} {figure:6.2} dB  in floats");
        println!("{line}");
        if figure < FLOAT_TO_THREE_MIN {
            failures.push(line);
        }
    });
    assert!(failures.is_empty(), "below {FLOAT_TO_THREE_MIN} dB: {failures:#?}");
}

/// Holds a device's picture against the one in floats; returns a line if it is too far from it.
fn check_against_floats(
    name: &str,
    mesh: &Mesh,
    gaussians: Option<&GaussianCloud>,
    look: &MeshOptions,
    camera: &Camera,
) -> Option<String> {
    let picture = render(mesh, gaussians, look, camera, None);
    let exact = reference::mesh::render(mesh, gaussians, look, camera, [0; 3]).rgb;
    let figure = psnr(&picture, &exact);
    let agreement = coverage_agreement(&picture, &exact);
    let line = format!("{name:<28} {figure:6.2} dB  coverage {:7.3} %", agreement * 100.0);
    println!("{line}");
    (figure < FLOAT_MIN || agreement < COVERAGE_MIN).then_some(line)
}

/// Cameras around, near and inside a box, all looking somewhere into it.
fn cameras_about(bounds: &Bounds, count: usize) -> Vec<Camera> {
    let mut random = Random::new(7);
    let mut share = || f64::from(random.below(1 << 16) as u32) / 65_536.0;
    let middle = bounds.middle();
    let half = [0, 1, 2].map(|axis| (bounds.max[axis] - bounds.min[axis]) / 2.0);
    let radius = half.iter().map(|side| side * side).sum::<f64>().sqrt();
    (0..count)
        .map(|number| {
            // Every third one among the triangles, where the near plane cuts some.
            let distance =
                if number % 3 == 2 { 0.5 * radius } else { (1.5 + 1.5 * share()) * radius };
            let (turn, height) = (share() * std::f64::consts::TAU, 1.6 * share() - 0.8);
            let flat = (1.0 - height * height).sqrt();
            let away = [flat * turn.sin(), height, flat * turn.cos()];
            let eye = [0, 1, 2].map(|axis| middle[axis] + distance * away[axis]);
            let target = [0, 1, 2].map(|axis| middle[axis] + half[axis] * (share() - 0.5));
            let fov_y = 30.0 + 45.0 * share();
            let camera = Camera::look_at([200, 150], fov_y, eye, target, [0.0, 1.0, 0.0]);
            Camera { near: radius / 30.0, ..camera }
        })
        .collect()
}

/// Every look of a mesh from many places.
fn check_from_everywhere(name: &str, mesh: &Mesh) -> Vec<String> {
    let cameras = cameras_about(&Bounds::of(&mesh.positions), 9);
    let looks = LOOKS.iter().cycle();
    let checks = cameras.iter().zip(looks).enumerate().map(|(number, (camera, look_of))| {
        let &(kind, shading, filter) = look_of;
        let name = format!("{name} {number} {kind}");
        check_against_floats(&name, mesh, None, &look(shading, filter), camera)
    });
    checks.flatten().collect()
}

#[test]
fn meshes_look_like_the_render_in_floats_from_everywhere() {
    let failures: Vec<String> = ["spot", "fox", "tree"]
        .iter()
        .flat_map(|name| check_from_everywhere(name, &mesh(name)))
        .collect();
    assert!(failures.is_empty(), "below the bar: {failures:#?}");
}

/// Fox without its texture, each vertex in the colour of its place.
#[test]
fn colors_of_vertices_look_like_the_render_in_floats() {
    let mut fox = mesh("fox");
    let bounds = Bounds::of(&fox.positions);
    let share = |point: &[f32; 3], axis: usize| {
        (point[axis] - bounds.min[axis] as f32) / (bounds.max[axis] - bounds.min[axis]) as f32
    };
    fox.colors =
        fox.positions.iter().map(|p| [share(p, 0), share(p, 1), share(p, 2), 1.0]).collect();
    fox.materials[0].texture = None;
    let failures = check_from_everywhere("fox in colours", &fox);
    assert!(failures.is_empty(), "below the bar: {failures:#?}");
}

#[test]
fn other_meshes_look_like_the_render_in_floats() {
    let Some(folder) = reference_folder("other_meshes_look_like_the_render_in_floats") else {
        return;
    };
    let folder = folder.join("scenes/mesh");
    let texture = folder.join("spot/spot_texture.png");
    let mut failures = Vec::new();
    for (file, texture) in [
        ("teapot.obj", None),
        ("spot/spot_quadrangulated.obj", Some(&texture)),
        ("spot/spot_control_mesh.obj", Some(&texture)),
    ] {
        let mesh = import::mesh(&folder.join(file), texture.map(PathBuf::as_path)).unwrap().mesh;
        failures.extend(check_from_everywhere(file, &mesh));
    }
    assert!(failures.is_empty(), "below the bar: {failures:#?}");
}

/// Spot in front of PLAYBOT's middle, turned to its axes, at a third of its size.
fn spot_among(cloud: &GaussianCloud) -> Mesh {
    let bounds = Bounds::of(&cloud.positions);
    let middle = bounds.middle();
    let size = (bounds.max[1] - bounds.min[1]) / 3.0;
    let mut mesh = mesh("spot");
    for [x, y, z] in &mut mesh.positions {
        let turned = [*x, -*y, -*z].map(|part| f64::from(part) * size / 1.7);
        [*x, *y, *z] = [0, 1, 2].map(|axis| (middle[axis] + turned[axis]) as f32);
    }
    mesh
}

#[test]
fn a_mesh_inside_a_cloud_looks_like_the_render_in_floats() {
    let cloud = import::gaussians(&playbot().join("playbot_lod4.sog")).unwrap().cloud;
    let mesh = spot_among(&cloud);
    let camera = read_camera(&playbot().join("reference/cameras.json"), "playbot_cam0");
    let failures: Vec<String> = LOOKS[1..3]
        .iter()
        .filter_map(|&(name, shading, filter)| {
            let name = format!("spot in PLAYBOT, {name}");
            check_against_floats(&name, &mesh, Some(&cloud), &look(shading, filter), &camera)
        })
        .collect();
    assert!(failures.is_empty(), "below the bar: {failures:#?}");
}

#[test]
fn a_small_arena_draws_the_same_pixels() {
    let mut mesh = mesh("fox");
    mesh.materials[0].texture = None;
    let camera = read_camera(&meshes().join("reference/cameras.json"), "fox_cam0");
    let look = look(Shading::Lambert, Filter::Bilinear);
    let large = bundle(&mesh, None, &look, &camera, 16 << 20);
    let small = bundle(&mesh, None, &look, &camera, 220 << 10);
    assert!(small.arena_bytes <= 220 << 10 && small.tile[1] < large.tile[1]);
    let [a, b] = [None, Some(220 << 10)].map(|arena| render(&mesh, None, &look, &camera, arena));
    assert_eq!(a, b);
}
