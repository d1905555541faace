//! What a driver may do before, during and after a run.

use quintet_firmware::Memory;
use quintet_protocol::digest::digest;
use quintet_protocol::message::{
    DIGESTED_MAX, Outcome, Phase, Refusal, Request, RunRecord, Status,
};
use quintet_protocol::program::{Fault, ProgramError};

use crate::scene::{CAMERA, FRAME, GAUSSIANS, Layout, Plan, Scene};
use crate::world::{Answer, World};

const FRAME_SIZE: [u16; 2] = [96, 64];
const COUNT: usize = 600;

/// A device with a scene installed, in an open session.
fn with_scene(test: impl FnOnce(&mut World, &Layout, &Scene)) {
    let plan = Plan { tile: [32, 16], ..Plan::roomy(FRAME_SIZE, COUNT) };
    let layout = Layout::new(&plan);
    let scene = Scene::random(FRAME_SIZE, COUNT, 7);
    let (mut memory, mut arena) = (Memory::new(), vec![0; layout.words + 100]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    layout.load(&mut world, &scene);
    test(&mut world, &layout, &scene);
}

fn status(world: &mut World) -> Status {
    match world.call(Request::Status) {
        Answer::Status(status) => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_run_tells_pixels_costs_and_its_end() {
    with_scene(|world, _, _| {
        let told = world.run();
        assert_eq!(told.outcome, Some(Outcome::Completed));
        let picture = told.picture(FRAME_SIZE);
        let colours: std::collections::HashSet<_> = picture.iter().collect();
        assert!(colours.len() > 100, "hardly anything was drawn: {} colours", colours.len());
        assert!(told.pixels.iter().all(|pixels| pixels.0 == FRAME));
        let phases: Vec<_> = told.costs.iter().map(|cost| (cost.0, cost.1)).collect();
        let expected = [
            (0, Phase::Project),
            (1, Phase::Sort),
            (2, Phase::Bin),
            (2, Phase::Rasterise),
            (2, Phase::Resolve),
        ];
        assert_eq!(phases, expected);
        assert_eq!(told.costs[0].2, COUNT as u64);
        assert_eq!(told.costs[4].2, 96 * 64);
    });
}

#[test]
fn a_second_run_gives_the_same_pixels() {
    with_scene(|world, _, _| {
        let first = world.run();
        assert_eq!(world.run(), first);
        assert_eq!(status(world).runs, 2);
    });
}

#[test]
fn another_camera_gives_other_pixels_and_back_again() {
    with_scene(|world, layout, scene| {
        let first = world.run();
        let mut camera = scene.camera;
        camera.translation[0] += 1 << 16;
        world.write(layout.offset(CAMERA), &camera.to_words());
        assert_ne!(world.run().picture(FRAME_SIZE), first.picture(FRAME_SIZE));
        world.write(layout.offset(CAMERA), &scene.camera.to_words());
        assert_eq!(world.run(), first);
    });
}

#[test]
fn after_install_only_inputs_can_be_written() {
    with_scene(|world, layout, _| {
        let first = world.run();
        let camera = layout.offset(CAMERA);
        let write = |offset| Request::Write { offset, bytes: &[1; 8] };
        let refused = |offset| Answer::Refused(Refusal::NotAnInput { offset });
        for offset in [0, layout.offset(GAUSSIANS), camera - 4, camera + 92, layout.offset(4)] {
            assert_eq!(world.call(write(offset)), refused(offset), "byte {offset}");
        }
        let beyond = u32::MAX - 3;
        assert_eq!(world.call(write(beyond)), refused(beyond));
        assert_eq!(world.run(), first, "a refused write has changed something");
        // And anywhere again once the program is forgotten.
        assert_eq!(world.call(Request::Clear { claim: 2 }), Answer::Done);
        assert_eq!(world.call(write(0)), Answer::Done);
        assert_eq!(
            world.call(Request::Run { ticket: u32::MAX }),
            Answer::Refused(Refusal::NoProgram)
        );
    });
}

#[test]
fn a_refused_program_leaves_the_installed_one() {
    with_scene(|world, layout, _| {
        let first = world.run();
        let bad = Request::Install { offset: layout.offset(GAUSSIANS), length: 200 };
        let refused = Answer::Refused(Refusal::Program(ProgramError::NotAProgram));
        assert_eq!(world.call(bad), refused);
        assert_eq!(world.run(), first);
    });
}

#[test]
fn what_would_disturb_a_run_is_refused_until_it_ends() {
    with_scene(|world, layout, _| {
        let expected = world.run();
        world.start();
        let offset = layout.offset(CAMERA);
        for request in [
            Request::Write { offset, bytes: &[0; 4] },
            Request::Clear { claim: 2 },
            Request::Install { offset: 0, length: 64 },
            Request::Run { ticket: u32::MAX },
        ] {
            assert_eq!(world.call(request), Answer::Refused(Refusal::Busy), "{request:?}");
        }
        assert_eq!(world.told.outcome, None, "the run was over before it was disturbed");
        assert_eq!(world.finish(100_000), expected);
        assert_eq!(world.call(Request::Write { offset, bytes: &[0; 4] }), Answer::Done);
    });
}

#[test]
fn the_link_is_served_between_steps() {
    with_scene(|world, layout, _| {
        world.start();
        let mut commands = Vec::new();
        while world.told.outcome.is_none() {
            let id = world.send(Request::Status);
            let Answer::Status(status) = world.answer(id) else { panic!("no status") };
            commands.extend(status.running);
            let read = Request::Read { offset: layout.offset(GAUSSIANS), length: 24 };
            assert!(matches!(world.call(read), Answer::Bytes(bytes) if bytes.len() == 24));
        }
        commands.dedup();
        assert_eq!(commands, [0, 1, 2], "each command was seen under way");
        assert_eq!(status(world).running, None);
    });
}

#[test]
fn abort_ends_a_run_at_once() {
    with_scene(|world, _, _| {
        let expected = world.run();
        // At every stage of the run.
        for turns in (0..200).step_by(7) {
            world.start();
            world.turns(turns);
            if world.told.outcome.is_some() {
                continue;
            }
            assert_eq!(world.call(Request::Abort), Answer::Done);
            let told = world.finish(3);
            assert!(told.pixels.len() <= expected.pixels.len());
            assert_eq!(status(world).running, None);
        }
        assert_eq!(world.run(), expected);
        // Without a run it does nothing.
        assert_eq!(world.call(Request::Abort), Answer::Done);
        assert_eq!(world.run(), expected);
    });
}

#[test]
fn an_aborted_run_says_so() {
    with_scene(|world, _, _| {
        world.start();
        assert_eq!(world.call(Request::Abort), Answer::Done);
        assert_eq!(world.finish(3).outcome, Some(Outcome::Aborted));
    });
}

#[test]
fn a_new_session_ends_the_run_of_the_old_one() {
    with_scene(|world, layout, scene| {
        let expected = world.run();
        for turns in [0, 1, 5, 30, 100] {
            world.start();
            world.turns(turns);
            world.connect();
            assert_eq!(status(world).running, None);
            // The program is still there; the camera can be written.
            world.write(layout.offset(CAMERA), &scene.camera.to_words());
            assert_eq!(world.run(), expected);
        }
    });
}

#[test]
fn reads_and_digests_stay_in_the_arena() {
    with_scene(|world, layout, _| {
        let arena = (layout.words as u32 + 100) * 4;
        for (offset, length) in [(arena - 4, 5), (arena, 1), (4, u32::MAX), (u32::MAX, 1)] {
            let outside = Answer::Refused(Refusal::OutOfArena { offset, length, arena });
            assert_eq!(world.call(Request::Digest { offset, length, block: 64 }), outside);
            if length < 100 {
                assert_eq!(world.call(Request::Read { offset, length }), outside);
            }
        }
        let too_long = Answer::Refused(Refusal::TooLong { length: 4000 });
        assert_eq!(world.call(Request::Read { offset: 0, length: 4000 }), too_long);
        let nothing = Request::Digest { offset: arena, length: 0, block: 1 };
        assert_eq!(world.call(nothing), Answer::Digests(vec![]));
        assert_eq!(world.call(Request::Read { offset: arena, length: 0 }), Answer::Bytes(vec![]));
    });
}

#[test]
fn digests_are_those_of_the_blocks_in_the_arena() {
    with_scene(|world, layout, _| {
        let offset = layout.offset(GAUSSIANS) + 1;
        let Answer::Bytes(bytes) = world.call(Request::Read { offset, length: 1000 }) else {
            panic!("nothing to read")
        };
        for block in [1000, 333, 7, 1 << 31] {
            let digests = bytes.chunks(block as usize).flat_map(|it| digest(it).to_le_bytes());
            let found = world.call(Request::Digest { offset, length: 1000, block });
            assert_eq!(found, Answer::Digests(digests.collect()), "blocks of {block}");
        }
        // No block, more digests than a packet holds.
        let too_long = Answer::Refused(Refusal::TooLong { length: 1000 });
        for block in [0, 1, 3] {
            assert_eq!(world.call(Request::Digest { offset, length: 1000, block }), too_long);
        }
    });
}

#[test]
fn more_than_a_bounded_range_is_not_digested_at_once() {
    let (mut memory, mut arena) = (Memory::new(), vec![0; DIGESTED_MAX as usize / 4 + 1]);
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    let whole = |length| Request::Digest { offset: 0, length, block: length };
    assert!(matches!(world.call(whole(DIGESTED_MAX)), Answer::Digests(it) if it.len() == 8));
    let too_long = Answer::Refused(Refusal::TooLong { length: DIGESTED_MAX + 1 });
    assert_eq!(world.call(whole(DIGESTED_MAX + 1)), too_long);
}

#[test]
fn a_ticket_is_run_once() {
    with_scene(|world, _, _| {
        let run = Request::Run { ticket: 0xFACE };
        let already = |outcome| Answer::Refused(Refusal::AlreadyRun { outcome });
        assert_eq!(world.call(run), Answer::Done);
        assert_eq!(world.call(run), already(None));
        let record = RunRecord { ticket: 0xFACE, outcome: None };
        assert_eq!(status(world).last_run, Some(record));
        world.finish(1_000_000);
        assert_eq!(world.call(run), already(Some(Outcome::Completed)));
        assert_eq!(status(world).runs, 1);
        // In another session too.
        world.connect();
        assert_eq!(world.call(run), already(Some(Outcome::Completed)));
        // A run that lost its driver counts as aborted.
        let orphan = Request::Run { ticket: 0xCAFE };
        assert_eq!(world.call(orphan), Answer::Done);
        world.connect();
        assert_eq!(world.call(orphan), already(Some(Outcome::Aborted)));
        assert_eq!(status(world).runs, 2);
    });
}

#[test]
fn a_claim_lasts_until_the_next() {
    with_scene(|world, _, _| {
        assert_eq!(world.call(Request::Clear { claim: 0xC1A1 }), Answer::Done);
        world.connect();
        assert_eq!(status(world).claim, Some(0xC1A1));
        assert!(!status(world).installed);
        assert_eq!(world.call(Request::Clear { claim: 0 }), Answer::Done);
        assert_eq!(status(world).claim, Some(0));
    });
    let (mut memory, mut arena) = (Memory::new(), [0; 16]);
    let mut booted = World::new(&mut memory, &mut arena);
    booted.connect();
    assert_eq!(status(&mut booted).claim, None);
}

#[test]
fn a_driver_of_tiny_packets_gets_refusals_it_can_read() {
    with_scene(|world, _, _| {
        world.connect_with(20);
        let refused = Answer::Refused(Refusal::TooLong { length: 96 });
        assert_eq!(world.call(Request::Run { ticket: u32::MAX }), refused);
        // The description does not fit even what is left beside a greeting: it is refused as
        // well, and the device lives.
        assert!(matches!(world.call(Request::Describe), Answer::Refused(Refusal::TooLong { .. })));
        world.connect();
        assert_eq!(world.run().outcome, Some(Outcome::Completed));
    });
}

#[test]
fn a_mode_that_is_not_there_is_named() {
    with_scene(|world, layout, _| {
        assert_eq!(world.call(Request::Clear { claim: 2 }), Answer::Done);
        let mut program = layout.program();
        let second_command = 3 + layout.buffers.len() * 3 + 16;
        program[second_command] = 1 | 200 << 8; // CombinedGrid, mode 200
        world.write(0, &program);
        let install = Request::Install { offset: 0, length: program.len() as u32 * 4 };
        let Answer::Refused(Refusal::Program(error)) = world.call(install) else {
            panic!("accepted")
        };
        let ProgramError::BadCommand { command: 1, fault: Fault::UnknownMode { operator, mode } } =
            error
        else {
            panic!("{error:?}")
        };
        assert_eq!((operator as u8, mode), (1, 200));
    });
}
