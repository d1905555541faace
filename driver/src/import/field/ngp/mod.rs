//! Instant-NGP's snapshots, `.msgpack` and compressed `.ingp` (`testbed.cu`, `save_snapshot`).
//!
//! ```text
//! encoding, network, dir_encoding, rgb_network    the configuration of tiny-cuda-nn
//! snapshot.params_binary        halves or floats: density network, colour network, grid
//! snapshot.density_grid_binary  halves: optical thickness of 128^3 cells for each cascade
//! snapshot.aabb, .nerf.dataset  the box, and the cameras of the training
//! ```
//!
//! Matrices are row-major, `[outputs][inputs]`, without biases; outputs are padded to 16 rows (8
//! for `CutlassMLP`), inputs likewise. The colour network takes the density network's outputs, then
//! 16 harmonics. The world is Instant-NGP's own, in which the box of a scene of scale 1 is 0..1;
//! there its cameras are. A dataset's `transforms.json` is in other axes: `(x, y, z)` there is
//! `scale (y, z, x) + offset` here.

mod cells;
mod grid;
mod msgpack;
mod views;

use super::graph::Graph;
use super::tensors::Linear;
use super::{ImportedField, cube};
use crate::import::bytes::{f32_at, half, u16_at};
use crate::import::error::Fault;
use crate::scene::Field;
use crate::scene::field::{ColorActivation, DensityActivation, Output, Outside, Sampling};
use msgpack::Value;
use quintet_protocol::ray::Spacing;

const TRAIN: &str = "Train with the configuration configs/nerf/base.json or one like it.";

/// The shortest step, and the only one in a box of side 1: its diagonal is 1024 of them.
const STEP: f64 = 1.732_050_807_57 / 1024.0;
/// Most samples of a ray, however far the cameras are.
const SAMPLES_MAX: usize = 4096;
/// Harmonics of degree 3, which tiny-cuda-nn calls 4.
const HARMONICS: usize = 16;

/// Whether data begin as a snapshot does: a map of at least the networks, and a text for a key.
pub(super) fn plausible(data: &[u8]) -> bool {
    let key = match data {
        [0x82..=0x8f, key, ..] | [0xde, _, _, key, ..] | [0xdf, _, _, _, _, key, ..] => key,
        _ => return false,
    };
    matches!(key, 0xa1..=0xbf | 0xd9)
}

/// Imports a snapshot.
pub(super) fn import(data: &[u8]) -> Result<ImportedField, Fault> {
    let root = msgpack::read(data)?;
    let snapshot = root.get("snapshot").ok_or_else(|| {
        Fault::unsupported("MessagePack without a snapshot of Instant-NGP", "Save a snapshot.")
    })?;
    let refuse = |what: String| Err(Fault::unsupported(what, TRAIN));
    match snapshot.text("mode").unwrap_or("nerf") {
        "nerf" => {}
        other => return refuse(format!("an Instant-NGP snapshot of mode {other:.40}")),
    }
    if snapshot.number("nerf.dataset.n_extra_learnable_dims").is_some_and(|it| it > 0.0) {
        return refuse("an Instant-NGP snapshot with learnt numbers for each picture".into());
    }
    if snapshot.number("nerf.dataset.is_hdr").is_some_and(|it| it > 0.0) {
        return refuse("an Instant-NGP snapshot of a high dynamic range".into());
    }
    let side = snapshot.number("nerf.aabb_scale").unwrap_or(1.0);
    if !(1..=8).any(|cascades| side == f64::from(1 << (cascades - 1))) {
        return Err(Fault::malformed("aabb_scale", "is no power of two up to 128"));
    }
    let model = model(&root, snapshot, side)?;
    let bounds = cube(0.5 - side / 2.0, 0.5 + side / 2.0);
    let views = views::views(snapshot);
    let range = views::range(snapshot, &views, bounds);
    let samples = ((range[1] - range[0]) / STEP).ceil() as usize;
    let background: [f64; 4] = snapshot.numbers("background_color").unwrap_or_default();
    let field = Field {
        bounds,
        outside: Outside::Empty,
        proposal: None,
        model,
        sampling: Sampling {
            range,
            along_rays: true,
            coarse: samples.clamp(1, SAMPLES_MAX),
            fine: 0,
            spacing: Spacing::Middles,
            padding: 0.0,
            background: [0, 1, 2].map(|channel| background[channel].clamp(0.0, 1.0) as f32),
        },
        occupancy: cells::occupancy(snapshot, side)?,
        views,
    };
    let notes = vec![
        "The world is Instant-NGP's, not that of transforms.json: use the snapshot's own views."
            .into(),
    ];
    Ok(ImportedField { format: "Instant-NGP snapshot", field, notes })
}

fn model(root: &Value, snapshot: &Value, side: f64) -> Result<crate::scene::field::Model, Fault> {
    let missing = |part: &'static str| move || Fault::malformed(part, "is missing");
    let encoding = root.get("encoding").ok_or_else(missing("encoding"))?;
    let shape = grid::Shape::read(encoding, side)?;
    let density = Network::read(root, "network")?;
    let color = Network::read(root, "rgb_network")?;
    check_directions(root.get("dir_encoding"))?;

    let mut params = Params::read(snapshot)?;
    let outputs = root.number("network.n_output_dims").unwrap_or(16.0);
    let outputs = if (1.0..=256.0).contains(&outputs) { outputs as usize } else { 16 };
    let outputs = outputs.next_multiple_of(density.alignment);
    let density = density.take(&mut params, shape.columns(), outputs)?;
    let mut color = color.take(&mut params, outputs + HARMONICS, 3)?;
    // tiny-cuda-nn's harmonics of odd number have the other sign.
    if let Some(first) = color.first_mut() {
        for row in first.weights.chunks_exact_mut(outputs + HARMONICS) {
            row[outputs..].iter_mut().skip(1).step_by(2).for_each(|weight| *weight = -*weight);
        }
    }
    if let Some(last) = color.last_mut() {
        last.keep_outputs(3);
    }
    let grid = shape.take(&mut params)?;
    params.finish()?;

    let mut graph = Graph::default();
    let grid = graph.grid(grid);
    let density = graph.layers("network", vec![grid], density)?;
    let harmonics = graph.harmonics(3);
    let color = graph.layers("rgb_network", vec![density, harmonics], color)?;
    let activation = DensityActivation::Exp { shift: 0.0 };
    graph.model(
        Output { node: density, column: 0, activation },
        Output { node: color, column: 0, activation: ColorActivation::Sigmoid },
    )
}

/// Refuses encodings of the direction that are not harmonics of degree 4, alone or before an
/// identity of nothing.
fn check_directions(encoding: Option<&Value>) -> Result<(), Fault> {
    let one = |it: &Value| {
        it.text("otype") == Some("SphericalHarmonics") && it.number("degree") == Some(4.0)
    };
    let nested = |it: &Value| match it.items("nested") {
        [first, rest @ ..] => {
            one(first) && rest.iter().all(|it| it.text("otype") == Some("Identity"))
        }
        [] => false,
    };
    match encoding {
        Some(it) if one(it) || nested(it) => Ok(()),
        _ => {
            let what = "an Instant-NGP encoding of directions other than harmonics of degree 4";
            Err(Fault::unsupported(what, TRAIN))
        }
    }
}

/// What the configuration says of a network.
struct Network {
    neurons: usize,
    hidden: usize,
    /// Rows and columns of matrices are multiples of it.
    alignment: usize,
}

impl Network {
    fn read(root: &Value, name: &'static str) -> Result<Self, Fault> {
        let config = root.get(name).ok_or_else(|| Fault::malformed(name, "is missing"))?;
        let refuse = |what: String| Err(Fault::unsupported(what, TRAIN));
        let alignment = match config.text("otype").unwrap_or_default() {
            "FullyFusedMLP" | "MegakernelMLP" => 16,
            "CutlassMLP" => 8,
            other => return refuse(format!("an Instant-NGP network of type {other:.40}")),
        };
        for (key, usual) in [("activation", "ReLU"), ("output_activation", "None")] {
            if let Some(other) = config.text(key).filter(|it| *it != usual) {
                return refuse(format!("an Instant-NGP network with {key} {other:.40}"));
            }
        }
        let (neurons, hidden) = (
            config.number("n_neurons").unwrap_or(128.0),
            config.number("n_hidden_layers").unwrap_or(5.0),
        );
        if !(1.0..=1024.0).contains(&neurons) || !(0.0..=64.0).contains(&hidden) {
            return Err(Fault::malformed(name, "its layers are out of range"));
        }
        Ok(Self { neurons: neurons as usize, hidden: hidden as usize, alignment })
    }

    /// Takes the layers' weights, less what pads the inputs.
    fn take(
        &self,
        params: &mut Params,
        inputs: usize,
        outputs: usize,
    ) -> Result<Vec<Linear>, Fault> {
        let outputs = outputs.next_multiple_of(self.alignment);
        let mut width = inputs.next_multiple_of(self.alignment);
        let mut layers = Vec::new();
        for rows in std::iter::repeat_n(self.neurons, self.hidden).chain([outputs]) {
            let weights = params.take(rows, width)?;
            let bias = vec![0.0; rows];
            layers.push(Linear { inputs: width, outputs: rows, weights, bias });
            width = rows;
        }
        if let Some(first) = layers.first_mut() {
            first.keep_inputs(inputs);
        }
        Ok(layers)
    }
}

/// Numbers that are taken one after another.
struct Params<'a> {
    bytes: &'a [u8],
    halves: bool,
    /// Numbers taken.
    at: usize,
}

impl<'a> Params<'a> {
    fn read(snapshot: &Value<'a>) -> Result<Self, Fault> {
        const PART: &str = "params_binary";
        let bytes = snapshot.binary(PART);
        let bytes = bytes.ok_or_else(|| Fault::malformed(PART, "is missing or no bytes"))?;
        let halves = match snapshot.text("params_type").unwrap_or("__half") {
            "__half" => true,
            "float" => false,
            other => return Err(Fault::malformed(PART, format!("of type {other:.40}"))),
        };
        Ok(Self { bytes, halves, at: 0 })
    }

    fn len(&self) -> usize {
        self.bytes.len() / if self.halves { 2 } else { 4 }
    }

    /// The next `rows * columns` numbers, all finite.
    fn take(&mut self, rows: usize, columns: usize) -> Result<Vec<f32>, Fault> {
        const PART: &str = "params_binary";
        let count = rows.saturating_mul(columns);
        let there = self.len() - self.at;
        if count > there {
            let (at, needed, available) = (self.at as u64, count as u64, there as u64);
            return Err(Fault::Truncated { part: PART.into(), at, needed, available });
        }
        let number = |at| match self.halves {
            true => half(u16_at(self.bytes, at)),
            false => f32_at(self.bytes, at),
        };
        let taken: Vec<f32> = (self.at..self.at + count).map(number).collect();
        if taken.iter().any(|number| !number.is_finite()) {
            return Err(Fault::malformed(PART, "a number is NaN or infinite"));
        }
        self.at += count;
        Ok(taken)
    }

    fn finish(&self) -> Result<(), Fault> {
        match self.len() - self.at {
            0 => Ok(()),
            left => {
                let reason = format!("{left} numbers are left after all layers and levels");
                Err(Fault::malformed("params_binary", reason))
            }
        }
    }
}
