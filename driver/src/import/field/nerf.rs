//! NeRF: waves of the point and the direction, and dense layers, in the namings of nerf-pytorch.
//!
//! | | krrish94, `FlexibleNeRFModel` | yenchenlin, `NeRF` |
//! |---|---|---|
//! | trunk | `layer1` (linear), `layers_xyz.N` | `pts_linears.N` |
//! | skip | the layer before, then the waves | the waves, then the layer before |
//! | density | `fc_alpha` | `alpha_linear` |
//! | features | `fc_feat`, negative ones become zero | `feature_linear` (linear) |
//! | with the direction | `layers_dir.N` | `views_linears.N` |
//! | colour | `fc_rgb` | `rgb_linear` |
//! | without directions | `fc_out`: colour, density | `output_linear`: colour, density |
//!
//! Sizes, depths, octaves and skips follow from the shapes. A checkpoint has a coarse network and
//! mostly a fine one (Mildenhall et al., ECCV 2020, section 5.2).

use super::graph::Graph;
use super::recipe::Recipe;
use super::tensors::Source;
use super::{ImportedField, cube};
use crate::import::error::Fault;
use crate::scene::Field;
use crate::scene::field::{
    ColorActivation, DensityActivation, Model, Output, Outside, Sampling, WavesOf,
};
use quintet_protocol::ray::Spacing;

/// How an implementation names and joins its layers.
struct Naming {
    format: &'static str,
    /// First layer, if it has a name of its own; nothing is done to what comes out of it.
    first: Option<&'static str>,
    trunk: &'static str,
    skip_waves_first: bool,
    density: &'static str,
    features: &'static str,
    features_relu: bool,
    with_direction: &'static str,
    color: &'static str,
    both: &'static str,
}

const NAMINGS: [Naming; 2] = [
    Naming {
        format: "NeRF (nerf-pytorch, FlexibleNeRFModel)",
        first: Some("layer1"),
        trunk: "layers_xyz",
        skip_waves_first: false,
        density: "fc_alpha",
        features: "fc_feat",
        features_relu: true,
        with_direction: "layers_dir",
        color: "fc_rgb",
        both: "fc_out",
    },
    Naming {
        format: "NeRF (nerf-pytorch)",
        first: None,
        trunk: "pts_linears",
        skip_waves_first: true,
        density: "alpha_linear",
        features: "feature_linear",
        features_relu: false,
        with_direction: "views_linears",
        color: "rgb_linear",
        both: "output_linear",
    },
];

/// What comes before the names of the coarse and the fine network's tensors.
const PREFIXES: [[&str; 2]; 5] = [
    ["coarse.", "fine."],
    ["model_coarse_state_dict.", "model_fine_state_dict."],
    ["network_fn_state_dict.", "network_fine_state_dict."],
    ["network_fn_state_dict.module.", "network_fine_state_dict.module."],
    ["", "fine."],
];

/// Imports a NeRF from its tensors.
pub(super) fn import(source: &dyn Source, recipe: &Recipe) -> Result<ImportedField, Fault> {
    let found = NAMINGS.iter().find_map(|naming| {
        let prefixes = PREFIXES.iter().find(|[coarse, _]| naming.is_in(source, coarse))?;
        Some((naming, prefixes))
    });
    let Some((naming, [coarse, fine])) = found else {
        let names = source.names().into_iter().take(4).collect::<Vec<_>>().join(", ");
        let what = format!("a checkpoint with tensors of unknown names ({names:.160}...)");
        return Err(Fault::unsupported(what, UNKNOWN));
    };
    let coarse = naming.model(source, coarse)?;
    let (proposal, model) = match naming.is_in(source, fine) {
        true => (Some(coarse), naming.model(source, fine)?),
        false => (None, coarse),
    };
    let field = Field {
        // The waves know no box; positions have to be written in some unit.
        bounds: cube(-recipe.range[1] / 4.0, recipe.range[1] / 4.0),
        outside: Outside::Free,
        sampling: Sampling {
            range: recipe.range,
            along_rays: false,
            coarse: recipe.coarse,
            fine: if proposal.is_some() { recipe.fine } else { 0 },
            spacing: Spacing::Points,
            padding: 1e-5,
            background: recipe.background,
        },
        proposal,
        model,
        occupancy: None,
        views: Vec::new(),
    };
    Ok(ImportedField { format: naming.format, field, notes: recipe.notes.clone() })
}

const UNKNOWN: &str = "NeRF checkpoints are read in the namings of nerf-pytorch (krrish94's: \
                       layer1, layers_xyz; yenchenlin's: pts_linears); rename its tensors.";

impl Naming {
    /// Name of the first layer.
    fn first(&self) -> String {
        self.first.map_or_else(|| format!("{}.0", self.trunk), str::to_owned)
    }

    fn is_in(&self, source: &dyn Source, prefix: &str) -> bool {
        source.has(&format!("{prefix}{}.weight", self.first()))
    }

    fn model(&self, source: &dyn Source, prefix: &str) -> Result<Model, Fault> {
        let mut graph = Graph::default();
        let trunk = self.trunk(&mut graph, source, prefix)?;
        let named = |name: &str| format!("{prefix}{name}");
        let both = named(self.both);
        if source.has(&format!("{}.weight", named(self.density))) {
            let name = named(self.density);
            let density = graph.dense(&name, &[trunk], source.linear(&name)?, false)?;
            let color = self.color(&mut graph, source, prefix, trunk)?;
            return graph.model(density_of(density, 0), color_of(color));
        }
        let node = graph.dense(&both, &[trunk], source.linear(&both)?, false)?;
        graph.model(density_of(node, 3), color_of(node))
    }

    /// The layers up to the density.
    fn trunk(&self, graph: &mut Graph, source: &dyn Source, prefix: &str) -> Result<usize, Fault> {
        let name = format!("{prefix}{}", self.first());
        let layer = source.linear(&name)?;
        let waves = waves(graph, &name, WavesOf::Position, layer.inputs)?;
        let mut last = graph.dense(&name, &[waves], layer, self.first.is_none())?;
        for number in usize::from(self.first.is_none()).. {
            let name = format!("{prefix}{}.{number}", self.trunk);
            if !source.has(&format!("{name}.weight")) {
                break;
            }
            let layer = source.linear(&name)?;
            let inputs = match (layer.inputs == graph.columns(last), self.skip_waves_first) {
                (true, _) => vec![last],
                (false, true) => vec![waves, last],
                (false, false) => vec![last, waves],
            };
            last = graph.dense(&name, &inputs, layer, true)?;
        }
        Ok(last)
    }

    /// The layers from the trunk to the colour.
    fn color(
        &self,
        graph: &mut Graph,
        source: &dyn Source,
        prefix: &str,
        trunk: usize,
    ) -> Result<usize, Fault> {
        let name = format!("{prefix}{}", self.features);
        let layer = source.linear(&name)?;
        let mut last = graph.dense(&name, &[trunk], layer, self.features_relu)?;
        for number in 0.. {
            let name = format!("{prefix}{}.{number}", self.with_direction);
            if !source.has(&format!("{name}.weight")) {
                break;
            }
            let layer = source.linear(&name)?;
            let mut inputs = vec![last];
            if number == 0 {
                let columns = layer.inputs.saturating_sub(graph.columns(last));
                inputs.push(waves(graph, &name, WavesOf::Direction, columns)?);
            }
            last = graph.dense(&name, &inputs, layer, true)?;
        }
        let name = format!("{prefix}{}", self.color);
        graph.dense(&name, &[last], source.linear(&name)?, false)
    }
}

/// Waves that have so many columns: three coordinates or none, and six for each octave.
fn waves(graph: &mut Graph, name: &str, of: WavesOf, columns: usize) -> Result<usize, Fault> {
    /// Beyond them waves are shorter than the steps of a float.
    const OCTAVES_MAX: usize = 24;
    let (octaves, rest) = (columns / 6, columns % 6);
    if columns == 0 || octaves > OCTAVES_MAX || (rest != 0 && rest != 3) {
        let reason = format!("{columns} of its inputs are no waves of three coordinates");
        return Err(Fault::malformed(name, reason));
    }
    Ok(graph.waves(of, 1.0, octaves, rest == 3))
}

fn density_of(node: usize, column: usize) -> Output<DensityActivation> {
    Output { node, column, activation: DensityActivation::Relu }
}

fn color_of(node: usize) -> Output<ColorActivation> {
    Output { node, column: 0, activation: ColorActivation::Sigmoid }
}
