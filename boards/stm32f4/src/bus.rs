//! Access to registers: the chip's, or a record of a test.
#![allow(unsafe_code)]

/// How often a flag is read before it counts as one that never comes. At 16 MHz, which is the
/// slowest core clock, a read takes some ten clocks: 60 ms, of which a crystal needs 2.
const READS_MAX: u32 = 100_000;

/// Word registers by address.
pub trait Bus {
    /// Reads the register at `address`.
    fn read(&mut self, address: u32) -> u32;

    /// Writes the register at `address`.
    fn write(&mut self, address: u32, value: u32);

    /// Sets the bits under `mask` of the register at `address` to those of `value`.
    fn change(&mut self, address: u32, mask: u32, value: u32) {
        let others = self.read(address) & !mask;
        self.write(address, others | (value & mask));
    }

    /// Sets bits of the register at `address`.
    fn set(&mut self, address: u32, bits: u32) {
        self.change(address, bits, bits);
    }

    /// Waits, not for ever, until the bits under `mask` of the register at `address` are those of
    /// `value`; returns whether they are.
    fn wait(&mut self, address: u32, mask: u32, value: u32) -> bool {
        (0..READS_MAX).any(|_| self.read(address) & mask == value)
    }
}

/// The chip that this runs on.
#[derive(Clone, Copy, Debug)]
pub struct Chip(());

impl Chip {
    /// Gives access to the chip's registers.
    ///
    /// # Safety
    ///
    /// This runs on an STM32F405, or on QEMU's model of one. Memory that is lent to a DMA stream
    /// by these registers holds atomics and lives as long as the stream is enabled.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

impl Bus for Chip {
    fn read(&mut self, address: u32) -> u32 {
        // SAFETY: `new` was promised the chip whose aligned registers these modules name.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address as usize).read_volatile() }
    }

    fn write(&mut self, address: u32, value: u32) {
        let register = core::ptr::with_exposed_provenance_mut::<u32>(address as usize);
        // SAFETY: as above; no register of these changes memory that is not lent to it.
        unsafe { register.write_volatile(value) };
    }
}

#[cfg(test)]
pub(crate) mod record {
    //! A register file that remembers what was written.

    use std::collections::BTreeMap;
    use std::vec::Vec;

    use super::Bus;

    /// What happens to a register when another one is written, as hardware does it.
    pub type Reaction = fn(&mut BTreeMap<u32, u32>, u32, u32);

    /// Registers of a chip that reacts.
    pub struct Record {
        /// What registers hold; zero where nothing is said.
        pub registers: BTreeMap<u32, u32>,
        /// What was written, in this order.
        pub written: Vec<(u32, u32)>,
        /// Reads so far.
        pub reads: u32,
        reaction: Reaction,
    }

    impl Record {
        /// Registers that hold what they are told.
        pub fn new(reaction: Reaction) -> Self {
            Self { registers: BTreeMap::new(), written: Vec::new(), reads: 0, reaction }
        }

        /// Where in the record something was written; each must have been.
        pub fn places(&self, writes: &[(u32, u32)]) -> Vec<usize> {
            let place = |write| self.written.iter().position(|it| it == write);
            writes.iter().map(|it| place(it).unwrap_or_else(|| panic!("{it:x?}"))).collect()
        }
    }

    impl Bus for Record {
        fn read(&mut self, address: u32) -> u32 {
            self.reads += 1;
            self.registers.get(&address).copied().unwrap_or_default()
        }

        fn write(&mut self, address: u32, value: u32) {
            self.written.push((address, value));
            self.registers.insert(address, value);
            (self.reaction)(&mut self.registers, address, value);
        }
    }
}
