//! `DecomposedGrid`: one address for each factor, plane or line.

mod factors;

use crate::backend::{Step, Work};
use crate::operands::Operands;
use factors::Factors;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Fault};

/// A command of `DecomposedGrid` under way.
pub enum DecomposedGrid {
    Factors(Factors),
}

impl DecomposedGrid {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::Factors(c) => Factors::new(operands, c).map(Self::Factors),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let Self::Factors(job) = self;
        match job.step(arena) {
            Some(items) => Step::Working(Work { phase: Phase::Lookup, items: items as u32 }),
            None => Step::Done(None),
        }
    }
}
