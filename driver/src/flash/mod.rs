//! Firmware gets onto a board.

pub mod litex;
