//! The emulator's own device on this board: where it is, and its interrupt.

use cortex_m::interrupt::InterruptNumber;
use quintet_qemu_support::registers::{BASE_MPS2_AN386, CONTROL, INTERRUPT_MPS2_AN386};
use quintet_qemu_support::{BulkDevice, Registers};

/// The NVIC line of the device.
#[derive(Clone, Copy)]
pub struct Line;

// SAFETY: the number is constant and one that the machine's NVIC has.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        INTERRUPT_MPS2_AN386 as u16
    }
}

fn registers() -> Registers {
    // SAFETY: the device's registers when it is there; an unimplemented region, which reads zero
    // and ignores writes, when it is not.
    unsafe { Registers::new(BASE_MPS2_AN386 as usize) }
}

/// Looks for the device.
pub fn detect() -> Option<BulkDevice> {
    let device = BulkDevice::detect(registers());
    if device.is_some() {
        // SAFETY: its handler only silences the device, so breaks no critical section.
        unsafe { cortex_m::peripheral::NVIC::unmask(Line) };
    }
    device
}

/// The interrupt handler. The level falls only when the bytes are read, so silence the line; idling
/// arms it again.
pub fn on_interrupt() {
    registers().write(CONTROL, 0);
}
