//! Baked scenes of MERF (Reiser et al., SIGGRAPH 2023; google-research/merf, `internal/export.py`,
//! `baked_render.py`): `scene_params.json` and pictures beside it.
//!
//! Features of a point are those of three planes and, where there is one, of a grid, added up:
//! colour, density and four more. Of what is composed along a ray a small network makes what the
//! colour lacks.
//!
//! Points farther than 1 from the middle, along any axis, are contracted into the shell up to 2.
//! The graph of a field has no such contraction, so the inner box alone is imported. Grids are
//! stored with x mirrored, and y and z exchanged.

mod params;
mod pictures;
mod planes;
mod sparse;

use super::ImportedField;
use super::graph::Graph;
use super::tensors::Linear;
use crate::import::beside::Folder;
use crate::import::error::Fault;
use crate::scene::Field;
use crate::scene::field::{
    ColorActivation, Deferred, DensityActivation, Model, Node, Output, Outside, Sampling, WavesOf,
};
use params::Params;
use quintet_protocol::ray::Spacing;

/// Numbers of a texel: colour, density, four features.
const CHANNELS: usize = 8;
/// What is composed: colour and features.
const COMPOSED: usize = 7;
/// Octaves of the direction's waves.
const OCTAVES: usize = 4;
/// The nearest sample's distance, as in the viewer.
const NEAR: f64 = 0.2;
/// Most samples of a ray.
const SAMPLES_MAX: f64 = 4096.0;

/// Imports a scene from its `scene_params.json` and the pictures in its folder.
pub(super) fn import(text: &[u8], folder: Folder) -> Result<ImportedField, Fault> {
    let params = Params::read(text)?;
    let voxel = params.voxel();
    let bounds = inner(voxel);
    let mut graph = Graph::default();
    let mut inputs = Vec::new();
    if params.triplane_resolution > 0 {
        inputs.push(graph.factors(planes::read(&params, folder)?));
    }
    let mut occupied = None;
    if params.sparse_grid_resolution > 0 {
        let sparse = sparse::Sparse::read(&params, folder)?;
        inputs.push(graph.grid(sparse.grid(bounds)?));
        occupied = Some(sparse);
    }
    let model = model(graph, &inputs, &params)?;
    let range = [NEAR, NEAR + 2.0 * 3f64.sqrt()];
    let field = Field {
        bounds,
        outside: Outside::Empty,
        proposal: None,
        model,
        sampling: Sampling {
            range,
            along_rays: true,
            coarse: ((range[1] - range[0]) / voxel).ceil().clamp(2.0, SAMPLES_MAX) as usize,
            fine: 0,
            spacing: Spacing::Middles,
            padding: 0.0,
            background: [0.0; 3],
        },
        occupancy: pictures::occupancy(&params, folder, bounds, occupied.as_ref())?,
        views: Vec::new(),
    };
    let notes = vec![
        "What lies farther than 1 from the middle, along any axis, is left out: it is contracted."
            .into(),
    ];
    Ok(ImportedField { format: "MERF, baked", field, notes })
}

/// The inner box, with half a voxel about it: there the outermost entries lie that it needs.
fn inner(voxel: f64) -> [[f64; 3]; 2] {
    super::cube(-1.0 - voxel / 2.0, 1.0 + voxel / 2.0)
}

/// Adds the sum of planes and grid, density first; and what is made of the composed rest.
fn model(mut graph: Graph, inputs: &[usize], params: &Params) -> Result<Model, Fault> {
    // Stored: red, green, blue, density, features.
    const STORED: [usize; CHANNELS] = [3, 0, 1, 2, 4, 5, 6, 7];
    let columns = inputs.len() * CHANNELS;
    let row = |&channel: &usize| {
        (0..columns).map(move |column| if column % CHANNELS == channel { 1.0 } else { 0.0 })
    };
    let weights = STORED.iter().flat_map(row).collect();
    let bias = vec![0.0; CHANNELS];
    let sum = Linear { inputs: columns, outputs: CHANNELS, weights, bias };
    let node = graph.dense("the sum of planes and grid", inputs, sum, false)?;
    let activation = DensityActivation::Exp { shift: -1.0 };
    let density = Output { node, column: 0, activation };
    let color = Output { node, column: 1, activation: ColorActivation::Sigmoid };
    let mut model = graph.model(density, color)?;
    model.deferred = Some(deferred(params)?);
    Ok(model)
}

/// The network over composed columns and the direction's waves.
fn deferred(params: &Params) -> Result<Deferred, Fault> {
    let frequencies = (0..OCTAVES).map(|octave| (octave as f64).exp2()).collect();
    let of = WavesOf::Direction;
    let mut nodes = vec![Node::Waves { of, frequencies, includes_input: true }];
    let mut layers = params.layers()?;
    // There the direction comes first, then all sines, octave by octave, then all cosines.
    let before = COMPOSED + 3;
    let mut order: Vec<usize> = (0..before).collect();
    for octave in 0..OCTAVES {
        order.extend((0..3).map(|axis| before + 3 * octave + axis));
        order.extend((0..3).map(|axis| before + 3 * (OCTAVES + octave) + axis));
    }
    let mut inputs = vec![0, 1];
    let mut columns = order.len();
    let count = layers.len();
    layers[0].reorder("0_weights", &order)?;
    for (number, layer) in layers.into_iter().enumerate() {
        if layer.inputs != columns {
            let reason = format!("takes {} numbers, but {columns} come to it", layer.inputs);
            return Err(Fault::malformed(format!("{number}_weights"), reason));
        }
        columns = layer.outputs;
        let Linear { weights, bias, .. } = layer;
        let relu = number + 1 < count;
        nodes.push(Node::Dense { inputs, weights, bias, relu });
        inputs = vec![nodes.len()];
    }
    match columns {
        3 => Ok(Deferred { channels: COMPOSED, nodes }),
        _ => Err(Fault::malformed("2_weights", "its outputs are not three")),
    }
}
