//! Hostile programs and data: a program is refused with the number of what is wrong, or runs to its
//! end in bounded time; and it never writes outside its own buffers, whatever they hold.

use proptest::prelude::*;
use quintet_firmware::Memory;
use quintet_protocol::message::{Outcome, Refusal, Request};
use quintet_protocol::program::ProgramError;

use crate::mutation::{Places, mutate, places, run_if_accepted};
use crate::scene::{CAMERA, CHUNKS, FRAME, GAUSSIANS, Layout, Plan, Random, Scene};
use crate::world::{Answer, World, buffers, stray_write};

/// Polls in which any run of these sizes must end: a few thousand steps.
const POLLS: u32 = 300_000;
/// Words of arena that belong to nobody, at its end.
const UNASSIGNED: usize = 200;

/// A word that is likely to hurt.
pub fn nasty(random: &mut Random) -> u32 {
    const WORDS: [u32; 10] = [
        0,
        1,
        u32::MAX,
        i32::MAX as u32,
        i32::MIN as u32,
        0x8000_8000,
        0x7FFF_7FFF,
        0x4000_0000,
        1 << 28,
        0xFFFF,
    ];
    let word = random.next();
    match random.next() % 4 {
        0 => word,
        1 => word >> (random.next() % 32),
        2 => (word as i32 >> (random.next() % 32)) as u32,
        _ => WORDS[word as usize % WORDS.len()],
    }
}

/// Runs what is installed and holds the arena before against the arena after.
pub fn run_and_compare(layout: &Layout, before: &[u32], arena: &mut [u32]) -> Result<(), String> {
    arena.copy_from_slice(before);
    let mut memory = Memory::new();
    let mut world = World::new(&mut memory, arena);
    world.connect();
    let length = layout.program().len() as u32 * 4;
    match world.call(Request::Install { offset: 0, length }) {
        Answer::Done => {}
        Answer::Refused(Refusal::Program(error)) => return named(layout, error),
        other => return Err(format!("{other:?}")),
    }
    world.start();
    let told = world.finish(POLLS);
    if told.outcome != Some(Outcome::Completed) {
        return Err(format!("{:?}", told.outcome));
    }
    match stray_write(&layout.buffers, before, arena) {
        Some(word) => Err(format!("word {word} was written")),
        None => Ok(()),
    }
}

/// Whether the refusal names something that the program has.
fn named(layout: &Layout, error: ProgramError) -> Result<(), String> {
    let known = match error {
        ProgramError::BadBuffer { buffer } | ProgramError::Overlaps { buffer } => {
            usize::from(buffer) < layout.buffers.len()
        }
        ProgramError::BadCommand { command, .. } => usize::from(command) < layout.commands.len(),
        _ => false,
    };
    if known { Ok(()) } else { Err(format!("{error:?} names nothing")) }
}

prop_compose! {
    fn plan()(
        frame in [1u16..70, 1u16..50],
        tile in [1u16..70, 1u16..50],
        gaussians in 1usize..300,
        spare in 0usize..200,
        degree in 0u8..4,
        digit_bits in 4u8..13,
    ) -> Plan {
        let tile = [tile[0].min(frame[0]), tile[1].min(frame[1])];
        Plan { frame, tile, bins: gaussians + spare, gaussians, degree, digit_bits }
    }
}

/// Fills an arena with nasty words, the program at its start.
pub fn nasty_arena(layout: &Layout, random: &mut Random) -> Vec<u32> {
    let mut arena: Vec<u32> = (0..layout.words + UNASSIGNED).map(|_| nasty(random)).collect();
    let program = layout.program();
    arena[..program.len()].copy_from_slice(&program);
    arena
}

/// Puts words into an arena.
pub fn put(arena: &mut [u32], offset: u32, words: &[u32]) {
    let first = offset as usize / 4;
    arena[first..first + words.len()].copy_from_slice(words);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_data_is_drawn_somehow(plan in plan(), seed: u32) {
        let layout = Layout::new(&plan);
        let before = nasty_arena(&layout, &mut Random(seed | 1));
        let mut arena = before.clone();
        prop_assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    }

    /// With a sane camera and sane chunks hostile Gaussians get further.
    #[test]
    fn any_gaussians_are_drawn_somehow(plan in plan(), seed: u32, shift in 0u32..14) {
        let layout = Layout::new(&plan);
        let mut random = Random(seed | 1);
        let mut before = nasty_arena(&layout, &mut random);
        let mut scene = Scene::random(plan.frame, plan.gaussians, seed);
        scene.camera.focal_shift = shift;
        put(&mut before, layout.offset(CHUNKS), scene.chunks.as_flattened());
        put(&mut before, layout.offset(CAMERA), &scene.camera.to_words());
        // Positions stay, so that all are in view; covariance, opacity and colour are anything.
        for (gaussian, place) in
            scene.gaussians.iter_mut().zip((layout.offset(GAUSSIANS)..).step_by(24))
        {
            let opacity = random.next() << 24;
            gaussian[1] = gaussian[1] & 0xFFFF | random.next() & 0xFF_0000 | opacity;
            gaussian[2..].fill_with(|| nasty(&mut random));
            put(&mut before, place, gaussian);
        }
        let mut arena = before.clone();
        prop_assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    }

    /// One camera word is anything.
    #[test]
    fn any_camera_draws_something(plan in plan(), seed: u32, word in 0usize..24, value: u32) {
        let layout = Layout::new(&plan);
        let mut random = Random(seed | 1);
        let mut before = nasty_arena(&layout, &mut random);
        let scene = Scene::random(plan.frame, plan.gaussians, seed);
        put(&mut before, layout.offset(CHUNKS), scene.chunks.as_flattened());
        put(&mut before, layout.offset(GAUSSIANS), scene.gaussians.as_flattened());
        let mut camera = scene.camera.to_words();
        camera[word] = if seed & 1 == 0 { value } else { nasty(&mut random) };
        put(&mut before, layout.offset(CAMERA), &camera);
        let mut arena = before.clone();
        prop_assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    }

    /// A few words of the program are anything; what is accepted runs.
    #[test]
    fn a_mutated_program_is_refused_or_runs(
        plan in plan(),
        seed: u32,
        places in places(1),
    ) {
        let layout = Layout::new(&plan);
        let mut random = Random(seed | 1);
        let before = nasty_arena(&layout, &mut random);
        prop_assert_eq!(mutate_and_run(&layout, before, &places, &mut random), None);
    }
}

/// Changes a program at these places and runs it, if it is accepted. Returns a word that it wrote
/// and may not have.
pub fn mutate_and_run(
    layout: &Layout,
    mut arena: Vec<u32>,
    places: &Places,
    random: &mut Random,
) -> Option<usize> {
    let mut memory = Memory::new();
    let length = layout.program().len();
    mutate(&mut arena[..length], places, random);
    let mutated = arena.clone();
    let mut world = World::new(&mut memory, &mut arena);
    world.connect();
    run_if_accepted(&mut world, length, 500, |_| ());
    world.connect();
    drop(world);
    stray_write(&buffers(&mutated[..length]), &mutated, &arena)
}

#[test]
fn an_untouched_program_is_accepted_and_completes() {
    // So that the properties above are about something.
    let plan = Plan { tile: [16, 8], degree: 3, ..Plan::roomy([40, 30], 300) };
    let layout = Layout::new(&plan);
    let before = nasty_arena(&layout, &mut Random(5));
    let mut arena = before.clone();
    assert_eq!(run_and_compare(&layout, &before, &mut arena), Ok(()));
    assert_ne!(arena, before);
    assert_eq!(layout.buffers.len(), usize::from(FRAME) + 1);
}
