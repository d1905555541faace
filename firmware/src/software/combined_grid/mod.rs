//! `CombinedGrid`: one joint address, in a texture, a dense grid or a hash grid.

mod march;

use crate::backend::Step;
use crate::operands::Operands;
use march::March;
use quintet_protocol::program::{Command, Fault};

/// A command of `CombinedGrid` under way.
pub enum CombinedGrid {
    March(March),
}

impl CombinedGrid {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::March(c) => March::new(operands, c).map(Self::March),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        match self {
            Self::March(job) => job.step(arena),
        }
    }
}
