//! `Geometry`: primitives to pixels.

mod blend_gaussians;
mod blend_surface;
mod bound;
mod cursor;
mod grid;
mod project;
mod project_window;
mod rasterise;
mod rasterise_triangles;
mod rasterise_window;
mod resolve;
mod resolve_tile;
mod scene;
mod transform;

use crate::backend::Step;
use crate::operands::Operands;
use crate::pager::Pager;
use blend_gaussians::BlendGaussians;
use blend_surface::BlendSurface;
use bound::Bound;
use cursor::NextTile;
use project::Project;
use project_window::ProjectWindow;
use quintet_protocol::program::{Command, Fault};
use rasterise::Rasterise;
use rasterise_triangles::RasteriseTriangles;
use rasterise_window::RasteriseWindow;
use resolve_tile::ResolveTile;
use transform::TransformVertices;

/// A command of `Geometry` under way.
pub enum Geometry {
    Project(Project),
    Rasterise(Rasterise),
    Bound(Bound),
    ProjectWindow(ProjectWindow),
    RasteriseWindow(RasteriseWindow),
    NextTile(NextTile),
    ResolveTile(ResolveTile),
    TransformVertices(TransformVertices),
    RasteriseTriangles(RasteriseTriangles),
    BlendGaussians(BlendGaussians),
    BlendSurface(BlendSurface),
}

impl Geometry {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::ProjectGaussians(c) => Project::new(operands, c).map(Self::Project),
            Command::RasteriseGaussians(c) => Rasterise::new(operands, c).map(Self::Rasterise),
            Command::BoundChunks(c) => Bound::new(operands, c).map(Self::Bound),
            Command::ProjectWindow(c) => ProjectWindow::new(operands, c).map(Self::ProjectWindow),
            Command::RasteriseWindow(c) => {
                RasteriseWindow::new(operands, c).map(Self::RasteriseWindow)
            }
            Command::NextTile(c) => NextTile::new(operands, c).map(Self::NextTile),
            Command::ResolveTile(c) => ResolveTile::new(operands, c).map(Self::ResolveTile),
            Command::TransformVertices(c) => {
                TransformVertices::new(operands, c).map(Self::TransformVertices)
            }
            Command::RasteriseTriangles(c) => {
                RasteriseTriangles::new(operands, c).map(Self::RasteriseTriangles)
            }
            Command::BlendGaussians(c) => {
                BlendGaussians::new(operands, c).map(Self::BlendGaussians)
            }
            Command::BlendSurface(c) => BlendSurface::new(operands, c).map(Self::BlendSurface),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8]) -> Step {
        match self {
            Self::Project(job) => job.step(arena),
            Self::Rasterise(job) => job.step(arena, staging),
            Self::Bound(job) => job.step(arena),
            Self::ProjectWindow(job) => job.step(arena, pager),
            Self::RasteriseWindow(job) => job.step(arena, staging),
            Self::NextTile(job) => job.step(arena),
            Self::ResolveTile(job) => job.step(arena, staging),
            Self::TransformVertices(job) => job.step(arena),
            Self::RasteriseTriangles(job) => job.step(arena),
            Self::BlendGaussians(job) => job.step(arena),
            Self::BlendSurface(job) => job.step(arena),
        }
    }
}
