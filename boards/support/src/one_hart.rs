//! Critical sections of the only hart of a RISC-V core: its interrupts held back. For boards whose
//! runtime crate brings none.
#![allow(unsafe_code)]

use core::arch::asm;

use critical_section::RawRestoreState;

/// Machine interrupt enable, in `mstatus` (privileged specification 1.12, section 3.1.6.1).
const MIE: usize = 1 << 3;

struct OneHart;

critical_section::set_impl!(OneHart);

// SAFETY: with interrupts held back nothing else runs on the only hart.
unsafe impl critical_section::Impl for OneHart {
    unsafe fn acquire() -> RawRestoreState {
        let before: usize;
        // SAFETY: holds back interrupts, nothing else. Memory accesses stay on this side.
        unsafe { asm!("csrrc {}, mstatus, {}", out(reg) before, in(reg) MIE, options(nostack)) };
        before & MIE != 0
    }

    unsafe fn release(enabled: RawRestoreState) {
        if enabled {
            // SAFETY: they were let through before `acquire`. Memory accesses stay on this side.
            unsafe { asm!("csrs mstatus, {}", in(reg) MIE, options(nostack)) };
        }
    }
}
