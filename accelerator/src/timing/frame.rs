//! What limits a frame: the core, or a part of the accelerator (Amdahl 1967).
//!
//! Instructions of the core are counted, clocks of the accelerator are charged; both become time by
//! the clocks that an instance's description assumes. Two bounds come of it. *Serial*: core and
//! accelerator take turns. *Overlapped*: each always has something to do, as with frames one after
//! another; the slower one then sets the pace. What runs lies in between.

use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::program::Operator;

use crate::instance::Instance;

/// What a command of a program came to in a run, all its repetitions together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandCost {
    /// Its micro-operator.
    pub operator: Operator,
    /// What the core executed for it, in instructions: the command itself, or handing it over.
    pub instructions: u64,
    /// What the accelerator charged, if it executed the command: the sum of the receipts.
    pub receipt: Option<Receipt>,
}

/// What limits a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Nothing was executed.
    Nothing,
    /// The core.
    Core,
    /// The accelerator's way to memory.
    Memory,
    /// What of the accelerator executes this micro-operator: the array, the rasteriser, the
    /// corners.
    Unit(Operator),
    /// The accelerator's waiting: for descriptors, for memory's latency, for banks.
    Stall,
}

/// Where the time of a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Nanoseconds of the core.
    pub core_ns: u64,
    /// Nanoseconds of the accelerator.
    pub accelerator_ns: u64,
    /// Nanoseconds of it in which the index or the reduce phase was at work.
    pub compute_ns: u64,
    /// Nanoseconds in which operands or results moved; beside the others where phases overlap.
    pub memory_ns: u64,
    /// Nanoseconds in which it waited: stalls of the receipts.
    pub stall_ns: u64,
    /// Core and accelerator in turns, nanoseconds.
    pub serial_ns: u64,
    /// Core and accelerator at the same time, nanoseconds.
    pub overlapped_ns: u64,
    /// Products that the array summed, of the products of bytes that it could have in the
    /// accelerator's clocks: in millionths.
    pub array_utilisation_ppm: u32,
    /// What sets the pace when core and accelerator work at the same time.
    pub limit: Limit,
}

impl Frame {
    /// Of the commands of a run.
    pub fn new(instance: &Instance, commands: &[CommandCost]) -> Self {
        let sum = Sum::new(instance, commands);
        let instructions =
            commands.iter().fold(0, |sum: u64, it| sum.saturating_add(it.instructions));
        let core = &instance.core;
        let core_ns = nanoseconds(core.clocks_per_instruction.times(instructions), core.clock_hz);
        let of_clocks = |clocks| nanoseconds(clocks, instance.clock_hz);
        let accelerator_ns = of_clocks(sum.clocks);
        Self {
            core_ns,
            accelerator_ns,
            compute_ns: of_clocks(sum.compute),
            memory_ns: of_clocks(sum.memory),
            stall_ns: of_clocks(sum.stall),
            serial_ns: core_ns.saturating_add(accelerator_ns),
            overlapped_ns: core_ns.max(accelerator_ns),
            array_utilisation_ppm: sum.array_utilisation_ppm(instance),
            limit: match (core_ns, accelerator_ns) {
                (0, 0) => Limit::Nothing,
                _ if core_ns >= accelerator_ns => Limit::Core,
                _ => sum.limit(),
            },
        }
    }
}

/// Clocks of all commands.
#[derive(Default)]
struct Sum {
    clocks: u64,
    compute: u64,
    memory: u64,
    stall: u64,
    /// Products of the array.
    products: u64,
    /// The micro-operator that computes longest, and its clocks.
    unit: Option<(Operator, u64)>,
}

impl Sum {
    fn new(instance: &Instance, commands: &[CommandCost]) -> Self {
        let mut sum = Self::default();
        let mut units: Vec<(Operator, u64)> = Vec::new();
        for (operator, it) in commands.iter().filter_map(|it| Some((it.operator, it.receipt?))) {
            let [index, reduce] = [it.index, it.reduce].map(u64::from);
            let compute = if instance.overlap { index.max(reduce) } else { index + reduce };
            for (sum, more) in [
                (&mut sum.clocks, it.clocks),
                (&mut sum.compute, compute),
                (&mut sum.memory, u64::from(it.load) + u64::from(it.store)),
                (&mut sum.stall, it.stall.into()),
                (&mut sum.products, if operator == Operator::Gemm { it.operations } else { 0 }),
            ] {
                *sum = sum.saturating_add(more);
            }
            match units.iter_mut().find(|(of, _)| *of == operator) {
                Some((_, clocks)) => *clocks = clocks.saturating_add(compute),
                None => units.push((operator, compute)),
            }
        }
        sum.unit = units.into_iter().max_by_key(|&(_, clocks)| clocks);
        sum
    }

    fn array_utilisation_ppm(&self, instance: &Instance) -> u32 {
        let possible = u128::from(self.clocks) * u128::from(instance.array.peak_8());
        let millionths = u128::from(self.products) * 1_000_000 / possible.max(1);
        u32::try_from(millionths).unwrap_or(u32::MAX)
    }

    fn limit(&self) -> Limit {
        match self.unit {
            _ if self.stall > self.compute.max(self.memory) => Limit::Stall,
            _ if self.memory > self.compute => Limit::Memory,
            Some((operator, _)) => Limit::Unit(operator),
            None => Limit::Nothing,
        }
    }
}

/// Time of some clocks, rounded up; saturates.
fn nanoseconds(clocks: u64, clock_hz: u64) -> u64 {
    let exact = (u128::from(clocks) * 1_000_000_000).div_ceil(clock_hz.max(1).into());
    u64::try_from(exact).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiny() -> Instance {
        Instance::preset("tiny-ecp5").unwrap()
    }

    fn core(instructions: u64) -> CommandCost {
        CommandCost { operator: Operator::Vector, instructions, receipt: None }
    }

    fn offloaded(operator: Operator, receipt: Receipt) -> CommandCost {
        CommandCost { operator, instructions: 100, receipt: Some(receipt) }
    }

    #[test]
    fn nothing_is_limited_by_nothing() {
        let frame = Frame::new(&tiny(), &[]);
        assert_eq!((frame.limit, frame.serial_ns, frame.overlapped_ns), (Limit::Nothing, 0, 0));
    }

    #[test]
    fn instructions_and_clocks_become_time_by_the_clocks_of_the_description() {
        let receipt =
            Receipt { clocks: 1000, reduce: 900, operations: 32_000, ..Receipt::default() };
        let commands = [core(300), offloaded(Operator::Gemm, receipt)];
        let frame = Frame::new(&tiny(), &commands);
        assert_eq!((frame.core_ns, frame.accelerator_ns, frame.compute_ns), (4000, 10_000, 9000));
        assert_eq!((frame.serial_ns, frame.overlapped_ns), (14_000, 10_000));
        // 64 elements in 1000 clocks.
        assert_eq!(frame.array_utilisation_ppm, 500_000);
        assert_eq!(frame.limit, Limit::Unit(Operator::Gemm));
        let slow = tiny().with("core.clocks_per_instruction", "5/2").unwrap();
        assert_eq!(Frame::new(&slow, &commands).core_ns, 10_000);
    }

    #[test]
    fn the_longest_of_its_phases_limits_an_accelerator_that_takes_longer_than_the_core() {
        let phases = |index, reduce, load, stall| Receipt {
            clocks: 10_000,
            index,
            reduce,
            load,
            stall,
            ..Receipt::default()
        };
        let sort = offloaded(Operator::Sort, phases(0, 200, 0, 0));
        let limit =
            |receipt| Frame::new(&tiny(), &[sort, offloaded(Operator::Geometry, receipt)]).limit;
        assert_eq!(limit(phases(300, 10, 0, 0)), Limit::Unit(Operator::Geometry));
        assert_eq!(limit(phases(100, 10, 200, 0)), Limit::Unit(Operator::Sort));
        assert_eq!(limit(phases(100, 10, 301, 0)), Limit::Memory);
        assert_eq!(limit(phases(100, 10, 301, 302)), Limit::Stall);
        let all = [core(50_000), offloaded(Operator::Geometry, phases(100, 10, 301, 302))];
        assert_eq!(Frame::new(&tiny(), &all).limit, Limit::Core);
    }

    #[test]
    fn counters_that_hold_anything_saturate() {
        let most = u32::MAX;
        let receipt = Receipt {
            clocks: u64::MAX,
            index: most,
            reduce: most,
            load: most,
            store: most,
            stall: most,
            operations: u64::MAX,
            ..Receipt::default()
        };
        let commands = [offloaded(Operator::Gemm, receipt); 3];
        assert_eq!(Frame::new(&tiny(), &commands).serial_ns, u64::MAX);
    }
}
