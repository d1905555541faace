//! An account for people.

use std::fmt::Write;

use quintet_accelerator::Instance;
use quintet_accelerator::timing::frame::{Frame, Limit};
use quintet_protocol::program::Operator;

use super::{Account, limit_name, utilisation};
use crate::cli::output::{grouped, in_bytes};

impl Account {
    /// A line for each command, and where the time goes.
    pub fn text(&self, instance: &Instance) -> String {
        let [executed, all] = self.executed();
        let mut text = format!(
            "\n{}, {} MHz, executes {executed} of {all} commands; its clocks are a model's, no silicon's:\n",
            instance.name,
            instance.clock_hz as f64 / 1e6,
        );
        let _ = write!(text, "  {:>3}  {:<28} {:>12}", "#", "command", "core");
        for column in ["clocks", "index", "reduce", "load", "store", "stall"] {
            let _ = write!(text, " {column:>12}");
        }
        let _ = writeln!(text, " {:>7} {:>10}  limit", "array", "moved");
        for command in &self.commands {
            let core = if self.counted { grouped(command.core_ticks) } else { "-".into() };
            let name = command.full_name();
            let _ = write!(text, "  {:>3}  {name:<28} {core:>12}", command.index);
            let (Some(it), Some(alone)) = (command.receipt, command.alone(instance)) else {
                text += "  by the core\n";
                continue;
            };
            let _ = write!(text, " {:>12}", grouped(it.clocks));
            for clocks in [it.index, it.reduce, it.load, it.store, it.stall] {
                let _ = write!(text, " {:>12}", grouped(clocks.into()));
            }
            let array = command.array_utilisation(&alone);
            let array = array.map_or("-".into(), |share| format!("{:.1} %", 100.0 * share));
            let moved = in_bytes(it.bytes_read.saturating_add(it.bytes_written));
            let _ = writeln!(text, " {array:>7} {moved:>10}  {}", limit_name(alone.limit));
        }
        text + &frame_text(&self.frame(instance), instance, self.counted)
    }
}

/// Where the time of a frame goes, for people.
fn frame_text(frame: &Frame, instance: &Instance, counted: bool) -> String {
    let accelerator = format!(
        "{}: at work {}, moving operands {}, waiting {};\n{:15}its array sums {:.1} % of the \
         products that it could",
        milliseconds(frame.accelerator_ns),
        milliseconds(frame.compute_ns),
        milliseconds(frame.memory_ns),
        milliseconds(frame.stall_ns),
        "",
        100.0 * utilisation(frame),
    );
    let limit = limit_text(frame.limit);
    if !counted {
        return format!(
            "  core         not counted by this device: --device qemu:BOARD counts it\n  \
               accelerator  {accelerator}\n  \
               limited by   {limit}, the core aside\n"
        );
    }
    format!(
        "  core         {}, if it runs at {} MHz with {} clocks an instruction\n  \
           accelerator  {accelerator}\n  \
           a frame      {} with core and accelerator in turns, {} with both at a time\n  \
           limited by   {limit}\n",
        milliseconds(frame.core_ns),
        instance.core.clock_hz as f64 / 1e6,
        instance.core.clocks_per_instruction,
        milliseconds(frame.serial_ns),
        milliseconds(frame.overlapped_ns),
    )
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.3} ms", nanoseconds as f64 / 1e6)
}

/// What limits a frame, for people.
fn limit_text(limit: Limit) -> String {
    match limit {
        Limit::Nothing => "nothing: no command was executed".into(),
        Limit::Core => "the core".into(),
        Limit::Memory => "the accelerator's way to memory".into(),
        Limit::Stall => "the accelerator's waiting: for descriptors, latency, banks".into(),
        Limit::Unit(Operator::Gemm) => "the accelerator's array".into(),
        Limit::Unit(operator) => format!("the accelerator's lanes for {operator:?}"),
        _ => "something that this driver has no word for".into(),
    }
}
