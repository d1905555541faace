//! Every fault of the model against the real firmware: the run is told to have failed in bounded
//! time and at which command, the device answers, and the next run is as good as any.

#[path = "../../firmware/tests/device/world.rs"]
#[allow(dead_code, reason = "written for the device's own tests, which use all of it")]
mod world;

use std::sync::Arc;

use quintet_accelerator::{InProcess, Instance, Kind, Misbehave};
use quintet_firmware::Memory;
use quintet_firmware::mmio::{Mmio, Shared};
use quintet_protocol::accelerator::{Failure, Presence};
use quintet_protocol::message::{Outcome, Request};
use quintet_protocol::program::{Buffer, BufferId, BufferKind, Command, Fill, Program};
use world::{Answer, World};

/// Commands of the program, each of which fills a buffer of its own.
const COMMANDS: u16 = 6;
/// The one at which something goes wrong.
const WRONG: u16 = 2;
/// Milliseconds in which every fault is found: two seconds of no progress, and some.
const PATIENCE: u32 = 2500;
const ARENA_WORDS: usize = 1024;
/// Where the outputs begin, in words.
const OUTPUTS: usize = 512;

/// What the first run comes to.
fn expected(kind: Kind) -> Outcome {
    let failed = |command, failure| Outcome::Failed { command, failure };
    match kind {
        Kind::NeverAnswers | Kind::OutOfOrder => failed(WRONG, Failure::NoAnswer),
        // The slot behind it is not the core's when it is looked at.
        Kind::AnswersTwice => failed(WRONG + 1, Failure::Nonsense),
        Kind::Error | Kind::NoReset => failed(WRONG, Failure::Internal),
        Kind::UnknownError => failed(WRONG, Failure::Other(0x7777)),
        // Nothing depends on what it says.
        Kind::GarbageReceipt => Outcome::Completed,
        _ => failed(WRONG, Failure::Nonsense),
    }
}

/// The arena with a program at its begin: buffer `n` is filled with `n + 1`.
fn arena() -> (Vec<u32>, u32) {
    let buffers: Vec<_> = (0..u32::from(COMMANDS))
        .map(|n| Buffer { kind: BufferKind::Output, offset: OUTPUTS as u32 * 4 + 4 * n, length: 4 })
        .collect();
    let commands: Vec<_> = (0..COMMANDS)
        .map(|n| Command::Fill(Fill { output: BufferId(n), count: 4, value: n as i8 + 1 }))
        .collect();
    let mut bytes = vec![0; Program::encoded_len(buffers.len(), commands.len())];
    let length = Program::emit(&buffers, &commands, &mut bytes).unwrap();
    let mut arena = vec![0; ARENA_WORDS];
    for (word, bytes) in arena.iter_mut().zip(bytes.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    (arena, length as u32)
}

#[test]
fn whatever_goes_wrong_the_next_run_is_as_good_as_any() {
    for kind in Kind::ALL {
        let mut instance = Instance::preset("tiny-ecp5").unwrap();
        instance.misbehave = Some(Misbehave { kind, at: WRONG.into() });
        let shared = Arc::new(Shared::new());
        let accelerator = InProcess::new(instance, Arc::clone(&shared));
        let (mut memory, (mut arena, length)) = (Memory::new(), arena());
        let backend = Mmio::new(Some(accelerator), &shared);
        let mut world = World::with_backend(&mut memory, &mut arena, backend);
        world.connect();
        assert_eq!(world.call(Request::Install { offset: 0, length }), Answer::Done);

        world.start();
        let told = world.finish(PATIENCE);
        assert_eq!(told.outcome, Some(expected(kind)), "{kind:?}");
        let Answer::Described { accelerator, .. } = world.call(Request::Describe) else {
            panic!("{kind:?}: the device does not say what it is");
        };
        let is_lost = accelerator == Presence::Lost;
        assert_eq!(is_lost, kind == Kind::NoReset, "{kind:?}: {accelerator:?}");

        let told = world.run();
        assert_eq!(told.outcome, Some(Outcome::Completed), "{kind:?}");
        assert_eq!(told.receipts.is_empty(), is_lost, "{kind:?}");
        drop(world);
        let filled = (1..=u32::from(COMMANDS)).map(|n| n * 0x0101_0101);
        assert!(arena[OUTPUTS..].iter().copied().take(COMMANDS.into()).eq(filled), "{kind:?}");
    }
}
