//! What the files of a scene say beyond its numbers: materials, nodes of a field, bounds.

use std::fmt::Write;

use quintet_driver::import::ImportedScene;
use quintet_driver::quantise::{Bounds, SceneFrame, quantise};
use quintet_driver::scene::field::{Factors, Field, Grid, Model, Node, Outside, Sampling, WavesOf};
use quintet_driver::scene::mesh::{Material, Mesh};
use quintet_driver::scene::{Content, GaussianCloud};
use serde::Serialize;

use crate::cli::output::grouped;
use crate::cli::scene::notes;

/// More of these are counted and not listed for people.
const LISTED_MAX: usize = 40;

/// Of a scene; nothing of one that was compiled before.
#[derive(Default, Serialize)]
pub struct About {
    drawn: usize,
    antialiased: bool,
    notes: Vec<String>,
    bounds: Option<BoundsRecord>,
    views: Vec<String>,
    surfaces: Vec<MaterialRecord>,
    sampling: Option<SamplingRecord>,
    graph: Vec<NodeRecord>,
}

#[derive(Serialize)]
struct BoundsRecord {
    min: [f64; 3],
    max: [f64; 3],
}

/// A material.
#[derive(Serialize)]
struct MaterialRecord {
    name: String,
    color: [f32; 4],
    texture: Option<usize>,
    triangles: usize,
    double_sided: bool,
    unlit: bool,
    nearest: bool,
}

/// How a field is sampled.
#[derive(Serialize)]
struct SamplingRecord {
    /// World units.
    range: [f64; 2],
    coarse: usize,
    added: usize,
    background: [f32; 3],
    outside: &'static str,
    /// Share of cells that the file says are occupied.
    occupied: Option<f64>,
}

/// A node of a field.
#[derive(Serialize)]
struct NodeRecord {
    model: &'static str,
    index: usize,
    name: &'static str,
    shape: String,
    parameters: usize,
    multiply_adds: u64,
}

impl About {
    /// Of an imported scene.
    pub fn of(scene: &ImportedScene) -> Self {
        let Bounds { min, max } = scene.content.bounds();
        let (cloud, mesh, field) = match &scene.content {
            Content::Gaussians(cloud) => (Some(cloud), None, None),
            Content::Mesh(mesh) => (None, Some(mesh), None),
            Content::Mixed(mesh, cloud) => (Some(cloud), Some(mesh), None),
            Content::Field(field) => (None, None, Some(field)),
            Content::Hybrid(mesh, field) => (None, Some(mesh), Some(field)),
            _ => (None, None, None),
        };
        Self {
            drawn: cloud.map_or(0, visible),
            antialiased: scene.antialiased,
            notes: notes(scene),
            bounds: Some(BoundsRecord { min, max }),
            views: scene.views.iter().map(|(name, _)| name.clone()).collect(),
            surfaces: mesh.map_or_else(Vec::new, surfaces),
            sampling: field.map(SamplingRecord::of),
            graph: field.map_or_else(Vec::new, graph),
        }
    }

    /// For people; each line is indented by two.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let point = |p: [f64; 3]| format!("({:.3}, {:.3}, {:.3})", p[0], p[1], p[2]);
        if let Some(BoundsRecord { min, max }) = &self.bounds {
            let _ = writeln!(text, "  bounds     {} to {}", point(*min), point(*max));
        }
        if self.drawn > 0 {
            let _ = writeln!(text, "  visible    {} Gaussians", grouped(self.drawn as u64));
        }
        if !self.views.is_empty() {
            let _ = writeln!(text, "  views      {}", self.views.join(", "));
        }
        if let Some(it) = &self.sampling {
            let [near, far] = it.range;
            let _ =
                writeln!(text, "  samples    {} + {} from {near} to {far}", it.coarse, it.added);
            let _ = writeln!(text, "  outside    {}", it.outside);
            if let Some(occupied) = it.occupied {
                let _ = writeln!(text, "  occupied   {:.1} % of the cells", 100.0 * occupied);
            }
        }
        for note in &self.notes {
            let _ = writeln!(text, "  note       {note}");
        }
        if !self.surfaces.is_empty() {
            text += "\nmaterials\n   #  triangles  texture  colour                    name\n";
        }
        for (number, it) in self.surfaces.iter().enumerate().take(LISTED_MAX) {
            let texture = it.texture.map_or("-".into(), |texture| texture.to_string());
            let color = it.color.map(|channel| format!("{channel:.2}")).join(" ");
            let _ = writeln!(
                text,
                "  {number:>2} {:>10}  {texture:>7}  {color:<24}  {}",
                grouped(it.triangles as u64),
                it.name,
            );
        }
        if !self.graph.is_empty() {
            text += "\nfield\n   #  model     node       shape                         parameters  multiply-adds\n";
        }
        for it in self.graph.iter().take(LISTED_MAX) {
            let _ = writeln!(
                text,
                "  {:>2}  {:<8}  {:<9}  {:<28} {:>11} {:>14}",
                it.index,
                it.model,
                it.name,
                it.shape,
                grouped(it.parameters as u64),
                grouped(it.multiply_adds),
            );
        }
        for (what, count) in [("materials", self.surfaces.len()), ("nodes", self.graph.len())] {
            if count > LISTED_MAX {
                let _ = writeln!(text, "  {} more {what}: --json lists all", count - LISTED_MAX);
            }
        }
        text
    }
}

/// Gaussians that are not transparent.
fn visible(cloud: &GaussianCloud) -> usize {
    quantise(cloud, SceneFrame::new(cloud, 0.0)).len()
}

fn surfaces(mesh: &Mesh) -> Vec<MaterialRecord> {
    let mut triangles = vec![0; mesh.materials.len()];
    for &material in &mesh.material_of {
        if let Some(count) = triangles.get_mut(usize::from(material)) {
            *count += 1;
        }
    }
    let record = |(it, triangles): (&Material, usize)| MaterialRecord {
        name: it.name.clone(),
        color: it.color,
        texture: it.texture,
        triangles,
        double_sided: it.double_sided,
        unlit: it.unlit,
        nearest: it.nearest,
    };
    mesh.materials.iter().zip(triangles).map(record).collect()
}

impl SamplingRecord {
    fn of(field: &Field) -> Self {
        let Sampling { range, coarse, fine, background, .. } = field.sampling;
        let occupied = field.occupancy.as_ref().map(|it| {
            it.cells.iter().filter(|cell| **cell).count() as f64 / it.cells.len().max(1) as f64
        });
        let outside = match field.outside {
            Outside::Empty => "empty",
            Outside::Clamped => "the box's faces go on",
            Outside::Free => "the same formula",
        };
        Self { range, coarse, added: fine, background, outside, occupied }
    }
}

fn graph(field: &Field) -> Vec<NodeRecord> {
    let proposal = field.proposal.iter().map(|model| ("coarse", model));
    let models = proposal.chain([("fine", &field.model)]);
    let nodes = |(name, model): (&'static str, &Model)| -> Vec<NodeRecord> {
        let own = model.nodes.iter().enumerate().map(|node| NodeRecord::of(name, node));
        let deferred = model.deferred.iter().flat_map(|it| it.nodes.iter().enumerate());
        own.chain(deferred.map(|node| NodeRecord::of("deferred", node))).collect()
    };
    models.flat_map(nodes).collect()
}

impl NodeRecord {
    fn of(model: &'static str, (index, node): (usize, &Node)) -> Self {
        let (name, shape) = match node {
            Node::Waves { of, frequencies, .. } => {
                let of = match of {
                    WavesOf::Position => "positions".into(),
                    WavesOf::Direction => "directions".into(),
                    WavesOf::Node(node) => format!("node {node}"),
                };
                ("waves", format!("{} frequencies of {of}", frequencies.len()))
            }
            Node::Harmonics { degree } => ("harmonics", format!("degree {degree}")),
            Node::Grid(Grid { features, levels, table, .. }) => {
                let (levels, entries) = (levels.len(), table.len() / (*features).max(1));
                ("grid", format!("{levels} levels, {entries} entries of {features}"))
            }
            Node::Factors(Factors { features, groups, product }) => {
                let count = groups.iter().flatten().count();
                let how = if *product { "multiplied" } else { "added" };
                ("factors", format!("{count} of {features} features, {how}"))
            }
            Node::Dense { weights, bias, relu, .. } => {
                let inputs = weights.len() / bias.len().max(1);
                let relu = if *relu { ", RELU" } else { "" };
                ("dense", format!("{inputs} to {}{relu}", bias.len()))
            }
            _ => ("other", String::new()),
        };
        let (parameters, multiply_adds) = (node.parameters(), node.multiply_adds());
        Self { model, index, name, shape, parameters, multiply_adds }
    }
}
