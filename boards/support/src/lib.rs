//! What every board has: the build id of its image, and the logger behind `defmt`.
#![no_std]

mod build_id;
mod logger;

pub use build_id::build_id;
pub use logger::LOGS;
