//! Builds the graph of a model, and sees that the columns of each layer fit.

use super::tensors::{Linear, Source};
use crate::import::error::Fault;
use crate::scene::field::{
    ColorActivation, DensityActivation, Factors, Grid, Model, Node, Output, WavesOf,
};

/// Nodes and the number of columns of each.
#[derive(Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    columns: Vec<usize>,
}

impl Graph {
    fn add(&mut self, node: Node, columns: usize) -> usize {
        self.nodes.push(node);
        self.columns.push(columns);
        self.nodes.len() - 1
    }

    /// Columns of a node.
    pub(super) fn columns(&self, node: usize) -> usize {
        self.columns[node]
    }

    /// Waves of three coordinates at the frequencies 1, 2, 4... times `first`.
    pub(super) fn waves(
        &mut self,
        of: WavesOf,
        first: f64,
        octaves: usize,
        includes_input: bool,
    ) -> usize {
        let frequencies = (0..octaves).map(|octave| first * (octave as f64).exp2()).collect();
        let dimensions = match of {
            WavesOf::Node(node) => self.columns[node],
            WavesOf::Position | WavesOf::Direction => 3,
        };
        let columns = dimensions * (usize::from(includes_input) + 2 * octaves);
        self.add(Node::Waves { of, frequencies, includes_input }, columns)
    }

    /// Spherical harmonics of the direction.
    pub(super) fn harmonics(&mut self, degree: u8) -> usize {
        self.add(Node::Harmonics { degree }, (usize::from(degree) + 1).pow(2))
    }

    pub(super) fn grid(&mut self, grid: Grid) -> usize {
        let columns = grid.features * grid.levels.len();
        self.add(Node::Grid(grid), columns)
    }

    pub(super) fn factors(&mut self, factors: Factors) -> usize {
        let columns = factors.features * factors.groups.len();
        self.add(Node::Factors(factors), columns)
    }

    /// A dense layer over the columns of some nodes; `name` is for messages.
    pub(super) fn dense(
        &mut self,
        name: &str,
        inputs: &[usize],
        layer: Linear,
        relu: bool,
    ) -> Result<usize, Fault> {
        let columns: usize = inputs.iter().map(|&node| self.columns[node]).sum();
        if layer.inputs != columns {
            let reason = format!("takes {} numbers, but {columns} come to it", layer.inputs);
            return Err(Fault::malformed(name, reason));
        }
        let Linear { weights, bias, outputs, .. } = layer;
        let inputs = inputs.to_vec();
        Ok(self.add(Node::Dense { inputs, weights, bias, relu }, outputs))
    }

    /// Dense layers `name.0`, `name.1`...; all but the last make negative results zero.
    pub(super) fn stack(
        &mut self,
        source: &dyn Source,
        name: &str,
        inputs: &[usize],
    ) -> Result<usize, Fault> {
        let there = |number: &usize| source.has(&format!("{name}.{number}.weight"));
        let count = (0..).take_while(there).count().max(1);
        let layers = (0..count).map(|number| source.linear(&format!("{name}.{number}")));
        self.layers(name, inputs.to_vec(), layers.collect::<Result<_, _>>()?)
    }

    /// Dense layers one after another; all but the last make negative results zero.
    pub(super) fn layers(
        &mut self,
        name: &str,
        mut inputs: Vec<usize>,
        layers: Vec<Linear>,
    ) -> Result<usize, Fault> {
        let count = layers.len();
        for (number, layer) in layers.into_iter().enumerate() {
            let name = format!("layer {number} of {name}");
            inputs = vec![self.dense(&name, &inputs, layer, number + 1 < count)?];
        }
        inputs.first().copied().ok_or_else(|| Fault::malformed(name, "has no layers"))
    }

    /// The model whose density is a column of one node, and whose colour three columns of another.
    pub(super) fn model(
        self,
        density: Output<DensityActivation>,
        color: Output<ColorActivation>,
    ) -> Result<Model, Fault> {
        let fits = |node: usize, column: usize, count, part: &str| match column + count
            <= self.columns[node]
        {
            true => Ok(()),
            false => {
                let reason = format!("has only {} outputs", self.columns[node]);
                Err(Fault::malformed(part, reason))
            }
        };
        fits(density.node, density.column, 1, "the layer of densities")?;
        fits(color.node, color.column, 3, "the layer of colours")?;
        let (density, color) = (Some(density), Some(color));
        Ok(Model { nodes: self.nodes, density, color, deferred: None })
    }
}
