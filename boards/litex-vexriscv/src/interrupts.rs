//! VexRiscv's external interrupts: one bit each in two registers of the core, without a controller.

use core::arch::asm;

use crate::soc::SOC;
use crate::{LINE, bus};

/// Machine external interrupt, in `mie` (privileged specification 1.12, section 3.1.9).
const EXTERNAL: usize = 1 << 11;
/// Machine interrupt enable, in `mstatus` (section 3.1.6.1).
const MACHINE: usize = 1 << 3;
/// `mcause` of that interrupt (section 3.1.15).
pub const CAUSE_EXTERNAL: usize = 1 << 31 | 11;

/// Lets the interrupt of this number, and no other, interrupt.
pub fn enable(number: u32) {
    let mask = 1_usize << number;
    // SAFETY: 0xbc0 is the mask of VexRiscv's external interrupts (LiteX, `vexriscv/csr-defs.h`);
    // the only one that gets through has a handler, which shares only atomics with the main loop.
    unsafe {
        asm!("csrw 0xbc0, {}", in(reg) mask, options(nomem, nostack));
        asm!("csrs mie, {}", in(reg) EXTERNAL, options(nomem, nostack));
        // No longer `nomem`: what the handler shares is there before it runs.
        asm!("csrs mstatus, {}", in(reg) MACHINE, options(nostack));
    }
}

/// Handles what is pending. Entered from the trap vector.
pub fn handle() {
    LINE.on_interrupt(&bus(), &SOC.uart);
}
