//! `Geometry`: primitives to pixels.

mod bound;
mod cast_rays;
mod grid;
mod project;
mod project_window;
mod rasterise;
mod rasterise_window;
mod resolve;
mod scene;

use crate::backend::Step;
use crate::operands::Operands;
use crate::pager::Pager;
use bound::Bound;
use cast_rays::CastRays;
use project::Project;
use project_window::ProjectWindow;
use quintet_protocol::program::{Command, Fault};
use rasterise::Rasterise;
use rasterise_window::RasteriseWindow;

/// A command of `Geometry` under way.
pub enum Geometry {
    Project(Project),
    Rasterise(Rasterise),
    Bound(Bound),
    ProjectWindow(ProjectWindow),
    RasteriseWindow(RasteriseWindow),
    CastRays(CastRays),
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
            Command::CastRays(c) => CastRays::new(operands, c).map(Self::CastRays),
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
            Self::CastRays(job) => job.step(arena),
        }
    }
}
