//! Every pipeline gives the same pixels on the virtual device and on boards.

use quintet_driver::camera_file;
use quintet_driver::compile::mesh::{MeshOptions, Shading};
use quintet_driver::compile::{Method, Options, content};
use quintet_driver::device::Connection;
use quintet_driver::framing::framing_camera;
use quintet_driver::render::{Frame, Renderer};
use quintet_driver::scene::Content;
use quintet_driver::transport::DeviceUri;
use quintet_hil_tests::cases::{sampled, scene, scene_file};
use quintet_hil_tests::{boards, open, uri};

/// Arena that all of these fit in.
const ARENA: usize = 12 << 20;

/// Draws a frame of a scene.
fn draw(
    connection: &mut Connection,
    scene: &Content,
    camera: &quintet_driver::camera::Camera,
    method: &Method,
) -> Frame {
    let [width, height] = [camera.width, camera.height];
    let options = Options { width, height, background: [30, 20, 10], arena_bytes: ARENA };
    let bundle = content(scene, std::slice::from_ref(camera), method, &options).unwrap();
    let mut renderer =
        Renderer::with_bundle(connection, bundle, [width, height], &mut |_, _| ()).unwrap();
    renderer.render(camera).unwrap()
}

/// Draws on the virtual device and on all boards, and compares; prints what it costs there.
fn same_on_boards(name: &str, scene: &Content, size: [u16; 2], method: &Method) {
    let camera = framing_camera(scene, size);
    same_for(name, scene, &camera, method);
}

fn same_for(name: &str, scene: &Content, camera: &quintet_driver::camera::Camera, method: &Method) {
    let expected = draw(&mut open(&uri("virtual:")), scene, camera, method);
    let differs = expected.rgb.windows(6).filter(|pair| pair[..3] != pair[3..]).count();
    assert!(differs > 20, "{name}: nothing to see");
    for board in boards() {
        let found = draw(&mut open(&board), scene, camera, method);
        assert!(found.rgb == expected.rgb, "{board}: {name}");
        let items = |frame: &Frame| -> Vec<_> {
            frame.costs.iter().map(|cost| (cost.command, cost.phase, cost.items)).collect()
        };
        assert_eq!(items(&found), items(&expected), "{board}: {name}: work items");
        report(&board, name, &found);
    }
}

fn report(board: &DeviceUri, name: &str, frame: &Frame) {
    let ticks: u64 = frame.costs.iter().map(|cost| cost.ticks).sum();
    println!("{board}: {name}, {}x{}: {ticks} ticks a frame", frame.width, frame.height);
}

#[test]
fn meshes_give_the_virtual_devices_pixels() {
    let cow = scene(&["mesh/spot_triangulated.obj"], Some("mesh/spot_texture.png"));
    for shading in [Shading::Unlit, Shading::Lambert, Shading::Normals] {
        let mesh = MeshOptions { shading, ..MeshOptions::default() };
        let method = Method { mesh, ..Method::default() };
        same_on_boards(&format!("spot, {shading:?}"), &cow, [64, 48], &method);
    }
    let fox = scene(&["mesh/Fox.glb"], None);
    same_on_boards("Fox", &fox, [61, 47], &Method::default());
}

#[test]
fn triangles_among_gaussians_give_the_virtual_devices_pixels() {
    let both = scene(&["playbot/playbot_lod6.ply", "mesh/spot_triangulated.obj"], None);
    same_on_boards("PLAYBOT and spot", &both, [64, 48], &Method::default());
}

#[test]
fn fields_give_the_virtual_devices_pixels() {
    for name in
        ["grids/ball_hash", "grids/ball_vm", "grids/ball_triplane", "grids/ball_ngp/ball.ingp"]
    {
        let field = sampled(scene(&[name], None), 16, 0);
        same_on_boards(name, &field, [24, 18], &Method::default());
    }
}

#[test]
fn a_nerf_gives_the_virtual_devices_pixels() {
    let nerf = sampled(scene(&["nerf/lego-lowres-199999.safetensors"], None), 8, 8);
    let (_, camera) = camera_file::read_view(&scene_file("nerf/cameras.json"), None).unwrap();
    same_for("NeRF", &nerf, &camera.resized(8, 8), &Method::default());
}

#[test]
fn a_hybrid_gives_the_virtual_devices_pixels() {
    let hybrid = scene(&["hybrid/spot.quintet.json"], None);
    same_on_boards("hybrid", &hybrid, [64, 48], &Method::default());
}
