//! A block of memory-mapped registers, the one place with volatile accesses.
#![allow(unsafe_code)]

/// A block of registers at a fixed address.
#[derive(Clone, Copy, Debug)]
pub struct Registers {
    base: usize,
}

impl Registers {
    /// Names the register block at `base`.
    ///
    /// # Safety
    ///
    /// `base` is device memory on the running machine, every offset used with [`Registers::read`]
    /// and [`Registers::write`] is an aligned word register of it, every one used with
    /// [`Registers::read_byte`] and [`Registers::write_byte`] a byte register, and no access to
    /// these has an effect on memory that Rust code owns, unless that was lent to the device and is
    /// taken back behind a barrier.
    #[must_use]
    pub const unsafe fn new(base: usize) -> Self {
        Self { base }
    }

    /// Reads the register at byte `offset`.
    #[must_use]
    pub fn read(self, offset: u32) -> u32 {
        // SAFETY: `new` was promised an aligned word register of device memory here.
        unsafe { core::ptr::with_exposed_provenance::<u32>(self.at(offset)).read_volatile() }
    }

    /// Writes the register at byte `offset`.
    pub fn write(self, offset: u32, value: u32) {
        // SAFETY: `new` was promised an aligned word register of device memory here.
        unsafe {
            core::ptr::with_exposed_provenance_mut::<u32>(self.at(offset)).write_volatile(value);
        }
    }

    /// Reads the byte register at byte `offset`.
    #[must_use]
    pub fn read_byte(self, offset: u32) -> u8 {
        // SAFETY: `new` was promised a byte register of device memory here.
        unsafe { core::ptr::with_exposed_provenance::<u8>(self.at(offset)).read_volatile() }
    }

    /// Writes the byte register at byte `offset`.
    pub fn write_byte(self, offset: u32, value: u8) {
        // SAFETY: `new` was promised a byte register of device memory here.
        unsafe {
            core::ptr::with_exposed_provenance_mut::<u8>(self.at(offset)).write_volatile(value);
        }
    }

    const fn at(self, offset: u32) -> usize {
        self.base + offset as usize
    }
}
