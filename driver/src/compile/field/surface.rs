//! Triangles whose colours are a field's where they are seen (MixRT): a hybrid.
//!
//! A fragment is taken for the only sample of its pixel's ray, without end and with a density that
//! lets nothing through; so a field's nodes are evaluated for fragments as they are for samples.
//!
//! ```text
//!       TransformVertices; Fill cursor
//! tile: NextTile, CastRays, what is of rays alone
//!       RasteriseTriangles -> pixels, places in the field's box
//!       Fill and Copy: pixels become samples
//!       nodes, Composite, ResolveTile; while there are tiles
//! ```

use super::calibrate::Calibration;
use super::check::check;
use super::model::{Precision, QuantisedModel};
use super::program::{Drawing, Pass, Sizes, Target, Writer};
use super::{FieldError, FieldOptions, sizes, tables};
use crate::camera::Camera;
use crate::compile::{Bundle, CameraKind, CameraSlot, CompileError, Options, mesh};
use crate::quantise::rays::RayFrame;
use crate::quantise::{Attribute, QuantisedMesh, quantise_mesh};
use crate::reference::mesh::{Hit, hits};
use crate::scene::{Field, Mesh};
use quintet_protocol::gaussian::CAMERA_WORDS;
use quintet_protocol::mesh::seen_words;
use quintet_protocol::program::{
    BufferId, Command, Copy, Fill, RasteriseTriangles, TransformVertices,
};
use quintet_protocol::ray::{
    COUNT_WORDS, DENSITY_ENTRIES, DENSITY_TABLE, RAY_CAMERA_WORDS, SAMPLE_WORDS, Spacing,
};
use quintet_protocol::tile::{POINT_WORDS, TRANSMITTANCE_ONE};

/// Pixels of a tile, if there is room: each tile looks at all triangles again.
const TILE_PIXELS: usize = 4096;
/// Bytes of a word, as strides of copies have it.
const WORD: usize = 4;
/// Words of a pixel's surface: depth, and number of the triangle.
const SURFACE_WORDS: usize = 2;
/// The byte that all of an endless length are.
const ENDLESS_BYTE: i8 = -1;
/// Attribute of a vertex that is its place in a box.
const PLACES: u8 = 1;

/// Compiles triangles whose colours are a field's, for cameras such as these.
///
/// # Errors
/// When the field has no form that devices take, there is nothing to draw, or it does not fit.
pub fn compile(
    mesh: &Mesh,
    field: &Field,
    cameras: &[Camera],
    reach: f64,
    options: &FieldOptions,
    target: &Options,
) -> Result<Bundle, CompileError> {
    if mesh.triangles.is_empty() {
        return Err(CompileError::NoTriangles);
    }
    target.check()?;
    check(field, cameras)?;
    let color = field.model.color.as_ref().ok_or(FieldError::NoColor)?;
    let calibration = Calibration::at(field, seen(mesh, cameras));
    let precision = Precision {
        calibration: &calibration,
        entries: options.entries,
        bounds: field.bounds,
        step: 1.0,
    };
    let rays = RayFrame::new(field.bounds, field.sampling.range, field.sampling.along_rays);
    let quantised = QuantisedModel::new(&field.model, &precision)?;
    let mut activations = tables(&quantised, color, &rays)?;
    // Dense whatever the number is: nothing gets through.
    activations[0] = 1;
    activations[DENSITY_TABLE..DENSITY_TABLE + DENSITY_ENTRIES].fill(0);
    let drawing = Drawing {
        size: [target.width, target.height],
        background: target.background,
        model: &quantised,
        activations: &activations,
        occupancy: None,
        clips: false,
        spacing: Spacing::Points,
        samples: 1,
        coarse: None,
        opaque: (options.opaque * f64::from(TRANSMITTANCE_ONE)).round() as u16,
    };
    let frame = mesh::frame(mesh, None, reach);
    let quantised_mesh = quantise_mesh(mesh, &frame, Attribute::Places(field.bounds), false);
    fit(&drawing, &quantised_mesh, [CameraKind::View(frame), CameraKind::Rays(rays)], target)
}

/// Points that cameras see of triangles, and the directions that they are seen along.
fn seen(mesh: &Mesh, cameras: &[Camera]) -> Vec<([f64; 3], [f64; 3])> {
    let of_camera = |camera: &Camera| {
        let eye = camera.position();
        let hits = hits(mesh, camera).into_iter().flatten();
        let place = move |hit: Hit| {
            let point = hit.point(mesh);
            let way = [0, 1, 2].map(|axis| point[axis] - eye[axis]);
            let length = way.iter().map(|part| part * part).sum::<f64>().sqrt();
            (point, way.map(|part| part / length))
        };
        hits.map(place).collect::<Vec<_>>()
    };
    cameras.iter().flat_map(of_camera).collect()
}

/// The program for the largest tiles that the arena has room for.
fn fit(
    drawing: &Drawing<'_>,
    mesh: &QuantisedMesh,
    kinds: [CameraKind; 2],
    target: &Options,
) -> Result<Bundle, CompileError> {
    let mut pixels = TILE_PIXELS;
    loop {
        let sizes = sizes(drawing.size, pixels);
        let sizes = Sizes { batch: sizes.pixels(), ..sizes };
        let mut writer = Writer::new(drawing, sizes);
        let cameras = writer.write_surface(mesh);
        let drafted = writer.draft.finish();
        if drafted.bytes <= target.arena_bytes {
            let slot = |(camera, kind): (BufferId, CameraKind)| CameraSlot {
                offset: drafted.offsets[usize::from(camera.0)],
                kind,
            };
            return Ok(Bundle {
                cameras: cameras.into_iter().zip(kinds).map(slot).collect(),
                program: drafted.program,
                constants: drafted.constants,
                arena_bytes: drafted.bytes,
                tile: sizes.tile,
                streamed: None,
            });
        }
        if pixels == 1 {
            let available = target.arena_bytes;
            return Err(FieldError::TooLarge { needed: drafted.bytes, available }.into());
        }
        pixels /= 2;
    }
}

/// Buffers of the triangles, and of what is seen of them.
struct Fragments {
    surface: BufferId,
    pixels: BufferId,
    points: BufferId,
}

impl<'a> Writer<'a> {
    /// Writes the program of a hybrid; returns the buffers of the cameras, of views and of rays.
    fn write_surface(&mut self, mesh: &'a QuantisedMesh) -> [BufferId; 2] {
        let (drawing, pixels) = (self.drawing, self.sizes.pixels());
        let loaded = self.load(drawing.model, drawing.activations);
        let vertices = self.draft.constant("vertices", mesh.vertices.as_flattened());
        let triangles = self.draft.constant("triangles", mesh.triangles.as_flattened());
        let camera = self.draft.input(CAMERA_WORDS);
        let ray_camera = self.draft.input(RAY_CAMERA_WORDS);
        let frame = self.draft.frame(drawing.size);
        let shared = self.shared(None);
        let counts = [mesh.vertices.len(), mesh.triangles.len()];
        let seen = self.draft.kept(seen_words(counts[0], counts[1]));
        let [vertex_count, triangle_count] = counts.map(|count| count as u32);
        let [width, height] = drawing.size;
        let transform = TransformVertices {
            vertices,
            triangles,
            camera,
            seen,
            vertex_count,
            triangle_count,
            width,
            height,
        };
        self.draft.push(Command::TransformVertices(transform), &[camera, seen]);
        self.clear_cursor(&shared);
        let tile = self.begin_tile(&shared, ray_camera, frame);
        self.of_rays(&loaded, &shared);
        let fragments = Fragments {
            surface: self.draft.scratch(pixels * SURFACE_WORDS),
            pixels: self.draft.scratch(1 + pixels),
            points: self.draft.scratch(pixels * POINT_WORDS),
        };
        let Fragments { surface, pixels: numbers, points } = fragments;
        let rasterise = RasteriseTriangles {
            cursor: shared.cursor,
            seen,
            vertices,
            triangles,
            surface,
            pixels: numbers,
            points: Some(points),
            normals: None,
            vertex_count,
            triangle_count,
            capacity: pixels as u32,
            attribute: PLACES,
        };
        self.draft.push(Command::RasteriseTriangles(rasterise), &[surface, numbers, points]);
        let samples = self.samples_of(numbers, pixels);
        let rows = self.sample_rows(&loaded, pixels);
        let target = Target { count: samples, capacity: pixels, points: Some(points), rows };
        let pass = Pass { loaded: &loaded, colors: true, samples: 1, shares: None, weights: None };
        self.nodes(&pass, &shared, &target);
        self.end_tile(&shared, frame, tile);
        [camera, ray_camera]
    }

    /// Makes samples of pixels: each the only one of its ray, without end.
    fn samples_of(&mut self, numbers: BufferId, pixels: usize) -> BufferId {
        let words = COUNT_WORDS + pixels * SAMPLE_WORDS;
        let samples = self.draft.scratch(words);
        let fill = Fill { output: samples, count: (words * WORD) as u32, value: ENDLESS_BYTE };
        self.draft.push(Command::Fill(fill), &[samples]);
        let stride = (SAMPLE_WORDS * WORD) as i32;
        let copy = |runs: usize, from: usize, to: usize| Copy {
            input: numbers,
            output: samples,
            counts: [runs as u16, 1, 1],
            run: WORD as u32,
            from: (from * WORD) as u32,
            from_strides: [WORD as i32, 0, 0],
            to: (to * WORD) as u32,
            to_strides: [stride, 0, 0],
        };
        for copy in [copy(1, 0, 0), copy(pixels, 1, COUNT_WORDS)] {
            self.draft.push(Command::Copy(copy), &[numbers, samples]);
        }
        samples
    }
}
