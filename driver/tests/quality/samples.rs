//! Samples of a radiance field on a device, one by one, against the same field in floats.

use super::fields::nerf;
use super::reference_folder;
use quintet_driver::camera::Camera;
use quintet_driver::compile::field::{FieldOptions, compile};
use quintet_driver::compile::{Bundle, CameraKind, Options};
use quintet_driver::device::Connection;
use quintet_driver::reference::field::{Renderer as Floats, ray};
use quintet_driver::render::Renderer;
use quintet_driver::scene::Field;
use quintet_driver::session::Limits;
use quintet_driver::transport::DeviceUri;
use quintet_protocol::feature::Matrix;
use quintet_protocol::program::{BufferId, Command, Composite, Program};
use quintet_protocol::ray::{
    ACTIVATION_STEP, ACTIVATION_WORDS, COLOR_TABLE, COUNT_WORDS, SAMPLE_WORDS,
};

/// Columns and rows of a picture of one tile.
const SIDE: u16 = 16;
/// Samples of a ray: those of a tile are one batch, which is in the arena when all is done.
const SAMPLES: usize = 8;
/// Greatest errors that are let pass, in the mean and of 99 in 100 samples: of what a sample hides,
/// and of its colour, both in 0..=1.
const OPACITY_MAX: [f64; 2] = [0.002, 0.02];
const COLOR_MAX: [f64; 2] = [0.02, 0.15];

/// What a device left of a batch of samples.
struct Batch<'a> {
    connection: &'a mut Connection,
    program: &'a [u8],
}

impl Batch<'_> {
    fn composite(&self) -> Composite {
        let program = Program::new(self.program).unwrap();
        let commands = (0..program.command_count()).map(|at| program.command(at as u16).unwrap());
        let mut composites = commands.filter_map(|command| match command {
            Command::Composite(composite) => Some(composite),
            _ => None,
        });
        composites.next().unwrap()
    }

    fn words(&mut self, id: BufferId, count: usize) -> Vec<u32> {
        let buffer = Program::new(self.program).unwrap().buffer(id).unwrap();
        let bytes = self.connection.session().download(buffer.offset, (count * 4) as u32).unwrap();
        bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
    }

    /// A column of so many rows.
    fn column(&mut self, id: BufferId, rows: usize, Matrix { stride, first }: Matrix) -> Vec<i16> {
        let words = self.words(id, rows * usize::from(stride) / 2);
        let half = |at: usize| (words[at / 2] >> (16 * (at % 2))) as u16 as i16;
        (0..rows).map(|row| half(row * usize::from(stride) + usize::from(first))).collect()
    }
}

/// Mean, and what 99 in 100 are below.
fn figures(mut errors: Vec<f64>) -> [f64; 2] {
    errors.sort_by(f64::total_cmp);
    [errors.iter().sum::<f64>() / errors.len() as f64, errors[errors.len() * 99 / 100]]
}

fn compiled(field: &Field, camera: &Camera, arena: u32) -> Bundle {
    let options = FieldOptions { occupancy: false, opaque: 0.0, ..FieldOptions::default() };
    let target =
        Options { width: SIDE, height: SIDE, background: [0; 3], arena_bytes: arena as usize };
    compile(field, std::slice::from_ref(camera), &options, &target).unwrap()
}

#[test]
fn samples_of_a_nerf_are_those_of_floats() {
    let Some(folder) = reference_folder("samples_of_a_nerf_are_those_of_floats") else { return };
    let case = nerf(&folder);
    let mut field = case.field;
    (field.sampling.coarse, field.sampling.fine) = (SAMPLES, 0);
    let (mut opacities, mut seen) = (Vec::new(), Vec::new());
    for [column, row] in
        [1.0, 2.0, 3.0].into_iter().flat_map(|row| [1.0, 2.0, 3.0].map(|x| [x, row]))
    {
        let center = case.camera.center;
        let [x, y] = [column, row].map(|tiles| tiles * f64::from(SIDE));
        let center = [center[0] - x, center[1] - y];
        let camera = Camera { width: SIDE, height: SIDE, center, ..case.camera.clone() };
        let errors = errors_of_tile(&field, &camera);
        opacities.extend(errors.0);
        seen.extend(errors.1);
    }
    println!("{} samples, {} of them with colours", opacities.len(), seen.len() / 3);
    for (name, errors, most) in [("opacity", opacities, OPACITY_MAX), ("colour", seen, COLOR_MAX)] {
        let found = figures(errors);
        println!("{name:<8} mean {:.4}, 99 in 100 below {:.4}", found[0], found[1]);
        assert!(found[0] <= most[0] && found[1] <= most[1], "{name}: {found:?}");
    }
}

/// Errors of all samples of a tile: of what they hide, and of the colours of those that hide some.
fn errors_of_tile(field: &Field, camera: &Camera) -> (Vec<f64>, Vec<f64>) {
    let mut connection =
        Connection::open(&DeviceUri::Virtual { arena: None }, Limits::default()).unwrap();
    let bundle = compiled(field, camera, connection.description().arena_bytes);
    let CameraKind::Rays(frame) = bundle.cameras[0].kind.clone() else { panic!("no rays") };
    let program = bundle.program.clone();
    Renderer::with_bundle(&mut connection, bundle, [SIDE; 2], &mut |_, _| ())
        .unwrap()
        .render(camera)
        .unwrap();

    let mut batch = Batch { connection: &mut connection, program: &program };
    let composite = batch.composite();
    let count = usize::from(SIDE) * usize::from(SIDE) * SAMPLES;
    let samples = batch.words(composite.samples, COUNT_WORDS + count * SAMPLE_WORDS);
    assert_eq!(samples[0] as usize, count, "all samples are one batch");
    let table = batch.words(composite.activations, ACTIVATION_WORDS);
    assert_eq!(table[0], 0, "densities are linear");
    let multiplier = f64::from(table[1] & 0xFFFF) * (-f64::from(table[1] >> 16)).exp2();
    let step = multiplier / (frame.density_unit * std::f64::consts::LOG2_E * 1024.0);
    let densities = batch.column(composite.densities, count, composite.density);
    let colors = [0, 1, 2].map(|channel| {
        let color = composite.color;
        batch.column(
            composite.colors.unwrap(),
            count,
            Matrix { first: color.first + channel, ..color },
        )
    });
    let color = |x: i16| {
        let at = (i32::from(x) + 32_768) as usize;
        let entry = table[COLOR_TABLE + at / ACTIVATION_STEP];
        let into = (at % ACTIVATION_STEP) as f64 / ACTIVATION_STEP as f64;
        (f64::from(entry & 0xFFFF) + f64::from(entry as i32 >> 16) * into) / 32_768.0
    };

    let words = samples[COUNT_WORDS..].chunks(SAMPLE_WORDS);
    let (points, directions): (Vec<_>, Vec<_>) = words
        .map(|sample| {
            let [number, place] = [sample[0] & 0xFFFF, sample[0] >> 16].map(|it| it as usize);
            let side = usize::from(SIDE);
            let ray = ray(camera, &field.sampling, [number % side, number / side]);
            let shares = Floats::new(field).shares(&[ray]);
            (ray.point(shares[0][place]), ray.unit)
        })
        .unzip();
    let floats = Floats::new(field).sample(&points, &directions);
    let length = (frame.range[1] - frame.range[0]) / SAMPLES as f64;
    let hides = |density: f64| 1.0 - (-density * length).exp();
    let (mut opacities, mut seen) = (Vec::new(), Vec::new());
    for (at, float) in floats.iter().enumerate() {
        let hidden = hides(f64::from(float.density));
        let density = f64::from(densities[at].max(0)) * step;
        opacities.push((hides(density) - hidden).abs());
        // Colours of what hides nothing are never seen.
        if hidden > 0.1 {
            let errors = (0..3).map(|c| (color(colors[c][at]) - f64::from(float.color[c])).abs());
            seen.extend(errors);
        }
    }
    (opacities, seen)
}
