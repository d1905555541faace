//! What every board has: the build id of its image, the memory of its device, a look at its stack,
//! a counter that does not wrap, and, with feature `log`, the logger behind `defmt` and the last
//! words of an earlier boot.
#![no_std]

mod build_id;
mod counter;
#[cfg(feature = "log")]
pub mod last_words;
#[cfg(feature = "log")]
mod logger;
mod memory;
#[cfg(all(feature = "one-hart", target_arch = "riscv32"))]
mod one_hart;
#[cfg(feature = "rtt")]
mod rtt;
mod stack;

#[cfg(all(feature = "small", target_arch = "arm"))]
mod memory_functions;

pub use build_id::build_id;
pub use counter::Widened;
#[cfg(feature = "log")]
pub use logger::LOGS;
pub use memory::take_memory;
pub use stack::Stack;
