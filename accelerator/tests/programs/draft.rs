//! A program under construction: buffers are placed and filled as commands ask for them.
//!
//! Buffers are used again by later commands, or lie over each other where a program may have that:
//! so commands depend on one another in all ways.

use quintet_protocol::fault::Random;
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, Program, Repeat};
use std::ops::{Range, RangeInclusive};

/// Words of the arena: what the largest command needs, and the program.
pub const ARENA_WORDS: usize = 32 << 10;
/// Words of it that the program has, at its end.
const PROGRAM_WORDS: usize = 2 << 10;
/// How often a buffer is one that there is.
const REUSED: f64 = 0.4;
/// How often a new one lies over another.
const SHARED: f64 = 0.15;

/// Kinds of buffers that commands write.
const WRITTEN: [BufferKind; 2] = [BufferKind::Scratch, BufferKind::Output];

/// What is written to a buffer before the run.
pub type Contents = fn(&mut Random, &mut [u32]);

/// A program under construction, and its arena.
pub struct Draft {
    random: Random,
    arena: Vec<u32>,
    buffers: Vec<Buffer>,
    commands: Vec<Command>,
    /// The words that the command at hand has as operands.
    used: Vec<Range<usize>>,
    /// The first word that no buffer has.
    next: usize,
    /// Whether there was no room for a buffer.
    is_full: bool,
    /// The cursor that commands share, if there is one.
    cursor: Option<BufferId>,
}

/// A program in its arena.
pub struct Drafted {
    pub arena: Vec<u32>,
    pub buffers: Vec<Buffer>,
    pub commands: Vec<Command>,
    /// Where the program lies, in bytes.
    pub place: Range<u32>,
}

impl Drafted {
    /// Puts a program at the end of an arena, which buffers leave free.
    pub fn new(mut arena: Vec<u32>, buffers: Vec<Buffer>, commands: Vec<Command>) -> Self {
        let length = Program::encoded_len(buffers.len(), commands.len());
        let mut bytes = vec![0; length];
        let emitted = Program::emit(&buffers, &commands, &mut bytes);
        assert_eq!(emitted, Some(length));
        assert!(length / 4 <= PROGRAM_WORDS, "the program is longer than {PROGRAM_WORDS} words");
        arena[ARENA_WORDS - PROGRAM_WORDS..].fill(0);
        let start = ARENA_WORDS - length / 4;
        for (word, bytes) in arena[start..].iter_mut().zip(bytes.as_chunks().0) {
            *word = u32::from_le_bytes(*bytes);
        }
        let place = start as u32 * 4..ARENA_WORDS as u32 * 4;
        Self { arena, buffers, commands, place }
    }
}

impl Draft {
    pub fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            arena: vec![0; ARENA_WORDS],
            buffers: Vec::new(),
            commands: Vec::new(),
            used: Vec::new(),
            next: 0,
            is_full: false,
            cursor: None,
        }
    }

    /// Adds a command, unless there is no room for its buffers. Returns its index.
    pub fn add(&mut self, make: fn(&mut Self) -> Command) -> Option<u16> {
        self.used.clear();
        let (buffers, next) = (self.buffers.len(), self.next);
        let command = make(self);
        if self.is_full {
            self.buffers.truncate(buffers);
            (self.next, self.is_full) = (next, false);
            return None;
        }
        self.commands.push(command);
        Some(self.commands.len() as u16 - 1)
    }

    /// Adds the end of a loop.
    pub fn repeat(&mut self, repeat: Repeat) {
        self.commands.push(Command::Repeat(repeat));
    }

    /// The cursor that commands share, if there is one.
    pub fn cursor(&self) -> Option<BufferId> {
        self.cursor
    }

    /// What is sought of the command that was added last and has it.
    pub fn latest<T>(&self, sought: impl Fn(&Command) -> Option<T>) -> Option<T> {
        self.commands.iter().rev().find_map(sought)
    }

    /// Makes the cursor of the first command the one that commands share.
    pub fn share_cursor(&mut self) {
        if let Some(Command::NextTile(first)) = self.commands.first() {
            self.cursor = Some(first.cursor);
        }
    }

    /// The program with all that was added.
    pub fn finish(self) -> Drafted {
        Drafted::new(self.arena, self.buffers, self.commands)
    }

    /// A number in a range.
    pub fn number<T: TryFrom<u64> + Into<u64> + Copy>(&mut self, range: RangeInclusive<T>) -> T {
        let (least, greatest) = ((*range.start()).into(), (*range.end()).into());
        let number = least + self.random.below(greatest - least + 1);
        T::try_from(number).unwrap_or(*range.start())
    }

    /// One of some.
    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.below(choices.len() as u64) as usize]
    }

    /// True so often.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.random.chance(probability)
    }

    /// Any word.
    pub fn any(&mut self) -> u32 {
        self.random.next_u64() as u32
    }

    /// A buffer that the command reads.
    pub fn read(&mut self, words: usize, contents: Contents) -> BufferId {
        let kinds =
            [BufferKind::Constant, BufferKind::Input, BufferKind::Scratch, BufferKind::Output];
        self.buffer(words, &kinds, contents)
    }

    /// A buffer that the command writes, and may read.
    pub fn write(&mut self, words: usize, contents: Contents) -> BufferId {
        self.buffer(words, &WRITTEN, contents)
    }

    /// A buffer that was made for this command, so that it surely holds what it is to hold.
    pub fn fresh(&mut self, kind: BufferKind, words: usize, contents: Contents) -> BufferId {
        let start = self.next;
        self.place(kind, start, words, contents)
    }

    /// A buffer that is there; the command has it as another operand.
    pub fn again(&mut self, id: BufferId) -> BufferId {
        let range = self.range(id);
        self.used.push(range);
        id
    }

    /// Whether the command at hand has no operand where a buffer is.
    pub fn is_free(&self, id: BufferId) -> bool {
        let range = self.range(id);
        self.used.iter().all(|it| it.end <= range.start || range.end <= it.start)
    }

    /// A picture.
    pub fn frame(&mut self, [width, height]: [u16; 2]) -> BufferId {
        let length = u32::from(width) | u32::from(height) << 16;
        self.push(Buffer { kind: BufferKind::Frame, offset: 0, length })
    }

    /// Pages of so many words, so many of which fit the arena.
    pub fn streamed(&mut self, page_words: usize, slots: usize) -> BufferId {
        let kind = BufferKind::Streamed { page_words: page_words as u16 };
        self.fresh(kind, slots * (page_words + 1), |_, _| {})
    }

    /// Whether commands may write to a buffer.
    pub fn may_be_written(&self, id: BufferId) -> bool {
        let buffer = self.buffers.get(usize::from(id.0));
        buffer.is_some_and(|it| WRITTEN.contains(&it.kind))
    }

    fn buffer(&mut self, words: usize, kinds: &[BufferKind], contents: Contents) -> BufferId {
        if self.chance(REUSED)
            && let Some(id) = self.existing(words, kinds)
        {
            return self.again(id);
        }
        let kind = self.one_of(kinds);
        let may_share = [BufferKind::Input, BufferKind::Scratch, BufferKind::Output];
        let over = match kind != BufferKind::Constant && self.chance(SHARED) {
            true => self.existing(words, &may_share),
            false => None,
        };
        let start = match over {
            Some(id) => {
                let range = self.range(id);
                range.start + self.number(0..=(range.len() - words) as u64) as usize
            }
            None => self.next,
        };
        self.place(kind, start, words, contents)
    }

    /// A buffer of one of these kinds, large enough, of which the command at hand has nothing yet.
    fn existing(&mut self, words: usize, kinds: &[BufferKind]) -> Option<BufferId> {
        let ids = (0..self.buffers.len() as u16).map(BufferId);
        let will_do = |id: &BufferId| {
            kinds.contains(&self.buffers[usize::from(id.0)].kind)
                && self.range(*id).len() >= words
                && self.is_free(*id)
        };
        let ids: Vec<BufferId> = ids.filter(will_do).collect();
        match ids.is_empty() {
            true => None,
            false => Some(self.one_of(&ids)),
        }
    }

    fn place(
        &mut self,
        kind: BufferKind,
        start: usize,
        words: usize,
        contents: Contents,
    ) -> BufferId {
        let Some(to) = self.arena[..ARENA_WORDS - PROGRAM_WORDS].get_mut(start..start + words)
        else {
            self.is_full = true;
            return BufferId(0);
        };
        contents(&mut self.random, to);
        self.next = self.next.max(start + words);
        self.used.push(start..start + words);
        self.push(Buffer { kind, offset: start as u32 * 4, length: words as u32 * 4 })
    }

    fn push(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.buffers.len() as u16 - 1)
    }

    fn range(&self, id: BufferId) -> Range<usize> {
        let Some(buffer) = self.buffers.get(usize::from(id.0)) else { return 0..0 };
        let start = buffer.offset as usize / 4;
        start..start + buffer.length as usize / 4
    }
}
