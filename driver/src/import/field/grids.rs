//! Grids with dense layers, in the layouts of nerfstudio's encodings: `.npz` with a `meta.json`.
//!
//! | tensor | shape | what it is |
//! |---|---|---|
//! | `enc.hash_table` | levels x entries, features | `HashEncoding`: every level hashed, no offset |
//! | `enc.plane_coef` | 3, features, rows, columns | planes xy, xz, yz: `TriplaneEncoding` |
//! | `enc.line_coef` | 3, features, entries, 1 | lines z, y, x: with planes `TensorVMEncoding`, without `TensorCPEncoding` |
//! | `den.layers.N` | | dense layers to the density and what else colours are of |
//! | `rgb.layers.N` | | dense layers from all that, and harmonics of the direction, to the colour |
//!
//! `meta.json` says the box and the camera's distances in units of a scaled world, `scale * p +
//! offset`; here the world is that of its cameras. Density is `exp(x - 1)` per scaled unit. Samples
//! lie at centres of even intervals; those of the coarse pass are not taken again.

use super::graph::Graph;
use super::tensors::{Source, Tensor};
use super::{ImportedField, cube};
use crate::camera::Camera;
use crate::import::error::Fault;
use crate::scene::Field;
use crate::scene::field::{
    ColorActivation, DensityActivation, Factor, Factors, Grid, Level, Output, Outside, Sampling,
};
use quintet_protocol::ray::Spacing;
use serde::Deserialize;

/// What `meta.json` says, as far as it is wanted here.
#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "W")]
    width: u16,
    #[serde(rename = "H")]
    height: u16,
    fx: f64,
    fy: f64,
    cx: f64,
    cy: f64,
    #[serde(default = "one")]
    scale: f64,
    #[serde(default)]
    offset: f64,
    /// Least and greatest coordinate of the box, the same along each axis.
    aabb: [f64; 2],
    near: f64,
    far: f64,
    n_coarse: usize,
    n_fine: usize,
    /// Poses of cameras that were held back.
    #[serde(default)]
    test: Vec<(String, [[f64; 4]; 4])>,
    /// Cells of the coarsest and the finest level of a hash grid.
    min_res: Option<f32>,
    max_res: Option<f32>,
    /// How a tri-plane's features come together: `sum` or `product`.
    reduce: Option<String>,
}

fn one() -> f64 {
    1.0
}

/// Cells of the coarsest and the finest level of a hash grid, where nothing tells them.
const CELLS: [f32; 2] = [16.0, 512.0];

/// Axes of planes along columns and rows, and of lines, in nerfstudio's order.
const PLANES: [[usize; 2]; 3] = [[0, 1], [0, 2], [1, 2]];
const LINES: [usize; 3] = [2, 1, 0];

/// Most samples of a pass; beyond all use.
const SAMPLES_MAX: usize = 1 << 16;

/// Imports a field from its tensors and the text of its `meta.json`.
pub(super) fn import(source: &dyn Source, meta: &[u8]) -> Result<ImportedField, Fault> {
    const PART: &str = "meta.json";
    let meta: Meta =
        serde_json::from_slice(meta).map_err(|error| Fault::malformed(PART, error.to_string()))?;
    let wrong = |reason: &str| Err(Fault::malformed(PART, reason));
    if !(meta.scale.is_finite() && meta.scale > 0.0 && meta.aabb[0] < meta.aabb[1]) {
        return wrong("its scale or its box has no extent");
    }
    if !(meta.near >= 0.0 && meta.near < meta.far && meta.far.is_finite()) {
        return wrong("its far distance is not beyond the near one");
    }
    if !(1..=SAMPLES_MAX).contains(&meta.n_coarse) || meta.n_fine > SAMPLES_MAX {
        return wrong("its numbers of samples are out of range");
    }
    let mut graph = Graph::default();
    let mut notes = Vec::new();
    let (format, encoding) = encode(&mut graph, source, &meta, &mut notes)?;
    let density = graph.stack(source, "den.layers", &[encoding])?;
    let given = (source.linear("rgb.layers.0")?.inputs).saturating_sub(graph.columns(density));
    let color = match (0..=3).find(|degree: &u8| (usize::from(*degree) + 1).pow(2) == given) {
        Some(degree) => {
            let harmonics = graph.harmonics(degree);
            graph.stack(source, "rgb.layers", &[density, harmonics])?
        }
        None => graph.stack(source, "rgb.layers", &[density])?,
    };
    let to_world = |scaled: f64| (scaled - meta.offset) / meta.scale;
    let shift = (meta.scale.ln() - 1.0) as f32;
    let density = Output { node: density, column: 0, activation: DensityActivation::Exp { shift } };
    let color = Output { node: color, column: 0, activation: ColorActivation::Sigmoid };
    let model = graph.model(density, color)?;
    let field = Field {
        bounds: cube(to_world(meta.aabb[0]), to_world(meta.aabb[1])),
        outside: Outside::Empty,
        proposal: None,
        model,
        sampling: Sampling {
            range: [meta.near, meta.far].map(|distance| distance / meta.scale),
            along_rays: true,
            coarse: meta.n_coarse,
            fine: meta.n_fine,
            spacing: Spacing::Middles,
            padding: 0.001,
            background: [0.0; 3],
        },
        occupancy: None,
        views: meta.views(),
    };
    Ok(ImportedField { format, field, notes })
}

impl Meta {
    fn views(&self) -> Vec<(String, Camera)> {
        let of = |(name, pose): &(String, [[f64; 4]; 4])| {
            let (focal, center) = ([self.fx, self.fy], [self.cx, self.cy]);
            (name.clone(), Camera::from_opengl([self.width, self.height], focal, center, pose))
        };
        let views = self.test.iter().map(of);
        views.filter(|(_, camera)| camera.check().is_ok()).collect()
    }
}

/// Adds the grid: the name of its kind, and its node.
fn encode(
    graph: &mut Graph,
    source: &dyn Source,
    meta: &Meta,
    notes: &mut Vec<String>,
) -> Result<(&'static str, usize), Fault> {
    const TABLE: &str = "enc.hash_table";
    const PLANE: &str = "enc.plane_coef";
    const LINE: &str = "enc.line_coef";
    if source.has(TABLE) {
        let columns = source.linear("den.layers.0")?.inputs;
        let [min, max] = [meta.min_res.unwrap_or(CELLS[0]), meta.max_res.unwrap_or(CELLS[1])];
        let grid = hash_grid(source.tensor(TABLE)?, columns, [min, max])?;
        if meta.min_res.is_none() || meta.max_res.is_none() {
            notes.push(format!(
                "The levels of the hash grid are taken to have {min} to {max} cells."
            ));
        }
        return Ok(("nerfstudio hash grid", graph.grid(grid)));
    }
    let planes = source.has(PLANE).then(|| planes(source.tensor(PLANE)?)).transpose()?;
    let lines = source.has(LINE).then(|| lines(source.tensor(LINE)?)).transpose()?;
    let (format, (features, groups), product) = match (planes, lines) {
        (Some((features, planes)), Some((others, lines))) if features == others => {
            let groups = planes.into_iter().zip(lines).map(|(plane, line)| vec![plane, line]);
            ("nerfstudio planes and lines", (features, groups.collect()), true)
        }
        (Some(_), Some(_)) => {
            return Err(Fault::malformed(LINE, "has another number of features than the planes"));
        }
        (Some((features, planes)), None) => {
            let product = match meta.reduce.as_deref() {
                None | Some("sum") => false,
                Some("product") => true,
                Some(other) => {
                    let what = format!("a tri-plane reduced by {other:?}");
                    return Err(Fault::unsupported(what, "Train with the reduction \"sum\"."));
                }
            };
            ("nerfstudio tri-plane", (features, vec![planes]), product)
        }
        (None, Some((features, lines))) => ("nerfstudio lines", (features, vec![lines]), true),
        (None, None) => {
            let what = "an archive without enc.hash_table, enc.plane_coef and enc.line_coef";
            return Err(Fault::unsupported(what, "Export the tensors under these names."));
        }
    };
    Ok((format, graph.factors(Factors { features, groups, product })))
}

/// Levels as `HashEncoding` has them. The file says neither their number nor their sizes: the first
/// follows from the columns that the first layer takes.
fn hash_grid(table: Tensor, columns: usize, cells: [f32; 2]) -> Result<Grid, Fault> {
    const PART: &str = "enc.hash_table";
    let [rows, features] = table.axes(PART)?;
    let levels = columns.checked_div(features).unwrap_or(0);
    let entries = rows.checked_div(levels).unwrap_or(0);
    let whole = levels * features == columns && levels * entries == rows;
    if !whole || !entries.is_power_of_two() || entries > 1 << 24 {
        let reason = format!(
            "{rows} rows of {features} features are not {levels} levels of a power of two each, \
             for {columns} columns"
        );
        return Err(Fault::malformed(PART, reason));
    }
    let [min, max] = cells;
    if !(min >= 1.0 && max >= min && max <= 65536.0) {
        return Err(Fault::malformed("meta.json", "its levels' sizes are out of range"));
    }
    // In floats of 32 bits, as torch has it: 16 * (32^(1/7))^7 is then a little less than 512.
    let growth = ((f64::from(max).ln() - f64::from(min).ln()) / (levels.max(2) - 1) as f64).exp();
    let growth = f64::from(growth as f32);
    let level = |number: usize| {
        let cells = (min * growth.powi(number as i32) as f32).floor();
        Level {
            scale: [f64::from(cells); 3],
            offset: 0.0,
            resolution: [cells as usize + 1; 3],
            first: number * entries,
            entries,
            hashed: true,
            ceils: true,
        }
    };
    let levels = (0..levels).map(level).collect();
    Ok(Grid { features, levels, simplex: false, table: table.values })
}

/// Features and planes of a tensor of three planes.
fn planes(tensor: Tensor) -> Result<(usize, Vec<Factor>), Fault> {
    const PART: &str = "enc.plane_coef";
    let [count, features, rows, columns] = tensor.axes(PART)?;
    factors(PART, count, &tensor.values, features, &[columns, rows], |i| PLANES[i].to_vec())
}

/// Features and lines of a tensor of three lines.
fn lines(tensor: Tensor) -> Result<(usize, Vec<Factor>), Fault> {
    const PART: &str = "enc.line_coef";
    let [count, features, entries, width] = tensor.axes(PART)?;
    if width != 1 {
        return Err(Fault::malformed(PART, "its last axis is longer than 1"));
    }
    factors(PART, count, &tensor.values, features, &[entries], |i| vec![LINES[i]])
}

fn factors(
    part: &str,
    count: usize,
    values: &[f32],
    features: usize,
    resolution: &[usize],
    axes: impl Fn(usize) -> Vec<usize>,
) -> Result<(usize, Vec<Factor>), Fault> {
    let entries: usize = resolution.iter().product();
    if count != 3 || features * entries == 0 {
        return Err(Fault::malformed(part, "is not a tensor of three factors"));
    }
    let factor = |(i, values)| super::factor(axes(i), resolution.to_vec(), features, values);
    Ok((features, values.chunks_exact(features * entries).enumerate().map(factor).collect()))
}
