//! `scene_params.json` of a baked MERF scene.

use super::super::tensors::Linear;
use crate::import::error::Fault;
use serde::Deserialize;

/// Side of the box with the shell about it, into which all of space is contracted.
pub(super) const SIDE: f64 = 4.0;

/// What the text says.
#[derive(Deserialize)]
pub(super) struct Params {
    /// Texels along each side of a plane; 0 if there are no planes.
    #[serde(default)]
    pub triplane_resolution: usize,
    /// Entries along each side of the grid; 0 if there is none.
    #[serde(default)]
    pub sparse_grid_resolution: usize,
    /// What the bytes 0 and 255 stand for.
    pub range_features: [f32; 2],
    pub range_density: [f32; 2],
    /// Entries along each side of a block, less the ones that it shares with the next.
    #[serde(default)]
    pub data_block_size: usize,
    /// Entries of all blocks together along each axis.
    #[serde(default)]
    pub atlas_width: usize,
    #[serde(default)]
    pub atlas_height: usize,
    #[serde(default)]
    pub atlas_depth: usize,
    /// Slices of the atlas in a picture, below each other.
    #[serde(default)]
    pub slice_depth: usize,
    #[serde(rename = "0_weights")]
    weights_0: Vec<Vec<f32>>,
    #[serde(rename = "1_weights")]
    weights_1: Vec<Vec<f32>>,
    #[serde(rename = "2_weights")]
    weights_2: Vec<Vec<f32>>,
    #[serde(rename = "0_bias")]
    bias_0: Vec<f32>,
    #[serde(rename = "1_bias")]
    bias_1: Vec<f32>,
    #[serde(rename = "2_bias")]
    bias_2: Vec<f32>,
}

/// Most entries along a side.
const RESOLUTION_MAX: usize = 8192;

impl Params {
    pub(super) fn read(text: &[u8]) -> Result<Self, Fault> {
        const PART: &str = "scene_params.json";
        let params: Self = serde_json::from_slice(text)
            .map_err(|error| Fault::malformed(PART, error.to_string()))?;
        let sides = [params.triplane_resolution, params.sparse_grid_resolution];
        // By four, so that the inner box ends between two entries.
        let usable = |side: &usize| *side <= RESOLUTION_MAX && side.is_multiple_of(4);
        if sides == [0; 2] || !sides.iter().all(usable) {
            return Err(Fault::malformed(PART, format!("the resolutions {sides:?} are unusable")));
        }
        let block = params.data_block_size;
        if params.sparse_grid_resolution > 0
            && (block == 0 || params.slice_depth == 0 || !sides[1].is_multiple_of(block))
        {
            return Err(Fault::malformed(PART, "its blocks do not make up the grid"));
        }
        let ranges = [params.range_features, params.range_density];
        if !ranges.iter().all(|[least, most]| least < most && (most - least).is_finite()) {
            return Err(Fault::malformed(PART, "its ranges have no extent"));
        }
        Ok(params)
    }

    /// Distance of entries of the finest grid there is.
    pub(super) fn voxel(&self) -> f64 {
        let finest = match self.triplane_resolution {
            0 => self.sparse_grid_resolution,
            planes => planes,
        };
        SIDE / finest as f64
    }

    /// What a texel's channels stand for, the density the fourth.
    pub(super) fn numbers(&self, texel: [u8; super::CHANNELS]) -> [f32; super::CHANNELS] {
        std::array::from_fn(|channel| {
            let [least, most] = if channel == 3 { self.range_density } else { self.range_features };
            least + f32::from(texel[channel]) / 255.0 * (most - least)
        })
    }

    /// Layers of the deferred network. The file has its weights `[inputs][outputs]`.
    pub(super) fn layers(&self) -> Result<[Linear; 3], Fault> {
        Ok([
            layer("0_weights", &self.weights_0, &self.bias_0)?,
            layer("1_weights", &self.weights_1, &self.bias_1)?,
            layer("2_weights", &self.weights_2, &self.bias_2)?,
        ])
    }
}

fn layer(name: &str, kernel: &[Vec<f32>], bias: &[f32]) -> Result<Linear, Fault> {
    let (inputs, outputs) = (kernel.len(), bias.len());
    if inputs == 0 || kernel.iter().any(|row| row.len() != outputs) {
        let reason = format!("is no matrix of {outputs} columns, one for each bias");
        return Err(Fault::malformed(name, reason));
    }
    if kernel.iter().flatten().chain(bias).any(|number| !number.is_finite()) {
        return Err(Fault::malformed(name, "a number is infinite"));
    }
    let weights = (0..outputs).flat_map(|output| kernel.iter().map(move |row| row[output]));
    Ok(Linear { inputs, outputs, weights: weights.collect(), bias: bias.to_vec() })
}
