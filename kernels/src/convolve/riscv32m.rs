//! The loops of convolutions in the assembly of RV32 with multiplications.
#![allow(unsafe_code)]

mod expand;
mod tile;

pub use expand::expand_runs;
pub use tile::{tiles, whole_steps};
