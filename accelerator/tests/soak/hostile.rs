//! Hostile descriptors, tables and registers: whatever they say, the model answers in bounded time,
//! with a receipt, a yield or an error, and writes to nothing but what the command may write to.

use crate::machine::{ARENA, Machine, PIXELS, QUEUE};
use crate::programs::commands::MAKERS;
use crate::programs::draft::{ARENA_WORDS, Draft, Drafted};
use crate::run::instance;
use quintet_accelerator::{Memory, Pace, Progress};
use quintet_protocol::accelerator::descriptor::{DESCRIPTOR_WORDS, NOTIFY, OWNED, words};
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::registers::{
    STATUS_HALTED, STATUS_READY, STATUS_STARVED, STATUS_YIELDED,
};
use quintet_protocol::fault::Random;
use quintet_protocol::program::{BUFFER_BYTES, HEADER_BYTES, Program};
use std::fmt;
use std::ops::Range;

/// Descriptors that are made of one program.
pub const OF_A_PROGRAM: u64 = 24;
/// Steps after which a command that is not done is reset: some go on for very long.
const STEPS: u32 = 200;
/// Commands of a program.
const COMMANDS: u8 = 4;
/// Words of a buffer's record.
const RECORD_WORDS: usize = BUFFER_BYTES / 4;

/// How many descriptors came to what.
#[derive(Default)]
pub struct Tally {
    pub descriptors: u64,
    pub completed: u64,
    /// By code.
    pub halted: [u64; 5],
    pub yielded: u64,
    /// Reset before they were done.
    pub cut_short: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.descriptors += other.descriptors;
        self.completed += other.completed;
        self.halted.iter_mut().zip(other.halted).for_each(|(sum, other)| *sum += other);
        self.yielded += other.yielded;
        self.cut_short += other.cut_short;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptors, completed, yielded, cut_short, .. } = self;
        let [_, command, operand, bus, _] = self.halted;
        writeln!(f, "{descriptors} hostile descriptors: {completed} completed, {yielded} yields,")?;
        writeln!(f, "refused: {command} commands, {operand} operands, {bus} for memory;")?;
        writeln!(f, "{cut_short} reset before their end; no stray write, no hang")
    }
}

/// Plays [`OF_A_PROGRAM`] hostile descriptors of this seed.
pub fn play(seed: u64) -> Tally {
    let mut random = Random::new(seed);
    let drafted = draft(seed);
    let mut instance = instance(seed);
    if random.chance(0.8) {
        instance.capabilities.without.clear();
    }
    instance.pace = Pace::Instant;
    let mut tally = Tally::default();
    let mut machine = Machine::new(instance);
    for number in 0..OF_A_PROGRAM {
        let attack = Attack::new(&drafted, &mut machine, &mut random);
        attack.play(&mut machine, &mut random, &mut tally, &format!("seed {seed}, {number}"));
    }
    tally
}

fn draft(seed: u64) -> Drafted {
    let mut draft = Draft::new(seed);
    for _ in 0..COMMANDS {
        let (_, make) = draft.one_of(&MAKERS);
        draft.add(make);
    }
    draft.finish()
}

/// A descriptor in the queue, a table in the arena, and what either may be.
struct Attack {
    before: Vec<u32>,
    /// Words of the arena that the command may write to.
    written: Vec<Range<usize>>,
}

impl Attack {
    /// Puts it into memory and registers.
    fn new(drafted: &Drafted, machine: &mut Machine, random: &mut Random) -> Self {
        let mut before = drafted.arena.clone();
        let program = bytemuck::cast_slice(&drafted.arena[drafted.place.start as usize / 4..]);
        let program = Program::new(program).expect("a program");
        let index = random.below(program.command_count() as u64) as u16;
        let mut descriptor = program.record(index).map_or([0; DESCRIPTOR_WORDS], words);
        descriptor[0] |= OWNED | NOTIFY | u32::from(index) << 16;
        let table = drafted.place.start as usize + HEADER_BYTES;
        let records = drafted.buffers.len() * RECORD_WORDS;
        for _ in 0..random.below(4) {
            let word = random.below(DESCRIPTOR_WORDS as u64) as usize;
            descriptor[word] = changed(descriptor[word], random);
        }
        for _ in 0..random.below(3) {
            let word = table / 4 + random.below(records as u64) as usize;
            before[word] = changed(before[word], random);
        }
        if random.chance(0.05) {
            descriptor = std::array::from_fn(|_| random.next_u64() as u32);
            descriptor[0] |= OWNED;
        }
        let written = written(&descriptor, &before[table / 4..table / 4 + records]);
        let registers = [
            (at::TAIL, 0),
            (at::RESUMED, 0),
            (at::EVENT_ENABLE, 7),
            (at::RESET, machine.model.read(at::RESET_DONE).wrapping_add(1)),
            (at::QUEUE_BASE, QUEUE.0),
            (at::QUEUE_SLOTS, 4),
            (at::ARENA_BASE, ARENA.0),
            (at::ARENA_BYTES, ARENA_WORDS as u32 * 4),
            (at::TABLE_OFFSET, table as u32),
            (at::TABLE_COUNT, drafted.buffers.len() as u32),
            (at::PIXELS_BASE, PIXELS.0),
            (at::PIXELS_BYTES, PIXELS.1 as u32 * 4),
        ];
        for (register, value) in registers {
            machine.model.write(register, value);
        }
        let (queue, arena) = ([(QUEUE.0, &descriptor[..])], [(ARENA.0, &before[..])]);
        for (base, words) in queue.into_iter().chain(arena) {
            let to = machine.memory.words(base, words.len()).expect("memory");
            to.copy_from_slice(words);
        }
        if random.chance(0.1) {
            let (register, value) = registers[4 + random.below(8) as usize];
            machine.model.write(register, changed(value, random));
        }
        machine.model.write(at::TAIL, if random.chance(0.95) { 1 } else { changed(1, random) });
        Self { before, written }
    }

    /// Lets the model work on it, and deals with what it asks for, in one way or another.
    fn play(self, machine: &mut Machine, random: &mut Random, tally: &mut Tally, name: &str) {
        tally.descriptors += 1;
        let mut is_over = false;
        for _ in 0..STEPS {
            let progress = machine.model.step(&mut machine.memory);
            let status = machine.model.read(at::STATUS);
            if progress == Progress::Working {
                continue;
            }
            if status & STATUS_YIELDED != 0 {
                tally.yielded += 1;
                machine.model.write(at::RESUMED, machine.model.read(at::YIELDS));
            } else if status & STATUS_STARVED != 0 {
                self.bring(machine, random);
            } else {
                is_over = true;
                break;
            }
        }
        let status = machine.model.read(at::STATUS);
        if status & STATUS_HALTED != 0 {
            let code = machine.model.read(at::ERROR) as u16;
            assert!((1..=3).contains(&code), "{name}: code {code}");
            tally.halted[usize::from(code)] += 1;
        } else if is_over {
            tally.completed += 1;
        } else {
            tally.cut_short += 1;
        }
        self.check(machine, name);
        machine.model.write(at::TAIL, 0);
        machine.model.write(at::RESET, machine.model.read(at::RESET_DONE).wrapping_add(1));
        assert_eq!(machine.model.read(at::STATUS), STATUS_READY, "{name}");
    }

    /// Makes words that pages are waited for hold their numbers, or anything.
    fn bring(&self, machine: &mut Machine, random: &mut Random) {
        let page = machine.model.read(at::YIELD_2).wrapping_add(1);
        for range in &self.written {
            let place = range.start + random.below(4) as usize;
            let page = if random.chance(0.8) { page } else { random.below(9) as u32 };
            let words = machine.memory.words(ARENA.0, ARENA_WORDS).expect("memory");
            if range.contains(&place) {
                words[place] = page;
            }
        }
        machine.model.write(at::NUDGE, machine.model.read(at::NUDGE).wrapping_add(1));
    }

    /// Panics if anything changed that the command may not write to.
    fn check(&self, machine: &mut Machine, name: &str) {
        let after = machine.memory.words(ARENA.0, ARENA_WORDS).expect("memory");
        if *after == self.before[..] {
            return;
        }
        let stray = (0..ARENA_WORDS).find(|word| {
            let may = self.written.iter().any(|range| range.contains(word));
            after[*word] != self.before[*word] && !may
        });
        assert_eq!(stray, None, "{name}: a word was written that is none of the command's");
    }
}

/// A word with a change: small, of a bit, of a half, or altogether.
fn changed(word: u32, random: &mut Random) -> u32 {
    let any = random.next_u64() as u32;
    match random.below(6) {
        0 => word.wrapping_add(any % 9).wrapping_sub(4),
        1 => word ^ 1 << (any % 32),
        2 => word & 0xFFFF | any << 16,
        3 => word & 0xFFFF_0000 | any >> 16,
        4 => [0, 1, u32::MAX, i32::MAX as u32, 1 << 31, 0xFFFC][any as usize % 6],
        _ => any,
    }
}

/// The words that a command may write to: of its operands those that are outputs, scratch, or
/// streamed.
fn written(descriptor: &[u32; DESCRIPTOR_WORDS], table: &[u32]) -> Vec<Range<usize>> {
    let operands = descriptor[1..5].iter().flat_map(|word| [word & 0xFFFF, word >> 16]);
    let records = table.as_chunks::<RECORD_WORDS>().0;
    let records = operands.filter_map(|number| records.get(number as usize));
    let written = records.filter(|[_, _, kind]| matches!(kind & 0xFF, 2 | 3 | 5));
    written
        .map(|[offset, length, _]| {
            let start = *offset as usize / 4;
            start..start + *length as usize / 4
        })
        .collect()
}
