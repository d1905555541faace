//! The arithmetic of the micro-operators, on slices of words. Integers only; the same bits on every
//! target. Every kernel takes hostile data: whatever the words are, it ends and stays in its
//! slices.
#![no_std]

/// The first line of assembly for cores with the DSP extension. An assembler for Armv8-M has to be
/// told that the core has it.
#[cfg(all(armv7em_dsp, not(feature = "armv8m-dsp")))]
macro_rules! dsp_core {
    () => {
        ""
    };
}

#[cfg(all(armv7em_dsp, feature = "armv8m-dsp"))]
macro_rules! dsp_core {
    () => {
        ".cpu cortex-m33"
    };
}

/// Lets instructions be short, where the core has short ones.
#[cfg(all(riscv32m, target_feature = "c"))]
macro_rules! compressed {
    () => {
        ".option arch, +c"
    };
}

/// Lets instructions be short, where the core has short ones.
#[cfg(all(riscv32m, not(target_feature = "c")))]
macro_rules! compressed {
    () => {
        ""
    };
}

/// Whether flash counts for more than speed: then what is common goes the general way too.
const SMALL: bool = cfg!(feature = "small");

pub mod convolve;
pub mod dense;
pub mod depthwise;
pub mod elementwise;
pub mod finish;
pub mod fixed;
pub mod grid;
pub mod harmonic_basis;
mod harmonics;
pub mod project;
pub mod rasterise;
pub mod rays;
pub mod reduce;
pub mod requantise;
pub mod shade;
pub mod sine;
pub mod softmax;
pub mod sort;
mod tables;
pub mod to_byte;
pub mod triangles;
pub mod window;
