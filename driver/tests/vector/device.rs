//! A command by itself: executed by the device's software, as it executes one of a program.

use quintet_firmware::backend::{Backend, Step};
use quintet_firmware::pager::Pager;
use quintet_firmware::software::Software;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, Program};

/// Steps after which a command counts as hung.
const PATIENCE: usize = 100_000;

/// Buffers and what is in them.
#[derive(Default)]
pub struct Bench {
    buffers: Vec<Buffer>,
    arena: Vec<u8>,
}

impl Bench {
    /// A buffer with these bytes.
    pub fn input(&mut self, bytes: &[u8]) -> BufferId {
        let id = self.buffer(BufferKind::Input, bytes.len());
        let start = self.buffers[usize::from(id.0)].offset as usize;
        self.arena[start..start + bytes.len()].copy_from_slice(bytes);
        id
    }

    /// A buffer to write to.
    pub fn buffer(&mut self, kind: BufferKind, bytes: usize) -> BufferId {
        let (offset, length) = (self.arena.len() as u32, bytes.next_multiple_of(4) as u32);
        self.buffers.push(Buffer { kind, offset, length });
        // What was there before is not zeros.
        self.arena.resize(self.arena.len() + length as usize, 0xA5);
        BufferId(self.buffers.len() as u16 - 1)
    }

    /// Makes a buffer one that may be written.
    pub fn writable(&mut self, id: BufferId) -> BufferId {
        self.buffers[usize::from(id.0)].kind = BufferKind::Scratch;
        id
    }

    /// An output of that many bytes.
    pub fn output(&mut self, bytes: usize) -> BufferId {
        self.buffer(BufferKind::Output, bytes)
    }

    /// Executes a command; `bytes` of the buffer that it was to write.
    pub fn run(self, command: Command, output: BufferId, bytes: usize) -> Vec<i8> {
        let mut encoded = vec![0; Program::encoded_len(self.buffers.len(), 1)];
        Program::emit(&self.buffers, &[command], &mut encoded).unwrap();
        let program = Program::new(&encoded).unwrap();
        let (words, _) = self.arena.as_chunks();
        let mut arena: Vec<u32> = words.iter().map(|&word| u32::from_le_bytes(word)).collect();
        let (mut software, mut pager) = (Software::default(), Pager::default());
        software.check(&program, 0).unwrap();
        software.take(&program, 0, &pager).unwrap();
        for _ in 0..PATIENCE {
            match software.step(&mut arena, &mut pager, &mut [], 0) {
                Step::Working(work) => assert_eq!(work.phase, Phase::Elements),
                Step::Done(None) => {
                    let start = self.buffers[usize::from(output.0)].offset as usize;
                    let arena = arena.iter().flat_map(|word| word.to_le_bytes());
                    return arena.skip(start).take(bytes).map(|byte| byte as i8).collect();
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("the command has not ended");
    }
}
