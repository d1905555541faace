//! Radiance fields: a density and a colour at each point, seen along a direction.
//!
//! A field is a graph of [`Node`]s over points and directions, as files of all kinds are: a NeRF is
//! waves and dense layers, Instant-NGP a hash grid and dense layers, TensoRF planes and lines. So
//! one compiler and one float evaluation serve them all.

/// A radiance field and how it is to be sampled.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Least and greatest corner of the world box that is the unit box of [`Node::Grid`] and
    /// [`Node::Factors`]; waves are of world coordinates.
    pub bounds: [[f64; 3]; 2],
    /// What is outside the box.
    pub outside: Outside,
    /// What samples are taken of in the coarse pass, if not of `model`: its density.
    pub proposal: Option<Model>,
    /// What colours are of.
    pub model: Model,
    /// How samples are spent.
    pub sampling: Sampling,
    /// Occupied cells that the file tells of: `side^3` flags, cell `x + side * (y + side * z)` of
    /// the box.
    pub occupancy: Option<Occupancy>,
    /// A camera that the file tells of.
    pub views: Vec<(String, crate::camera::Camera)>,
}

/// What a field is outside its box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// Nothing: no density.
    Empty,
    /// What it is at the nearest point of the box.
    Clamped,
    /// The same formula: the box has no meaning.
    Free,
}

/// Cells of a box.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupancy {
    /// Cells along each axis.
    pub side: usize,
    /// Whether each cell is occupied, x fastest.
    pub cells: Vec<bool>,
}

/// How samples of a ray are spent.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Nearest and farthest distance from the camera, world units.
    pub range: [f64; 2],
    /// Whether distances are along rays, in place of along the camera's axis.
    pub along_rays: bool,
    /// Samples of the coarse pass, or of the only one.
    pub coarse: usize,
    /// Samples that are added where the coarse pass found something; 0 for a single pass.
    pub fine: usize,
    /// Where samples lie in their intervals.
    pub spacing: quintet_protocol::ray::Spacing,
    /// Added to weights of the coarse pass.
    pub padding: f64,
    /// Colour behind everything, in 0..=1, that the field was trained with.
    pub background: [f32; 3],
}

/// A graph whose nodes refer to earlier ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// Nodes, in the order of evaluation.
    pub nodes: Vec<Node>,
    /// Density: a node, a column of it, and what is done to it.
    pub density: Option<Output<DensityActivation>>,
    /// Colour: a node, the first of three columns of it, and what is done to them.
    pub color: Option<Output<ColorActivation>>,
    /// What is done to composed features (MeRF), if `color` is not composed itself.
    pub deferred: Option<Deferred>,
}

impl Model {
    /// Columns of each node.
    pub fn columns(&self) -> Vec<usize> {
        columns(&self.nodes, &[])
    }
}

/// Columns of each of `nodes`, the first of which stand for rows of `given` columns.
pub fn columns(nodes: &[Node], given: &[usize]) -> Vec<usize> {
    let mut columns = given.to_vec();
    for node in nodes {
        let inputs = node.inputs().iter().map(|&input| columns[input]).sum();
        columns.push(node.columns(inputs));
    }
    columns
}

/// Which of `nodes`, the first of them behind `given` others, the numbers of `roots` hang on.
pub fn needed(nodes: &[Node], given: usize, roots: &[usize]) -> Vec<bool> {
    let mut needed = vec![false; given + nodes.len()];
    for &root in roots {
        needed[root] = true;
    }
    for (number, node) in nodes.iter().enumerate().rev() {
        if needed[given + number] {
            for &input in node.inputs() {
                needed[input] = true;
            }
        }
    }
    needed
}

/// Columns of a node.
#[derive(Clone, Debug, PartialEq)]
pub struct Output<A> {
    /// Number of the node.
    pub node: usize,
    /// First column.
    pub column: usize,
    /// What is done to the numbers.
    pub activation: A,
}

/// From a number to a density, per world unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DensityActivation {
    /// `max(0, x)`.
    Relu,
    /// `exp(x + shift)`.
    Exp {
        /// Added before.
        shift: f32,
    },
    /// `scale * ln(1 + exp(x + shift))`.
    Softplus {
        /// Added before.
        shift: f32,
        /// Multiplied after.
        scale: f32,
    },
}

/// From a number to a colour.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColorActivation {
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x`, held to 0..=1.
    Identity,
}

/// A part of a model: rows of numbers of earlier rows.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Node {
    /// Sines and cosines. Columns: the three coordinates if included; then for each frequency the
    /// sines of the coordinates and the cosines of them.
    Waves {
        /// Of what.
        of: WavesOf,
        /// Multipliers, radians per unit.
        frequencies: Vec<f64>,
        /// Whether the coordinates themselves come first.
        includes_input: bool,
    },
    /// Real spherical harmonics of the direction, `(degree + 1)^2` columns, as nerfstudio has them;
    /// tiny-cuda-nn has those of odd order with the other sign.
    Harmonics {
        /// Greatest degree, 0..=3.
        degree: u8,
    },
    /// Grids that are looked up at the point, side by side.
    Grid(Grid),
    /// Planes and lines that are looked up at the point and reduced.
    Factors(Factors),
    /// `activation(weights * inputs + bias)`.
    Dense {
        /// Nodes whose columns lie side by side.
        inputs: Vec<usize>,
        /// Row-major, `[outputs][inputs]`.
        weights: Vec<f32>,
        /// One an output; zeros where the file has none.
        bias: Vec<f32>,
        /// Whether negative results become zero.
        relu: bool,
    },
}

impl Node {
    /// Numbers of the nodes that this one is of.
    pub fn inputs(&self) -> &[usize] {
        match self {
            Self::Dense { inputs, .. } => inputs,
            Self::Waves { of: WavesOf::Node(node), .. } => std::slice::from_ref(node),
            _ => &[],
        }
    }

    /// Whether it is of the direction alone, whatever its inputs are of.
    pub fn is_of_direction(&self) -> bool {
        matches!(self, Self::Harmonics { .. } | Self::Waves { of: WavesOf::Direction, .. })
    }

    /// Columns that it has, its inputs having so many.
    pub fn columns(&self, input_columns: usize) -> usize {
        match self {
            Self::Waves { of, frequencies, includes_input } => {
                let coordinates = if let WavesOf::Node(_) = of { input_columns } else { 3 };
                coordinates * (2 * frequencies.len() + usize::from(*includes_input))
            }
            Self::Harmonics { degree } => (usize::from(*degree) + 1).pow(2),
            Self::Grid(grid) => grid.levels.len() * grid.features,
            Self::Factors(factors) => factors.groups.len() * factors.features,
            Self::Dense { bias, .. } => bias.len(),
        }
    }
}

/// What waves are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavesOf {
    /// The point in world units.
    Position,
    /// The direction from the camera, of length 1, world axes.
    Direction,
    /// The columns of a node.
    Node(usize),
}

/// Levels of grids.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Features of an entry.
    pub features: usize,
    /// Levels; their features lie side by side.
    pub levels: Vec<Level>,
    /// Whether only the simplex that a point lies in is weighed.
    pub simplex: bool,
    /// Entries of all levels, `features` numbers each.
    pub table: Vec<f32>,
}

/// A level of a grid: entry at `point * scale + offset`.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// From the unit box to cells, each axis.
    pub scale: [f64; 3],
    /// Added after; 0.5 in Instant-NGP, 0 in nerfstudio.
    pub offset: f64,
    /// Entries along each axis, of a dense level.
    pub resolution: [usize; 3],
    /// First of its entries in the table.
    pub first: usize,
    /// How many it has.
    pub entries: usize,
    /// Whether entries are found by a hash: `(x ^ y * 2654435761 ^ z * 805459861) mod entries`;
    /// else entry `x + y * nx + z * nx * ny`.
    pub hashed: bool,
    /// Mark of the ceil corner: nerfstudio takes `ceil(x)` for the upper one, Instant-NGP
    /// `floor(x) + 1`.
    pub ceils: bool,
}

/// Decomposed grids.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// Features of each factor.
    pub features: usize,
    /// Groups, whose features lie side by side, each of factors that are reduced.
    pub groups: Vec<Vec<Factor>>,
    /// Whether factors are multiplied; else they are added.
    pub product: bool,
}

/// A plane or a line, bilinear, corners aligned: coordinate 0 is the first entry, 1 the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Factor {
    /// Axes of the point along columns and rows; a line has one.
    pub axes: Vec<usize>,
    /// Entries along each of them.
    pub resolution: Vec<usize>,
    /// Entries, the first axis fastest, `features` numbers each.
    pub table: Vec<f32>,
}

/// A network that makes a colour of composed features: MeRF's. Its inputs are the composed columns
/// `color` (before activation), and the direction's waves.
#[derive(Clone, Debug, PartialEq)]
pub struct Deferred {
    /// Columns that are composed, the first three of them the diffuse colour.
    pub channels: usize,
    /// Its nodes; node 0 stands for the composed columns, after a sigmoid, and has no node of its
    /// own.
    pub nodes: Vec<Node>,
}
