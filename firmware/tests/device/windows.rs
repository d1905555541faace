//! Programs that draw in windows and pull their Gaussians, planned without a driver, and their
//! pages.

use quintet_firmware::backend::Backend;
use quintet_protocol::gaussian::{
    ACCUMULATOR_WORDS, CAMERA_WORDS, CHUNK_CAPACITY, CHUNK_WORDS, Chunk, GAUSSIAN_WORDS,
    SPLAT_WORDS,
};
use quintet_protocol::message::Request;
use quintet_protocol::program::{
    BoundChunks, Buffer, BufferId, BufferKind, Command, Program, ProjectWindow, RasteriseWindow,
    RegionGrid, Repeat, Sort,
};
use quintet_protocol::window::{BOUNDS_WORDS, MORE_WORD, WINDOW_WORDS};

use crate::scene::{Layout, Scene};
use crate::world::{Answer, World};

/// Least splats of a window.
pub const CAPACITY: usize = 1024;
pub const PAGE_WORDS: usize = CHUNK_CAPACITY * GAUSSIAN_WORDS;

/// Numbers of buffers.
pub const CHUNKS: u16 = 0;
pub const CHUNK_COUNT: u16 = 1;
pub const CAMERA: u16 = 2;
pub const WINDOW: u16 = 5;
pub const PAGES: u16 = 14;

/// A program for scenes of `chunks` chunks.
pub fn layout(frame: [u16; 2], region: [u16; 2], chunks: usize, slots: usize) -> Layout {
    let pixels = usize::from(region[0]) * usize::from(region[1]);
    let scratch = BufferKind::Scratch;
    let sizes = [
        (BufferKind::Constant, chunks * CHUNK_WORDS),
        (BufferKind::Constant, 1),
        (BufferKind::Input, CAMERA_WORDS),
        (scratch, chunks * BOUNDS_WORDS),
        (scratch, chunks),
        (scratch, WINDOW_WORDS),
        (scratch, 2 << 11),
        (scratch, chunks),
        (scratch, chunks),
        (scratch, CAPACITY * SPLAT_WORDS),
        (scratch, CAPACITY * 2),
        (scratch, CAPACITY),
        (scratch, CAPACITY),
        (scratch, pixels * ACCUMULATOR_WORDS),
        (BufferKind::Streamed { page_words: PAGE_WORDS as u16 }, slots * (PAGE_WORDS + 1)),
    ];
    let commands = commands(frame, region, chunks as u32);
    let mut next = Program::encoded_len(sizes.len() + 1, commands.len());
    let mut buffers = Vec::new();
    for (kind, words) in sizes {
        buffers.push(Buffer { kind, offset: next as u32, length: words as u32 * 4 });
        next += words * 4;
    }
    let length = u32::from(frame[0]) | u32::from(frame[1]) << 16;
    buffers.push(Buffer { kind: BufferKind::Frame, offset: 0, length });
    Layout { buffers, commands, words: next / 4 }
}

fn commands(frame: [u16; 2], region: [u16; 2], chunk_count: u32) -> Vec<Command> {
    let b = BufferId;
    let (capacity, digit_bits) = (CAPACITY as u32, 11);
    let [width, height] = frame;
    let [region_width, region_height] = region;
    vec![
        Command::BoundChunks(BoundChunks {
            chunks: b(CHUNKS),
            camera: b(CAMERA),
            bounds: b(3),
            keys: b(7),
            window: b(WINDOW),
            chunk_count,
            width,
            height,
        }),
        Command::Sort(Sort {
            keys: b(7),
            count: b(CHUNK_COUNT),
            order: b(4),
            scratch: b(8),
            histogram: b(6),
            capacity: chunk_count,
            digit_bits,
            ties: false,
        }),
        Command::ProjectWindow(ProjectWindow {
            chunks: b(CHUNKS),
            pages: b(PAGES),
            camera: b(CAMERA),
            bounds: b(3),
            order: b(4),
            window: b(WINDOW),
            splats: b(9),
            keys: b(10),
            chunk_count,
            capacity,
            grid: RegionGrid { frame, region },
            degree: 0,
        }),
        Command::Sort(Sort {
            keys: b(10),
            count: b(WINDOW),
            order: b(11),
            scratch: b(12),
            histogram: b(6),
            capacity,
            digit_bits,
            ties: true,
        }),
        Command::RasteriseWindow(RasteriseWindow {
            splats: b(9),
            keys: b(10),
            order: b(11),
            window: b(WINDOW),
            accumulators: b(13),
            frame: b(15),
            capacity,
            region_width,
            region_height,
            background: [10, 20, 30],
        }),
        Command::Repeat(Repeat { condition: b(WINDOW), from: 2, word: MORE_WORD }),
    ]
}

/// A scene whose headers say how far its Gaussians reach.
pub fn scene(frame: [u16; 2], count: usize, seed: u32) -> Scene {
    let mut scene = Scene::random(frame, count, seed);
    for words in &mut scene.chunks {
        // Mantissas below 2^14 and exponents up to 19.
        *words = Chunk { deviation: 1 << 17, ..Chunk::from_words(words) }.to_words();
    }
    scene
}

pub fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

pub fn load<B: Backend>(layout: &Layout, scene: &Scene, world: &mut World<'_, B>) -> Answer {
    let program = layout.program();
    assert_eq!(world.call(Request::Clear { claim: 1 }), Answer::Done);
    world.write(0, &program);
    world.write(layout.offset(CHUNKS), scene.chunks.as_flattened());
    world.write(layout.offset(CHUNK_COUNT), &[scene.chunks.len() as u32]);
    world.write(layout.offset(CAMERA), &scene.camera.to_words());
    world.call(Request::Install { offset: 0, length: program.len() as u32 * 4 })
}

/// Supplies a page in pieces.
pub fn supply<B: Backend>(world: &mut World<'_, B>, need: u16, page: &[u8]) {
    for (piece, offset) in page.chunks(1000).zip((0..).step_by(1000)) {
        let request = Request::Supply { need, offset, bytes: piece };
        assert_eq!(world.call(request), Answer::Done);
    }
}

/// Goes on with a run to its end, with `page` to make pages; returns how many were pulled.
pub fn finish<B: Backend>(
    world: &mut World<'_, B>,
    polls: u32,
    mut page: impl FnMut(u32, u32) -> Vec<u8>,
) -> usize {
    let mut pulled = 0;
    for _ in 0..polls {
        if world.told.outcome.is_some() {
            return pulled;
        }
        if let Some((need, number, length)) = world.needs.pop_front() {
            supply(world, need, &page(number, length));
            pulled += 1;
        }
        world.turn();
    }
    panic!("the run has not ended after {polls} polls");
}

pub fn pages(scene: &Scene) -> impl FnMut(u32, u32) -> Vec<u8> {
    let chunks: Vec<_> =
        scene.gaussians.chunks(CHUNK_CAPACITY).map(|it| bytes(it.as_flattened())).collect();
    move |number, length| {
        assert_eq!(chunks[number as usize].len(), length as usize);
        chunks[number as usize].clone()
    }
}
