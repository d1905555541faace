//! A program of one command over buffers, to be charged.

use quintet_accelerator::Instance;
use quintet_accelerator::timing::charge;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, Program};

/// An accelerator of round numbers.
pub const PLAIN: &str = r#"
name = "plain"
clock_hz = 1_000_000
overlap = true
array = { rows = 4, columns = 2, macs_8 = 1, macs_16 = 1 }
lanes = { rasteriser = 2, corner = 2, special = 1, vector = 4, sort = 2, sort_bits = 4 }
memory = { bytes_per_clock = 4, efficiency_percent = 100, latency = 10, burst_bytes = 16, outstanding = 2 }
costs = { command = 20, setup = 3, projection = 7 }
core = { clock_hz = 1_000_000, clocks_per_instruction = 1 }
[scratch]
input = { bytes = 1024, banks = 4, width = 2, ports = 1 }
weights = { bytes = 1024, banks = 4, width = 2, ports = 1 }
output = { bytes = 1024, banks = 4, width = 4, ports = 1 }
"#;

/// Buffers, and memory.
pub struct Bench {
    buffers: Vec<Buffer>,
    arena: Vec<u32>,
}

impl Bench {
    /// With nothing in it.
    pub fn new() -> Self {
        Self { buffers: Vec::new(), arena: Vec::new() }
    }

    /// Adds a buffer of these words.
    pub fn words(&mut self, words: &[u32]) -> BufferId {
        let (offset, length) = (self.arena.len() as u32 * 4, words.len() as u32 * 4);
        self.arena.extend_from_slice(words);
        self.buffer(Buffer { kind: BufferKind::Scratch, offset, length })
    }

    /// Adds a buffer of zeros.
    pub fn zeros(&mut self, words: usize) -> BufferId {
        self.words(&vec![0; words])
    }

    /// Adds a frame.
    pub fn frame(&mut self, width: u32, height: u32) -> BufferId {
        self.buffer(Buffer { kind: BufferKind::Frame, offset: 0, length: width | height << 16 })
    }

    fn buffer(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId(self.buffers.len() as u16 - 1)
    }

    /// What a command costs that came to so much.
    pub fn charge(&self, instance: &Instance, command: &Command, work: &[(Phase, u64)]) -> Receipt {
        let mut bytes = vec![0; Program::encoded_len(self.buffers.len(), 1)];
        Program::emit(&self.buffers, &[*command], &mut bytes).unwrap();
        let program = Program::new(&bytes).unwrap();
        charge(instance, &program, command, work, &self.arena)
    }
}
