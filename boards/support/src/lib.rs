//! What every board has: the build id of its image, the logger behind `defmt`, the memory of its
//! device, the reason of a failure that is kept over the reset, a look at its stack, and a counter that
//! does not wrap.
#![no_std]

mod build_id;
mod counter;
pub mod last_words;
mod logger;
mod memory;
#[cfg(feature = "rtt")]
mod rtt;
mod stack;

pub use build_id::build_id;
pub use counter::Widened;
pub use logger::LOGS;
pub use memory::take_memory;
pub use stack::Stack;
