//! A case: one command, memory before and after, as a core alone has it.

use crate::programs::commands::{self, Maker};
use crate::programs::device::{Made, execute};
use crate::programs::draft::{Draft, Drafted};
use quintet_firmware::software::Software;
use quintet_protocol::accelerator::descriptor::{DESCRIPTOR_WORDS, header, words};
use quintet_protocol::message::Outcome;
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, HEADER_BYTES, Program};
use std::collections::BTreeMap;
use std::ops::Range;

/// A command that has something to do, and what comes of it.
pub struct Case {
    /// What it was made of.
    pub seed: u64,
    /// Bytes of the arena up to the end of the last buffer.
    pub buffer_bytes: u32,
    /// Where in the arena the records of the program's buffers begin, in bytes, and how many there
    /// are.
    pub table: [u32; 2],
    pub descriptor: [u32; DESCRIPTOR_WORDS],
    /// All words of the arena.
    pub before: Vec<u32>,
    pub after: Vec<u32>,
    /// Words that may hold anything afterwards.
    pub free: Vec<Range<usize>>,
    /// The bytes of each page that was asked for, by number.
    pub pages: BTreeMap<u32, u32>,
    /// Rectangles of pixels as they came: buffer, x, y, width, bytes.
    pub pixels: Vec<(u16, u16, u16, u16, Vec<u8>)>,
}

impl Case {
    /// The case of a command that a seed makes, unless there is nothing to do, or an accelerator
    /// that does nothing would pass it.
    pub fn new(one: (&str, Maker), seed: u64) -> Option<Self> {
        let mut draft = Draft::new(seed);
        commands::add(&mut draft, one)?;
        let drafted = last(draft.finish());
        let made = run(&drafted);
        if !made.has_worked(0, &drafted.commands[0]) {
            return None;
        }
        let Made { told, arena, pages } = made;
        let free = free(&drafted);
        let case = Self {
            seed,
            buffer_bytes: end(&drafted.buffers),
            table: [drafted.place.start + HEADER_BYTES as u32, drafted.buffers.len() as u32],
            descriptor: descriptor(&drafted),
            before: drafted.arena,
            after: arena,
            free,
            pages: pages.into_iter().collect(),
            pixels: told.pixels,
        };
        (case.effect() > 0).then_some(case)
    }

    /// Words that change, and pixels.
    pub fn effect(&self) -> usize {
        let words = (0..self.before.len()).filter(|&word| self.has_changed(word)).count();
        words + self.pixels.iter().map(|(.., bytes)| bytes.len() / 3).sum::<usize>()
    }

    /// Whether a word has to be another one afterwards.
    pub fn has_changed(&self, word: usize) -> bool {
        let is_free = self.free.iter().any(|range| range.contains(&word));
        self.before[word] != self.after[word] && !is_free
    }
}

/// Bytes of the arena up to the end of the last of some buffers.
fn end(buffers: &[Buffer]) -> u32 {
    let placed = buffers.iter().filter(|buffer| buffer.kind != BufferKind::Frame);
    placed.map(|buffer| buffer.offset + buffer.length).max().unwrap_or(0)
}

/// The last command as a program, on the arena that those before it leave.
fn last(drafted: Drafted) -> Drafted {
    let Drafted { mut arena, buffers, mut commands, .. } = drafted;
    let last = commands.split_off(commands.len() - 1);
    if !commands.is_empty() {
        arena = run(&Drafted::new(arena, buffers.clone(), commands)).arena;
    }
    Drafted::new(arena, buffers, last)
}

/// What a core alone makes of it.
fn run(drafted: &Drafted) -> Made {
    let made = execute(drafted, Software::default()).expect("what makers make is accepted");
    assert_eq!(made.told.outcome, Some(Outcome::Completed));
    made
}

/// The only command as it is handed over.
fn descriptor(drafted: &Drafted) -> [u32; DESCRIPTOR_WORDS] {
    let program = bytemuck::cast_slice(&drafted.arena[drafted.place.start as usize / 4..]);
    let program = Program::new(program).expect("a program");
    let mut descriptor = words(program.record(0).expect("a command"));
    descriptor[0] = header(descriptor[0], 0, true);
    descriptor
}

/// The words that the contract leaves to the accelerator: slots of pages, and scratch.
fn free(drafted: &Drafted) -> Vec<Range<usize>> {
    let scratch = drafted.commands.iter().flat_map(|command| match command {
        Command::Convolve(it) => vec![it.scratch],
        Command::ConvolveDepthwise(it) => vec![it.scratch],
        Command::Dense(it) => vec![it.scratch],
        Command::Perceptron(it) => vec![it.scratch],
        Command::Add(it) => vec![it.scratch],
        Command::Sort(it) => vec![it.scratch, it.histogram],
        _ => Vec::new(),
    });
    let scratch: Vec<BufferId> = scratch.collect();
    let is_free = |(id, buffer): &(u16, &Buffer)| {
        matches!(buffer.kind, BufferKind::Streamed { .. }) || scratch.contains(&BufferId(*id))
    };
    let free = (0..).zip(&drafted.buffers).filter(is_free);
    free.map(|(_, buffer)| {
        let first = buffer.offset as usize / 4;
        first..first + buffer.length as usize / 4
    })
    .collect()
}
