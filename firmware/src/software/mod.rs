//! The software backend: the core itself executes every command.
//!
//! A folder, or a file, for each micro-operator. Cargo features choose what is built in: most are
//! micro-operators, `Gemm` and `Vector` have two each, and commands on tensors one each.

#[cfg(feature = "combined-grid")]
mod combined_grid;
#[cfg(feature = "decomposed-grid")]
mod decomposed_grid;
#[cfg(any(feature = "convolve", feature = "dense"))]
mod gemm;
#[cfg(feature = "geometry")]
mod geometry;
#[cfg(any(feature = "dense", feature = "ray"))]
mod rows;
#[cfg(feature = "sort")]
mod sort;
#[cfg(any(feature = "_tensor", feature = "ray"))]
mod vector;

use crate::backend::{Backend, Step, Taken, Work};
use crate::operands::Operands;
use crate::pager::Pager;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, CommandKind, Fault, Operator, Program, ProgramError};

/// The core itself as a backend.
#[derive(Default)]
pub struct Software {
    job: Option<Job>,
}

/// What a step of a command may touch: see [`Backend::step`].
struct Reach<'a> {
    arena: &'a mut [u32],
    pager: &'a mut Pager,
    staging: &'a mut [u8],
}

/// Makes [`Job`] of a table of all commands: the feature that a command belongs to, how a job is
/// made of it, what its steps need beside the job, and where they return a number of items, what
/// those are.
macro_rules! jobs {
    ($($feature:literal $name:ident:
        $module:ident::$job:ident::$new:ident($($need:ident),*) $($phase:ident)?;)*) => {
        /// A command under way.
        #[allow(
            clippy::large_enum_variant,
            reason = "there is one, in memory that is set aside for it"
        )]
        enum Job {
            $(#[cfg(feature = $feature)] $name($module::$job),)*
        }

        impl Job {
            /// Whether commands of a kind are built in.
            #[inline(always)]
            const fn is_built_in(kind: CommandKind) -> bool {
                match kind {
                    $(#[cfg(feature = $feature)] CommandKind::$name => true,)*
                    _ => false,
                }
            }

            /// Checks a command and makes a job of it.
            fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
                let job = match command {
                    $(#[cfg(feature = $feature)]
                    Command::$name(c) => $module::$job::$new(operands, c).map(Self::$name),)*
                    other => {
                        let (operator, mode) = other.code();
                        Err(Fault::UnknownMode { operator, mode })
                    }
                };
                operands.fault().map_or(job, Err)
            }

            fn step(&mut self, reach: Reach) -> Step {
                match *self {
                    $(#[cfg(feature = $feature)]
                    Self::$name(ref mut job) => {
                        let done = job.step($(reach.$need),*);
                        $(let done = worked(Phase::$phase, done);)?
                        done
                    })*
                }
            }
        }
    };
}

jobs! {
    "geometry" ProjectGaussians: geometry::Project::new(arena);
    "geometry" RasteriseGaussians: geometry::Rasterise::new(arena, staging);
    "geometry" BoundChunks: geometry::Bound::new(arena);
    "geometry" ProjectWindow: geometry::ProjectWindow::new(arena, pager);
    "geometry" RasteriseWindow: geometry::RasteriseWindow::new(arena, staging);
    "geometry" NextTile: geometry::NextTile::new(arena);
    "geometry" ResolveTile: geometry::ResolveTile::new(arena, staging);
    "geometry" TransformVertices: geometry::TransformVertices::new(arena);
    "geometry" RasteriseTriangles: geometry::RasteriseTriangles::new(arena);
    "geometry" BlendGaussians: geometry::BlendGaussians::new(arena);
    "geometry" BlendSurface: geometry::BlendSurface::new(arena);
    "geometry" CastRays: geometry::CastRays::new(arena);
    "combined-grid" Interpolate: combined_grid::Interpolate::new(arena) Lookup;
    "combined-grid" March: combined_grid::March::new(arena) March;
    "decomposed-grid" Factors: decomposed_grid::Factors::new(arena) Lookup;
    "sort" Sort: sort::Sort::new(arena);
    "convolve" Convolve: gemm::Convolve::new(arena, pager);
    "convolve" ConvolveDepthwise: gemm::ConvolveDepthwise::new(arena);
    "dense" Dense: gemm::Dense::new(arena);
    "dense" Perceptron: gemm::Perceptron::new(arena);
    "add" Add: vector::Elementwise::add(arena) Elements;
    "multiply" Multiply: vector::Elementwise::multiply(arena) Elements;
    "pool" Pool: vector::Pool::new(arena) Elements;
    "reduce" Reduce: vector::Reduce::new(arena) Elements;
    "softmax" Softmax: vector::Softmax::new(arena) Elements;
    "lookup" Lookup: vector::Lookup::new(arena) Elements;
    "copy" Copy: vector::Copying::new(arena) Elements;
    "fill" Fill: vector::Fill::new(arena) Elements;
    "resize" Resize: vector::Resize::new(arena) Elements;
    "ray" Waves: vector::Waves::new(arena) Elements;
    "ray" Harmonics: vector::Harmonics::new(arena) Elements;
    "ray" Gather: vector::Gather::new(arena) Elements;
    "ray" Composite: vector::Composite::new(arena) Compose;
    "ray" Focus: vector::Focus::new(arena) Elements;
    "ray" Shade: vector::Shade::new(arena) Elements;
}

impl Job {
    /// Reads a command of a program, checks it and makes a job of it.
    #[inline(never)]
    fn of(program: &Program, index: u16) -> Result<Self, ProgramError> {
        let command = program.command_among(index, Self::is_built_in)?;
        Self::new(&Operands::new(program), &command)
            .map_err(|fault| ProgramError::BadCommand { command: index, fault })
    }
}

/// What a step did that worked on so many items; at none the command is finished.
fn worked(phase: Phase, items: Option<usize>) -> Step {
    match items {
        Some(items) => Step::Working(Work { phase, items: items as u32 }),
        None => Step::Done(None),
    }
}

/// Micro-operators of which anything is built in, and whether each is.
const OPERATORS: [(Operator, bool); 6] = [
    (Operator::Geometry, cfg!(feature = "geometry")),
    (Operator::CombinedGrid, cfg!(feature = "combined-grid")),
    (Operator::DecomposedGrid, cfg!(feature = "decomposed-grid")),
    (Operator::Sort, cfg!(feature = "sort")),
    (Operator::Gemm, cfg!(any(feature = "convolve", feature = "dense"))),
    (Operator::Vector, cfg!(any(feature = "_tensor", feature = "ray"))),
];

impl Backend for Software {
    fn operators(&self) -> u32 {
        let built_in = OPERATORS.iter().filter(|(_, built_in)| *built_in);
        built_in.fold(0, |bits, &(operator, _)| bits | 1 << operator as u32)
    }

    fn check(&self, program: &Program, index: u16) -> Result<(), ProgramError> {
        Job::of(program, index).map(|_| ())
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
        self.job = Some(Job::of(program, index)?);
        Ok(Taken::Core)
    }

    fn step(
        &mut self,
        arena: &mut [u32],
        pager: &mut Pager,
        staging: &mut [u8],
        _now: u64,
    ) -> Step {
        let Some(job) = &mut self.job else { return Step::Done(None) };
        let step = job.step(Reach { arena, pager, staging });
        if let Step::Done(_) = step {
            self.job = None;
        }
        step
    }

    fn abandon(&mut self) {
        self.job = None;
    }
}
