//! What a scene is, in a few numbers.

use serde::{Deserialize, Serialize};

use super::field::{Field, Grid, Model, Node};
use super::{Content, GaussianCloud, Mesh};

/// The numbers of a scene; those that its kind does not have are zero or absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// How it is drawn.
    pub kind: Kind,
    /// 3D Gaussians.
    pub gaussians: usize,
    /// Degree of their spherical harmonics.
    pub degree: u8,
    /// Vertices of triangles.
    pub vertices: usize,
    /// Triangles.
    pub triangles: usize,
    /// Materials of triangles.
    pub materials: usize,
    /// Columns and rows of each picture on triangles.
    pub textures: Vec<[usize; 2]>,
    /// The radiance field.
    pub field: Option<FieldSummary>,
}

/// Kinds of scenes, which are kinds of pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 3D Gaussians.
    Gaussians,
    /// Textured triangles.
    Mesh,
    /// A radiance field.
    Field,
    /// Triangles and Gaussians.
    Mixed,
    /// Triangles with colours from a field.
    Hybrid,
}

/// The numbers of a radiance field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldSummary {
    /// Numbers in its file that make it: weights, biases, entries of grids.
    pub parameters: usize,
    /// Nodes of the graphs of density and colour.
    pub nodes: usize,
    /// Multiplications of the dense layers that the colour of one sample takes.
    pub multiply_adds: u64,
    /// Levels of grids, if it has any.
    pub levels: usize,
    /// Samples of a ray in the coarse pass, and those that are added where it found something.
    pub samples: [usize; 2],
}

impl Kind {
    /// Its name, in the plural where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gaussians => "Gaussians",
            Self::Mesh => "triangles",
            Self::Field => "a radiance field",
            Self::Mixed => "triangles among Gaussians",
            Self::Hybrid => "triangles coloured by a field",
        }
    }

    /// Whether triangles with pictures of their own are drawn.
    pub fn has_textures(self) -> bool {
        matches!(self, Self::Mesh | Self::Mixed)
    }
}

impl Content {
    /// What it is, in a few numbers.
    pub fn summary(&self) -> Summary {
        let (kind, cloud, mesh, field) = match self {
            Self::Gaussians(cloud) => (Kind::Gaussians, Some(cloud), None, None),
            Self::Mesh(mesh) => (Kind::Mesh, None, Some(mesh), None),
            Self::Field(field) => (Kind::Field, None, None, Some(field)),
            Self::Mixed(mesh, cloud) => (Kind::Mixed, Some(cloud), Some(mesh), None),
            Self::Hybrid(mesh, field) => (Kind::Hybrid, None, Some(mesh), Some(field)),
        };
        Summary {
            kind,
            gaussians: cloud.map_or(0, GaussianCloud::len),
            degree: cloud.map_or(0, |cloud| cloud.degree),
            vertices: mesh.map_or(0, |mesh| mesh.positions.len()),
            triangles: mesh.map_or(0, |mesh| mesh.triangles.len()),
            materials: mesh.map_or(0, |mesh| mesh.materials.len()),
            textures: mesh.map_or_else(Vec::new, sizes),
            field: field.map(FieldSummary::of),
        }
    }
}

fn sizes(mesh: &Mesh) -> Vec<[usize; 2]> {
    mesh.textures.iter().map(|texture| [texture.width, texture.height]).collect()
}

impl FieldSummary {
    fn of(field: &Field) -> Self {
        let models = || field.proposal.iter().chain([&field.model]);
        let sum = |of: fn(&Node) -> usize| models().flat_map(nodes).map(of).sum();
        let samples = [field.sampling.coarse, field.sampling.fine];
        let multiply_adds = nodes(&field.model).map(Node::multiply_adds).sum();
        Self {
            parameters: sum(Node::parameters),
            nodes: sum(|_| 1),
            multiply_adds,
            levels: sum(levels),
            samples,
        }
    }
}

/// All nodes of a model, those for composed features among them.
fn nodes(model: &Model) -> impl Iterator<Item = &Node> {
    model.nodes.iter().chain(model.deferred.iter().flat_map(|deferred| &deferred.nodes))
}

impl Node {
    /// Numbers in the file that make it: weights, biases, entries of grids.
    pub fn parameters(&self) -> usize {
        match self {
            Self::Grid(Grid { table, .. }) => table.len(),
            Self::Factors(factors) => {
                factors.groups.iter().flatten().map(|factor| factor.table.len()).sum()
            }
            Self::Dense { weights, bias, .. } => weights.len() + bias.len(),
            Self::Waves { .. } | Self::Harmonics { .. } => 0,
        }
    }

    /// Multiplications of a dense layer that one sample takes.
    pub fn multiply_adds(&self) -> u64 {
        match self {
            Self::Dense { weights, .. } => weights.len() as u64,
            _ => 0,
        }
    }
}

fn levels(node: &Node) -> usize {
    match node {
        Node::Grid(grid) => grid.levels.len(),
        _ => 0,
    }
}
