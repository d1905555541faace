//! What frames take, in instructions: a straight line for each part, through what was measured on
//! the emulated Cortex-M4 (`cargo xtask bench`, `quintet profile`).

use crate::compile::field::FieldOptions;
use crate::scene::Field;
use crate::scene::field::{Model, Node, needed};
use quintet_protocol::ray::Spacing;

/// A Gaussian: 570 to project, 170 to sort and to find its tiles, the rest to begin to draw it.
const GAUSSIAN: u64 = 1300;
/// A pixel of Gaussians: 27 to resolve, the rest for what lies over it.
const GAUSSIAN_PIXEL: u64 = 150;

/// A ray: 254 to cast, waves or harmonics of its direction, and to resolve its pixel.
const RAY: f64 = 900.0;
/// A place for a sample of the coarse pass, or of the only one, whether or not anything is there.
const PLACE: f64 = 50.0;
/// A place for a sample after a coarse pass, with what it takes to find it.
const FOCUSED_PLACE: f64 = 170.0;
/// A sample where something is: to compose it, and to bring it the direction of its ray.
const SAMPLE: f64 = 300.0;
/// Places at which something is, of an evenly sampled ray through a field with empty cells.
const OCCUPIED: f64 = 0.1;
/// Places at which something is, of those that a coarse pass has chosen.
const FOCUSED_OCCUPIED: f64 = 0.27;

/// A level of a grid, eight corners.
const LEVEL: f64 = 137.0;
/// A plane or a line.
const FACTOR: f64 = 230.0;
/// A sine or a cosine.
const WAVE: f64 = 34.0;
/// A weight, an output and a call of a dense layer.
const DENSE: [f64; 3] = [0.75, 11.0, 50.0];

/// A frame of `count` Gaussians that stay on the device.
pub fn gaussians(count: usize, pixels: u64) -> u64 {
    count as u64 * GAUSSIAN + pixels * GAUSSIAN_PIXEL
}

/// A frame of a field with so many samples of the coarse pass, or of the only one, and added ones.
pub fn field(field: &Field, samples: [usize; 2], options: &FieldOptions, pixels: u64) -> u64 {
    let [coarse, added] = samples.map(|samples| samples as f64 * options.samples);
    let share = |share: f64| if options.occupancy { share } else { 1.0 };
    let colored = SAMPLE + whole(&field.model);
    let ray = if added > 0.0 && options.focus {
        let proposal = field.proposal.as_ref().unwrap_or(&field.model);
        let fine = if field.sampling.spacing == Spacing::Points { coarse + added } else { added };
        coarse * (PLACE + share(OCCUPIED) * (SAMPLE + density(proposal)))
            + fine * (FOCUSED_PLACE + share(FOCUSED_OCCUPIED) * colored)
    } else {
        (coarse + added) * (PLACE + share(OCCUPIED) * colored)
    };
    let deferred = field.model.deferred.as_ref();
    let deferred: f64 = deferred.map_or(0.0, |it| it.nodes.iter().map(node).sum());
    (pixels as f64 * (RAY + ray + deferred)) as u64
}

/// A sample's density alone.
fn density(model: &Model) -> f64 {
    evaluated(model, &model.density.iter().map(|output| output.node).collect::<Vec<_>>())
}

/// A sample's density and colour.
fn whole(model: &Model) -> f64 {
    let density = model.density.iter().map(|output| output.node);
    evaluated(
        model,
        &density.chain(model.color.iter().map(|output| output.node)).collect::<Vec<_>>(),
    )
}

/// The nodes that `roots` hang on, but for what is of the direction alone, which rays have.
fn evaluated(model: &Model, roots: &[usize]) -> f64 {
    let needed = needed(&model.nodes, 0, roots);
    let nodes =
        model.nodes.iter().zip(needed).filter(|(node, needed)| *needed && !node.is_of_direction());
    nodes.map(|(it, _)| node(it)).sum()
}

fn node(node: &Node) -> f64 {
    match node {
        Node::Grid(grid) => grid.levels.len() as f64 * LEVEL,
        Node::Factors(factors) => {
            factors.groups.iter().map(Vec::len).sum::<usize>() as f64 * FACTOR
        }
        Node::Waves { frequencies, .. } => 6.0 * frequencies.len() as f64 * WAVE,
        Node::Dense { weights, bias, .. } => {
            let [weight, output, call] = DENSE;
            weights.len() as f64 * weight + bias.len() as f64 * output + call
        }
        // Of the direction: counted with the ray.
        Node::Harmonics { .. } => 0.0,
    }
}
