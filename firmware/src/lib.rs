//! The Quintet device: link server, arena, command queue, executor and kernels.
//!
//! `no_std`, no heap, no float, no chip. A board supplies a [`Port`], a [`Clock`] and memory, makes
//! a [`Device`] of them and polls it for ever:
//!
//! ```
//! # use quintet_firmware::{Activity, BuildId, Clock, Device, Identity, Memory, Port, Ticks};
//! # use quintet_firmware::software::Software;
//! # struct Uart; struct Timer;
//! # impl Port for Uart {
//! #     fn read(&mut self, _: &mut [u8]) -> usize { 0 }
//! #     fn write(&mut self, bytes: &[u8]) -> usize { bytes.len() }
//! # }
//! # impl Clock for Timer {
//! #     fn millis(&mut self) -> u64 { 0 }
//! #     fn ticks(&mut self) -> u64 { 0 }
//! #     fn unit(&self) -> Ticks { Ticks::None }
//! # }
//! let (board, target, build) = ("example", "host", BuildId::UNKNOWN);
//! let identity = Identity { board, target, window: 2048, nonce: 1, build };
//! let (mut memory, mut arena) = (Memory::new(), [0; 1024]);
//! let backend = Software::default();
//! let mut device = Device::new(identity, &mut memory, &mut arena, Uart, Timer, backend);
//! loop {
//!     if let Activity::Idle(_) = device.poll() {
//!         // Sleep until the next interrupt.
//!         break; // A board would not.
//!     }
//! }
//! ```
#![no_std]
#![cfg_attr(
    not(feature = "operators"),
    allow(
        dead_code,
        unused_variables,
        reason = "what only micro-operators need that are left out"
    )
)]

mod arena;
pub mod backend;
mod device;
mod fifo;
pub mod log;
pub mod mmio;
mod operands;
pub mod pager;
mod port;
mod ring;
mod run;
mod server;
pub mod software;
mod validate;

pub use device::{Activity, Device, Identity, Memory, PAYLOAD};
pub use port::{Clock, Port};
pub use quintet_kernels as kernels;
pub use quintet_protocol::link::BuildId;
pub use quintet_protocol::message::Ticks;
pub use ring::Ring;
pub use validate::{BUFFERS_MAX, COMMANDS_MAX};
