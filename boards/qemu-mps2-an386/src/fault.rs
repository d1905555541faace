//! Interrupt dispatch, and what happens when the firmware fails: the reason on the emulator's
//! standard error, the frame on the link ended, and a reset, so that the board answers again.

use core::fmt::{Display, Write};
use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use quintet_firmware::Port;
use quintet_qemu_support::Console;
use quintet_qemu_support::registers::INTERRUPT_MPS2_AN386;

use crate::{BOARD, bulk, uart};

const UART_INTERRUPT: i16 = uart::INTERRUPT as i16;
const BULK_INTERRUPT: i16 = INTERRUPT_MPS2_AN386 as i16;

// SAFETY: the handlers touch only atomics and device registers.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    match number {
        UART_INTERRUPT => uart::on_interrupt(),
        BULK_INTERRUPT => bulk::on_interrupt(),
        _ => fail(&format_args!("unexpected exception {number}")),
    }
}

/// Only wakes the core.
#[exception]
fn SysTick() {}

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
    let device = bulk::detect();
    let _ = writeln!(Console(device), "{BOARD}: {reason}");
    // A zero byte ends a frame; the half frame before it fails its checksum.
    match device.and_then(|device| device.port()) {
        Some(mut port) => drop(port.write(&[0])),
        None => uart::end_frame(),
    }
    cortex_m::peripheral::SCB::sys_reset()
}
