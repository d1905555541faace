//! TensoRF's checkpoints, `.th` (Chen et al., ECCV 2022; `models/tensorBase.py`, `tensoRF.py`).
//!
//! | entry | what it is |
//! |---|---|
//! | `kwargs.*` | the box, the activation of densities, the mode of shading |
//! | `state_dict.density_plane.I`, `density_line.I` | planes xy, xz, yz and lines z, y, x; their products add up to the density |
//! | `state_dict.app_plane.I`, `app_line.I` | the same for colours |
//! | `state_dict.basis_mat` | from these products to features |
//! | `state_dict.renderModule.mlp.N` | from features and the direction to the colour |
//! | `alphaMask.*` | which points there is anything at, a bit each |
//!
//! Without planes the lines are multiplied with each other (`TensorCP`). Octaves of waves are
//! ordered otherwise here, so columns of the first layer are.

use super::ImportedField;
use super::graph::Graph;
use super::tensors::{Linear, Source};
use super::torch::Checkpoint;
use crate::import::error::Fault;
use crate::scene::Field;
use crate::scene::field::{
    ColorActivation, DensityActivation, Factor, Factors, Occupancy, Output, Outside, Sampling,
    WavesOf,
};
use quintet_protocol::ray::Spacing;

/// Axes of planes along columns and rows, and of lines.
const PLANES: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];
const LINES: [usize; 3] = [2, 1, 0];
/// Most samples of a ray.
const SAMPLES_MAX: f64 = 4096.0;
/// Most octaves of waves; beyond all use.
const OCTAVES_MAX: f64 = 24.0;
/// Cells along each axis of the occupancy that the mask becomes.
const CELLS: usize = 128;
/// Most points of the mask along an axis; TensoRF's have up to 200.
const POINTS_MAX: usize = 1024;

const TRAIN: &str = "Train TensorVMSplit or TensorCP with shadingMode MLP_Fea, MLP or RGB.";

/// Whether a checkpoint is one of TensoRF.
pub(super) fn plausible(checkpoint: &Checkpoint) -> bool {
    checkpoint.text("kwargs.shadingMode").is_some()
}

/// Imports a checkpoint.
pub(super) fn import(checkpoint: &Checkpoint) -> Result<ImportedField, Fault> {
    let source: &dyn Source = checkpoint;
    let shading = Shading::read(checkpoint)?;
    if !source.has("state_dict.density_line.0") {
        return Err(Fault::unsupported("a TensoRF checkpoint of TensorVM", TRAIN));
    }
    let bounds = bounds(source, "kwargs.aabb")?;
    let mut graph = Graph::default();
    let density = density(&mut graph, checkpoint)?;
    let (color, activation) = color(&mut graph, checkpoint, &shading)?;
    let model = graph.model(density, Output { node: color, column: 0, activation })?;
    let vm = source.has("state_dict.density_plane.0");
    let field = Field {
        bounds,
        outside: Outside::Empty,
        proposal: None,
        model,
        sampling: sampling(checkpoint, bounds)?,
        occupancy: occupancy(checkpoint, bounds)?,
        views: Vec::new(),
    };
    let format = if vm { "TensoRF, planes and lines" } else { "TensoRF, lines" };
    let notes = vec!["The background is taken to be white, as TensoRF trains.".into()];
    Ok(ImportedField { format, field, notes })
}

/// A box: its least and its greatest corner.
fn bounds(source: &dyn Source, name: &str) -> Result<[[f64; 3]; 2], Fault> {
    let corners = source.tensor(name)?;
    let corners: [f32; 6] = corners
        .values
        .try_into()
        .map_err(|_| Fault::malformed(name, format!("a box of shape {:?}", corners.shape)))?;
    let [a, b, c, d, e, f] = corners.map(f64::from);
    if !(a < d && b < e && c < f) {
        return Err(Fault::malformed(name, "the box has no extent"));
    }
    Ok([[a, b, c], [d, e, f]])
}

/// A number that must be there and in range.
fn number(checkpoint: &Checkpoint, name: &str, [least, most]: [f64; 2]) -> Result<f64, Fault> {
    let number = checkpoint.number(name);
    let number = number.ok_or_else(|| Fault::malformed(name, "is missing or no number"))?;
    match (least..=most).contains(&number) {
        true => Ok(number),
        false => Err(Fault::malformed(name, format!("{number} is out of range"))),
    }
}

fn sampling(checkpoint: &Checkpoint, [least, greatest]: [[f64; 3]; 2]) -> Result<Sampling, Fault> {
    let name = "kwargs.near_far";
    let range = checkpoint.numbers(name)?.and_then(|range| <[f64; 2]>::try_from(range).ok());
    let range = range.filter(|[near, far]| *near >= 0.0 && near < far && far.is_finite());
    let range = range.ok_or_else(|| Fault::malformed(name, "are not two distances"))?;
    let name = "kwargs.gridSize";
    let sides = checkpoint.numbers(name)?.and_then(|sides| <[f64; 3]>::try_from(sides).ok());
    let sides = sides.filter(|sides| sides.iter().all(|&side| side > 1.0));
    let sides = sides.ok_or_else(|| Fault::malformed(name, "are not three sizes"))?;
    let ratio = number(checkpoint, "kwargs.step_ratio", [1e-3, 1e3])?;
    let unit = |axis: usize| (greatest[axis] - least[axis]) / (sides[axis] - 1.0);
    let step = (unit(0) + unit(1) + unit(2)) / 3.0 * ratio;
    Ok(Sampling {
        range,
        along_rays: true,
        coarse: ((range[1] - range[0]) / step).ceil().clamp(2.0, SAMPLES_MAX) as usize,
        fine: 0,
        spacing: Spacing::Middles,
        padding: 0.0,
        background: [1.0; 3],
    })
}

/// Adds the sum of all products of the density's factors.
fn density(graph: &mut Graph, checkpoint: &Checkpoint) -> Result<Output<DensityActivation>, Fault> {
    let inputs = products(graph, checkpoint, "density")?;
    let columns: usize = inputs.iter().map(|&node| graph.columns(node)).sum();
    let scale = number(checkpoint, "kwargs.distance_scale", [1e-6, 1e6])? as f32;
    let (weight, activation) = match checkpoint.text("kwargs.fea2denseAct") {
        Some("softplus") | None => {
            let shift = number(checkpoint, "kwargs.density_shift", [-1e3, 1e3])? as f32;
            (1.0, DensityActivation::Softplus { shift, scale })
        }
        Some("relu") => (scale, DensityActivation::Relu),
        Some(other) => {
            let what = format!("a TensoRF checkpoint with fea2denseAct {other:.40}");
            return Err(Fault::unsupported(what, "Train with softplus or relu."));
        }
    };
    let (weights, bias) = (vec![weight; columns], vec![0.0]);
    let sum = Linear { inputs: columns, outputs: 1, weights, bias };
    let node = graph.dense("the density's sum", &inputs, sum, false)?;
    Ok(Output { node, column: 0, activation })
}

/// How a colour is made of features.
enum Shading {
    /// They are the colour.
    Rgb,
    /// By a network over them and the direction, and so many octaves of both.
    Network { of_features: usize, of_directions: usize },
}

impl Shading {
    fn read(checkpoint: &Checkpoint) -> Result<Self, Fault> {
        let octaves = |name: &str| {
            number(checkpoint, name, [0.0, OCTAVES_MAX]).map(|octaves| octaves as usize)
        };
        let of_features = match checkpoint.text("kwargs.shadingMode") {
            Some("RGB") => return Ok(Self::Rgb),
            Some("MLP_Fea") => octaves("kwargs.fea_pe")?,
            Some("MLP") => 0,
            other => {
                let mode = other.unwrap_or_default();
                let what = format!("a TensoRF checkpoint with shadingMode {mode:.40}");
                return Err(Fault::unsupported(what, TRAIN));
            }
        };
        Ok(Self::Network { of_features, of_directions: octaves("kwargs.view_pe")? })
    }
}

/// Adds the way from the colours' factors to the colour.
fn color(
    graph: &mut Graph,
    checkpoint: &Checkpoint,
    shading: &Shading,
) -> Result<(usize, ColorActivation), Fault> {
    let source: &dyn Source = checkpoint;
    let inputs = products(graph, checkpoint, "app")?;
    let basis = "state_dict.basis_mat";
    let features = graph.dense(basis, &inputs, source.linear(basis)?, false)?;
    let Shading::Network { of_features, of_directions } = *shading else {
        return Ok((features, ColorActivation::Identity));
    };
    let count = graph.columns(features);
    let directions = graph.waves(WavesOf::Direction, 1.0, of_directions, true);
    let mut inputs = vec![features, directions];
    if of_features > 0 {
        inputs.push(graph.waves(WavesOf::Node(features), 1.0, of_features, false));
    }
    // There: features, direction, waves of features, waves of the direction.
    let waves = count + 3;
    let mut columns: Vec<usize> = (0..waves).collect();
    columns.extend(octaves(3, of_directions).map(|at| waves + 2 * count * of_features + at));
    columns.extend(octaves(count, of_features).map(|at| waves + at));

    let mut layers = Vec::new();
    for number in (0..).step_by(2) {
        let name = format!("state_dict.renderModule.mlp.{number}");
        if !source.has(&format!("{name}.weight")) {
            break;
        }
        layers.push(source.linear(&name)?);
    }
    if let Some(first) = layers.first_mut() {
        first.reorder("state_dict.renderModule.mlp.0", &columns)?;
    }
    Ok((graph.layers("renderModule.mlp", inputs, layers)?, ColorActivation::Sigmoid))
}

/// Where TensoRF has what [`WavesOf`] has next: there the octaves of a coordinate lie together, all
/// sines before all cosines.
fn octaves(coordinates: usize, octaves: usize) -> impl Iterator<Item = usize> {
    (0..octaves).flat_map(move |octave| {
        (0..2 * coordinates).map(move |at| {
            let (half, coordinate) = (at / coordinates, at % coordinates);
            (half * coordinates + coordinate) * octaves + octave
        })
    })
}

/// Adds planes and lines, or lines alone. Groups with as many features each are one node.
fn products(graph: &mut Graph, checkpoint: &Checkpoint, kind: &str) -> Result<Vec<usize>, Fault> {
    let source: &dyn Source = checkpoint;
    let mut groups: Vec<(usize, Vec<Factor>)> = Vec::new();
    let mut lines = Vec::new();
    let has_planes = source.has(&format!("state_dict.{kind}_plane.0"));
    for number in 0..3 {
        let name = format!("state_dict.{kind}_line.{number}");
        let line = factor(source, &name, vec![LINES[number]])?;
        if !has_planes {
            lines.push(line);
            continue;
        }
        let name = format!("state_dict.{kind}_plane.{number}");
        let plane = factor(source, &name, PLANES[number].to_vec())?;
        if plane.0 != line.0 {
            return Err(Fault::malformed(name, "has another number of features than its line"));
        }
        groups.push((line.0, vec![plane.1, line.1]));
    }
    if let [(features, _), others @ ..] = lines.as_slice() {
        if others.iter().any(|(other, _)| other != features) {
            return Err(Fault::malformed(kind, "its lines have different numbers of features"));
        }
        groups.push((*features, lines.into_iter().map(|(_, line)| line).collect()));
    }
    let same = groups.windows(2).all(|pair| pair[0].0 == pair[1].0);
    let node = |graph: &mut Graph, groups: Vec<(usize, Vec<Factor>)>| {
        let features = groups[0].0;
        let groups = groups.into_iter().map(|(_, group)| group).collect();
        graph.factors(Factors { features, groups, product: true })
    };
    Ok(match same {
        true => vec![node(graph, groups)],
        false => groups.into_iter().map(|group| node(graph, vec![group])).collect(),
    })
}

/// Features and entries of a tensor `[1][features][rows][columns]`, or of a line, whose rows are
/// its entries.
fn factor(source: &dyn Source, name: &str, axes: Vec<usize>) -> Result<(usize, Factor), Fault> {
    let tensor = source.tensor(name)?;
    let [one, features, rows, columns] = tensor.axes(name)?;
    let is_line = axes.len() == 1;
    if one != 1 || tensor.values.is_empty() || (is_line && columns != 1) {
        return Err(Fault::malformed(name, format!("has the shape {:?}", tensor.shape)));
    }
    let resolution = if is_line { vec![rows] } else { vec![columns, rows] };
    Ok((features, super::factor(axes, resolution, features, &tensor.values)))
}

/// The mask's points as cells of the box: one is occupied if any of the points about it is set,
/// between which the mask is interpolated.
fn occupancy(checkpoint: &Checkpoint, bounds: [[f64; 3]; 2]) -> Result<Option<Occupancy>, Fault> {
    const PART: &str = "alphaMask.mask";
    let source: &dyn Source = checkpoint;
    let Some(shape) = checkpoint.numbers("alphaMask.shape")? else { return Ok(None) };
    let sides = shape.iter().rev().map(|&side| side as usize).collect::<Vec<_>>();
    let [nx, ny, nz, rest @ ..] = sides.as_slice() else {
        return Err(Fault::malformed("alphaMask.shape", "has not three axes"));
    };
    let bits = source.tensor(PART)?.values;
    let points =
        [*nx, *ny, *nz].iter().chain(rest).try_fold(1, |all: usize, &n| all.checked_mul(n));
    let too_long = sides.iter().any(|&side| side > POINTS_MAX);
    if too_long || points.is_none_or(|points| points == 0 || points.div_ceil(8) != bits.len()) {
        return Err(Fault::malformed(PART, format!("{} bytes for {shape:?}", bits.len())));
    }
    let is_set = |x: usize, y: usize, z: usize| {
        let point = x + nx * (y + ny * z);
        bits[point / 8] as u8 >> (7 - point % 8) & 1 == 1
    };
    let mask = self::bounds(source, "alphaMask.aabb")?;
    // Points about each cell, along each axis.
    let about = |axis: usize, count: usize| -> Vec<std::ops::RangeInclusive<usize>> {
        let to_point = |cell: usize| {
            let share = cell as f64 / CELLS as f64;
            let at = bounds[0][axis] + share * (bounds[1][axis] - bounds[0][axis]);
            (at - mask[0][axis]) / (mask[1][axis] - mask[0][axis]) * (count - 1) as f64
        };
        let held = |at: f64| at.clamp(0.0, (count - 1) as f64) as usize;
        let of = |cell| held(to_point(cell).floor())..=held(to_point(cell + 1).ceil());
        (0..CELLS).map(of).collect()
    };
    let (xs, ys, zs) = (about(0, *nx), about(1, *ny), about(2, *nz));
    let mut cells = Vec::with_capacity(CELLS * CELLS * CELLS);
    for z in &zs {
        for y in &ys {
            cells.extend(
                xs.iter().map(|x| {
                    z.clone().any(|z| y.clone().any(|y| x.clone().any(|x| is_set(x, y, z))))
                }),
            );
        }
    }
    Ok(Some(Occupancy { side: CELLS, cells }))
}
