//! The loops of convolutions in the assembly of RV32 with multiplications.
#![allow(unsafe_code)]

/// Lets instructions be short, where the core has short ones.
#[cfg(target_feature = "c")]
macro_rules! compressed {
    () => {
        ".option arch, +c"
    };
}

/// Lets instructions be short, where the core has short ones.
#[cfg(not(target_feature = "c"))]
macro_rules! compressed {
    () => {
        ""
    };
}

mod expand;
mod tile;

pub use expand::expand_runs;
pub use tile::{tiles, whole_steps};
