//! `DecomposedGrid`: one address for each factor, plane or line.

use crate::backend::Step;
use crate::operands::Operands;
use quintet_protocol::program::{Command, Fault};

/// A command of `DecomposedGrid` under way.
pub enum DecomposedGrid {}

impl DecomposedGrid {
    pub fn new(_operands: &Operands, command: &Command) -> Result<Self, Fault> {
        Err(super::not_executed(command))
    }

    pub fn step(&mut self, _arena: &mut [u32]) -> Step {
        Step::Done
    }
}
