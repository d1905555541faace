//! What every board has: the build id of its image, the logger behind `defmt`, the memory of its
//! device, and a look at its stack.
#![no_std]

mod build_id;
pub mod last_words;
mod logger;
mod memory;
mod stack;

pub use build_id::build_id;
pub use logger::LOGS;
pub use memory::take_memory;
pub use stack::Stack;
