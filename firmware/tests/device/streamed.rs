//! Programs that draw in windows and pull their Gaussians: the picture is that of the resident
//! scene, and neither a hostile program nor a hostile driver gets anywhere.

use proptest::prelude::*;
use quintet_firmware::{Activity, Memory};
use quintet_protocol::gaussian::{CAMERA_WORDS, CHUNK_CAPACITY};
use quintet_protocol::message::{Outcome, Refusal, Request, Status};
use quintet_protocol::program::{
    Buffer, BufferId, BufferKind, Command, Fault, ProgramError, Repeat,
};
use quintet_protocol::window::{MORE_WORD, WINDOW_WORDS};

use crate::hostile_programs::nasty;
use crate::mutation::{mutate, places, run_if_accepted};
use crate::scene::{Layout, Plan, Random, Scene};
use crate::windows::{
    CAMERA, CHUNK_COUNT, CHUNKS, PAGE_WORDS, PAGES, WINDOW, bytes, finish, layout, load, pages,
    scene, supply,
};
use crate::world::{Answer, World, buffers, stray_write};

const FRAME_SIZE: [u16; 2] = [96, 64];
const COUNT: usize = 3000;

/// A device with a streamed scene installed, in an open session.
fn with_scene(scene: &Scene, slots: usize, test: impl FnOnce(&mut World, &Layout)) {
    let layout = layout(FRAME_SIZE, [96, 16], scene.chunks.len(), slots);
    // Whatever lies in the arena before, the table of pages too.
    let (mut memory, mut arena) = (Memory::new(), vec![1; layout.words]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    assert_eq!(load(&layout, scene, &mut world), Answer::Done);
    test(&mut world, &layout);
}

fn resident(scene: &Scene) -> Vec<[u8; 3]> {
    let layout = Layout::new(&Plan::roomy(FRAME_SIZE, scene.gaussians.len()));
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    layout.load(&mut world, scene);
    world.run().picture(FRAME_SIZE)
}

fn status(world: &mut World) -> Status {
    match world.call(Request::Status) {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

/// Turns until the device waits for pages.
fn starve(world: &mut World) {
    world.start();
    for _ in 0..1000 {
        let activity = world.turn();
        if !world.needs.is_empty() && matches!(activity, Activity::Idle(_)) {
            return;
        }
    }
    panic!("the device never waits");
}

#[test]
fn a_streamed_scene_is_the_resident_one() {
    for (seed, key_shift) in [(1, 1), (2, 6), (3, 14), (4, 20)] {
        let mut scene = scene(FRAME_SIZE, COUNT, seed);
        // From keys that differ to a single one: more splats of it than a window has room for.
        scene.camera.key_shift = key_shift;
        let expected = resident(&scene);
        for slots in [1, 2, 5, 40] {
            with_scene(&scene, slots, |world, _| {
                for frame in 0..2 {
                    world.start();
                    let pulled = finish(world, 100_000, pages(&scene));
                    let told = std::mem::take(&mut world.told);
                    assert_eq!(told.outcome, Some(Outcome::Completed));
                    let same = told.picture(FRAME_SIZE) == expected;
                    assert!(same, "seed {seed}, key shift {key_shift}, {slots} slots");
                    if slots == 40 {
                        let chunks = scene.chunks.len();
                        assert_eq!(pulled, if frame == 0 { chunks } else { 0 });
                    }
                }
            });
        }
    }
}

#[test]
fn a_run_that_waits_for_pages_can_be_asked_and_aborted() {
    let scene = scene(FRAME_SIZE, COUNT, 1);
    with_scene(&scene, 4, |world, _| {
        starve(world);
        let Status { running, pages_wanted, .. } = status(world);
        assert_eq!((running, pages_wanted), (Some(2), 4));
        assert_eq!(world.call(Request::Run { ticket: u32::MAX }), Answer::Refused(Refusal::Busy));
        assert_eq!(world.call(Request::Abort), Answer::Done);
        assert_eq!(world.finish(10).outcome, Some(Outcome::Aborted));
        assert_eq!(status(world).pages_wanted, 0);
        // What was on its way is not needed any more.
        let (need, ..) = world.needs.pop_front().unwrap();
        let late = Request::Supply { need, offset: 0, bytes: &[0; 8] };
        assert_eq!(world.call(late), Answer::Refused(Refusal::NotNeeded { need }));
        world.needs.clear();
        world.start();
        finish(world, 100_000, pages(&scene));
        assert!(world.told.picture(FRAME_SIZE) == resident(&scene));
    });
}

#[test]
fn a_driver_that_vanishes_leaves_a_device_for_the_next() {
    let scene = scene(FRAME_SIZE, COUNT, 1);
    with_scene(&scene, 4, |world, _| {
        starve(world);
        let (need, number, length) = world.needs.pop_front().unwrap();
        let page = pages(&scene)(number, length);
        // Half of a page is there.
        let request = Request::Supply { need, offset: 0, bytes: &page[..1000] };
        assert_eq!(world.call(request), Answer::Done);
        world.connect();
        assert_eq!((status(world).running, status(world).pages_wanted), (None, 0));
        world.start();
        finish(world, 100_000, pages(&scene));
        assert!(world.told.picture(FRAME_SIZE) == resident(&scene));
    });
}

#[test]
fn pieces_that_do_not_fit_are_refused_and_change_nothing() {
    let scene = scene(FRAME_SIZE, COUNT, 1);
    with_scene(&scene, 4, |world, _| {
        let piece =
            |need, offset, length| Request::Supply { need, offset, bytes: &[7; 1800][..length] };
        let unwanted = Answer::Refused(Refusal::NotNeeded { need: 0 });
        assert_eq!(world.call(piece(0, 0, 4)), unwanted, "without a run");
        starve(world);
        let (need, number, length) = world.needs.pop_front().unwrap();
        let wrong = |expected| Answer::Refused(Refusal::WrongPiece { need, expected, length });
        let other = need.wrapping_add(1000);
        let refused = Answer::Refused(Refusal::NotNeeded { need: other });
        assert_eq!(world.call(piece(other, 0, 4)), refused);
        assert_eq!(world.call(piece(need, 1, 4)), wrong(0));
        assert_eq!(world.call(piece(need, u32::MAX, 4)), wrong(0));
        let page = pages(&scene)(number, length);
        for (at, piece) in (0..).step_by(1500).zip(page.chunks(1500)) {
            if at + 1500 >= length {
                let long = Request::Supply { need, offset: at, bytes: &[7; 1501] };
                assert_eq!(world.call(long), wrong(at));
            }
            let request = Request::Supply { need, offset: at, bytes: piece };
            assert_eq!(world.call(request), Answer::Done);
            let again = world.call(request);
            assert!(matches!(again, Answer::Refused(_)), "a piece was taken twice");
        }
        finish(world, 100_000, pages(&scene));
        assert!(world.told.picture(FRAME_SIZE) == resident(&scene));
    });
}

#[test]
fn what_cannot_be_paged_is_refused() {
    let scene = scene(FRAME_SIZE, COUNT, 1);
    let good = layout(FRAME_SIZE, [96, 16], scene.chunks.len(), 4);
    let (mut memory, mut arena) = (Memory::new(), vec![0; good.words + 4000]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    let mut refused = |layout: &Layout| match load(layout, &scene, &mut world) {
        Answer::Refused(Refusal::Program(error)) => error,
        other => panic!("{other:?}"),
    };
    let mut bad = good.clone();
    // Room for no page; and for more than a device looks through.
    bad.buffers[usize::from(PAGES)].length = PAGE_WORDS as u32 * 4;
    assert_eq!(refused(&bad), ProgramError::BadBuffer { buffer: PAGES });
    bad = good.clone();
    bad.buffers[usize::from(PAGES)].kind = BufferKind::Streamed { page_words: 1 };
    assert_eq!(refused(&bad), ProgramError::BadBuffer { buffer: PAGES });
    // Streamed buffers share no memory and are nobody's scratch.
    bad = good.clone();
    bad.buffers[13].length += 4;
    assert_eq!(refused(&bad), ProgramError::Overlaps { buffer: PAGES });
    let fault = |command, fault| ProgramError::BadCommand { command, fault };
    bad = good.clone();
    let Command::ProjectWindow(project) = &mut bad.commands[2] else { unreachable!() };
    project.splats = BufferId(PAGES);
    let wrong = Fault::WrongKind { buffer: BufferId(PAGES) };
    assert_eq!(refused(&bad), fault(2, wrong));
    // Loops go back, on a word that exists.
    for (from, word, why) in [
        (5, MORE_WORD, Fault::OutOfRange { parameter: 0 }),
        (6, MORE_WORD, Fault::OutOfRange { parameter: 0 }),
        (2, WINDOW_WORDS as u16, Fault::TooSmall { buffer: BufferId(WINDOW), needed: 44 }),
    ] {
        bad = good.clone();
        bad.commands[5] = Command::Repeat(Repeat { condition: BufferId(WINDOW), from, word });
        assert_eq!(refused(&bad), fault(5, why));
    }
    assert_eq!(load(&good, &scene, &mut world), Answer::Done);
}

#[test]
fn a_loop_without_end_can_be_aborted() {
    let scene = scene(FRAME_SIZE, COUNT, 1);
    let mut layout = layout(FRAME_SIZE, [96, 16], scene.chunks.len(), 4);
    // The number of chunks is never zero.
    layout.commands[2] =
        Command::Repeat(Repeat { condition: BufferId(CHUNK_COUNT), from: 0, word: 0 });
    layout.commands[3] =
        Command::Repeat(Repeat { condition: BufferId(CHUNK_COUNT), from: 2, word: 0 });
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    assert_eq!(load(&layout, &scene, &mut world), Answer::Done);
    world.start();
    world.turns(500);
    assert_eq!(world.call(Request::Abort), Answer::Done);
    assert_eq!(world.finish(10).outcome, Some(Outcome::Aborted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Headers, camera, pages and the arena before are anything.
    #[test]
    fn any_data_is_drawn_somehow(
        frame in [1u16..70, 1u16..50],
        region in [1u16..70, 1u16..50],
        chunks in 1usize..20,
        slots in 1usize..6,
        seed: u32,
        sane in any::<[bool; 2]>(),
    ) {
        let mut random = Random(seed | 1);
        let region = [0, 1].map(|axis| region[axis].min(frame[axis]));
        let layout = layout(frame, region, chunks, slots);
        let mut scene = scene(frame, chunks * CHUNK_CAPACITY, seed);
        if !sane[0] {
            scene.chunks.as_flattened_mut().fill_with(|| nasty(&mut random));
        }
        let mut before: Vec<u32> = (0..layout.words + 100).map(|_| nasty(&mut random)).collect();
        let (mut memory, mut arena) = (Memory::new(), before.clone());
        let mut world = World::new(&mut memory, &mut arena);
        world.connect();
        prop_assert_eq!(load(&layout, &scene, &mut world), Answer::Done);
        if !sane[1] {
            let words: Vec<u32> = (0..CAMERA_WORDS).map(|_| nasty(&mut random)).collect();
            world.write(layout.offset(CAMERA), &words);
        }
        world.start();
        let nasty_page = |_: u32, length: u32| {
            let words: Vec<u32> = (0..length / 4).map(|_| nasty(&mut random)).collect();
            bytes(&words)
        };
        finish(&mut world, 300_000, nasty_page);
        prop_assert_eq!(world.told.outcome, Some(Outcome::Completed));
        drop(world);
        let program = layout.program();
        before[..program.len()].copy_from_slice(&program);
        for number in [CHUNKS, CHUNK_COUNT, CAMERA] {
            let Buffer { offset, length, .. } = layout.buffers[usize::from(number)];
            let range = offset as usize / 4..(offset + length) as usize / 4;
            before[range.clone()].copy_from_slice(&arena[range]);
        }
        prop_assert_eq!(stray_write(&layout.buffers, &before, &arena), None);
    }

    /// A few words of the program are anything; what is accepted runs or can be stopped.
    #[test]
    fn a_mutated_program_is_refused_or_runs(
        seed: u32,
        places in places(1),
    ) {
        let scene = scene(FRAME_SIZE, 700, seed);
        let layout = layout(FRAME_SIZE, [96, 16], scene.chunks.len(), 4);
        let mut random = Random(seed | 1);
        let (mut memory, mut arena) = (Memory::new(), vec![3; layout.words + 100]);
        let mut world = World::new(&mut memory, &mut arena);
        world.connect();
        prop_assert_eq!(load(&layout, &scene, &mut world), Answer::Done);
        prop_assert_eq!(world.call(Request::Clear { claim: 1 }), Answer::Done);
        let mut program = layout.program();
        let length = program.len();
        mutate(&mut program, &places, &mut random);
        world.write(0, &program);
        let mut before = world.read_all(layout.words + 100);
        before[..length].copy_from_slice(&program);
        run_if_accepted(&mut world, length, 300, |world| {
            if let Some((need, _, length)) = world.needs.pop_front() {
                supply(world, need, &vec![0x55; length as usize]);
            }
        });
        drop(world);
        prop_assert_eq!(stray_write(&buffers(&program), &before, &arena), None);
    }
}
