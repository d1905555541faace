//! The loops of convolutions in Armv7E-M's assembly.
#![allow(unsafe_code)]

/// How often the loops are unrolled, in groups.
const UNROLLED: usize = 4;

/// How many of so many records are multiplied with tiles: they go one by one.
pub fn whole_steps(records: usize) -> usize {
    records
}

/// A sum, which `shift` doubles, to a byte: `r0` bias, `r2` multiplier, `r3` offset, `r12` shift to
/// the right; `r1` is lost.
macro_rules! to_byte {
    ($sum:literal, $shift:literal) => {
        concat!(
            concat!("add ", $sum, ", r0, ", $sum, ", ", $shift, "\n"),
            concat!("smmlar r1, ", $sum, ", r2, r3\n"),
            concat!("add r1, r1, ", $sum, ", asr #31\n"),
            concat!("asr r1, r1, r12\n"),
            concat!("ssat ", $sum, ", #8, r1\n"),
        )
    };
}

/// As `to_byte`, where the output's zero is the least byte. Without the sign a tie below zero is
/// rounded up, which gives zero at most: what is not above zero ends there anyway.
macro_rules! to_byte_above_zero {
    ($sum:literal, $shift:literal) => {
        concat!(
            concat!("add ", $sum, ", r0, ", $sum, ", ", $shift, "\n"),
            concat!("smmlar ", $sum, ", ", $sum, ", r2, r3\n"),
            concat!("asr ", $sum, ", ", $sum, ", r12\n"),
            concat!("ssat ", $sum, ", #8, ", $sum, "\n"),
        )
    };
}

/// Holds four bytes side by side to a range, whose ends are there four times each; `lost` is lost.
macro_rules! hold {
    ($bytes:literal, $least:literal, $greatest:literal, $lost:literal) => {
        concat!(
            concat!("ssub8 ", $lost, ", ", $bytes, ", ", $least, "\n"),
            concat!("sel ", $bytes, ", ", $bytes, ", ", $least, "\n"),
            concat!("ssub8 ", $lost, ", ", $greatest, ", ", $bytes, "\n"),
            concat!("sel ", $bytes, ", ", $bytes, ", ", $greatest, "\n"),
        )
    };
}

/// A byte four times, side by side.
fn four(byte: i8) -> u32 {
    u32::from_le_bytes([byte as u8; 4])
}

mod column;
mod expand;
mod tile;

pub use column::{column, column_sums};
pub use expand::expand_runs;
pub use tile::{tile_sums, tiles};
