//! What the commands of a run cost core and accelerator, and what limits the run.

mod record;
mod text;

use std::collections::BTreeMap;

use quintet_accelerator::Instance;
use quintet_accelerator::timing::frame::{CommandCost, Frame};
use quintet_driver::execute::{Accelerated, Cost};
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::Ticks;
use quintet_protocol::program::Operator;

pub use record::{AccountRecord, limit_name};

/// The commands of a run, in the order of the program.
pub struct Account {
    commands: Vec<Command>,
    /// Whether the core's ticks are executed instructions, which can become time.
    counted: bool,
}

/// A command, all its executions in a run together.
struct Command {
    index: u16,
    operator: Operator,
    name: &'static str,
    core_ticks: u64,
    /// What it cost the accelerator, if that executed it.
    receipt: Option<Receipt>,
}

impl Account {
    /// Of a run on a device that counts in `unit`.
    pub fn new(costs: &[Cost], accelerated: &[Accelerated], unit: Ticks) -> Self {
        let mut commands = BTreeMap::new();
        for &Cost { command, operator, name, ticks, .. } in costs {
            let new = Command { index: command, operator, name, core_ticks: 0, receipt: None };
            commands.entry(command).or_insert(new).core_ticks += ticks;
        }
        for &Accelerated { command, operator, name, receipt } in accelerated {
            let new = Command { index: command, operator, name, core_ticks: 0, receipt: None };
            commands.entry(command).or_insert(new).receipt = Some(receipt);
        }
        let counted = matches!(unit, Ticks::Instructions);
        Self { commands: commands.into_values().collect(), counted }
    }

    /// Whether the core's instructions were counted. Where they were not, no time of it is known,
    /// and frames are the accelerator's alone.
    pub fn counts_core(&self) -> bool {
        self.counted
    }

    /// What the core executed, in the device's unit.
    pub fn core_ticks(&self) -> u64 {
        self.commands.iter().map(|command| command.core_ticks).sum()
    }

    /// How many commands the accelerator executed, and how many there are.
    pub fn executed(&self) -> [usize; 2] {
        let accelerated = self.commands.iter().filter(|command| command.receipt.is_some());
        [accelerated.count(), self.commands.len()]
    }

    /// What all that the accelerator executed cost it.
    pub fn receipt(&self) -> Receipt {
        let mut sum = Receipt::default();
        self.commands.iter().filter_map(|command| command.receipt).for_each(|it| sum += it);
        sum
    }

    /// What limits the run.
    pub fn frame(&self, instance: &Instance) -> Frame {
        Frame::new(instance, &self.costs())
    }

    /// The same, as frames and papers are reckoned with.
    pub fn costs(&self) -> Vec<CommandCost> {
        let cost = |command: &Command| CommandCost {
            operator: command.operator,
            instructions: if self.counted { command.core_ticks } else { 0 },
            receipt: command.receipt,
        };
        self.commands.iter().map(cost).collect()
    }
}

impl Command {
    fn full_name(&self) -> String {
        format!("{:?}.{}", self.operator, self.name)
    }

    /// What limits the accelerator while it executes this one, if it does.
    fn alone(&self, instance: &Instance) -> Option<Frame> {
        let Self { operator, receipt, .. } = *self;
        let cost = CommandCost { operator, instructions: 0, receipt };
        receipt.map(|_| Frame::new(instance, &[cost]))
    }

    /// Share of the products that the array could have summed in the clocks of this one, if that is
    /// one of the array's.
    fn array_utilisation(&self, alone: &Frame) -> Option<f64> {
        (self.operator == Operator::Gemm).then(|| utilisation(alone))
    }
}

/// Share of the products that the array could have summed.
pub fn utilisation(frame: &Frame) -> f64 {
    f64::from(frame.array_utilisation_ppm) / 1e6
}

#[cfg(test)]
mod tests {
    use quintet_protocol::message::Phase;

    use super::*;

    fn account(unit: Ticks) -> Account {
        let cost = |command, operator, name, phase, ticks| Cost {
            command,
            operator,
            name,
            phase,
            ticks,
            items: 1,
        };
        let costs = [
            cost(1, Operator::Sort, "Sort", Phase::Sort, 500),
            cost(0, Operator::Gemm, "Dense", Phase::Offload, 40),
            cost(0, Operator::Gemm, "Dense", Phase::Multiply, 60),
        ];
        let receipt =
            Receipt { clocks: 1000, reduce: 900, operations: 32_000, ..Receipt::default() };
        let accelerated =
            [Accelerated { command: 0, operator: Operator::Gemm, name: "Dense", receipt }];
        Account::new(&costs, &accelerated, unit)
    }

    #[test]
    fn costs_of_core_and_accelerator_come_together_by_command() {
        let account = account(Ticks::Instructions);
        assert_eq!((account.core_ticks(), account.executed()), (600, [1, 2]));
        assert_eq!(account.receipt().clocks, 1000);
        let tiny = Instance::preset("tiny-ecp5").unwrap();
        let frame = account.frame(&tiny);
        assert_eq!((frame.core_ns, frame.accelerator_ns, frame.serial_ns), (6000, 10_000, 16_000));
        // 64 elements could have summed 64 000 products.
        let text = account.text(&tiny);
        for words in ["Gemm.Dense", "50.0 %", "Sort.Sort", "by the core", "0.016 ms"] {
            assert!(text.contains(words), "{words} is not in: {text}");
        }
    }

    #[test]
    fn what_is_no_instruction_is_no_time_of_the_core() {
        let account = account(Ticks::Nanoseconds);
        let tiny = Instance::preset("tiny-ecp5").unwrap();
        assert!(!account.counts_core());
        assert_eq!(account.frame(&tiny).core_ns, 0);
        let text = account.text(&tiny);
        assert!(
            text.contains("not counted by this device") && !text.contains("in turns"),
            "{text}"
        );
    }
}
