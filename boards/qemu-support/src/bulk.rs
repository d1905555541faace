//! The emulator's own device as a board sees it: detection, byte link, instruction counter.

use quintet_firmware::Port;

use crate::mmio::Registers;
use crate::registers::{
    CONTROL, CONTROL_RX_INTERRUPT, COUNT_HIGH, COUNT_LOW, DIAGNOSTIC, FEATURE_COUNTER,
    FEATURE_LINK, FEATURES, IDENTIFICATION, MAGIC, RX_BYTE, RX_COUNT, RX_WORD, TX_BYTE, TX_FLUSH,
    TX_SPACE, TX_WORD,
};

/// Wire bytes that a driver may have under way on the bulk link, whose queue holds many more. More
/// do not make it faster, but have more to be sent again after a loss: a device keeps one packet
/// that comes behind it.
pub const BULK_WINDOW: u32 = 12 << 10;

/// The Quintet device inside QEMU, once its identification has been read.
#[derive(Clone, Copy, Debug)]
pub struct BulkDevice {
    registers: Registers,
    features: u32,
}

impl BulkDevice {
    /// Looks for the device; without it the address must read anything but [`MAGIC`].
    #[must_use]
    pub fn detect(registers: Registers) -> Option<Self> {
        (registers.read(IDENTIFICATION) == MAGIC).then(|| {
            registers.write(CONTROL, 0);
            Self { registers, features: registers.read(FEATURES) }
        })
    }

    /// The byte link, if the host asked for one.
    #[must_use]
    pub fn port(self) -> Option<BulkPort> {
        (self.features & FEATURE_LINK != 0).then_some(BulkPort { registers: self.registers })
    }

    /// The exact instruction counter, if it runs.
    #[must_use]
    pub fn counter(self) -> Option<Counter> {
        (self.features & FEATURE_COUNTER != 0).then_some(Counter { registers: self.registers })
    }

    /// Writes text to the emulator's standard error, where the driver finds it; a newline ends it.
    pub fn diagnose(self, text: &str) {
        for &byte in text.as_bytes() {
            self.registers.write(DIAGNOSTIC, byte.into());
        }
    }
}

/// The device's byte link. Tens of megabytes a second, four bytes an access.
#[derive(Debug)]
pub struct BulkPort {
    registers: Registers,
}

impl BulkPort {
    /// Whether there are bytes to read.
    #[must_use]
    pub fn has_received(&self) -> bool {
        self.registers.read(RX_COUNT) != 0
    }

    /// Raises the interrupt while there are bytes to read, or stops doing so.
    pub fn set_interrupt(&mut self, enabled: bool) {
        self.registers.write(CONTROL, if enabled { CONTROL_RX_INTERRUPT } else { 0 });
    }
}

impl Port for BulkPort {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = buffer.len().min(self.registers.read(RX_COUNT) as usize);
        let (words, rest) = buffer[..count].as_chunks_mut::<4>();
        for word in words {
            *word = self.registers.read(RX_WORD).to_le_bytes();
        }
        for byte in rest {
            *byte = self.registers.read(RX_BYTE) as u8;
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.registers.read(TX_SPACE) as usize);
        let (words, rest) = bytes[..count].as_chunks::<4>();
        for word in words {
            self.registers.write(TX_WORD, u32::from_le_bytes(*word));
        }
        for &byte in rest {
            self.registers.write(TX_BYTE, byte.into());
        }
        if count > 0 {
            self.registers.write(TX_FLUSH, 0);
        }
        count
    }
}

/// Executed instructions since the emulator started, exact. Two reads of the same code path differ
/// by the same number in every run, as long as no interrupt is taken between them.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    registers: Registers,
}

impl Counter {
    /// The count; includes the reading instruction.
    #[must_use]
    pub fn read(self) -> u64 {
        let low = self.registers.read(COUNT_LOW);
        u64::from(self.registers.read(COUNT_HIGH)) << 32 | u64::from(low)
    }
}
