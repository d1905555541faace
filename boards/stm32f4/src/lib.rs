//! What a Quintet board with an STM32F405 needs of the chip: clocks, a serial port, pins, watchdog.
//!
//! Registers only, since the one image for silicon and for QEMU must run where QEMU 7.2 has no
//! clock, DMA, pins or watchdog: their registers read zero there and ignore what is written. All
//! goes through a [`Bus`], so that what QEMU cannot prove is tested on the host: which registers are
//! written in which order, and that every wait ends.
//!
//! Sections are those of ST's reference manual RM0090, revision 19.
#![no_std]

#[cfg(test)]
extern crate std;

pub mod bus;
pub mod clocks;
mod inbox;
pub mod pins;
pub mod reset;
pub mod serial;
pub mod watchdog;

pub use bus::{Bus, Chip};
