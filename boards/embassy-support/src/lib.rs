//! What the boards on embassy's hardware abstraction layers share. No executor runs: the layers'
//! futures are polled once from the main loop, and their interrupts end its sleep.
#![no_std]

mod clock;
#[cfg(target_os = "none")]
mod fault;
mod lights;
mod port;

pub use clock::{BoardClock, on_millisecond, since_boot};
pub use lights::Lights;
pub use port::EmbassyPort;
