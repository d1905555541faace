//! Interrupt dispatch, and what happens when the firmware fails: the reason kept for the next
//! boot's log, the frame on the link ended, and a reset, so that the board answers again.

use core::fmt::Display;
use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use quintet_board_support::last_words;
use quintet_stm32f4::serial::{self, INTERRUPT, INTERRUPT_SENT};

use crate::{LINE, chip};

const RECEIVED: i16 = INTERRUPT as i16;
const SENT: i16 = INTERRUPT_SENT as i16;

// SAFETY: the handlers touch only atomics and device registers.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    match number {
        RECEIVED => LINE.on_interrupt(&mut chip()),
        SENT => LINE.on_sent(&mut chip()),
        _ => fail(&format_args!("unexpected exception {number}")),
    }
}

// SAFETY: never returns to the code that failed.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    fail(&format_args!("hard fault at {:#010x}, return {:#010x}", frame.pc(), frame.lr()))
}

#[panic_handler]
fn panic(info: &PanicInfo) -> ! {
    fail(info)
}

fn fail(reason: &dyn Display) -> ! {
    last_words::leave(reason);
    serial::end_frame(&mut chip());
    cortex_m::peripheral::SCB::sys_reset()
}
