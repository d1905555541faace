//! `Vector`: what runs beside the micro-operators, on tensors of signed bytes.

mod channels;
mod composite;
mod copy;
mod elementwise;
mod fill;
mod focus;
mod gather;
mod harmonics;
mod lookup;
mod pool;
mod reduce;
mod resize;
mod shade;
mod softmax;
mod waves;

use crate::backend::{Step, Work};
use crate::operands::{Operands, Words, disjoint};
use composite::Composite;
use copy::Copying;
use core::ops::Range;
use elementwise::Elementwise;
use fill::Fill;
use focus::Focus;
use gather::Gather;
use harmonics::Harmonics;
use lookup::Lookup;
use pool::Pool;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Command, Fault};
use reduce::Reduce;
use resize::Resize;
use shade::Shade;
use softmax::Softmax;
use waves::Waves;

/// A command of `Vector` under way.
pub enum Vector {
    Elementwise(Elementwise),
    Pool(Pool),
    Reduce(Reduce),
    Softmax(Softmax),
    Lookup(Lookup),
    Copy(Copying),
    Fill(Fill),
    Resize(Resize),
    Composite(Composite),
    Focus(Focus),
    Shade(Shade),
    Waves(Waves),
    Harmonics(Harmonics),
    Gather(Gather),
}

impl Vector {
    pub fn new(operands: &Operands, command: &Command) -> Result<Self, Fault> {
        match command {
            Command::Add(c) => Elementwise::add(operands, c).map(Self::Elementwise),
            Command::Multiply(c) => Elementwise::multiply(operands, c).map(Self::Elementwise),
            Command::Pool(c) => Pool::new(operands, c).map(Self::Pool),
            Command::Reduce(c) => Reduce::new(operands, c).map(Self::Reduce),
            Command::Softmax(c) => Softmax::new(operands, c).map(Self::Softmax),
            Command::Lookup(c) => Lookup::new(operands, c).map(Self::Lookup),
            Command::Copy(c) => Copying::new(operands, c).map(Self::Copy),
            Command::Fill(c) => Fill::new(operands, c).map(Self::Fill),
            Command::Resize(c) => Resize::new(operands, c).map(Self::Resize),
            Command::Composite(c) => Composite::new(operands, c).map(Self::Composite),
            Command::Focus(c) => Focus::new(operands, c).map(Self::Focus),
            Command::Shade(c) => Shade::new(operands, c).map(Self::Shade),
            Command::Waves(c) => Waves::new(operands, c).map(Self::Waves),
            Command::Harmonics(c) => Harmonics::new(operands, c).map(Self::Harmonics),
            Command::Gather(c) => Gather::new(operands, c).map(Self::Gather),
            other => Err(super::not_executed(other)),
        }
    }

    pub fn step(&mut self, arena: &mut [u32]) -> Step {
        let items = match self {
            Self::Elementwise(job) => job.step(arena),
            Self::Pool(job) => job.step(arena),
            Self::Reduce(job) => job.step(arena),
            Self::Softmax(job) => job.step(arena),
            Self::Lookup(job) => job.step(arena),
            Self::Copy(job) => job.step(arena),
            Self::Fill(job) => job.step(arena),
            Self::Resize(job) => job.step(arena),
            Self::Composite(job) => job.step(arena),
            Self::Focus(job) => job.step(arena),
            Self::Shade(job) => job.step(arena),
            Self::Waves(job) => job.step(arena),
            Self::Harmonics(job) => job.step(arena),
            Self::Gather(job) => job.step(arena),
        };
        let phase = match self {
            Self::Composite(_) => Phase::Compose,
            _ => Phase::Elements,
        };
        match items {
            Some(items) => Step::Working(Work { phase, items: items as u32 }),
            None => Step::Done(None),
        }
    }
}

/// Refuses an output that overlaps an input without being the same words: then the input is worked
/// on in its place.
fn same_or_disjoint(input: &Words, output: &Words) -> Result<(), Fault> {
    if input == output { Ok(()) } else { disjoint([input, output]) }
}

/// Brings bytes of an input to their places in its output, unless that is where they are, to be
/// worked on there. The two are the same words or disjoint.
fn bring(arena: &mut [u32], [input, output]: [&Words; 2], range: Range<usize>) -> Option<()> {
    if input != output {
        let [input, output] = arena.get_disjoint_mut([input.clone(), output.clone()]).ok()?;
        let (input, output) = (bytemuck::cast_slice(input), bytemuck::cast_slice_mut(output));
        let to: &mut [u8] = output.get_mut(range.clone())?;
        to.copy_from_slice(input.get(range)?);
    }
    Some(())
}
