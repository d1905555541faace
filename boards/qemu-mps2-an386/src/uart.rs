//! The CMSDK APB UART 0 (Arm DDI 0479D, section 4.3), receiving by interrupt.
//!
//! The UART holds one byte, so the interrupt handler moves it into a ring. When the ring is full
//! the handler stops listening and leaves the byte where it is, until the main loop has made space.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m::interrupt::InterruptNumber;
use quintet_firmware::{Port, Ring};
use quintet_qemu_support::Registers;

/// Bytes that may wait for the main loop: 200 ms at 115 200 baud.
const RING_BYTES: usize = 4096;
/// Wire bytes that a driver may have under way: the ring, less room for acknowledgements.
pub const WINDOW: u32 = RING_BYTES as u32 - 256;

/// UART 0 (Arm DAI0386, table 3-3).
const BASE: usize = 0x4000_4000;
/// UART 0 receive (Arm DAI0386, table 3-6).
pub const INTERRUPT: u16 = 0;

const DATA: u32 = 0x00;
const STATE: u32 = 0x04;
const STATE_TX_FULL: u32 = 1 << 0;
const STATE_RX_FULL: u32 = 1 << 1;
/// A byte came while the one before was still there, and is lost. Writing a one clears it.
const STATE_RX_OVERRUN: u32 = 1 << 3;
const CTRL: u32 = 0x08;
const CTRL_TX_ENABLE: u32 = 1 << 0;
const CTRL_RX_ENABLE: u32 = 1 << 1;
const CTRL_RX_INTERRUPT: u32 = 1 << 3;
const LISTENING: u32 = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
const DEAF: u32 = CTRL_TX_ENABLE | CTRL_RX_ENABLE;
/// Writing a one clears the receive interrupt.
const INTCLEAR: u32 = 0x0c;
const INTCLEAR_RX: u32 = 1 << 1;
/// 25 MHz / 115 200; at least 16.
const BAUDDIV: u32 = 0x10;
const BAUD_DIVISOR: u32 = 25_000_000 / 115_200;

/// Bytes that were lost since the UART could hold no more.
static OVERRUNS: AtomicU32 = AtomicU32::new(0);
static RECEIVED: Ring<RING_BYTES> = Ring::new();

#[derive(Clone, Copy)]
struct Line;

// SAFETY: the number is constant and one that the machine's NVIC has.
unsafe impl InterruptNumber for Line {
    fn number(self) -> u16 {
        INTERRUPT
    }
}

fn registers() -> Registers {
    // SAFETY: UART 0's registers, all of them words.
    unsafe { Registers::new(BASE) }
}

/// UART 0 once it runs.
#[derive(Debug)]
pub struct Uart(());

impl Uart {
    /// Starts the UART: 8 data bits, no parity, 1 stop bit, as the hardware is made.
    pub fn start() -> Self {
        registers().write(BAUDDIV, BAUD_DIVISOR);
        registers().write(CTRL, LISTENING);
        // SAFETY: the handler shares only atomics with the main loop, so breaks no critical
        // section.
        unsafe { cortex_m::peripheral::NVIC::unmask(Line) };
        Self(())
    }

    /// Whether there are bytes to read.
    pub fn has_received(&self) -> bool {
        !RECEIVED.is_empty()
    }
}

impl Port for Uart {
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let count = RECEIVED.pop(buffer);
        if count > 0 && registers().read(CTRL) != LISTENING {
            cortex_m::interrupt::free(|_| {
                // The byte that was left behind raised its interrupt already: take it here.
                registers().write(CTRL, LISTENING);
                on_interrupt();
            });
        }
        count
    }

    fn write(&mut self, bytes: &[u8]) -> usize {
        let ready = |_: &&u8| registers().read(STATE) & STATE_TX_FULL == 0;
        bytes.iter().take_while(ready).map(|&byte| registers().write(DATA, byte.into())).count()
    }

    fn overruns(&self) -> u32 {
        OVERRUNS.load(Ordering::Relaxed)
    }
}

/// The receive interrupt's handler.
pub fn on_interrupt() {
    registers().write(INTCLEAR, INTCLEAR_RX);
    if registers().read(STATE) & STATE_RX_OVERRUN != 0 {
        registers().write(STATE, STATE_RX_OVERRUN);
        OVERRUNS.fetch_add(1, Ordering::Relaxed);
    }
    while registers().read(STATE) & STATE_RX_FULL != 0 {
        if RECEIVED.space() == 0 {
            registers().write(CTRL, DEAF);
            return;
        }
        RECEIVED.push(&[registers().read(DATA) as u8]);
    }
}

/// Ends a frame that a fault cut off, whatever state the UART is in.
pub fn end_frame() {
    registers().write(CTRL, CTRL_TX_ENABLE);
    registers().write(DATA, 0);
}
