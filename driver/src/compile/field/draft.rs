//! A program in the making: buffers without places, and commands that say which of them they touch.

use std::collections::HashMap;

use crate::compile::Placed;
use crate::compile::network::{Item, Relations, place};
use crate::compile::plan::{Plan, to_bytes};
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command};

/// What a buffer is to be.
enum Wanted<'a> {
    /// What does not change.
    Constant(&'static str, &'a [u32]),
    /// So many words that the driver writes before a run.
    Input(usize),
    /// So many words that hold something from the first command that touches them to the last.
    Scratch(usize),
    /// So many words that hold something all the time.
    Kept(usize),
    /// Words of another buffer.
    Part { of: BufferId, first: usize, words: usize },
    /// The picture, by its columns and rows.
    Frame([u16; 2]),
}

/// A program in the making.
#[derive(Default)]
pub struct Draft<'a> {
    wanted: Vec<Wanted<'a>>,
    commands: Vec<Command>,
    /// First and last command that touches a buffer.
    lives: HashMap<BufferId, [usize; 2]>,
}

/// A program and where its buffers lie.
pub struct Drafted {
    /// The encoded program.
    pub program: Vec<u8>,
    /// Constants and where they go.
    pub constants: Vec<Placed>,
    /// Byte offsets of the buffers, by their numbers.
    pub offsets: Vec<u32>,
    /// Bytes of arena in use.
    pub bytes: usize,
}

impl<'a> Draft<'a> {
    fn want(&mut self, wanted: Wanted<'a>) -> BufferId {
        self.wanted.push(wanted);
        BufferId((self.wanted.len() - 1) as u16)
    }

    /// A buffer of words that do not change.
    pub fn constant(&mut self, name: &'static str, words: &'a [u32]) -> BufferId {
        self.want(Wanted::Constant(name, words))
    }

    /// A buffer that the driver writes.
    pub fn input(&mut self, words: usize) -> BufferId {
        self.want(Wanted::Input(words))
    }

    /// A buffer whose contents last from the first command that touches it to the last.
    pub fn scratch(&mut self, words: usize) -> BufferId {
        self.want(Wanted::Scratch(words))
    }

    /// A buffer whose contents last from one turn of a loop to the next.
    pub fn kept(&mut self, words: usize) -> BufferId {
        self.want(Wanted::Kept(words))
    }

    /// Some words of another buffer, as one of their own.
    pub fn part(&mut self, of: BufferId, first: usize, words: usize) -> BufferId {
        self.want(Wanted::Part { of, first, words })
    }

    /// The picture.
    pub fn frame(&mut self, size: [u16; 2]) -> BufferId {
        self.want(Wanted::Frame(size))
    }

    /// Adds a command, which touches these buffers; returns its index.
    pub fn push(&mut self, command: Command, touched: &[BufferId]) -> u16 {
        let index = self.commands.len();
        for id in touched {
            self.lives.entry(*id).or_insert([index; 2])[1] = index;
        }
        self.commands.push(command);
        index as u16
    }

    /// Places all buffers.
    pub fn finish(&self) -> Drafted {
        let last = self.commands.len();
        let mut plan = Plan::after_program(self.wanted.len(), last);
        let mut items = Vec::new();
        let mut numbers = HashMap::new();
        for (number, wanted) in self.wanted.iter().enumerate() {
            let whole = [0, last];
            let (words, [first, last]) = match *wanted {
                Wanted::Scratch(words) => {
                    let id = BufferId(number as u16);
                    (words, self.lives.get(&id).copied().unwrap_or([0, 0]))
                }
                Wanted::Kept(words) | Wanted::Input(words) => (words, whole),
                Wanted::Constant(..) | Wanted::Part { .. } | Wanted::Frame(_) => continue,
            };
            numbers.insert(number, items.len());
            items.push(Item { bytes: words * 4, first, last });
        }
        let constants: usize = self.wanted.iter().map(Wanted::constant_bytes).sum();
        let start = plan.next + constants;
        let placement = place(&items, &Relations::new());
        for (number, wanted) in self.wanted.iter().enumerate() {
            let mut at = |kind, words: usize| {
                let offset = (start + placement.offsets[numbers[&number]]) as u32;
                plan.push(Buffer { kind, offset, length: (words * 4) as u32 })
            };
            match *wanted {
                Wanted::Constant(_, words) => plan.add(BufferKind::Constant, words.len()),
                Wanted::Input(words) => at(BufferKind::Input, words),
                Wanted::Scratch(words) | Wanted::Kept(words) => at(BufferKind::Scratch, words),
                Wanted::Part { of, first, words } => {
                    let offset = plan.offset(of) + (first * 4) as u32;
                    let length = (words * 4) as u32;
                    plan.push(Buffer { kind: BufferKind::Scratch, offset, length })
                }
                Wanted::Frame([width, height]) => plan.frame(width, height),
            };
        }
        let ids = (0..self.wanted.len()).map(|number| BufferId(number as u16));
        let offsets: Vec<u32> = ids.map(|id| plan.offset(id)).collect();
        let placed =
            self.wanted.iter().zip(&offsets).filter_map(|(wanted, &offset)| match wanted {
                Wanted::Constant(name, words) => {
                    Some(Placed { name, offset, bytes: to_bytes(words) })
                }
                _ => None,
            });
        Drafted {
            program: plan.program(&self.commands),
            constants: placed.collect(),
            bytes: start + placement.peak,
            offsets,
        }
    }
}

impl Wanted<'_> {
    fn constant_bytes(&self) -> usize {
        match self {
            Self::Constant(_, words) => words.len() * 4,
            _ => 0,
        }
    }
}
