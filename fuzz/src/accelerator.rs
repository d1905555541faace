//! The mmio backend: whatever an accelerator says in its registers, its slots and its pixels, the
//! run ends or can be ended, nothing but the program's buffers is written, and the device answers.

use std::sync::atomic::Ordering;

use crate::world::{Answer, World, stray_write};
use quintet_firmware::Memory;
use quintet_firmware::mmio::{Accelerator, Mmio, Shared};
use quintet_protocol::accelerator::descriptor::OWNED;
use quintet_protocol::accelerator::registers::{
    CAPABILITIES, EVENTS, HEAD, IDENTIFICATION, PROGRESS, QUEUE_MAX, RESET, RESET_DONE, SPAN_BYTES,
    STATUS, VERSION, YIELD_REASON, YIELDS,
};
use quintet_protocol::accelerator::{MAGIC, VERSION as OUR_VERSION};
use quintet_protocol::gaussian::{CAMERA_WORDS, CHUNK_WORDS, SPLAT_WORDS};
use quintet_protocol::message::{Request, Status};
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Fill, NextTile, Program, ProjectWindow, RegionGrid,
    ResolveTile,
};
use quintet_protocol::tile::CURSOR_WORDS;
use quintet_protocol::window::{BOUNDS_WORDS, WINDOW_WORDS};

/// Polls after which a run that has not ended is aborted.
const POLLS: u32 = 400;
/// Polls in which an aborted run must have ended.
const ABORTED_POLLS: u32 = 50;
/// Splats of a window.
const CAPACITY: u32 = 1024;
const FRAME: [u16; 2] = [16, 8];

/// The first byte says which commands the accelerator executes, and whether it can be reset; the
/// others are what it does, turn by turn.
pub fn run(data: &[u8]) {
    let shared = Shared::new();
    let (buffers, program) = program();
    let (mut memory, mut arena) = (Memory::new(), program.clone());
    let backend = Mmio::new(Some(Liar::new(data, &shared)), &shared);
    let mut world = World::with_backend(&mut memory, &mut arena, backend);
    world.connect();
    let length = Program::encoded_len(buffers.len(), commands().len()) as u32;
    assert_eq!(world.call(Request::Install { offset: 0, length }), Answer::Done);
    for _ in 0..2 {
        world.start();
        for _ in 0..POLLS {
            if world.told.outcome.is_none() {
                world.turn();
            }
        }
        if world.told.outcome.is_none() {
            assert_eq!(world.call(Request::Abort), Answer::Done);
            world.finish(ABORTED_POLLS);
        }
        let status = world.call(Request::Status);
        assert!(matches!(status, Answer::Status(Status { running: None, pages_wanted: 0, .. })));
    }
    drop(world);
    if let Some(word) = stray_write(&buffers, &program, &arena) {
        panic!("word {word} was written");
    }
}

/// An accelerator that does what some bytes say.
struct Liar<'a> {
    data: std::slice::Iter<'a, u8>,
    shared: &'a Shared,
    registers: [u32; SPAN_BYTES as usize / 4],
    /// How often it can be reset.
    resets: u32,
}

impl<'a> Liar<'a> {
    fn new(data: &'a [u8], shared: &'a Shared) -> Self {
        let mut data = data.iter();
        let first = data.next().copied().unwrap_or_default();
        let resets = if first & 0x81 == 0x81 { 1 } else { u32::MAX };
        let registers = [0; SPAN_BYTES as usize / 4];
        let mut liar = Self { data, shared, registers, resets };
        let modes = if first & 1 == 0 { u32::MAX } else { u32::from(first >> 1) * 0x0101_0101 };
        for (register, value) in [
            (IDENTIFICATION, MAGIC),
            (VERSION, OUR_VERSION),
            (QUEUE_MAX, 8),
            (CAPABILITIES, modes),
            (CAPABILITIES + 20, modes),
        ] {
            *liar.register(register) = value;
        }
        liar
    }

    fn register(&mut self, offset: u32) -> &mut u32 {
        &mut self.registers[offset as usize / 4]
    }

    fn count(&mut self, offset: u32) {
        let register = self.register(offset);
        *register = register.wrapping_add(1);
    }

    fn byte(&mut self) -> u32 {
        self.data.next().copied().unwrap_or_default().into()
    }

    fn word(&mut self) -> u32 {
        u32::from_le_bytes([0; 4].map(|_: u8| self.byte() as u8))
    }

    /// A number that is small, or any.
    fn number(&mut self) -> u32 {
        match self.byte() {
            0xFF => self.word(),
            byte => byte,
        }
    }

    /// Gives the next slot back as an accelerator should.
    fn complete(&mut self) {
        let queue = &self.shared.queue;
        let head = self.register(HEAD);
        queue[*head as usize % queue.len()][0].fetch_and(!OWNED, Ordering::Release);
        *head = head.wrapping_add(1);
    }

    fn ask(&mut self) {
        for number in 0..5 {
            // Pairs of numbers are common, and so are those of one.
            let [low, high] = [self.number(), self.number()];
            *self.register(YIELD_REASON + 4 * number) = low | high << 16;
        }
        self.count(YIELDS);
    }
}

impl Accelerator for Liar<'_> {
    fn read(&mut self, offset: u32) -> u32 {
        *self.register(offset)
    }

    fn write(&mut self, offset: u32, value: u32) {
        *self.register(offset) = value;
        if offset == RESET && self.resets > 0 {
            self.resets -= 1;
            for register in [HEAD, YIELDS, STATUS] {
                *self.register(register) = 0;
            }
            *self.register(RESET_DONE) = value;
        }
    }

    fn barrier(&mut self) {}

    fn lend(&mut self, _: &mut [u32]) {
        let Some(&what) = self.data.next() else { return };
        match what % 8 {
            0 => self.complete(),
            1 => self.ask(),
            2 => {
                let (register, value) = (self.byte() % 0x40 * 4, self.number());
                *self.register(register) = value;
            }
            3 => {
                let (slot, place, value) = (self.byte() % 8, self.byte() % 16, self.word());
                self.shared.queue[slot as usize][place as usize].store(value, Ordering::Release);
            }
            4 => *self.register(HEAD) = self.number(),
            5 => {
                let number = self.number();
                *self.register(EVENTS) = number;
                self.shared.pixels[number as usize % 512].store(number, Ordering::Relaxed);
            }
            _ => self.count(PROGRESS),
        }
    }
}

/// Buffers with contents of every kind, and an arena that a program over them begins.
fn program() -> (Vec<Buffer>, Vec<u32>) {
    let scratch = BufferKind::Scratch;
    let pixels = usize::from(FRAME[0]) * usize::from(FRAME[1]);
    let sizes = [
        (scratch, 4),
        (scratch, CURSOR_WORDS),
        (scratch, pixels * 4),
        (BufferKind::Constant, CHUNK_WORDS),
        (BufferKind::Input, CAMERA_WORDS),
        (scratch, BOUNDS_WORDS),
        (scratch, 1),
        (scratch, WINDOW_WORDS),
        (scratch, CAPACITY as usize * SPLAT_WORDS),
        (scratch, CAPACITY as usize * 2),
        (BufferKind::Streamed { page_words: 8 }, 4 * 9),
        (scratch, 4),
    ];
    let commands = commands();
    let length = Program::encoded_len(sizes.len() + 1, commands.len());
    let mut next = length;
    let mut buffers = Vec::new();
    for (kind, words) in sizes {
        buffers.push(Buffer { kind, offset: next as u32, length: words as u32 * 4 });
        next += words * 4;
    }
    let size = u32::from(FRAME[0]) | u32::from(FRAME[1]) << 16;
    buffers.push(Buffer { kind: BufferKind::Frame, offset: 0, length: size });
    let mut bytes = vec![0; next];
    Program::emit(&buffers, &commands, &mut bytes).expect("it fits");
    let words = bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word));
    (buffers, words.collect())
}

fn commands() -> [Command; 6] {
    let b = BufferId;
    let fill = |output| Command::Fill(Fill { output: b(output), count: 16, value: 3 });
    let frame = b(12);
    [
        fill(0),
        fill(11),
        Command::NextTile(NextTile {
            cursor: b(1),
            frame,
            accumulators: b(2),
            tile_width: FRAME[0],
            tile_height: FRAME[1],
            channels: 3,
        }),
        Command::ProjectWindow(ProjectWindow {
            chunks: b(3),
            pages: b(10),
            camera: b(4),
            bounds: b(5),
            order: b(6),
            window: b(7),
            splats: b(8),
            keys: b(9),
            chunk_count: 1,
            capacity: CAPACITY,
            grid: RegionGrid { frame: FRAME, region: FRAME },
            degree: 0,
        }),
        Command::ResolveTile(ResolveTile {
            cursor: b(1),
            accumulators: b(2),
            frame,
            capacity: u32::from(FRAME[0]) * u32::from(FRAME[1]),
            background: [1, 2, 3],
        }),
        fill(0),
    ]
}
