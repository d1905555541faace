//! Programs of one command: they are refused, or end and write nothing but what they may.

use quintet_firmware::backend::{Backend, Step};
use quintet_firmware::pager::Pager;
use quintet_firmware::software::Software;
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Fault, Program, ProgramError,
};

/// Steps in which a command of these sizes must end.
const STEPS: usize = 100_000;
/// What is nobody's must stay as it is.
const NOBODYS: u32 = 0xA5A5_A5A5;

/// Contents of buffers, one after another; constants unless they are written.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    buffers: Vec<Buffer>,
    words: Vec<u32>,
}

impl Arena {
    /// A buffer that is only read.
    pub fn constant(&mut self, words: &[u32]) -> BufferId {
        self.push(BufferKind::Constant, words)
    }

    /// A buffer that may be written.
    pub fn scratch(&mut self, words: &[u32]) -> BufferId {
        self.push(BufferKind::Scratch, words)
    }

    fn push(&mut self, kind: BufferKind, words: &[u32]) -> BufferId {
        let (offset, length) = (self.words.len() as u32 * 4, words.len() as u32 * 4);
        self.words.extend(words);
        self.words.push(NOBODYS);
        self.buffers.push(Buffer { kind, offset, length });
        BufferId(self.buffers.len() as u16 - 1)
    }

    /// Words of a buffer.
    pub fn words(&self, id: BufferId) -> &[u32] {
        let Buffer { offset, length, .. } = self.buffers[usize::from(id.0)];
        &self.words[offset as usize / 4..][..length as usize / 4]
    }

    /// Executes a command; panics if it does not end, or writes what it may not.
    pub fn execute(&mut self, command: Command) -> Result<(), Fault> {
        let mut bytes = vec![0; Program::encoded_len(self.buffers.len(), 1)];
        Program::emit(&self.buffers, &[command], &mut bytes).unwrap();
        let program = Program::new(&bytes).unwrap();
        let fault = |error| match error {
            ProgramError::BadCommand { fault, .. } => fault,
            other => panic!("{other}"),
        };
        let parsed = program.command(0).map_err(fault)?;
        assert_eq!(parsed, command);
        let mut backend = Software::default();
        backend.check(&program, 0).map_err(fault)?;
        backend.take(&program, 0, &Pager::default()).map_err(fault)?;
        let before = self.words.clone();
        let mut steps = 0..STEPS;
        while backend.step(&mut self.words, &mut Pager::default(), &mut [], 0) != Step::Done(None) {
            assert!(steps.next().is_some(), "it does not end");
        }
        let mut is_written = vec![false; before.len()];
        for buffer in self.buffers.iter().filter(|it| it.kind == BufferKind::Scratch) {
            let first = buffer.offset as usize / 4;
            is_written[first..first + buffer.length as usize / 4].fill(true);
        }
        let same = before.iter().zip(&self.words).zip(is_written);
        assert!(same.into_iter().all(|((a, b), is_written)| is_written || a == b));
        Ok(())
    }
}

/// The halves of words.
pub fn halves(words: &[u32]) -> Vec<i16> {
    words.iter().flat_map(|word| [*word as i16, (*word >> 16) as i16]).collect()
}

/// Numbers that look random, the same for the same seed (xorshift64*).
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub fn word(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }

    pub fn words(&mut self, count: usize) -> Vec<u32> {
        (0..count).map(|_| self.word()).collect()
    }
}
