//! The software backend: the core itself executes every command.

mod bound;
mod convolve;
mod convolve_depthwise;
mod grid;
mod project;
mod project_window;
mod rasterise;
mod rasterise_window;
mod resolve;
mod scene;
mod sort;
mod vector;
mod weights;

use crate::backend::{Backend, Step};
use crate::operands::Operands;
use crate::pager::Pager;
use bound::Bound;
use convolve::Convolve;
use convolve_depthwise::ConvolveDepthwise;
use project::Project;
use project_window::ProjectWindow;
use quintet_protocol::program::{Command, Fault, Operator, Program, ProgramError};
use rasterise::Rasterise;
use rasterise_window::RasteriseWindow;
use sort::Sort;
use vector::Vector;

/// The core itself as a backend.
#[derive(Default)]
pub struct Software {
    job: Option<Job>,
}

/// A command under way.
enum Job {
    Project(Project),
    Sort(Sort),
    Rasterise(Rasterise),
    Bound(Bound),
    ProjectWindow(ProjectWindow),
    RasteriseWindow(RasteriseWindow),
    Convolve(Convolve),
    Vector(Vector),
    ConvolveDepthwise(ConvolveDepthwise),
}

impl Job {
    fn new(program: &Program, command: &Command) -> Result<Self, Fault> {
        let operands = Operands::new(program);
        match command {
            Command::ProjectGaussians(c) => Project::new(&operands, c).map(Self::Project),
            Command::Sort(c) => Sort::new(&operands, c).map(Self::Sort),
            Command::RasteriseGaussians(c) => Rasterise::new(&operands, c).map(Self::Rasterise),
            Command::BoundChunks(c) => Bound::new(&operands, c).map(Self::Bound),
            Command::ProjectWindow(c) => ProjectWindow::new(&operands, c).map(Self::ProjectWindow),
            Command::RasteriseWindow(c) => {
                RasteriseWindow::new(&operands, c).map(Self::RasteriseWindow)
            }
            Command::Convolve(c) => Convolve::new(&operands, c).map(Self::Convolve),
            Command::ConvolveDepthwise(c) => {
                ConvolveDepthwise::new(&operands, c).map(Self::ConvolveDepthwise)
            }
            other => Vector::new(&operands, other).map(Self::Vector),
        }
    }
}

impl Backend for Software {
    fn operators(&self) -> u32 {
        let all = [Operator::Geometry, Operator::Sort, Operator::Gemm, Operator::Vector];
        all.iter().fold(0, |bits, &operator| bits | 1 << operator as u32)
    }

    fn check(&self, program: &Program, index: u16, command: &Command) -> Result<(), ProgramError> {
        let bad = |fault| ProgramError::BadCommand { command: index, fault };
        Job::new(program, command).map(|_| ()).map_err(bad)
    }

    fn start(
        &mut self,
        program: &Program,
        index: u16,
        command: &Command,
    ) -> Result<(), ProgramError> {
        let bad = |fault| ProgramError::BadCommand { command: index, fault };
        self.job = Some(Job::new(program, command).map_err(bad)?);
        Ok(())
    }

    fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8]) -> Step {
        match &mut self.job {
            Some(Job::Project(job)) => job.step(arena),
            Some(Job::Sort(job)) => job.step(arena),
            Some(Job::Rasterise(job)) => job.step(arena, staging),
            Some(Job::Bound(job)) => job.step(arena),
            Some(Job::ProjectWindow(job)) => job.step(arena, pager),
            Some(Job::RasteriseWindow(job)) => job.step(arena, staging),
            Some(Job::Convolve(job)) => job.step(arena, pager),
            Some(Job::Vector(job)) => job.step(arena),
            Some(Job::ConvolveDepthwise(job)) => job.step(arena),
            None => Step::Done,
        }
    }
}
