//! What a Quintet board needs of a LiteX SoC: its UART, a clock, a watchdog, a reset.
//!
//! Where registers are differs from SoC to SoC. A build script makes a [`Soc`] of the SoC's own
//! `csr.json` (`boards/litex-csr`); what the registers do is the same everywhere, and is here, over
//! a [`Bus`], so that it is tested on the host against a model of them.
#![no_std]

#[cfg(test)]
extern crate std;

mod clock;
mod csr;
#[cfg(test)]
mod model;
mod uart;
mod watchdog;

pub use clock::Counter;
pub use csr::{Bus, Csr, MachineBus, ReadOnly, ReadWrite};
pub use uart::{Line, Uart, WINDOW, end_frame};
pub use watchdog::Watchdog;

/// A SoC: where its registers are, and what it has.
#[derive(Clone, Copy, Debug)]
pub struct Soc {
    /// The clock of core, timer and UART, in Hz.
    pub clock_hz: u32,
    /// The UART that is the link.
    pub uart: UartRegisters,
    /// Its bit among the core's interrupts.
    pub uart_interrupt: u32,
    /// The timer.
    pub timer: TimerRegisters,
    /// The timer's count since power-on, if the SoC was built with it.
    pub uptime: Option<UptimeRegisters>,
    /// Writing 1 resets the SoC, and so starts its BIOS.
    pub reset: Option<Csr<1, ReadWrite>>,
    /// A watchdog, if the SoC was built with one.
    pub watchdog: Option<WatchdogRegisters>,
}

/// Registers of a UART (LiteX, `litex/soc/cores/uart.py`).
#[derive(Clone, Copy, Debug)]
pub struct UartRegisters {
    /// Oldest byte received; writing sends one.
    pub rxtx: Csr<1, ReadWrite>,
    /// Not zero while no byte can be sent.
    pub txfull: Csr<1, ReadOnly>,
    /// Not zero while no byte waits.
    pub rxempty: Csr<1, ReadOnly>,
    /// Events that have happened; writing ones takes them away, and for RX the oldest byte as well.
    pub ev_pending: Csr<1, ReadWrite>,
    /// Events that interrupt.
    pub ev_enable: Csr<1, ReadWrite>,
}

/// Registers of a timer (LiteX, `litex/soc/cores/timer.py`).
#[derive(Clone, Copy, Debug)]
pub struct TimerRegisters {
    /// What it counts down from when it is enabled.
    pub load: Csr<1, ReadWrite>,
    /// What it goes on from at zero.
    pub reload: Csr<1, ReadWrite>,
    /// Whether it counts.
    pub en: Csr<1, ReadWrite>,
    /// Writing 1 copies the count to `value`.
    pub update_value: Csr<1, ReadWrite>,
    /// The count, as of then.
    pub value: Csr<1, ReadOnly>,
}

/// Registers of a timer's count since power-on.
#[derive(Clone, Copy, Debug)]
pub struct UptimeRegisters {
    /// Writing 1 copies the count to `cycles`.
    pub latch: Csr<1, ReadWrite>,
    /// Clocks, as of then.
    pub cycles: Csr<2, ReadOnly>,
}

/// Registers of a watchdog (LiteX, `litex/soc/cores/watchdog.py`).
#[derive(Clone, Copy, Debug)]
pub struct WatchdogRegisters {
    /// What it does, and its food.
    pub control: Csr<1, ReadWrite>,
    /// Clocks until it starves.
    pub cycles: Csr<1, ReadWrite>,
}
