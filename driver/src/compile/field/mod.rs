//! A radiance field to a bundle: any graph of grids, waves and dense layers becomes one program.
//!
//! The field is looked at in floats from where it will be seen: that gives the range of all numbers
//! (`calibrate`), the cells that anything is in (`occupancy`), and a box for a field that has none.

mod calibrate;
mod check;
mod draft;
mod error;
mod layout;
mod model;
mod occupancy;
mod program;
mod surface;

use super::{Bundle, CameraKind, CameraSlot, CompileError, Options};
use crate::camera::Camera;
use crate::quantise::grid::Bits;
use crate::quantise::rays::{QuantisedOccupancy, RayFrame, activations, occupancy};
use crate::reference::field::Renderer;
use crate::scene::Field;
use crate::scene::field::{
    ColorActivation, DensityActivation, Model, Occupancy, Output, Outside, Sampling,
};
use calibrate::{Calibration, rays};
use check::check;
pub use error::FieldError;
use model::{Precision, QuantisedModel};
use program::{Coarse, Drawing, Sizes, write};
use quintet_protocol::ray::Spacing;
use quintet_protocol::tile::TRANSMITTANCE_ONE;
pub(super) use surface::compile as compile_surface;

/// Samples of a ray that devices take, in one pass and in the passes of a focused one.
const SAMPLES: [usize; 2] = [1, 4096];
const FOCUSED_SAMPLES: [usize; 2] = [4, 1024];
/// Cells along a side of a grid of occupancy.
const CELLS: [usize; 2] = [4, 256];
/// Pixels of a tile, if there is room: what a ray takes beside its samples is some hundred bytes.
const TILE_PIXELS: usize = 256;
/// Samples of a batch to a pixel of a tile: few, so that rays that become opaque waste none.
const BATCH_FACTOR: usize = 8;
/// Cells along a side of the box in which a field without one is looked for.
const SEARCH_SIDE: usize = 32;

/// How a field is to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldOptions {
    /// Whether cells that nothing is in are passed over.
    pub occupancy: bool,
    /// Cells along each side of the box, a power of two, 4 to 256, unless the field tells which of
    /// its own are occupied.
    pub cells: usize,
    /// Whether a coarse pass decides where samples are spent; without it as many are spent evenly.
    pub focus: bool,
    /// Samples, in proportion to what the field asks for.
    pub samples: f64,
    /// Bits of an entry of a grid.
    pub entries: Bits,
    /// What of the light gets through where nothing behind is looked at any more.
    pub opaque: f64,
}

impl Default for FieldOptions {
    fn default() -> Self {
        Self {
            occupancy: true,
            cells: 64,
            focus: true,
            samples: 1.0,
            entries: Bits::Eight,
            opaque: 1.0 / 2048.0,
        }
    }
}

/// Compiles a field that will be seen by cameras such as these.
///
/// # Errors
/// When the field has no form that devices take, or does not fit.
pub fn compile(
    field: &Field,
    cameras: &[Camera],
    options: &FieldOptions,
    target: &Options,
) -> Result<Bundle, CompileError> {
    let [least, most] = CELLS;
    if !options.cells.is_power_of_two() || !(least..=most).contains(&options.cells) {
        return Err(FieldError::Cells { cells: options.cells, least, most }.into());
    }
    target.check()?;
    Ok(compile_field(field, cameras, options, target)?)
}

fn compile_field(
    field: &Field,
    cameras: &[Camera],
    options: &FieldOptions,
    target: &Options,
) -> Result<Bundle, FieldError> {
    check(field, cameras)?;
    let sampling = sampling(field, options)?;
    let model = &field.model;
    let seen = seen(field, cameras, options, &sampling);
    let calibration = Calibration::new(field, cameras);
    let length = sampling.range[1] - sampling.range[0];
    let precision = Precision {
        calibration: &calibration,
        entries: options.entries,
        bounds: seen.bounds,
        step: length / sampling.coarse as f64,
    };
    let frame = RayFrame::new(seen.bounds, sampling.range, sampling.along_rays);
    for camera in cameras {
        camera.rays(&frame)?;
    }
    let color = model.color.as_ref().ok_or(FieldError::NoColor)?;
    let quantised = QuantisedModel::new(model, &precision)?;
    let tables = tables(&quantised, color, &frame)?;
    let proposal = field.proposal.as_ref().filter(|_| sampling.fine > 0);
    let proposal = match proposal {
        Some(proposal) => {
            let proposal = QuantisedModel::new(proposal, &precision)?;
            let tables = self::tables(&proposal, color, &frame)?;
            Some((proposal, tables))
        }
        None => None,
    };
    let coarse = Coarse {
        proposal: proposal.as_ref().map(|(model, tables)| (model, tables.as_slice())),
        samples: sampling.coarse,
        spends: sampling.fine,
        padding: ((sampling.padding * f64::from(1 << 30)).round() as u32).clamp(1, 1 << 30),
    };
    let kept = if sampling.spacing == Spacing::Points { sampling.coarse } else { 0 };
    let drawing = Drawing {
        size: [target.width, target.height],
        background: target.background,
        model: &quantised,
        activations: &tables,
        occupancy: seen.occupancy.as_ref(),
        clips: field.outside == Outside::Empty || seen.clips,
        spacing: sampling.spacing,
        samples: if sampling.fine > 0 { kept + sampling.fine } else { sampling.coarse },
        coarse: (sampling.fine > 0).then_some(coarse),
        opaque: (options.opaque * f64::from(TRANSMITTANCE_ONE)).round() as u16,
    };
    fit(&drawing, &frame, target.arena_bytes)
}

/// How samples are spent.
fn sampling(field: &Field, options: &FieldOptions) -> Result<Sampling, FieldError> {
    let own = &field.sampling;
    let scaled = |samples: usize| ((samples as f64 * options.samples).round() as usize).max(1);
    let mut sampling =
        Sampling { coarse: scaled(own.coarse), fine: scaled(own.fine), ..own.clone() };
    if own.fine == 0 {
        sampling.fine = 0;
    } else if !options.focus {
        (sampling.coarse, sampling.fine) = (sampling.coarse.saturating_add(sampling.fine), 0);
    }
    let [least, most] = if sampling.fine > 0 { FOCUSED_SAMPLES } else { SAMPLES };
    let passes = [Some(sampling.coarse), Some(sampling.fine).filter(|&fine| fine > 0)];
    match passes.into_iter().flatten().find(|samples| !(least..=most).contains(samples)) {
        Some(samples) => Err(FieldError::Samples { samples, least, most }),
        None => Ok(sampling),
    }
}

/// What of a field is to be seen.
struct Seen {
    bounds: [[f64; 3]; 2],
    occupancy: Option<QuantisedOccupancy>,
    /// Whether there is nothing outside the box, whatever the field would say.
    clips: bool,
}

/// The box of a field, and which of its cells are occupied.
fn seen(field: &Field, cameras: &[Camera], options: &FieldOptions, sampling: &Sampling) -> Seen {
    let renderer = Renderer { sampling, ..Renderer::new(field) };
    let step = (sampling.range[1] - sampling.range[0]) / sampling.coarse as f64;
    let free = field.outside == Outside::Free;
    let around = occupancy::around(&rays(field, cameras));
    let bounds = match (free, options.occupancy) {
        (false, _) => field.bounds,
        (true, false) => around,
        (true, true) => occupancy::shrink(&renderer, &field.model, around, SEARCH_SIDE, step),
    };
    let occupancy = options.occupancy.then(|| match &field.occupancy {
        Some(own) => occupancy(own),
        None => occupancy(&bake(&renderer, field, bounds, options.cells, step)),
    });
    Seen { bounds, clips: free && occupancy.is_some(), occupancy }
}

/// Cells in which the model hides something, or its proposal: samples are spent by that.
fn bake(
    renderer: &Renderer<'_>,
    field: &Field,
    bounds: [[f64; 3]; 2],
    side: usize,
    step: f64,
) -> Occupancy {
    let bake = |model: &Model| occupancy::bake(renderer, model, bounds, side, step);
    let mut baked = bake(&field.model);
    if let Some(proposal) = &field.proposal {
        for (cell, proposed) in baked.cells.iter_mut().zip(bake(proposal).cells) {
            *cell |= proposed;
        }
    }
    baked
}

/// What becomes of a model's densities and colours.
fn tables(
    quantised: &QuantisedModel<'_>,
    color: &Output<ColorActivation>,
    frame: &RayFrame,
) -> Result<Vec<u32>, FieldError> {
    let density = quantised.model.density.as_ref().ok_or(FieldError::NoDensity)?;
    let [density_bits, color_bits] = quantised.bits;
    let activation: DensityActivation = density.activation;
    Ok(activations(activation, density_bits, color.activation, color_bits, frame.density_unit))
}

/// The program for the largest tiles and batches that the arena has room for.
fn fit(drawing: &Drawing<'_>, frame: &RayFrame, arena_bytes: usize) -> Result<Bundle, FieldError> {
    let mut pixels = TILE_PIXELS;
    loop {
        let sizes = sizes(drawing.size, pixels);
        let (draft, camera) = write(drawing, sizes);
        let drafted = draft.finish();
        if drafted.bytes <= arena_bytes {
            let offset = drafted.offsets[usize::from(camera.0)];
            return Ok(Bundle {
                program: drafted.program,
                constants: drafted.constants,
                cameras: vec![CameraSlot { offset, kind: CameraKind::Rays(frame.clone()) }],
                arena_bytes: drafted.bytes,
                tile: sizes.tile,
                streamed: None,
            });
        }
        if pixels == 1 {
            return Err(FieldError::TooLarge { needed: drafted.bytes, available: arena_bytes });
        }
        pixels /= 2;
    }
}

/// A tile of so many pixels at most, and its batch.
fn sizes([width, height]: [u16; 2], pixels: usize) -> Sizes {
    let columns = usize::from(width).min(pixels);
    let rows = (pixels / columns).clamp(1, height.into());
    Sizes { tile: [columns as u16, rows as u16], batch: columns * rows * BATCH_FACTOR }
}
