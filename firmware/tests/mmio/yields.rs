//! Pixels, pages, and commands that the accelerator leaves to the core.

use quintet_firmware::Memory;
use quintet_protocol::accelerator::descriptor::Yield;
use quintet_protocol::accelerator::{Capabilities, Failure};
use quintet_protocol::message::{Outcome, Phase, Status};
use quintet_protocol::program::Operator;

use crate::rig::{Rig, status, with_device};
use crate::scene::{FRAME, Layout, Plan, Scene};
use crate::toy::{Fault, Script};
use crate::windows;
use crate::world::{Answer, Told, World, stray_write};

const SIZE: [u16; 2] = [96, 64];
const COUNT: usize = 900;

/// A program whose frame has tiles wider than some packets, and a scene.
fn resident() -> (Layout, Scene) {
    let plan = Plan { tile: [80, 16], ..Plan::roomy(SIZE, COUNT) };
    (Layout::new(&plan), windows::scene(SIZE, COUNT, 3))
}

fn drawn_by_the_core() -> Vec<[u8; 3]> {
    let (layout, scene) = resident();
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    layout.load(&mut world, &scene);
    world.run().picture(SIZE)
}

/// Draws the resident scene in a session with packets of that size.
fn draw(script: Script, payload: usize) -> Told {
    let (layout, scene) = resident();
    let mut told = None;
    with_device(script, layout.words, |Rig { world, .. }| {
        world.connect_with(payload);
        layout.load(world, &scene);
        told = Some(world.run());
    });
    told.unwrap()
}

#[test]
fn pixels_by_way_of_the_pixel_buffer_are_those_of_the_core() {
    let expected = drawn_by_the_core();
    for payload in [2016, 700, 230] {
        let told = draw(Script::honest(), payload);
        assert_eq!(told.receipts.len(), 3, "all was done by the accelerator");
        assert!(told.picture(SIZE) == expected, "packets of {payload} bytes");
    }
}

#[test]
fn where_packets_are_shorter_than_a_pixel_buffer_may_be_the_core_draws() {
    let told = draw(Script::honest(), 150);
    assert_eq!(told.receipts.len(), 0);
    assert!(told.picture(SIZE) == drawn_by_the_core());
}

#[test]
fn what_is_declined_is_executed_and_charged_to_the_core() {
    let told = draw(Script { declines: true, ..Script::honest() }, 2016);
    assert!(told.receipts.is_empty());
    assert!(told.picture(SIZE) == drawn_by_the_core());
    for (command, phase) in [(0, Phase::Project), (1, Phase::Sort), (2, Phase::Resolve)] {
        let has = |it: &&(u16, Phase, u64)| (it.0, it.1) == (command, phase);
        assert!(told.costs.iter().find(has).is_some_and(|cost| cost.2 > 0), "{:?}", told.costs);
    }
}

#[test]
fn pixels_that_no_such_command_hands_out_make_no_sense() {
    let pixels = |buffer, x, y, width, bytes| Yield::Pixels { buffer, x, y, width, bytes };
    for asked in [
        pixels(FRAME, 0, 0, 0, 12),
        pixels(FRAME, 0, 0, 4, 0),
        pixels(FRAME, 0, 0, 4, 13),
        pixels(FRAME, 0, 0, 96, 96 * 3 * 30),
        pixels(FRAME, 93, 0, 4, 12),
        pixels(FRAME, 0, 63, 4, 24),
        pixels(FRAME, u16::MAX, u16::MAX, u16::MAX, u32::MAX),
        pixels(0, 0, 0, 4, 12),
        pixels(u16::MAX, 0, 0, 4, 12),
    ] {
        let told = draw(Script::with_fault(2, Fault::Asks(asked.to_words())), 2016);
        let expected = Outcome::Failed { command: 2, failure: Failure::Nonsense };
        assert_eq!(told.outcome, Some(expected), "{asked:?}");
    }
}

#[test]
fn a_picture_that_never_ends_makes_no_sense() {
    // More than the frame has: the same rows again, and then all of them.
    let again = Yield::Pixels { buffer: FRAME, x: 0, y: 0, width: 96, bytes: 96 * 3 };
    let told = draw(Script::with_fault(2, Fault::Asks(again.to_words())), 2016);
    let expected = Outcome::Failed { command: 2, failure: Failure::Nonsense };
    assert_eq!(told.outcome, Some(expected));
}

/// A device with a streamed scene.
fn with_stream(script: Script, slots: usize, test: impl FnOnce(Rig, &Layout, &Scene)) {
    let scene = windows::scene(SIZE, COUNT, 3);
    let layout = windows::layout(SIZE, [96, 16], scene.chunks.len(), slots);
    with_device(script, layout.words, |rig| {
        assert_eq!(windows::load(&layout, &scene, rig.world), Answer::Done);
        test(rig, &layout, &scene);
    });
}

#[test]
fn pages_that_the_accelerator_asks_for_come_into_its_slots() {
    let expected = drawn_by_the_core();
    // An accelerator that does all; one that leaves the pages to the core; one that leaves all
    // else.
    let (all, window) = (Script::honest().capabilities, (Operator::Geometry, 3));
    for capabilities in [all, all.without(window), Capabilities::default().with(window)] {
        for (slots, declines) in [(1, false), (2, true), (2, false), (20, false)] {
            let script = Script { capabilities, declines, ..Script::honest() };
            with_stream(script, slots, |Rig { world, .. }, _, scene| {
                for _ in 0..2 {
                    world.start();
                    windows::finish(world, 200_000, windows::pages(scene));
                    let told = std::mem::take(&mut world.told);
                    assert_eq!(told.outcome, Some(Outcome::Completed));
                    assert!(told.picture(SIZE) == expected, "{slots} slots");
                }
            });
        }
    }
}

#[test]
fn pages_that_no_slot_can_take_make_no_sense() {
    let page = |buffer, slot, bytes| Yield::Page { buffer, slot, page: 0, bytes };
    let all = windows::PAGE_WORDS as u32 * 4;
    for asked in [
        page(windows::PAGES, 4, 16),
        page(windows::PAGES, u16::MAX, 16),
        page(windows::PAGES, 0, 0),
        page(windows::PAGES, 0, all + 4),
        page(windows::PAGES, 0, 18),
        page(windows::PAGES, 0, u32::MAX - 3),
        page(windows::WINDOW, 0, 16),
        page(u16::MAX, 0, 16),
    ] {
        with_stream(Script::with_fault(2, Fault::Asks(asked.to_words())), 4, |rig, layout, _| {
            let before = rig.world.read_all(layout.words);
            rig.world.start();
            let told = rig.world.finish(3000);
            let expected = Outcome::Failed { command: 2, failure: Failure::Nonsense };
            assert_eq!(told.outcome, Some(expected), "{asked:?}");
            assert!(matches!(status(rig.world), Status { pages_wanted: 0, .. }));
            let after = rig.world.read_all(layout.words);
            assert_eq!(stray_write(&layout.buffers, &before, &after), None);
        });
    }
}

#[test]
fn waiting_for_the_driver_is_no_fault_of_the_accelerator() {
    with_stream(Script::honest(), 4, |Rig { world, .. }, _, scene| {
        world.start();
        world.turns(10_000);
        assert_eq!((status(world).running, world.told.outcome), (Some(2), None));
        windows::finish(world, 200_000, windows::pages(scene));
        assert!(world.told.picture(SIZE) == drawn_by_the_core());
    });
}
