//! `CombinedGrid`: one joint address, in a texture, a dense grid or a hash grid.

mod interpolate;

use crate::backend::{Step, Work};
use crate::operands::Operands;
use interpolate::Interpolate;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Fault};

/// A command of `CombinedGrid` under way.
pub enum CombinedGrid {
    Interpolate(Interpolate),
}

impl CombinedGrid {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::Interpolate(c) => Interpolate::new(operands, c).map(Self::Interpolate),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let Self::Interpolate(job) = self;
        match job.step(arena) {
            Some(items) => Step::Working(Work { phase: Phase::Lookup, items: items as u32 }),
            None => Step::Done,
        }
    }
}
