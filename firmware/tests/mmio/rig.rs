//! A device with a small accelerator, and programs to run on it.

use std::cell::RefCell;
use std::rc::Rc;

use quintet_firmware::Memory;
use quintet_firmware::mmio::{Mmio, Shared};
use quintet_protocol::accelerator::Presence;
use quintet_protocol::message::{Request, Status};
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Copy, Fill, Program, Repeat,
};

use crate::scene::Layout;
use crate::toy::{Journal, Script, Toy};
use crate::world::{Answer, World};

/// A device whose accelerator is a [`Toy`].
pub type Device<'a> = World<'a, Mmio<'a, Toy<'a>>>;

/// What a test has in hand.
pub struct Rig<'r, 'a> {
    pub world: &'r mut Device<'a>,
    pub journal: Rc<RefCell<Journal>>,
}

/// A device in an open session, with an arena of so many words that are not zero.
pub fn with_device(script: Script, words: usize, test: impl FnOnce(Rig)) {
    let (shared, journal) = (Shared::new(), Rc::<RefCell<Journal>>::default());
    let (mut memory, mut arena) = (Memory::new(), vec![0x0101_0101; words]);
    let toy = Toy::new(script, &shared, journal.clone());
    let backend = Mmio::new(Some(toy), &shared);
    let mut world = World::with_backend(&mut memory, &mut arena, backend);
    world.connect();
    test(Rig { world: &mut world, journal });
}

/// As [`with_device`], with a program installed.
pub fn with_program(script: Script, layout: &Layout, test: impl FnOnce(Rig)) {
    with_device(script, layout.words, |rig| {
        install(rig.world, layout);
        test(rig);
    });
}

fn install(world: &mut Device, layout: &Layout) {
    assert_eq!(world.call(Request::Clear { claim: 1 }), Answer::Done);
    let program = layout.program();
    world.write(0, &program);
    let install = Request::Install { offset: 0, length: program.len() as u32 * 4 };
    assert_eq!(world.call(install), Answer::Done);
}

/// What the device says of its accelerator.
pub fn presence(world: &mut Device) -> Presence {
    match world.call(Request::Describe) {
        Answer::Described { accelerator, .. } => accelerator,
        other => panic!("{other:?}"),
    }
}

pub fn status(world: &mut Device) -> Status {
    match world.call(Request::Status) {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

/// The words of a buffer.
pub fn words(world: &mut Device, layout: &Layout, buffer: u16) -> Vec<u32> {
    let Buffer { offset, length, .. } = layout.buffers[usize::from(buffer)];
    match world.call(Request::Read { offset, length }) {
        Answer::Bytes(bytes) => {
            bytes.as_chunks().0.iter().map(|word| u32::from_le_bytes(*word)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// A program over buffers of four words.
pub fn program(buffers: usize, commands: Vec<Command>) -> Layout {
    let first = Program::encoded_len(buffers, commands.len()) as u32;
    let buffer =
        |number: u32| Buffer { kind: BufferKind::Scratch, offset: first + number * 16, length: 16 };
    let buffers: Vec<_> = (0..buffers as u32).map(buffer).collect();
    let words = (first as usize + buffers.len() * 16) / 4;
    Layout { buffers, commands, words }
}

/// Fills a buffer.
pub fn fill(output: u16, value: i8) -> Command {
    Command::Fill(Fill { output: BufferId(output), count: 16, value })
}

/// Copies a buffer to another.
pub fn copy(input: u16, output: u16) -> Command {
    Command::Copy(Copy {
        input: BufferId(input),
        output: BufferId(output),
        counts: [1, 1, 1],
        run: 16,
        from: 0,
        from_strides: [0; 3],
        to: 0,
        to_strides: [0; 3],
    })
}

/// Goes back to a command while the first word of a buffer is not zero.
pub fn repeat(condition: u16, from: u16) -> Command {
    Command::Repeat(Repeat { condition: BufferId(condition), from, word: 0 })
}
