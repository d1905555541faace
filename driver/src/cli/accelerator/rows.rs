//! The table of a sweep, as CSV.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use quintet_accelerator::timing::frame::Frame;
use quintet_protocol::accelerator::descriptor::Receipt;

use crate::cli::account::{limit_name, utilisation};

/// Columns behind the workload and the keys that are varied.
pub const COLUMNS: &[&str] = &[
    "digest",
    "commands",
    "accelerated",
    "core_instructions",
    "clocks",
    "index",
    "reduce",
    "load",
    "store",
    "stall",
    "bytes_read",
    "bytes_written",
    "operations",
    "array_utilisation",
    "core_ns",
    "accelerator_ns",
    "compute_ns",
    "memory_ns",
    "stall_ns",
    "serial_ns",
    "overlapped_ns",
    "limit",
];

/// A run.
pub struct Row {
    /// The workload's number.
    pub workload: usize,
    /// The configuration's number.
    pub configuration: usize,
    /// Tells the accelerator's description from others.
    pub digest: u32,
    /// Commands of the program, and how many of them the accelerator executed.
    pub commands: [usize; 2],
    /// What the core executed, where that is counted.
    pub core_instructions: Option<u64>,
    /// What all commands together cost the accelerator.
    pub receipt: Receipt,
    /// Where the time goes.
    pub frame: Frame,
}

/// A file of rows, which has each of them once it is written.
pub struct Table(File);

impl Table {
    /// Makes the file, with its heading.
    pub fn create<'a>(path: &Path, keys: impl Iterator<Item = &'a str>) -> io::Result<Self> {
        let mut file = File::create(path)?;
        let names = std::iter::once("workload").chain(keys).chain(COLUMNS.iter().copied());
        file.write_all(line(names.map(cell)).as_bytes())?;
        Ok(Self(file))
    }

    /// Adds a row of the workload of this name, under these values of the keys.
    pub fn add(&mut self, workload: &str, values: &[String], row: &Row) -> io::Result<()> {
        let named = std::iter::once(workload).chain(values.iter().map(String::as_str)).map(cell);
        self.0.write_all(line(named.chain(row.cells())).as_bytes())
    }
}

impl Row {
    fn cells(&self) -> Vec<String> {
        let Receipt { clocks, index, reduce, load, store, stall, .. } = self.receipt;
        let Receipt { bytes_read, bytes_written, operations, .. } = self.receipt;
        let (frame, counted) = (&self.frame, self.core_instructions);
        let optional = |number: Option<u64>| number.map_or(String::new(), |it| it.to_string());
        let all: [&dyn Display; COLUMNS.len()] = [
            &format_args!("{:08x}", self.digest),
            &self.commands[0],
            &self.commands[1],
            &optional(counted),
            &clocks,
            &index,
            &reduce,
            &load,
            &store,
            &stall,
            &bytes_read,
            &bytes_written,
            &operations,
            &utilisation(frame),
            &optional(counted.map(|_| frame.core_ns)),
            &frame.accelerator_ns,
            &frame.compute_ns,
            &frame.memory_ns,
            &frame.stall_ns,
            &frame.serial_ns,
            &frame.overlapped_ns,
            &limit_name(frame.limit),
        ];
        all.map(ToString::to_string).to_vec()
    }
}

/// A cell, in quotes where it has to be (RFC 4180).
fn cell(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.into(),
    }
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_where_it_would_be_taken_for_several() {
        let cells = ["plain", "a,b", "a\"b", ""].map(cell);
        assert_eq!(line(cells.into_iter()), "plain,\"a,b\",\"a\"\"b\",\n");
    }
}
