//! Control and status registers of a LiteX SoC with a CSR bus of 32 bits: each is one word or
//! several, at an address that its `csr.json` tells.
#![allow(unsafe_code)]

use core::marker::PhantomData;

/// Words by address.
pub trait Bus {
    /// Reads the word at `address`.
    fn read(&self, address: u32) -> u32;

    /// Writes the word at `address`.
    fn write(&self, address: u32, value: u32);
}

/// A register that is only read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOnly;

/// A register that can be written.
#[derive(Clone, Copy, Debug)]
pub struct ReadWrite;

/// A register of `WORDS` words, the most significant first (LiteX,
/// `litex/soc/interconnect/csr.py`: ordering "big").
#[derive(Clone, Copy, Debug)]
pub struct Csr<const WORDS: usize, A> {
    address: u32,
    access: PhantomData<A>,
}

impl<const WORDS: usize, A> Csr<WORDS, A> {
    /// The register whose first word is at `address`.
    #[must_use]
    pub const fn at(address: u32) -> Self {
        Self { address, access: PhantomData }
    }
}

impl<A> Csr<1, A> {
    /// What it holds.
    pub fn read(&self, bus: &impl Bus) -> u32 {
        bus.read(self.address)
    }
}

impl<A> Csr<2, A> {
    /// What it holds.
    pub fn read(&self, bus: &impl Bus) -> u64 {
        let high = bus.read(self.address);
        u64::from(high) << 32 | u64::from(bus.read(self.address + 4))
    }
}

impl Csr<1, ReadWrite> {
    /// Writes it.
    pub fn write(&self, bus: &impl Bus, value: u32) {
        bus.write(self.address, value);
    }
}

/// The bus of the core that this runs on.
#[derive(Clone, Copy, Debug)]
pub struct MachineBus(());

impl MachineBus {
    /// Gives access to all addresses that registers name.
    ///
    /// # Safety
    ///
    /// This runs on the SoC whose `csr.json` the registers come from.
    #[must_use]
    pub const unsafe fn new() -> Self {
        Self(())
    }
}

impl Bus for MachineBus {
    fn read(&self, address: u32) -> u32 {
        // SAFETY: `new` was promised the SoC whose aligned registers these are.
        unsafe { core::ptr::with_exposed_provenance::<u32>(address as usize).read_volatile() }
    }

    fn write(&self, address: u32, value: u32) {
        let register = core::ptr::with_exposed_provenance_mut::<u32>(address as usize);
        // SAFETY: as above; no register of a `Soc` makes anything else write to memory.
        unsafe { register.write_volatile(value) };
    }
}
