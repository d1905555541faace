//! The accelerator as a machine: registers, queue, command under way.

use crate::instance::Instance;
use crate::memory::Memory;

/// An accelerator.
pub struct Model {
    instance: Instance,
}

/// What a step of the model did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It works; there is more to do at once.
    Working,
    /// The command at hand is computed, and completes so many clocks from now.
    Timed(u64),
    /// Nothing to do until a register is written.
    Idle,
}

impl Model {
    /// An accelerator after power-on.
    pub fn new(instance: Instance) -> Self {
        Self { instance }
    }

    /// What it was made of.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// What the core reads at byte `offset` of the registers.
    pub fn read(&self, offset: u32) -> u32 {
        let _ = offset;
        0
    }

    /// The core writes a register.
    pub fn write(&mut self, offset: u32, value: u32) {
        let _ = (offset, value);
    }

    /// Whether the interrupt line is high.
    pub fn interrupts(&self) -> bool {
        false
    }

    /// Does a bounded piece of work.
    pub fn step(&mut self, memory: &mut impl Memory) -> Progress {
        let _ = memory;
        Progress::Idle
    }

    /// Lets so many clocks pass.
    pub fn pass(&mut self, clocks: u64, memory: &mut impl Memory) {
        let _ = (clocks, memory);
    }
}
