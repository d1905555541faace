//! What every board has: the build id of its image, and, with feature `log`, the logger behind
//! `defmt`.
#![no_std]

mod build_id;
#[cfg(feature = "log")]
mod logger;

#[cfg(all(feature = "small", target_arch = "arm"))]
mod memory_functions;

pub use build_id::build_id;
#[cfg(feature = "log")]
pub use logger::LOGS;
