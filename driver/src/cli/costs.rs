//! What micro-operators cost: names for JSON, a table for people.

use std::fmt::Write;

use quintet_driver::render::Cost;
use quintet_protocol::message::{Phase, Ticks};
use quintet_protocol::program::Operator;
use serde::Serialize;

use super::output::grouped;

/// A cost as JSON has it.
#[derive(Debug, Serialize)]
pub struct CostRecord {
    command: u16,
    operator: &'static str,
    phase: &'static str,
    ticks: u64,
    unit: &'static str,
    items: u64,
}

impl CostRecord {
    /// With the unit of the device.
    pub fn new(cost: &Cost, unit: Ticks) -> Self {
        Self {
            command: cost.command,
            operator: operator_name(cost.operator),
            phase: phase_name(cost.phase),
            ticks: cost.ticks,
            unit: unit_name(unit),
            items: cost.items,
        }
    }
}

/// A micro-operator's name in JSON.
pub fn operator_name(operator: Operator) -> &'static str {
    match operator {
        Operator::Geometry => "geometry",
        Operator::CombinedGrid => "combined_grid",
        Operator::DecomposedGrid => "decomposed_grid",
        Operator::Sort => "sort",
        Operator::Gemm => "gemm",
        Operator::Vector => "vector",
        Operator::Control => "control",
    }
}

/// The micro-operators in the order of their numbers.
pub const OPERATORS: [Operator; 7] = [
    Operator::Geometry,
    Operator::CombinedGrid,
    Operator::DecomposedGrid,
    Operator::Sort,
    Operator::Gemm,
    Operator::Vector,
    Operator::Control,
];

/// The name of a part in JSON.
pub fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Project => "project",
        Phase::Sort => "sort",
        Phase::Bin => "bin",
        Phase::Rasterise => "rasterise",
        Phase::Resolve => "resolve",
        Phase::Cull => "cull",
        Phase::Multiply => "multiply",
        Phase::Elements => "elements",
        Phase::Blend => "blend",
        Phase::Cast => "cast",
        Phase::March => "march",
        Phase::Lookup => "look up",
        Phase::Compose => "compose",
        Phase::Fragment => "fragment",
        Phase::Offload => "offload",
        _ => "other",
    }
}

/// What an item of a phase is.
fn item_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Project => "primitives",
        Phase::Sort => "keys",
        Phase::Bin => "primitive-tile pairs",
        Phase::Rasterise => "pixels visited",
        Phase::Resolve => "pixels",
        Phase::Cull => "chunks looked at",
        Phase::Multiply => "products",
        Phase::Elements => "elements",
        Phase::Blend => "rows",
        Phase::Cast => "rays",
        Phase::March => "samples taken",
        Phase::Lookup => "entries read",
        Phase::Compose => "samples",
        Phase::Fragment => "fragments",
        Phase::Offload => "looks",
        _ => "items",
    }
}

/// The name of a unit in JSON.
pub fn unit_name(unit: Ticks) -> &'static str {
    match unit {
        Ticks::Instructions => "instructions",
        Ticks::Cycles => "cycles",
        Ticks::Nanoseconds => "nanoseconds",
        _ => "none",
    }
}

/// What a unit says, for people.
pub fn unit_text(unit: Ticks) -> &'static str {
    match unit {
        Ticks::Instructions => "executed instructions",
        Ticks::Cycles => "core clock cycles",
        Ticks::Nanoseconds => "nanoseconds of this computer, no measure of a device",
        _ => "nothing, as this device does not count",
    }
}

/// A table of the mean cost of a frame, by command and part.
pub fn table(frames: &[Vec<Cost>], unit: Ticks) -> String {
    let mut rows: Vec<Cost> = Vec::new();
    for cost in frames.iter().flatten() {
        let same = |row: &&mut Cost| (row.command, row.phase) == (cost.command, cost.phase);
        match rows.iter_mut().find(same) {
            Some(row) => (row.ticks, row.items) = (row.ticks + cost.ticks, row.items + cost.items),
            None => rows.push(*cost),
        }
    }
    let count = frames.len().max(1) as u64;
    for row in &mut rows {
        (row.ticks, row.items) = (row.ticks.div_ceil(count), row.items.div_ceil(count));
    }
    let total: u64 = rows.iter().map(|row| row.ticks).sum();
    let of = if count == 1 { String::new() } else { format!(", mean of {count} frames") };
    let mut text = format!("cost of a frame{of}, in {}:\n", unit_text(unit));
    let _ = writeln!(
        text,
        "  {:<15} {:<9} {:>13} {:>7} {:>9}  {:>11}",
        "micro-operator", "part", "cost", "share", "per item", "items"
    );
    for row in &rows {
        let share = 100.0 * row.ticks as f64 / total.max(1) as f64;
        let per_item = row.ticks as f64 / row.items.max(1) as f64;
        let _ = writeln!(
            text,
            "  {:<15} {:<9} {:>13} {share:>5.1} % {per_item:>9.1}  {:>11} {}",
            format!("{:?}", row.operator),
            phase_name(row.phase),
            grouped(row.ticks),
            grouped(row.items),
            item_name(row.phase),
        );
    }
    let _ = writeln!(text, "  {:<25} {:>13}", "total", grouped(total));
    text
}
