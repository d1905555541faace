//! Programs of which a few words are anything: how they are changed, and what may become of them.

use proptest::prelude::*;
use quintet_protocol::message::{Refusal, Request};

use crate::hostile_programs::nasty;
use crate::scene::Random;
use crate::world::{Answer, World};

/// Places in a program, and how the word there is changed.
pub type Places = Vec<(prop::sample::Index, u8)>;

/// Up to three places.
pub fn places(least: usize) -> impl Strategy<Value = Places> {
    prop::collection::vec((any::<prop::sample::Index>(), 0u8..4), least..4)
}

/// Changes the words of a program at these places.
pub fn mutate(program: &mut [u32], places: &Places, random: &mut Random) {
    for (place, how) in places {
        let word = &mut program[place.index(program.len())];
        *word = match how {
            0 => nasty(random),
            1 => word.wrapping_add(random.next() % 9).wrapping_sub(4),
            2 => *word ^ 1 << (random.next() % 32),
            _ => *word & 0xFFFF | random.next() << 16,
        };
    }
}

/// Installs the program of so many words that lies at the arena's start; if it is accepted, runs it
/// for some turns, before each of which `feed` may give it something, and then stops it. It is
/// enough that this can be done: large frames take long.
pub fn run_if_accepted(
    world: &mut World,
    words: usize,
    turns: u32,
    mut feed: impl FnMut(&mut World),
) {
    match world.call(Request::Install { offset: 0, length: words as u32 * 4 }) {
        Answer::Done => {
            world.start();
            for _ in 0..turns {
                if world.told.outcome.is_some() {
                    return;
                }
                feed(world);
                world.turn();
            }
            assert_eq!(world.call(Request::Abort), Answer::Done);
            world.finish(10);
        }
        Answer::Refused(Refusal::Program(_)) => {}
        other => panic!("{other:?}"),
    }
}
