//! Radiance fields against pictures that others made of them: nerfstudio's encodings and a NeRF.

use std::fs::File;
use std::path::Path;

use super::pictures::{psnr, read_png_of};
use super::reference_folder;
use quintet_driver::camera::Camera;
use quintet_driver::compile::Options;
use quintet_driver::compile::field::{FieldOptions, compile};
use quintet_driver::device::Connection;
use quintet_driver::import;
use quintet_driver::reference::field::Renderer as Floats;
use quintet_driver::render::{Frame, Renderer};
use quintet_driver::scene::Field;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_protocol::message::Phase;
use serde_json::Value;

/// What float pictures must reach, dB.
const FLOAT_MIN: f64 = 50.0;
/// What pictures of devices must reach, dB.
const GRID_MIN: f64 = 45.0;
const NERF_MIN: f64 = 33.0;
/// Rows of a picture of which one is drawn, so that all of them take seconds.
const ROW_STEP: u16 = 8;
/// Cells of a grid of occupancy, that all of them are baked in seconds.
const CELLS: usize = 32;

/// A field, a camera and the picture of another renderer.
pub struct Case {
    name: String,
    pub field: Field,
    pub camera: Camera,
    picture: Vec<u8>,
}

impl Case {
    /// Only one of so many rows of the picture.
    fn sparse(self, step: u16) -> Self {
        let (first, skip) = (step / 2, f64::from(step));
        let rows = self.picture.chunks(usize::from(self.camera.width) * 3);
        let rows = rows.skip(first.into()).step_by(step.into());
        let picture = rows.flatten().copied().collect();
        let camera = Camera {
            height: (self.camera.height - first).div_ceil(step),
            focal: [self.camera.focal[0], self.camera.focal[1] / skip],
            center: [
                self.camera.center[0],
                (self.camera.center[1] - f64::from(first) - 0.5) / skip + 0.5,
            ],
            ..self.camera
        };
        Self { camera, picture, ..self }
    }

    /// The picture of the virtual device.
    fn draw(&self, options: &FieldOptions) -> Frame {
        let mut connection =
            Connection::open(&DeviceUri::Virtual { arena: None }, Limits::default()).unwrap();
        let Camera { width, height, .. } = self.camera;
        let target = Options {
            width,
            height,
            background: self.field.sampling.background.map(|c| (c * 255.0).round() as u8),
            arena_bytes: connection.description().arena_bytes as usize,
        };
        let bundle =
            compile(&self.field, std::slice::from_ref(&self.camera), options, &target).unwrap();
        let mut renderer =
            Renderer::with_bundle(&mut connection, bundle, [width, height], &mut |_, _| ())
                .unwrap();
        renderer.render(&self.camera).unwrap()
    }
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
pub fn nerf(folder: &Path) -> Case {
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
        let picture = bytes(&Floats::new(&case.field).render(&case.camera));
        let figure = psnr(&picture, &case.picture);
        println!("{:<16} float {figure:6.2} dB", case.name);
        assert!(figure > FLOAT_MIN, "{}: {figure:.2} dB", case.name);
    }
}

fn options() -> FieldOptions {
    FieldOptions { cells: CELLS, ..FieldOptions::default() }
}

/// Draws fields on the virtual device; returns those that are not like the references.
fn drawn(cases: impl IntoIterator<Item = Case>, options: &FieldOptions, least: f64) -> Vec<String> {
    let mut failures = Vec::new();
    for case in cases {
        let frame = case.draw(options);
        let figure = psnr(&frame.rgb, &case.picture);
        let line = format!("{:<16} device {figure:6.2} dB", case.name);
        println!("{line}");
        if figure < least {
            failures.push(line);
        }
    }
    failures
}

#[test]
fn grids_look_like_the_reference_renders() {
    let Some(folder) = reference_folder("grids_look_like_the_reference_renders") else { return };
    let cases = grids(&folder).into_iter().map(|case| case.sparse(ROW_STEP));
    let failures = drawn(cases, &options(), GRID_MIN);
    assert!(failures.is_empty(), "below {GRID_MIN} dB: {failures:#?}");
}

#[test]
fn a_nerf_looks_like_the_reference_render() {
    let Some(folder) = reference_folder("a_nerf_looks_like_the_reference_render") else { return };
    let cases = [nerf(&folder).sparse(ROW_STEP)];
    let failures = drawn(cases, &options(), NERF_MIN);
    assert!(failures.is_empty(), "below {NERF_MIN} dB: {failures:#?}");
}

#[test]
fn occupancy_and_a_coarse_pass_pay() {
    let Some(folder) = reference_folder("occupancy_and_a_coarse_pass_pay") else { return };
    let case = nerf(&folder).sparse(2 * ROW_STEP);
    let [both, unoccupied, unfocused] = [(true, true), (false, true), (true, false)].map(|it| {
        let (occupancy, focus) = it;
        let frame = case.draw(&FieldOptions { occupancy, focus, ..options() });
        let products = frame.costs.iter().filter(|cost| cost.phase == Phase::Multiply);
        let products: u64 = products.map(|cost| cost.items).sum();
        let figure = psnr(&frame.rgb, &case.picture);
        println!("occupancy {occupancy:5}, focus {focus:5}: {figure:5.2} dB, {products} products");
        (figure, products)
    });
    assert!(both.1 * 2 < unoccupied.1, "occupancy saves less than half of the products");
    assert!(both.0 > unoccupied.0 - 0.5, "occupancy costs quality");
    assert!(both.0 > unfocused.0 + 3.0, "a coarse pass gains less than 3 dB");
}
