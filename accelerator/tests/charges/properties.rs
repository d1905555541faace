//! What holds for the cost of any command, sensible or not, on any accelerator.

use core::fmt;

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use quintet_accelerator::Instance;
use quintet_accelerator::timing::charge;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{
    Buffer, BufferKind, COMMAND_BYTES, COMMANDS, Command, Fault, Operator, Program, ProgramError,
};

use super::bench::PLAIN;

/// Buffers of a program.
const BUFFERS: usize = 8;
/// Words of each.
const BUFFER_WORDS: usize = 64;
/// Phases that commands report.
const PHASES: [Phase; 14] = [
    Phase::Project,
    Phase::Sort,
    Phase::Bin,
    Phase::Rasterise,
    Phase::Resolve,
    Phase::Cull,
    Phase::Multiply,
    Phase::Elements,
    Phase::Blend,
    Phase::Cast,
    Phase::March,
    Phase::Lookup,
    Phase::Compose,
    Phase::Fragment,
];

/// A command in its surroundings.
#[derive(Clone)]
struct Case {
    program: Vec<u8>,
    work: Vec<(Phase, u64)>,
    arena: Vec<u32>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}, which came to {:?}", self.command(), self.work)
    }
}

impl Case {
    fn command(&self) -> Command {
        Program::new(&self.program).unwrap().command(0).unwrap()
    }

    fn charge(&self, instance: &Instance) -> Receipt {
        let program = Program::new(&self.program).unwrap();
        charge(instance, &program, &self.command(), &self.work, &self.arena)
    }
}

/// A parameter: flags and small shapes mostly, else anything.
fn parameter() -> impl Strategy<Value = u32> {
    let halves = (0u32..9, 0u32..9).prop_map(|(low, high)| low | high << 16);
    let quarters = prop::array::uniform4(0u8..3).prop_map(u32::from_le_bytes);
    let evens = (1u32..6, 0u32..2).prop_map(|(low, high)| (4 * low) | (high << 17));
    prop_oneof![4 => halves, 4 => quarters, 4 => evens, 2 => 0u32..100, 1 => any::<u32>()]
}

/// The bytes of a command of this code. A parameter that it cannot have is replaced by another.
fn record(code: (Operator, u8)) -> impl Strategy<Value = [u8; COMMAND_BYTES]> {
    let parameters = prop::collection::vec(parameter(), 11 + 60);
    let operands = prop::collection::vec(prop_oneof![8 => 0u16..8, 1 => Just(0xFFFF)], 8);
    (operands, parameters).prop_filter_map("no command of these", move |(ids, values)| {
        let mut bytes = [0; COMMAND_BYTES];
        (bytes[0], bytes[1]) = (code.0 as u8, code.1);
        let (first, others) = values.split_at(11);
        let ids = ids.into_iter().flat_map(u16::to_le_bytes);
        let words = first.iter().flat_map(|word| word.to_le_bytes());
        bytes[4..].iter_mut().zip(ids.chain(words)).for_each(|(to, from)| *to = from);
        // Few values will do for flags and the like.
        let will_do = others.iter().copied().chain([0, 1, 4, 1 << 16, 0x0001_0001, 0x0004_0004]);
        for value in will_do.chain(0..1000) {
            match Program::new(&encoded(&bytes)).ok()?.command(0) {
                Ok(_) => return Some(bytes),
                Err(ProgramError::BadCommand {
                    fault: Fault::OutOfRange { parameter }, ..
                }) => {
                    let at = 20 + 4 * usize::from(parameter);
                    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
                }
                Err(_) => return None,
            }
        }
        None
    })
}

/// A program of one command.
fn encoded(record: &[u8; COMMAND_BYTES]) -> Vec<u8> {
    let buffers: Vec<_> = (0..BUFFERS as u32)
        .map(|number| Buffer {
            kind: BufferKind::Scratch,
            offset: number * BUFFER_WORDS as u32 * 4,
            length: BUFFER_WORDS as u32 * 4,
        })
        .collect();
    let mut bytes = vec![0; Program::encoded_len(BUFFERS, 0)];
    Program::emit(&buffers, &[], &mut bytes).unwrap();
    bytes[8] = 1;
    bytes.extend_from_slice(record);
    bytes
}

fn case_of(code: (Operator, u8)) -> impl Strategy<Value = Case> {
    let items = prop_oneof![4 => 0u64..5000, 1 => 0u64..1 << 30, 1 => any::<u64>()];
    let work = prop::collection::vec(items, PHASES.len())
        .prop_map(|items| PHASES.into_iter().zip(items).collect());
    let word = prop_oneof![0u32..20, parameter(), any::<u32>()];
    let arena = prop::collection::vec(word, BUFFERS * BUFFER_WORDS);
    (record(code), work, arena).prop_map(|(record, work, arena)| Case {
        program: encoded(&record),
        work,
        arena,
    })
}

/// Any command that an accelerator may have to execute.
fn case() -> impl Strategy<Value = Case> {
    let codes = COMMANDS.iter().filter(|(_, operator, _)| *operator != Operator::Control);
    let codes: Vec<_> = codes.map(|&(_, operator, mode)| (operator, mode)).collect();
    select(codes).prop_flat_map(case_of)
}

fn instance() -> impl Strategy<Value = Instance> {
    let base = select(vec!["plain", "tiny-ecp5", "edge"]);
    (base, any::<bool>(), 1u32..70).prop_map(|(name, overlap, special)| {
        let plain = || Instance::from_toml(PLAIN);
        let mut instance = if name == "plain" { plain() } else { Instance::preset(name) }.unwrap();
        instance.overlap = overlap;
        instance.lanes.special = special;
        instance
    })
}

/// Most corners, pixels, elements and keys that can be reduced in a clock.
fn most_operations(instance: &Instance) -> u64 {
    let lanes = &instance.lanes;
    let of_corners = u64::from(lanes.corner) * u64::from(instance.scratch.input.width);
    // An element that is added counts for three operations, one that is softened too, a
    // coordinate's sine for one and a half.
    let others = [lanes.rasteriser, lanes.vector, lanes.sort, lanes.special].map(u64::from);
    of_corners + 3 * others.iter().sum::<u64>() + 2
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_free_and_nothing_is_faster_than_memory(case in case(), instance in instance()) {
        let receipt = case.charge(&instance);
        prop_assert!(receipt.clocks >= u64::from(instance.costs.command));
        let moved = receipt.bytes_read.saturating_add(receipt.bytes_written);
        prop_assert!(receipt.clocks >= instance.memory.bytes_per_clock.divide(moved));
    }

    #[test]
    fn no_phase_is_longer_than_the_command_and_together_they_are_no_shorter(
        case in case(),
        instance in instance(),
    ) {
        let it = case.charge(&instance);
        let phases = [it.index, it.reduce, it.load, it.store, it.stall].map(u64::from);
        prop_assert!(phases.iter().all(|&phase| phase <= it.clocks), "{it:?}");
        // Counters of phases hold 32 bits.
        let is_whole = phases.iter().all(|&phase| phase < u32::MAX.into());
        prop_assert!(!is_whole || it.clocks <= phases.iter().sum(), "{it:?}");
    }

    #[test]
    fn work_that_is_hidden_takes_no_longer(case in case(), instance in instance()) {
        let mut instance = instance;
        let [serial, overlapped] = [false, true].map(|overlap| {
            instance.overlap = overlap;
            case.charge(&instance).clocks
        });
        prop_assert!(serial >= overlapped, "{serial} < {overlapped}");
    }

    #[test]
    fn more_lanes_and_more_bandwidth_take_no_longer(
        case in case(),
        instance in instance(),
        key in select(vec![
            "lanes.rasteriser",
            "lanes.corner",
            "lanes.special",
            "lanes.vector",
            "lanes.sort",
            "memory.bytes_per_clock",
            "memory.efficiency_percent",
            "memory.outstanding",
            "array.macs_8",
            "array.macs_16",
            "scratch.input.ports",
        ]),
        values in prop::array::uniform2(1u32..=4),
    ) {
        let [less, more] = [values[0].min(values[1]), values[0].max(values[1])]
            .map(|value| instance.with(key, &value.to_string()).unwrap());
        let [less, more] = [less, more].map(|instance| case.charge(&instance).clocks);
        prop_assert!(more <= less, "{key}: {more} > {less}");
    }
}

proptest! {
    #[test]
    fn a_larger_array_loses_no_more_than_it_takes_to_fill_and_drain(
        case in prop_oneof![
            case_of((Operator::Gemm, 0)),
            case_of((Operator::Gemm, 1)),
            case_of((Operator::Gemm, 2)),
        ],
        instance in instance(),
        small in prop::array::uniform2(1u32..20),
        more in prop::array::uniform2(0u32..20),
    ) {
        let with = |rows: u32, columns: u32| {
            let mut instance = instance.clone();
            (instance.array.rows, instance.array.columns) = (rows, columns);
            case.charge(&instance)
        };
        let less = with(small[0], small[1]).clocks;
        let larger = with(small[0] + more[0], small[1] + more[1]).clocks;
        let skew = 2 * u64::from(more[0] + more[1]);
        prop_assert!(larger <= less.saturating_add(skew), "{larger} > {less} + {skew}");
    }

    #[test]
    fn no_command_reduces_more_than_there_is_to_reduce_it(
        case in case(),
        instance in instance(),
    ) {
        let receipt = case.charge(&instance);
        let array = &instance.array;
        let in_a_clock = match case.command().operator() {
            Operator::Gemm => array.peak_8().max(array.peak_16()),
            _ => most_operations(&instance),
        };
        let possible = receipt.clocks.saturating_mul(in_a_clock);
        prop_assert!(receipt.operations <= possible, "{receipt:?}");
    }
}

#[test]
fn every_command_is_among_the_cases() {
    let mut runner = TestRunner::deterministic();
    for &(name, operator, mode) in COMMANDS {
        if operator == Operator::Control {
            continue;
        }
        let case = case_of((operator, mode)).new_tree(&mut runner).expect(name).current();
        assert_eq!(case.command().code(), (operator, mode), "{name}");
    }
}
