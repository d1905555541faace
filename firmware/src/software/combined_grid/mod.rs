//! `CombinedGrid`: one joint address, in a texture, a dense grid or a hash grid.

use crate::backend::Step;
use crate::operands::Operands;
use quintet_protocol::program::{Command, Fault};

/// A command of `CombinedGrid` under way.
pub enum CombinedGrid {}

impl CombinedGrid {
    pub fn new(_operands: &Operands, command: &Command) -> Result<Self, Fault> {
        Err(super::not_executed(command))
    }

    pub fn step(&mut self, _arena: &mut [u32]) -> Step {
        Step::Done
    }
}
