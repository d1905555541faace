//! The register file: every register has one writer, and reading changes nothing.

use crate::instance::Instance;
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::registers::{REGISTERS, SPAN_BYTES, Writer};
use quintet_protocol::accelerator::{Capabilities, MAGIC, QUEUE_MAX, VERSION};
use std::array;

/// The words of the registers.
pub struct Registers {
    words: [u32; SPAN_BYTES as usize / 4],
}

impl Registers {
    /// The registers after power-on.
    pub fn new(instance: &Instance) -> Self {
        let mut registers = Self { words: [0; _] };
        registers.set(at::IDENTIFICATION, MAGIC);
        registers.set(at::VERSION, VERSION);
        registers.set(at::INSTANCE, instance.digest());
        registers.set(at::QUEUE_MAX, QUEUE_MAX);
        registers.set(at::CLOCK_KHZ, instance.clock_khz());
        for (offset, bits) in (at::CAPABILITIES..).step_by(4).zip(instance.capabilities().0) {
            registers.set(offset, bits);
        }
        registers
    }

    /// What stands at an offset; zero where nothing is.
    pub fn get(&self, offset: u32) -> u32 {
        let aligned = offset.is_multiple_of(4);
        self.words.get(offset as usize / 4).filter(|_| aligned).copied().unwrap_or(0)
    }

    /// The commands that are executed.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities(array::from_fn(|number| self.get(at::CAPABILITIES + number as u32 * 4)))
    }

    /// The accelerator writes.
    pub fn set(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.words.get_mut(offset as usize / 4) {
            *word = value;
        }
    }

    /// The core writes, which comes to nothing where it may not.
    pub fn write_by_core(&mut self, offset: u32, value: u32) {
        if REGISTERS.iter().any(|&(_, its, writer)| its == offset && writer == Writer::Core) {
            self.set(offset, value);
        }
    }

    /// Counts up.
    pub fn count(&mut self, offset: u32, by: u32) {
        self.set(offset, self.get(offset).wrapping_add(by));
    }

    /// Counts up a counter of 64 bits, whose lower half is at `low`.
    pub fn count_long(&mut self, low: u32, by: u64) {
        let before = u64::from(self.get(low)) | u64::from(self.get(low + 4)) << 32;
        let after = before.wrapping_add(by);
        self.set(low, after as u32);
        self.set(low + 4, (after >> 32) as u32);
    }

    /// Counts an event, if the core wants it.
    pub fn event(&mut self, kind: u32) {
        if self.get(at::EVENT_ENABLE) & kind != 0 {
            self.count(at::EVENTS, 1);
        }
    }
}
