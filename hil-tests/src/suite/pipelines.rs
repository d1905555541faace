//! Every pipeline gives the same pixels on the virtual device and on others.

use quintet_driver::camera::Camera;
use quintet_driver::camera_file;
use quintet_driver::compile::mesh::{MeshOptions, Shading};
use quintet_driver::compile::{Method, content};
use quintet_driver::device::Connection;
use quintet_driver::framing::framing_camera;
use quintet_driver::render::{Frame, Renderer};
use quintet_driver::scene::Content;

use super::{Cause, LITTLE, Test, Verdict, check};
use crate::cases::{ARENA, sampled, scene, scene_file};
use crate::device::Device;
use crate::target::Needs;
use crate::{open, options, uri};

/// The tests of this file.
pub const TESTS: &[Test] = &[
    Test { name: "meshes_give_the_virtual_devices_pixels", needs: MESHES, body: meshes },
    Test {
        name: "triangles_among_gaussians_give_the_virtual_devices_pixels",
        needs: BOTH,
        body: both,
    },
    Test { name: "fields_give_the_virtual_devices_pixels", needs: FIELDS, body: fields },
    Test { name: "a_nerf_gives_the_virtual_devices_pixels", needs: NERF, body: nerf },
    Test { name: "a_hybrid_gives_the_virtual_devices_pixels", needs: BOTH, body: hybrid },
];

const MESHES: Needs = Needs { arena: ARENA, upload: 5 << 20, ..LITTLE };
const BOTH: Needs = Needs { upload: 300 << 10, ..MESHES };
const FIELDS: Needs = Needs { upload: 300 << 10, ..MESHES };
const NERF: Needs = Needs { upload: 2 << 20, ..MESHES };

/// Draws a frame of a scene.
fn draw(
    connection: &mut Connection,
    scene: &Content,
    camera: &Camera,
    method: &Method,
) -> Result<Frame, Cause> {
    let options = options(std::slice::from_ref(camera), ARENA);
    let bundle = content(scene, std::slice::from_ref(camera), method, &options)?;
    let size = [camera.width, camera.height];
    Ok(Renderer::with_bundle(connection, bundle, size, &mut |_, _| ())?.render(camera)?)
}

/// Draws on the virtual device and on this one, and compares.
fn same(device: &Device, name: &str, scene: &Content, size: [u16; 2], method: &Method) -> Verdict {
    same_for(device, name, scene, &framing_camera(scene, size), method)
}

fn same_for(
    device: &Device,
    name: &str,
    scene: &Content,
    camera: &Camera,
    method: &Method,
) -> Verdict {
    device.step(format!("render {name}"));
    let expected = draw(&mut open(&uri("virtual:")), scene, camera, method)?;
    let differs = expected.rgb.windows(6).filter(|pair| pair[..3] != pair[3..]).count();
    check!(differs > 20, "{name}: nothing to see");
    let found = draw(&mut device.open()?, scene, camera, method)?;
    check!(found.rgb == expected.rgb, "{name}: pixels differ");
    let items = |frame: &Frame| -> Vec<_> {
        frame.costs.iter().map(|cost| (cost.command, cost.phase, cost.items)).collect()
    };
    check!(items(&found) == items(&expected), "{name}: work items differ");
    Ok(())
}

fn meshes(device: &Device) -> Verdict {
    let cow = scene(&["mesh/spot_triangulated.obj"], Some("mesh/spot_texture.png"));
    for shading in [Shading::Unlit, Shading::Lambert, Shading::Normals] {
        let mesh = MeshOptions { shading, ..MeshOptions::default() };
        let method = Method { mesh, ..Method::default() };
        same(device, &format!("spot, {shading:?}"), &cow, [64, 48], &method)?;
    }
    same(device, "Fox", &scene(&["mesh/Fox.glb"], None), [61, 47], &Method::default())
}

fn both(device: &Device) -> Verdict {
    let both = scene(&["playbot/playbot_lod6.ply", "mesh/spot_triangulated.obj"], None);
    same(device, "PLAYBOT and spot", &both, [64, 48], &Method::default())
}

fn fields(device: &Device) -> Verdict {
    for name in
        ["grids/ball_hash", "grids/ball_vm", "grids/ball_triplane", "grids/ball_ngp/ball.ingp"]
    {
        let field = sampled(scene(&[name], None), 16, 0);
        same(device, name, &field, [24, 18], &Method::default())?;
    }
    Ok(())
}

fn nerf(device: &Device) -> Verdict {
    let nerf = sampled(scene(&["nerf/lego-lowres-199999.safetensors"], None), 8, 8);
    let (_, camera) = camera_file::read_view(&scene_file("nerf/cameras.json"), None)?;
    same_for(device, "NeRF", &nerf, &camera.resized(6, 6), &Method::default())
}

fn hybrid(device: &Device) -> Verdict {
    let hybrid = scene(&["hybrid/spot.quintet.json"], None);
    same(device, "hybrid", &hybrid, [64, 48], &Method::default())
}
