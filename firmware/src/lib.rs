//! The Quintet device: link server, arena, command queue, executor and kernels.
//!
//! `no_std`, no heap, no float, no chip: a board supplies a [`Port`] and a [`Clock`], a slice of
//! memory as the arena, and calls the device's poll in a loop.
#![no_std]

pub mod backend;
pub mod kernels;
mod port;
pub mod software;

pub use port::{Clock, Port, TickUnit};
