//! The program validator and the executor: whatever lies in the arena is refused, or runs without
//! leaving its buffers, and stops when it is told to.

use crate::world::{Answer, World, buffers, stray_write};
use quintet_firmware::Memory;
use quintet_protocol::message::{Request, Status};
use quintet_protocol::program::{BUFFER_BYTES, COMMAND_BYTES, HEADER_BYTES};

/// Words of arena: enough for a small scene with its scratch.
const ARENA_WORDS: usize = 32 << 10;
/// Polls after which a run that has not ended is aborted: some would go on for very long.
const POLLS: u32 = 4_000;
/// Polls in which an aborted run must have ended.
const ABORTED_POLLS: u32 = 50;

/// The bytes lie at the start of the arena, and a program is made of as many as its header says.
pub fn run(data: &[u8]) {
    let Some(header) = data.first_chunk::<HEADER_BYTES>() else { return };
    let count = |at: usize| usize::from(u16::from_le_bytes([header[at], header[at + 1]]));
    let length = HEADER_BYTES + count(6) * BUFFER_BYTES + count(8) * COMMAND_BYTES;
    if length > data.len() {
        return;
    }

    let mut before = vec![0; ARENA_WORDS];
    for (word, bytes) in before.iter_mut().zip(data.chunks(4)) {
        let mut whole = [0; 4];
        whole[..bytes.len()].copy_from_slice(bytes);
        *word = u32::from_le_bytes(whole);
    }
    let (mut memory, mut arena) = (Memory::new(), before.clone());
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    match world.call(Request::Install { offset: 0, length: length as u32 }) {
        Answer::Done => execute(&mut world),
        Answer::Refused(refusal) => assert!(!refusal.to_string().is_empty()),
        other => panic!("{other:?}"),
    }
    drop(world);
    if let Some(word) = stray_write(&buffers(&before[..length / 4]), &before, &arena) {
        panic!("word {word} was written");
    }
}

fn execute(world: &mut World) {
    world.start();
    for _ in 0..POLLS {
        if world.told.outcome.is_some() {
            return;
        }
        world.turn();
    }
    assert_eq!(world.call(Request::Abort), Answer::Done);
    world.finish(ABORTED_POLLS);
    let status = world.call(Request::Status);
    assert!(matches!(status, Answer::Status(Status { running: None, pages_wanted: 0, .. })));
}
