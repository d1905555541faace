//! What happens when the firmware fails: the reason is kept for the next boot's log, the frame on
//! the link ended, and the chip reset, so that the board answers again.

use core::arch::asm;
use core::fmt::Display;
use core::panic::PanicInfo;

use quintet_board_support::last_words;

use crate::usb;

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    fail(info)
}

/// Every exception is a failure; a write behind the end of the stack is one, too, by a watchpoint
/// of `esp-hal`'s. Called by its trap handler.
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

/// Leaves the reason and resets the chip.
pub fn fail(reason: &dyn Display) -> ! {
    last_words::leave(reason);
    // The controller stays on the bus over the reset. A zero byte ends a frame.
    usb::end_frame();
    esp_hal::system::software_reset()
}
