//! The ranges of a description's numbers.

use super::{Buffer, Instance, InstanceError, commands};

/// Most characters of a name.
const NAME_MAX: usize = 64;

impl Instance {
    /// The description, unless something in it is out of its range.
    pub(super) fn checked(self) -> Result<Self, InstanceError> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || ".-_".contains(letter);
        if !(1..=NAME_MAX).contains(&self.name.len()) || !self.name.chars().all(is_plain) {
            return Err(InstanceError::Name(self.name));
        }
        self.numbers().into_iter().try_for_each(Number::check)?;
        let Self { scratch, .. } = &self;
        enough("scratch.input.bytes", &scratch.input)?;
        enough("scratch.weights.bytes", &scratch.weights)?;
        enough("scratch.output.bytes", &scratch.output)?;
        commands::selected(&self.capabilities)?;
        Ok(self)
    }

    /// Every number that has a range.
    fn numbers(&self) -> Vec<Number> {
        let Self { clock_hz, array, lanes, scratch, memory, costs, core, .. } = self;
        let of = |key, value: u32, range, unit| Number { key, value: value.into(), range, unit };
        let hertz = |key, value| Number { key, value, range: [1000, 100_000_000_000], unit: "Hz" };
        let mut numbers = vec![
            hertz("clock_hz", *clock_hz),
            of("array.rows", array.rows, [1, 1024], "elements"),
            of("array.columns", array.columns, [1, 1024], "elements"),
            of("array.macs_8", array.macs_8, [1, 16], "products a clock"),
            of("array.macs_16", array.macs_16, [1, 16], "products a clock"),
            of("lanes.rasteriser", lanes.rasteriser, [1, 1024], "pixels a clock"),
            of("lanes.corner", lanes.corner, [1, 1024], "corners a clock"),
            of("lanes.special", lanes.special, [1, 1024], "results a clock"),
            of("lanes.vector", lanes.vector, [1, 4096], "elements a clock"),
            of("lanes.sort", lanes.sort, [1, 256], "keys a clock"),
            of("lanes.sort_bits", lanes.sort_bits, [1, 16], "bits"),
            of("memory.efficiency_percent", memory.efficiency_percent, [1, 100], "percent"),
            of("memory.latency", memory.latency, [0, 100_000], "clocks"),
            of("memory.burst_bytes", memory.burst_bytes, [1, 4096], "bytes"),
            of("memory.outstanding", memory.outstanding, [1, 4096], "bursts"),
            of("costs.command", costs.command, [1, 1_000_000], "clocks"),
            of("costs.setup", costs.setup, [0, 100_000], "clocks"),
            of("costs.projection", costs.projection, [0, 100_000], "clocks"),
            hertz("core.clock_hz", core.clock_hz),
        ];
        for ([bytes, banks, width, ports], buffer) in
            BUFFER_KEYS.into_iter().zip([&scratch.input, &scratch.weights, &scratch.output])
        {
            numbers.extend([
                of(bytes, buffer.bytes, [256, 1 << 28], "bytes"),
                of(banks, buffer.banks, [1, 1024], "banks"),
                of(width, buffer.width, [1, 64], "bytes"),
                of(ports, buffer.ports, [1, 4], "words a clock"),
            ]);
        }
        numbers
    }
}

/// Where the numbers of buffers are.
const BUFFER_KEYS: [[&str; 4]; 3] = [
    ["scratch.input.bytes", "scratch.input.banks", "scratch.input.width", "scratch.input.ports"],
    [
        "scratch.weights.bytes",
        "scratch.weights.banks",
        "scratch.weights.width",
        "scratch.weights.ports",
    ],
    [
        "scratch.output.bytes",
        "scratch.output.banks",
        "scratch.output.width",
        "scratch.output.ports",
    ],
];

/// A number, with the least and the greatest that it may be.
struct Number {
    key: &'static str,
    value: u64,
    range: [u64; 2],
    unit: &'static str,
}

impl Number {
    fn check(self) -> Result<(), InstanceError> {
        let Self { key, value, range: [least, greatest], unit } = self;
        match (least..=greatest).contains(&value) {
            true => Ok(()),
            false => Err(InstanceError::OutOfRange { key, value, least, greatest, unit }),
        }
    }
}

/// Refuses a buffer whose halves do not have a word in each bank.
fn enough(key: &'static str, buffer: &Buffer) -> Result<(), InstanceError> {
    let Buffer { bytes, banks, width, .. } = *buffer;
    let least = 2 * u64::from(banks) * u64::from(width);
    match u64::from(bytes) >= least {
        true => Ok(()),
        false => Err(InstanceError::TooSmall { key, bytes, banks, least }),
    }
}
