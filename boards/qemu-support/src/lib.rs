//! What the emulated boards share, and what the emulator's device (`boards/qemu-device`) shares
//! with them: the register map, the byte link and counter behind it, an accelerator's registers,
//! and a lock-free ring.
#![no_std]

pub mod accelerator;
mod bulk;
mod console;
mod link;
mod mmio;
pub mod registers;

pub use bulk::{BULK_WINDOW, BulkDevice, BulkPort, Counter};
pub use console::Console;
pub use link::Link;
pub use mmio::Registers;
pub use quintet_firmware::Ring;
