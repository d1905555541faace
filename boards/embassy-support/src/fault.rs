//! What happens when the firmware fails: the reason is kept, to be logged after the reset.
//!
//! The frame that is cut off needs no care here: the board ends it with the first byte that it sends.
#![allow(unsafe_code)]

use core::fmt::Display;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use quintet_board_support::last_words;

// SAFETY: never returns to the code that it interrupted.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    fail(&format_args!("unexpected exception {number}"))
}

// SAFETY: never returns to the code that failed.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    // Configurable and hard fault status (Armv7-M, B3.2.15 and B3.2.16).
    // SAFETY: reading them changes nothing.
    let (configurable, hard) = unsafe { ((*SCB::PTR).cfsr.read(), (*SCB::PTR).hfsr.read()) };
    let (at, from) = (frame.pc(), frame.lr());
    fail(&format_args!(
        "hard fault at {at:#010x} from {from:#010x}, CFSR {configurable:#x} HFSR {hard:#x}"
    ))
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    fail(info)
}

fn fail(reason: &dyn Display) -> ! {
    cortex_m::interrupt::disable();
    last_words::leave(reason);
    SCB::sys_reset()
}
