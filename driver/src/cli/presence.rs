//! A device's accelerator in words and in JSON.

use std::fmt::Write;

use quintet_protocol::accelerator::{Capabilities, Presence};
use quintet_protocol::program::{COMMANDS, Operator};
use serde_json::{Value, json};

use super::costs::OPERATORS;

/// The commands that an accelerator executes, as `--accelerator SPEC,without=` takes them.
fn commands(capabilities: &Capabilities) -> impl Iterator<Item = (&'static str, Operator)> {
    let executed =
        |&&(_, operator, mode): &&(&str, Operator, u8)| capabilities.has((operator, mode));
    COMMANDS.iter().filter(executed).map(|&(name, operator, _)| (name, operator))
}

/// A version for people: `1.0`.
fn dotted(version: u32) -> String {
    format!("{}.{}", version >> 16, version & 0xFFFF)
}

/// For people: a line, and one more for each micro-operator that it executes commands of.
pub fn text(presence: &Presence) -> String {
    match *presence {
        Presence::Absent => "none\n".into(),
        Presence::Unknown { version } => {
            format!(
                "version {}, unknown to this firmware, which leaves it alone\n",
                dotted(version)
            )
        }
        Presence::Lost => "lost: it does not come back from a reset; restart the device\n".into(),
        Presence::Ready { version, instance, clock_khz, ref capabilities } => {
            let clock = match clock_khz {
                0 => "an unknown clock".into(),
                khz => format!("{} MHz", f64::from(khz) / 1e3),
            };
            let version = dotted(version);
            let mut text = format!("version {version}, instance {instance:08x}, {clock}\n");
            for operator in OPERATORS {
                let its = commands(capabilities).filter(|&(_, it)| it == operator);
                let names: Vec<_> = its.map(|(name, _)| name).collect();
                if !names.is_empty() {
                    let _ = writeln!(text, "{:13}{operator:?}: {}", "", names.join(", "));
                }
            }
            text
        }
        _ => "of a kind that this driver does not know\n".into(),
    }
}

/// Whether there is one, in a word for programs.
pub fn state(presence: &Presence) -> &'static str {
    match presence {
        Presence::Absent => "absent",
        Presence::Unknown { .. } => "unknown",
        Presence::Lost => "lost",
        Presence::Ready { .. } => "ready",
        _ => "other",
    }
}

/// For programs.
pub fn record(presence: &Presence) -> Value {
    let state = state(presence);
    match *presence {
        Presence::Unknown { version } => json!({ "state": state, "version": dotted(version) }),
        Presence::Ready { version, instance, clock_khz, ref capabilities } => {
            let names = commands(capabilities);
            let names = names.map(|(name, operator)| format!("{operator:?}.{name}"));
            json!({
                "state": state,
                "version": dotted(version),
                "instance": format!("{instance:08x}"),
                "clock_khz": clock_khz,
                "commands": names.collect::<Vec<_>>(),
            })
        }
        _ => json!({ "state": state }),
    }
}
