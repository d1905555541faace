//! The model of an accelerator: the far end of the contract in [`quintet_protocol::accelerator`].
//!
//! [`Model`] is the register file, the queue and the execution of commands, by the very kernels
//! that a core runs: one truth. [`timing`] says how many clocks a described [`Instance`] would take
//! for them, which is an estimate under stated assumptions and no measurement of silicon.

mod clocks;
mod in_process;
pub mod instance;
mod memory;
mod misbehave;
mod model;
pub mod published;
pub mod timing;
pub mod vectors;
mod window;

pub use clocks::Clocks;
pub use in_process::InProcess;
pub use instance::{Instance, InstanceError, Pace, Preset};
pub use memory::Memory;
pub use misbehave::{Kind, Misbehave};
pub use model::{Model, Progress};
pub use window::Window;
