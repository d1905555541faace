//! The arithmetic of the micro-operators, on slices of words. Integers only; the same bits on every
//! target. Every kernel takes hostile data: whatever the words are, it ends and stays in its slices.

/// The first line of assembly for cores with the DSP extension. An assembler for Armv8-M has to be told
/// that the core has it.
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

pub mod convolve;
pub mod depthwise;
pub mod elementwise;
pub mod finish;
pub mod fixed;
pub mod grid;
mod harmonics;
pub mod project;
pub mod rasterise;
pub mod rays;
pub mod reduce;
pub mod requantise;
pub mod softmax;
pub mod sort;
mod tables;
pub mod to_byte;
pub mod window;
