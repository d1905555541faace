//! The software backend: the core itself executes every command.
//!
//! A folder, or a file, for each micro-operator; a cargo feature of the same name builds it in.

#[cfg(feature = "combined-grid")]
mod combined_grid;
#[cfg(feature = "decomposed-grid")]
mod decomposed_grid;
#[cfg(feature = "gemm")]
mod gemm;
#[cfg(feature = "geometry")]
mod geometry;
#[cfg(any(feature = "gemm", feature = "vector"))]
mod rows;
#[cfg(feature = "sort")]
mod sort;
#[cfg(feature = "vector")]
mod vector;

use crate::backend::{Backend, Step, Taken};
use crate::operands::Operands;
use crate::pager::Pager;
use quintet_protocol::program::{Command, Fault, Operator, Program, ProgramError};

/// The core itself as a backend.
#[derive(Default)]
pub struct Software {
    job: Option<Job>,
}

/// A command under way.
#[allow(clippy::large_enum_variant, reason = "there is one, in memory that is set aside for it")]
enum Job {
    #[cfg(feature = "geometry")]
    Geometry(geometry::Geometry),
    #[cfg(feature = "combined-grid")]
    CombinedGrid(combined_grid::CombinedGrid),
    #[cfg(feature = "decomposed-grid")]
    DecomposedGrid(decomposed_grid::DecomposedGrid),
    #[cfg(feature = "sort")]
    Sort(sort::Sort),
    #[cfg(feature = "gemm")]
    Gemm(gemm::Gemm),
    #[cfg(feature = "vector")]
    Vector(vector::Vector),
}

/// Micro-operators that are built in, and whether each is.
const OPERATORS: [(Operator, bool); 6] = [
    (Operator::Geometry, cfg!(feature = "geometry")),
    (Operator::CombinedGrid, cfg!(feature = "combined-grid")),
    (Operator::DecomposedGrid, cfg!(feature = "decomposed-grid")),
    (Operator::Sort, cfg!(feature = "sort")),
    (Operator::Gemm, cfg!(feature = "gemm")),
    (Operator::Vector, cfg!(feature = "vector")),
];

impl Job {
    fn new(program: &Program, command: &Command) -> Result<Self, Fault> {
        let operands = &Operands::new(program);
        match command.operator() {
            #[cfg(feature = "geometry")]
            Operator::Geometry => geometry::Geometry::new(operands, command).map(Self::Geometry),
            #[cfg(feature = "combined-grid")]
            Operator::CombinedGrid => {
                combined_grid::CombinedGrid::new(operands, command).map(Self::CombinedGrid)
            }
            #[cfg(feature = "decomposed-grid")]
            Operator::DecomposedGrid => {
                decomposed_grid::DecomposedGrid::new(operands, command).map(Self::DecomposedGrid)
            }
            #[cfg(feature = "sort")]
            Operator::Sort => match command {
                Command::Sort(c) => sort::Sort::new(operands, c).map(Self::Sort),
                other => Err(not_executed(other)),
            },
            #[cfg(feature = "gemm")]
            Operator::Gemm => gemm::Gemm::new(operands, command).map(Self::Gemm),
            #[cfg(feature = "vector")]
            Operator::Vector => vector::Vector::new(operands, command).map(Self::Vector),
            _ => Err(not_executed(command)),
        }
    }
}

/// That this firmware does not execute a command, though the protocol knows it.
fn not_executed(command: &Command) -> Fault {
    let (operator, mode) = command.code();
    Fault::UnknownMode { operator, mode }
}

impl Backend for Software {
    fn operators(&self) -> u32 {
        let built_in = OPERATORS.iter().filter(|(_, built_in)| *built_in);
        built_in.fold(0, |bits, &(operator, _)| bits | 1 << operator as u32)
    }

    fn check(&self, program: &Program, index: u16, command: &Command) -> Result<(), ProgramError> {
        let bad = |fault| ProgramError::BadCommand { command: index, fault };
        Job::new(program, command).map(|_| ()).map_err(bad)
    }

    fn take(
        &mut self,
        program: &Program,
        index: u16,
        _pager: &Pager,
    ) -> Result<Taken, ProgramError> {
        if self.job.is_some() {
            return Ok(Taken::Nobody);
        }
        let bad = |fault| ProgramError::BadCommand { command: index, fault };
        self.job = Some(Job::new(program, &program.command(index)?).map_err(bad)?);
        Ok(Taken::Core)
    }

    fn step(
        &mut self,
        arena: &mut [u32],
        pager: &mut Pager,
        staging: &mut [u8],
        _now: u64,
    ) -> Step {
        let step = match &mut self.job {
            #[cfg(feature = "geometry")]
            Some(Job::Geometry(job)) => job.step(arena, pager, staging),
            #[cfg(feature = "combined-grid")]
            Some(Job::CombinedGrid(job)) => job.step(arena),
            #[cfg(feature = "decomposed-grid")]
            Some(Job::DecomposedGrid(job)) => job.step(arena),
            #[cfg(feature = "sort")]
            Some(Job::Sort(job)) => job.step(arena),
            #[cfg(feature = "gemm")]
            Some(Job::Gemm(job)) => job.step(arena, pager),
            #[cfg(feature = "vector")]
            Some(Job::Vector(job)) => job.step(arena),
            _ => Step::Done(None),
        };
        if let Step::Done(_) = step {
            self.job = None;
        }
        step
    }

    fn abandon(&mut self) {
        self.job = None;
    }
}
