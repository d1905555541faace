//! The parts of an accelerator, as a description has them.

use serde::{Deserialize, Serialize};

use super::Ratio;

/// Elements that multiply and sum. Each holds the sum of one output: rows are rows of the input,
/// columns are output channels, and products come one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Array {
    /// 1..=1024.
    pub rows: u32,
    /// 1..=1024.
    pub columns: u32,
    /// Products of two bytes that an element sums in a clock, 1..=16.
    pub macs_8: u32,
    /// Products of a byte and a half that an element sums in a clock, 1..=16.
    pub macs_16: u32,
}

/// What goes on beside each other, each once in a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lanes {
    /// Pixels that a primitive covers: weighed, tested, blended. 1..=1024.
    pub rasteriser: u32,
    /// Corners of grids: fetched, weighed, summed; a word of the input buffer's width each.
    /// 1..=1024.
    pub corner: u32,
    /// Exponentials, reciprocals, sines, by table. 1..=1024.
    pub special: u32,
    /// Elements of the vector commands. 1..=4096.
    pub vector: u32,
    /// Keys that are sorted, and pairs that are binned. 1..=256.
    pub sort: u32,
    /// Bits of a key that one pass of the sorter sorts by. 1..=16.
    pub sort_bits: u32,
}

/// Memory beside the array. Of each buffer one half is worked on while the other one is filled or
/// emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scratch {
    /// Inputs of layers, tables of grids, primitives.
    pub input: Buffer,
    /// Weights.
    pub weights: Buffer,
    /// Sums, and pixels under construction.
    pub output: Buffer,
}

/// A buffer of the scratch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// All of it, 256..=2^28.
    pub bytes: u32,
    /// Banks, 1..=1024.
    pub banks: u32,
    /// Bytes of a word of a bank, 1..=64.
    pub width: u32,
    /// Words of a bank that are read or written in a clock, 1..=4.
    pub ports: u32,
}

/// The way to the memory in which the arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// At its peak, reads and writes together.
    pub bytes_per_clock: Ratio,
    /// What of the peak is left when rows are opened and refreshed, 1..=100.
    pub efficiency_percent: u32,
    /// Clocks from asking to the first byte, 0..=100 000.
    pub latency: u32,
    /// Least that is read or written at a time, 1..=4096.
    pub burst_bytes: u32,
    /// Bursts that may be asked for and not have come, 1..=4096.
    pub outstanding: u32,
}

/// Clocks of what is not worked out from shapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Of a command: descriptor, buffers' records, receipt. 1..=1 000 000.
    pub command: u32,
    /// Of a primitive in a tile, before its pixels: start values. 0..=100 000.
    pub setup: u32,
    /// Of projecting a Gaussian, its colour aside. 0..=100 000.
    pub projection: u32,
}

/// The core beside the accelerator: the assumption by which executed instructions, which are
/// counted, become time, which is not. Charges do not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Core {
    /// 1000..=10^11.
    pub clock_hz: u64,
    /// On average.
    pub clocks_per_instruction: Ratio,
}

/// Which commands are left to the core. Names are those of operators, or of a command of one:
/// `Sort`, `Gemm.Convolve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// Only these are executed, if any are named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,
    /// These are not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
}

impl Selection {
    /// Whether every command is executed.
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.without.is_empty()
    }
}

/// When a command completes in a model that executes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// As soon as it is computed; what it costs is only counted.
    #[default]
    Instant,
    /// After as many clocks as it costs.
    Clock,
}

impl Array {
    /// Products of bytes in a clock, all elements busy.
    pub fn peak_8(&self) -> u64 {
        self.elements() * u64::from(self.macs_8)
    }

    /// Products of bytes and halves in a clock, all elements busy.
    pub fn peak_16(&self) -> u64 {
        self.elements() * u64::from(self.macs_16)
    }

    fn elements(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.columns)
    }
}

impl Buffer {
    /// Bytes of the half that is worked on, at least one.
    pub fn half(&self) -> u64 {
        u64::from(self.bytes / 2).max(1)
    }
}
