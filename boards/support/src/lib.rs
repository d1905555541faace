//! What every board has: the build id of its image, the memory of its device, the reason of its
//! last failure, a counter that does not wrap, and, with feature `log`, the logger behind `defmt` and
//! a look at its stack.
#![no_std]

mod build_id;
mod counter;
pub mod last_words;
#[cfg(feature = "log")]
mod logger;
mod memory;
#[cfg(feature = "rtt")]
mod rtt;
#[cfg(feature = "log")]
mod stack;

#[cfg(all(feature = "small", target_arch = "arm"))]
mod memory_functions;

pub use build_id::build_id;
pub use counter::Widened;
#[cfg(feature = "log")]
pub use logger::LOGS;
pub use memory::take_memory;
#[cfg(feature = "log")]
pub use stack::Stack;
