//! Radiance fields against pictures that others made of them: nerfstudio's encodings and a NeRF.

use std::fs::File;
use std::path::Path;

use super::pictures::{psnr, read_png_of};
use super::reference_folder;
use quintet_driver::camera::Camera;
use quintet_driver::import;
use quintet_driver::reference::field::Renderer;
use quintet_driver::scene::Field;
use serde_json::Value;

/// What float pictures must reach, dB.
const FLOAT_MIN: f64 = 50.0;

/// A field, a camera and the picture of another renderer.
struct Case {
    name: String,
    field: Field,
    camera: Camera,
    picture: Vec<u8>,
}

/// The captured scene in three kinds of grids, two views each.
fn grids(folder: &Path) -> Vec<Case> {
    let case = |(kind, view): (&str, usize)| {
        let folder = folder.join("scenes/grids").join(format!("fox_{kind}"));
        let field = import::field(&folder).unwrap().field;
        let camera = field.views[view].1.clone();
        let size = [camera.width, camera.height].map(u32::from);
        let picture = read_png_of(&folder.join(format!("test{view}_render.png")), size);
        Case { name: format!("fox_{kind} {view}"), field, camera, picture }
    };
    ["hash", "vm", "triplane"].iter().flat_map(|kind| [(*kind, 0), (*kind, 1)]).map(case).collect()
}

/// The NeRF: coarse pass and all.
fn nerf(folder: &Path) -> Case {
    let checkpoint = folder.join("scenes/nerf_mlp/lego-lowres-199999.safetensors");
    let field = import::field(&checkpoint).unwrap().field;
    let file = File::open(folder.join("reference/nerf_mlp/meta_lego.json")).unwrap();
    let meta: Value = serde_json::from_reader(file).unwrap();
    let view = &meta["lego_view0"];
    let entry = |row: usize, column: usize| view["c2w_opengl"][row][column].as_f64().unwrap();
    let pose = [0, 1, 2, 3].map(|row| [0, 1, 2, 3].map(|column| entry(row, column)));
    let focal = view["focal"].as_f64().unwrap();
    // Its rays go through the corners of pixels.
    let camera = Camera::from_opengl([80; 2], [focal; 2], [40.5; 2], &pose);
    let picture = folder.join("reference/nerf_mlp/lego_view0_fine.png");
    let picture = read_png_of(&picture, [80; 2]);
    Case { name: "lego".into(), field, camera, picture }
}

fn bytes(picture: &[[f32; 3]]) -> Vec<u8> {
    picture.as_flattened().iter().map(|x| (x.clamp(0.0, 1.0) * 255.0).round() as u8).collect()
}

#[test]
fn fields_in_floats_look_like_the_reference_renders() {
    let Some(folder) = reference_folder("fields_in_floats_look_like_the_reference_renders") else {
        return;
    };
    for case in grids(&folder).into_iter().chain([nerf(&folder)]) {
        let picture = bytes(&Renderer::new(&case.field).render(&case.camera));
        let figure = psnr(&picture, &case.picture);
        println!("{:<16} float {figure:6.2} dB", case.name);
        assert!(figure > FLOAT_MIN, "{}: {figure:.2} dB", case.name);
    }
}
