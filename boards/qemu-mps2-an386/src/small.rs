//! The smallest Quintet on QEMU's `mps2-an386`: MLPerf Tiny's networks only, or every micro-operator, as its
//! features say, over the UART only. It knows neither the emulator's own device nor accelerators,
//! logs nothing and counts no instructions.
#![no_std]
#![no_main]
#![allow(unsafe_code)]

mod clock;
mod sleep;
mod uart;
mod vectors;

use core::panic::PanicInfo;

use cortex_m_rt::{ExceptionFrame, exception};
use quintet_board_support::{build_id, take_memory};
use quintet_firmware::software::Software;
use quintet_firmware::{Activity, BuildId, Device, Identity};

use clock::BoardClock;
use uart::Uart;

const UART_INTERRUPT: i16 = uart::INTERRUPT as i16;

#[cortex_m_rt::entry]
fn main() -> ! {
    // SAFETY: called once, here.
    let (memory, arena) = unsafe { take_memory() };
    let identity = Identity {
        board: env!("QUINTET_BOARD"),
        target: "thumbv7em",
        window: uart::WINDOW,
        nonce: 0,
        build: BuildId::new(build_id()),
    };
    let (clock, backend) = (BoardClock::start(None), Software::default());
    let mut device = Device::new(identity, memory, arena, Uart::start(), clock, backend);
    loop {
        if device.turn() != Activity::Busy {
            cortex_m::interrupt::free(|_| {
                if !device.port().has_received() {
                    sleep::sleep(sleep::LONGEST_CLOCKS);
                }
            });
        }
    }
}

// SAFETY: the handler touches only atomics and device registers.
#[exception]
unsafe fn DefaultHandler(number: i16) {
    match number {
        UART_INTERRUPT => uart::on_interrupt(),
        _ => fail(),
    }
}

/// Only wakes the core.
#[exception]
fn SysTick() {}

// SAFETY: never returns to the code that failed.
#[exception]
unsafe fn HardFault(_: &ExceptionFrame) -> ! {
    fail()
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    fail()
}

/// Ends the frame on the link and starts afresh, so that the board answers again. There is nobody to
/// tell why: the text of panics alone would take a sixth of the image.
fn fail() -> ! {
    uart::end_frame();
    cortex_m::peripheral::SCB::sys_reset()
}
