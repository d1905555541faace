//! What happens when the firmware fails: the reason kept for the next start's log, the frame on the
//! link ended, and a new start. The firmware is in RAM, and a reset would leave the board with a
//! BIOS that asks for a program; so it starts itself, and resets only when even that fails.

use core::arch::asm;
use core::fmt::Display;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering};

use quintet_board_support::last_words;
use quintet_litex::end_frame;

use crate::soc::SOC;
use crate::{bus, interrupts, startup};

/// Whether the firmware has come as far as to have nothing to do, since it was started.
static STEADY: AtomicBool = AtomicBool::new(false);

/// The main loop runs.
pub fn is_steady() {
    STEADY.store(true, Ordering::Relaxed);
}

/// A trap of this cause: an interrupt, or a failure. Entered from the trap vector.
pub extern "C" fn trap(cause: usize) {
    if cause == interrupts::CAUSE_EXTERNAL {
        return interrupts::handle();
    }
    let (address, value): (usize, usize);
    // SAFETY: reads two registers that describe the trap.
    unsafe {
        asm!("csrr {}, mepc", "csrr {}, mtval", out(reg) address, out(reg) value,
             options(nomem, nostack));
    }
    fail(&format_args!("trap {cause} at {address:#010x}, value {value:#010x}"))
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    fail(info)
}

fn fail(reason: &dyn Display) -> ! {
    last_words::leave(reason);
    end_frame(&bus(), &SOC.uart);
    if !STEADY.load(Ordering::Relaxed)
        && let Some(reset) = &SOC.reset
    {
        reset.write(&bus(), 1);
    }
    startup::again()
}
