//! What a run costs in software, and on an accelerator.

use quintet_protocol::message::Phase;
use quintet_protocol::program::Operator;

use crate::instance::Instance;
use crate::timing::frame::{CommandCost, Frame};

/// What a phase of a micro-operator's commands costs a core that executes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The micro-operator.
    pub operator: Operator,
    /// The phase.
    pub phase: Phase,
    /// Executed instructions.
    pub instructions: u64,
}

/// A run, profiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// What was run, in a few words: scene and size.
    pub name: String,
    /// The run in software, part by part.
    pub software: Vec<Part>,
    /// The same run with an accelerator, command by command; empty if there was none.
    pub accelerated: Vec<CommandCost>,
}

impl Profile {
    /// Instructions of the run in software.
    pub fn instructions(&self) -> u64 {
        self.software.iter().fold(0, |sum, part| sum.saturating_add(part.instructions))
    }

    /// The share of those that parts have, 0..=1.
    pub fn share(&self, is_meant: impl Fn(&Part) -> bool) -> f64 {
        let meant = self.software.iter().filter(|part| is_meant(part));
        let instructions = meant.fold(0, |sum: u64, part| sum.saturating_add(part.instructions));
        instructions as f64 / self.instructions().max(1) as f64
    }

    /// How many times faster the run is with the accelerator than in software, on the core that the
    /// instance's description assumes: in turns, and at the same time. None without an accelerated
    /// run.
    pub fn gains(&self, instance: &Instance) -> Option<[f64; 2]> {
        let frame = Frame::new(instance, &self.accelerated);
        let core = &instance.core;
        let clocks = core.clocks_per_instruction.times(self.instructions());
        let before = clocks as f64 * 1e9 / core.clock_hz as f64;
        let is_run = !self.accelerated.is_empty() && frame.overlapped_ns > 0;
        is_run.then(|| [frame.serial_ns, frame.overlapped_ns].map(|after| before / after as f64))
    }
}
