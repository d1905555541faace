//! `Gemm`: rows times columns, summed and requantised.

mod convolve;
mod convolve_depthwise;
mod dense;
mod weights;

use crate::backend::Step;
use crate::operands::Operands;
use crate::pager::Pager;
use convolve::Convolve;
use convolve_depthwise::ConvolveDepthwise;
use dense::Dense;
use quintet_protocol::program::{Command, Fault};

/// A command of `Gemm` under way.
pub enum Gemm {
    Convolve(Convolve),
    ConvolveDepthwise(ConvolveDepthwise),
    Dense(Dense),
}

impl Gemm {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::Convolve(c) => Convolve::new(operands, c).map(Self::Convolve),
            Command::ConvolveDepthwise(c) => {
                ConvolveDepthwise::new(operands, c).map(Self::ConvolveDepthwise)
            }
            Command::Dense(c) => Dense::new(operands, c).map(Self::Dense),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32], pager: &mut Pager) -> Step {
        match self {
            Self::Convolve(job) => job.step(arena, pager),
            Self::ConvolveDepthwise(job) => job.step(arena),
            Self::Dense(job) => job.step(arena),
        }
    }
}
