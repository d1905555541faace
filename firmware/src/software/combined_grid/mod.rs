//! `CombinedGrid`: one joint address, in a texture, a dense grid or a hash grid.

mod interpolate;
mod march;

use crate::backend::{Step, Work};
use crate::operands::Operands;
use interpolate::Interpolate;
use march::March;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Fault};

/// A command of `CombinedGrid` under way.
pub enum CombinedGrid {
    Interpolate(Interpolate),
    March(March),
}

impl CombinedGrid {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::Interpolate(c) => Interpolate::new(operands, c).map(Self::Interpolate),
            Command::March(c) => March::new(operands, c).map(Self::March),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let (phase, items) = match self {
            Self::Interpolate(job) => (Phase::Lookup, job.step(arena)),
            Self::March(job) => (Phase::March, job.step(arena)),
        };
        match items {
            Some(items) => Step::Working(Work { phase, items: items as u32 }),
            None => Step::Done(None),
        }
    }
}
