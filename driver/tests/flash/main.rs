//! Firmware on its way to a board: images, and probes as far as probe-rs's fake one goes.

mod elf;
mod images;
#[cfg(feature = "flash")]
mod probes;
