//! What every board has: the build id of its image, the logger behind `defmt`, and the reason of a
//! failure that is kept over the reset.
#![no_std]

mod build_id;
pub mod last_words;
mod logger;
#[cfg(feature = "rtt")]
mod rtt;

pub use build_id::build_id;
pub use logger::LOGS;
