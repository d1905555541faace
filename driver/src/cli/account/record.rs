//! An account in JSON.

use quintet_accelerator::Instance;
use quintet_accelerator::timing::frame::{Frame, Limit};
use quintet_protocol::accelerator::descriptor::Receipt;
use serde::Serialize;

use super::{Account, utilisation};
use crate::cli::costs::operator_name;

/// What the commands of a run cost core and accelerator.
#[derive(Serialize)]
pub struct AccountRecord {
    instance: String,
    digest: String,
    clock_hz: u64,
    commands: Vec<CommandRecord>,
    frame: FrameRecord,
}

#[derive(Serialize)]
struct CommandRecord {
    command: u16,
    name: String,
    core_ticks: u64,
    accelerator: Option<Receipt>,
    array_utilisation: Option<f64>,
    limit: Option<&'static str>,
}

#[derive(Serialize)]
struct FrameRecord {
    core_ns: u64,
    accelerator_ns: u64,
    compute_ns: u64,
    memory_ns: u64,
    stall_ns: u64,
    serial_ns: u64,
    overlapped_ns: u64,
    array_utilisation: f64,
    limit: &'static str,
}

impl FrameRecord {
    fn of(frame: &Frame) -> Self {
        Self {
            core_ns: frame.core_ns,
            accelerator_ns: frame.accelerator_ns,
            compute_ns: frame.compute_ns,
            memory_ns: frame.memory_ns,
            stall_ns: frame.stall_ns,
            serial_ns: frame.serial_ns,
            overlapped_ns: frame.overlapped_ns,
            array_utilisation: utilisation(frame),
            limit: limit_name(frame.limit),
        }
    }
}

/// What limits a frame, in JSON and in tables for programs.
pub fn limit_name(limit: Limit) -> &'static str {
    match limit {
        Limit::Nothing => "nothing",
        Limit::Core => "core",
        Limit::Memory => "memory",
        Limit::Stall => "stall",
        Limit::Unit(operator) => operator_name(operator),
        _ => "other",
    }
}

impl Account {
    /// For programs.
    pub fn record(&self, instance: &Instance) -> AccountRecord {
        let commands = self.commands.iter().map(|command| {
            let alone = command.alone(instance);
            CommandRecord {
                command: command.index,
                name: command.full_name(),
                core_ticks: command.core_ticks,
                accelerator: command.receipt,
                array_utilisation: alone.and_then(|it| command.array_utilisation(&it)),
                limit: alone.map(|it| limit_name(it.limit)),
            }
        });
        AccountRecord {
            instance: instance.name.clone(),
            digest: format!("{:08x}", instance.digest()),
            clock_hz: instance.clock_hz,
            commands: commands.collect(),
            frame: FrameRecord::of(&self.frame(instance)),
        }
    }
}
