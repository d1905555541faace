//! A plan of the arena: where each buffer lies.

use super::{CameraKind, CameraSlot, Placed};
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, Program};

/// Places buffers one after another.
#[derive(Default)]
pub struct Plan {
    /// In the order of their numbers.
    pub buffers: Vec<Buffer>,
    /// Where the next one goes, bytes.
    pub next: usize,
    /// Bytes in use at most.
    pub peak: usize,
}

impl Plan {
    /// A plan that begins after a program of so many records.
    pub fn after_program(buffers: usize, commands: usize) -> Self {
        Self { next: Program::encoded_len(buffers, commands), ..Self::default() }
    }

    /// Places a buffer.
    pub fn add(&mut self, kind: BufferKind, words: usize) -> BufferId {
        let buffer = Buffer { kind, offset: self.next as u32, length: (words * 4) as u32 };
        self.next += words * 4;
        self.peak = self.peak.max(self.next);
        self.push(buffer)
    }

    /// Takes a buffer as it is.
    pub fn push(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId((self.buffers.len() - 1) as u16)
    }

    /// Byte offset of a buffer.
    pub fn offset(&self, id: BufferId) -> u32 {
        self.buffers[usize::from(id.0)].offset
    }

    /// The camera, in the form that a buffer wants it.
    pub fn camera(&self, id: BufferId, kind: CameraKind) -> CameraSlot {
        CameraSlot { offset: self.offset(id), kind }
    }

    /// Takes the picture.
    pub fn frame(&mut self, width: u16, height: u16) -> BufferId {
        let length = u32::from(width) | u32::from(height) << 16;
        self.push(Buffer { kind: BufferKind::Frame, offset: 0, length })
    }

    /// The encoded program of these buffers.
    pub fn program(&self, commands: &[Command]) -> Vec<u8> {
        let mut program = vec![0; Program::encoded_len(self.buffers.len(), commands.len())];
        Program::emit(&self.buffers, commands, &mut program).expect("the length was computed");
        program
    }

    /// Words that go where a buffer is.
    pub fn constant(&self, name: &'static str, id: BufferId, words: &[u32]) -> Placed {
        Placed { name, offset: self.offset(id), bytes: to_bytes(words) }
    }
}

/// Words as they lie in the arena.
pub fn to_bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}
