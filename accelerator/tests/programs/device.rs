//! A device that runs a program, with a host that supplies pages.

use super::draft::Drafted;
use super::world::{Answer, Told, World};
use quintet_firmware::Memory;
use quintet_firmware::backend::Backend;
use quintet_protocol::fault::Random;
use quintet_protocol::message::{Outcome, Refusal, Request};
use quintet_protocol::program::{Command, ProgramError};

/// Polls after which a run that has not ended is aborted: loops may go on for ever.
const POLLS: u32 = 3000;

/// What one device made of a program.
pub struct Made {
    pub told: Told,
    pub arena: Vec<u32>,
    /// Pages that were supplied: number, bytes.
    pub pages: Vec<(u32, u32)>,
}

impl Made {
    /// Whether the command of an index had anything to do.
    pub fn has_worked(&self, index: u16, command: &Command) -> bool {
        // A cursor that goes on is no item.
        let is_counted = !matches!(command, Command::NextTile(_));
        let mut costs = self.told.costs.iter().filter(|&&(its, ..)| its == index);
        costs.any(|&(.., items)| items > 0 || !is_counted)
    }
}

/// Installs a program on a device and runs it.
///
/// # Errors
/// Why it does not accept the program.
pub fn execute<B: Backend>(drafted: &Drafted, backend: B) -> Result<Made, ProgramError> {
    let (mut memory, mut arena) = (Memory::new(), drafted.arena.clone());
    let mut world = World::with_backend(&mut memory, &mut arena, backend);
    world.connect();
    let place = &drafted.place;
    let install = Request::Install { offset: place.start, length: place.end - place.start };
    match world.call(install) {
        Answer::Done => {}
        Answer::Refused(Refusal::Program(error)) => return Err(error),
        other => panic!("{other:?}"),
    }
    world.start();
    let (mut pages, mut polls) = (Vec::new(), 0);
    while world.told.outcome.is_none() {
        while let Some((need, page, length)) = world.needs.pop_front() {
            let bytes = page_bytes(page, length);
            pages.push((page, length));
            for (bytes, offset) in bytes.chunks(PIECE).zip((0..).step_by(PIECE)) {
                let supply = Request::Supply { need, offset, bytes };
                assert_eq!(world.call(supply), Answer::Done);
            }
        }
        world.turn();
        polls += 1;
        if polls == POLLS {
            assert_eq!(world.call(Request::Abort), Answer::Done);
            world.finish(50);
            world.told.outcome = Some(Outcome::Aborted);
        }
    }
    let told = std::mem::take(&mut world.told);
    drop(world);
    Ok(Made { told, arena, pages })
}

/// Bytes of a page that are sent at a time; a packet carries more.
const PIECE: usize = 1024;

/// What the page of a number holds.
pub fn page_bytes(page: u32, length: u32) -> Vec<u8> {
    let mut random = Random::new(page.into());
    (0..length).map(|_| random.next_u64() as u8).collect()
}
