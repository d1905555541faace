//! `Gemm`: rows times columns, summed and requantised.

mod convolve;
mod convolve_depthwise;
mod dense;
mod perceptron;
mod weights;

use crate::backend::Step;
use crate::operands::Operands;
use crate::pager::Pager;
use convolve::Convolve;
use convolve_depthwise::ConvolveDepthwise;
use dense::Dense;
use perceptron::Perceptron;
use quintet_protocol::program::{Command, Fault};

/// A command of `Gemm` under way.
pub enum Gemm {
    Convolve(Convolve),
    ConvolveDepthwise(ConvolveDepthwise),
    Dense(Dense),
    Perceptron(Perceptron),
}

impl Gemm {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::Convolve(c) => Convolve::new(operands, c).map(Self::Convolve),
            Command::ConvolveDepthwise(c) => {
                ConvolveDepthwise::new(operands, c).map(Self::ConvolveDepthwise)
            }
            Command::Dense(c) => Dense::new(operands, c).map(Self::Dense),
            Command::Perceptron(c) => Perceptron::new(operands, c).map(Self::Perceptron),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32], pager: &mut Pager) -> Step {
        match self {
            Self::Convolve(job) => job.step(arena, pager),
            Self::ConvolveDepthwise(job) => job.step(arena),
            Self::Dense(job) => job.step(arena),
            Self::Perceptron(job) => job.step(arena),
        }
    }
}
