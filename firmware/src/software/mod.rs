//! The software backend: the core itself executes every command.

mod operands;
mod project;
mod rasterise;
mod sort;

use crate::backend::{Backend, Step};
use operands::Operands;
use project::Project;
use quintet_protocol::program::{Command, Fault, Operator, Program, ProgramError};
use rasterise::Rasterise;
use sort::Sort;

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
}

impl Job {
    fn new(program: &Program, command: &Command) -> Result<Self, Fault> {
        let operands = Operands::new(program);
        match command {
            Command::ProjectGaussians(c) => Project::new(&operands, c).map(Self::Project),
            Command::Sort(c) => Sort::new(&operands, c).map(Self::Sort),
            Command::RasteriseGaussians(c) => Rasterise::new(&operands, c).map(Self::Rasterise),
            other => Err(Fault::UnknownMode { operator: other.operator(), mode: u8::MAX }),
        }
    }
}

impl Backend for Software {
    fn operators(&self) -> u32 {
        1 << Operator::Geometry as u32 | 1 << Operator::Sort as u32
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

    fn step(&mut self, arena: &mut [u32], staging: &mut [u8]) -> Step {
        match &mut self.job {
            Some(Job::Project(job)) => job.step(arena),
            Some(Job::Sort(job)) => job.step(arena),
            Some(Job::Rasterise(job)) => job.step(arena, staging),
            None => Step::Done,
        }
    }
}
