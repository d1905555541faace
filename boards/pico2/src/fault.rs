//! What happens when the firmware fails: the reason is kept for the next boot's log, and the chip
//! resets, so that the board answers again.

use core::fmt::Display;
use core::panic::PanicInfo;

use quintet_board_support::last_words;

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    fail(info)
}

/// Leaves the reason and resets the chip.
pub fn fail(reason: &dyn Display) -> ! {
    last_words::leave(reason);
    rp235x_hal::reset()
}

#[cfg(target_arch = "arm")]
mod arm {
    use cortex_m_rt::{ExceptionFrame, exception};

    use super::fail;

    // SAFETY: never returns to the code that failed.
    #[exception]
    unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
        fail(&format_args!("hard fault at {:#010x}, return {:#010x}", frame.pc(), frame.lr()))
    }

    // SAFETY: never returns.
    #[exception]
    unsafe fn DefaultHandler(number: i16) -> ! {
        fail(&format_args!("unexpected exception {number}"))
    }
}

#[cfg(target_arch = "riscv32")]
mod riscv {
    use core::arch::asm;

    use super::fail;

    /// Every exception is a failure. Called by the runtime crate's trap handler.
    #[unsafe(export_name = "ExceptionHandler")]
    extern "C" fn exception() -> ! {
        let (cause, address, value): (usize, usize, usize);
        // SAFETY: reads three registers that describe the trap.
        unsafe {
            asm!(
                "csrr {}, mcause", "csrr {}, mepc", "csrr {}, mtval",
                out(reg) cause, out(reg) address, out(reg) value,
                options(nomem, nostack),
            );
        }
        fail(&format_args!("trap {cause} at {address:#010x}, value {value:#010x}"))
    }
}
