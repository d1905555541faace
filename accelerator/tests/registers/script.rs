//! Reads a case and plays it.

use crate::machine::{ARENA, Machine, PIXELS, QUEUE};
use quintet_accelerator::{Instance, Memory};
use quintet_protocol::accelerator::descriptor::header;
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::registers::REGISTERS;

/// An accelerator with room for whatever a case asks of it, and one without.
const ROOMY: &str = "edge";
const SMALL: &str = "tiny-ecp5";
/// Operator and mode of `Vector.Fill`.
const FILL: u32 = 5 | 7 << 8;
/// No buffer, twice.
const NO_BUFFERS: u32 = u32::MAX;

/// What `setup` writes.
const REGISTERS_OF_SETUP: [(u32, u32); 9] = [
    (at::QUEUE_BASE, QUEUE.0),
    (at::QUEUE_SLOTS, 4),
    (at::ARENA_BASE, ARENA.0),
    (at::ARENA_BYTES, ARENA.1 as u32 * 4),
    (at::TABLE_OFFSET, TABLE),
    (at::TABLE_COUNT, RECORDS.len() as u32),
    (at::PIXELS_BASE, PIXELS.0),
    (at::PIXELS_BYTES, PIXELS.1 as u32 * 4),
    (at::EVENT_ENABLE, 7),
];
const TABLE: u32 = 0x40;
const RECORDS: [[u32; 3]; 8] = [
    [0x1000, 0x40, 3],
    [0x1040, 0x40, 0],
    [0, 20 | 12 << 16, 4],
    [0x7_FFF0, 0x20, 3],
    [0x1082, 0x40, 3],
    [0x2000, 0x2_0000, 2],
    [0x1100, 0x68, 5 | 12 << 16],
    [0x3_0000, 0x2_4000, 0],
];

/// Plays a case; panics at the line that is not as it says.
pub fn play(text: &str) {
    let lines: Vec<(usize, Vec<&str>)> = text
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let line = line.split('#').next().unwrap_or_default();
            (number + 1, line.split_whitespace().collect())
        })
        .filter(|(_, words): &(_, Vec<_>)| !words.is_empty())
        .collect();
    let is_option = |words: &[&str]| ["pace", "small", "without"].contains(&words[0]);
    let options = lines.iter().take_while(|(_, words)| is_option(words)).count();
    let (options, lines) = lines.split_at(options);
    let mut spec = ROOMY.to_owned();
    for (_, words) in options {
        match words[..] {
            [key, value] => spec += &format!(",{key}={value}"),
            _ => spec = spec.replace(ROOMY, SMALL),
        }
    }
    let instance = Instance::from_spec(&spec).expect("the set-up of a case");
    let machine = Machine::new(instance.expect("an accelerator"));
    Player { machine, number: 0, noted: 0 }.all(lines);
}

struct Player {
    machine: Machine,
    /// What `$` stands for.
    number: u32,
    /// What a register was that was noted.
    noted: u32,
}

impl Player {
    fn all(&mut self, lines: &[(usize, Vec<&str>)]) {
        let mut rest = lines;
        while let [(line, words), behind @ ..] = rest {
            rest = behind;
            if words[0] == "repeat" {
                let length = behind.iter().position(|(_, it)| it[0] == "end").expect("an end");
                let from = self.value(words[2]);
                for number in from..from + self.value(words[1]) {
                    self.number = number;
                    self.all(&behind[..length]);
                }
                rest = &behind[length + 1..];
            } else {
                self.line(*line, words);
            }
        }
    }

    fn line(&mut self, line: usize, words: &[&str]) {
        let said = || format!("line {line}: {}", words.join(" "));
        let given = &words[1..];
        match words[0] {
            "setup" => self.setup(),
            "write" => self.machine.model.write(self.value(given[0]), self.value(given[1])),
            "read" => {
                let found = self.machine.model.read(self.value(given[0]));
                let mask = given.get(2).map_or(u32::MAX, |it| self.value(it));
                assert_eq!(found & mask, self.value(given[1]), "{}, found {found:#x}", said());
            }
            "note" => self.noted = self.machine.model.read(self.value(given[0])),
            "same" | "more" => {
                let found = self.machine.model.read(self.value(given[0]));
                let is_same = found == self.noted;
                assert_eq!(is_same, words[0] == "same", "{}, found {found}", said());
            }
            "poke" => {
                for (place, word) in (self.value(given[0])..).step_by(4).zip(&given[1..]) {
                    assert!(self.machine.memory.write(place, self.value(word)), "{}", said());
                }
            }
            "peek" => {
                for (place, word) in (self.value(given[0])..).step_by(4).zip(&given[1..]) {
                    let found = self.machine.memory.read(place).expect("memory");
                    let is_right = *word == "*" || found == self.value(word);
                    assert!(is_right, "{}: at {place:#x} is {found:#x}", said());
                }
            }
            "fill" => self.fill(&given.iter().map(|it| self.value(it)).collect::<Vec<_>>()),
            "doorbell" => self.machine.model.write(at::TAIL, self.value(given[0])),
            "work" => drop(self.machine.work()),
            "finish" => self.machine.finish(),
            "pass" => {
                let Machine { model, memory } = &mut self.machine;
                let clocks = given[0].parse().expect("a number of clocks");
                model.pass(clocks, memory);
            }
            "line" => {
                assert_eq!(self.machine.model.interrupts(), given[0] == "1", "{}", said());
            }
            _ => panic!("{}: not a word of a case", said()),
        }
    }

    fn setup(&mut self) {
        for (register, value) in REGISTERS_OF_SETUP {
            self.machine.model.write(register, value);
        }
        for (place, word) in (ARENA.0 + TABLE..).step_by(4).zip(RECORDS.as_flattened()) {
            assert!(self.machine.memory.write(place, *word));
        }
    }

    fn fill(&mut self, given: &[u32]) {
        let or = |place: usize, other| given.get(place).copied().unwrap_or(other);
        let (number, slots) = (given[0], self.machine.model.read(at::QUEUE_SLOTS));
        let (index, buffer, count) = (or(1, 0), or(2, 0), or(3, 4));
        let mut descriptor = [0; 16];
        descriptor[0] = header(FILL, index as u16, true);
        descriptor[1..5].fill(NO_BUFFERS);
        descriptor[1] = buffer | 0xFFFF << 16;
        descriptor[5..7].copy_from_slice(&[count, number & 0xFF]);
        let slot = QUEUE.0 + number % slots * 64;
        for (place, word) in (slot..).step_by(4).zip(descriptor) {
            assert!(self.machine.memory.write(place, word), "no room for a descriptor");
        }
    }

    /// A number, the name of a register or of a place, or one of these and a number.
    fn value(&self, word: &str) -> u32 {
        match word.split_once('+') {
            Some((name, more)) => self.value(name) + self.value(more),
            None if word == "$" => self.number,
            None => named(word).unwrap_or_else(|| number(word)),
        }
    }
}

fn named(word: &str) -> Option<u32> {
    let places = [("queue", QUEUE.0), ("arena", ARENA.0), ("pixels", PIXELS.0)];
    let registers = REGISTERS.iter().map(|&(name, offset, _)| (name, offset));
    registers.chain(places).find(|&(name, _)| name == word).map(|(_, value)| value)
}

fn number(word: &str) -> u32 {
    let number = match word.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => word.parse(),
    };
    number.unwrap_or_else(|_| panic!("{word:?} is no number and no name"))
}
