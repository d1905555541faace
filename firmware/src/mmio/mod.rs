//! The mmio backend: an accelerator behind registers executes what it can, the core all the rest.
//!
//! The contract with the accelerator is [`quintet_protocol::accelerator`], in words
//! `docs/accelerator.md`. Both work at the same time on commands that have nothing in common; what
//! they finish is told in the program's order.

mod engine;
mod hazard;
mod ring;
mod shared;
mod watch;
mod yields;

use crate::backend::{Backend, Step, TAKEN_MAX, Taken, Work};
use crate::fifo::Fifo;
use crate::log::log;
use crate::pager::Pager;
use crate::software::Software;
use core::ops::Range;
use engine::{Answer, Engine};
use hazard::Record;
use quintet_protocol::accelerator::{Failure, PIXELS_MIN, Presence};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Program, ProgramError};
pub use ring::{DescriptorRing, Slot};
pub use shared::{QUEUE_SLOTS, Shared, Word};
use watch::Watch;

/// An accelerator as a board reaches it.
pub trait Accelerator {
    /// Reads the register at byte `offset`.
    fn read(&mut self, offset: u32) -> u32;

    /// Writes the register at byte `offset`.
    fn write(&mut self, offset: u32, value: u32);

    /// Lets nothing that this core does to memory or registers before this be seen after what it
    /// does behind it, by the accelerator: `dsb` on Arm, `fence iorw, iorw` on RISC-V.
    fn barrier(&mut self);

    /// The address by which the accelerator knows this memory. It is the core's own where both see
    /// one address space.
    fn address<T>(&self, memory: &[T]) -> u32 {
        memory.as_ptr().expose_provenance() as u32
    }

    /// Lends the arena to an accelerator that is part of this process, so that it can work. One of
    /// hardware has its own way to memory.
    fn lend(&mut self, arena: &mut [u32]) {
        let _ = arena;
    }
}

/// Executes commands by an accelerator, and by the core what that does not.
pub struct Mmio<'m, A> {
    software: Software,
    presence: Presence,
    engine: Option<Engine<'m, A>>,
    flight: Option<Flight>,
}

/// A run that the accelerator takes part in.
struct Flight {
    /// Where the program lies, in bytes of the arena.
    place: Range<usize>,
    /// Whether commands of it may pull pages.
    streams: bool,
    /// What was taken and not told to be finished.
    taken: Fifo<Entry, TAKEN_MAX>,
    /// What the core executes.
    core: Core,
    watch: Watch,
}

/// A command that was taken.
#[derive(Clone, Copy)]
struct Entry {
    command: u16,
    by: By,
    /// Whether it pulls pages.
    streams: bool,
    /// Bytes of pixels that the accelerator has sent of it.
    pixels: u32,
}

/// Who executes a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Accelerator,
    /// The core, in the accelerator's stead, which waits for it.
    Substitute,
    Core,
    /// Nobody any more: the core has, while earlier ones were not finished.
    Finished,
}

/// What the core executes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Core {
    Nothing,
    /// The entry with [`By::Core`].
    Own,
    /// The first entry, which has [`By::Substitute`].
    Substitute,
}

impl<'m, A: Accelerator> Mmio<'m, A> {
    /// A backend with the accelerator that a board has found, if any, and the memory that it shares
    /// with it. The accelerator is reset.
    pub fn new(accelerator: Option<A>, shared: &'m Shared) -> Self {
        let found = accelerator.map(|it| Engine::find(it, shared));
        let (engine, presence) = found.unwrap_or((None, Presence::Absent));
        Self { software: Software::default(), presence, engine, flight: None }
    }
}

impl<A: Accelerator> Backend for Mmio<'_, A> {
    fn operators(&self) -> u32 {
        self.software.operators()
    }

    fn presence(&self) -> Presence {
        self.presence
    }

    fn check(&self, program: &Program, index: u16) -> Result<(), ProgramError> {
        self.software.check(program, index)
    }

    fn begin(&mut self, arena: &[u32], program: &Program, offset: u32, carried: usize) {
        self.flight = None;
        let Some(engine) = &mut self.engine else { return };
        // Records are words for the accelerator, and its rows of pixels must fit a packet.
        if !offset.is_multiple_of(4) || carried < PIXELS_MIN as usize {
            return;
        }
        let most = carried.min(size_of::<Shared>() - core::mem::offset_of!(Shared, pixels));
        engine.begin(arena, program, offset, most as u32 & !3);
        let length = Program::encoded_len(program.buffer_count(), program.command_count());
        self.flight = Some(Flight {
            place: offset as usize..offset as usize + length,
            streams: hazard::any_streams(program),
            taken: Fifo::new(),
            core: Core::Nothing,
            watch: Watch::default(),
        });
    }

    fn take(
        &mut self,
        program: &Program,
        index: u16,
        pager: &Pager,
    ) -> Result<Taken, ProgramError> {
        let (Some(engine), Some(flight), Some(record)) =
            (&mut self.engine, &mut self.flight, hazard::record(program, index))
        else {
            return self.software.take(program, index, pager);
        };
        let [code, ..] = record;
        let streams = flight.streams && hazard::streams(program, record);
        let mut entry = Entry { command: index, by: By::Accelerator, streams, pixels: 0 };
        if engine.executes(*code as u8, (code >> 8) as u8) {
            let waits_for_pages = streams && pager.wanted() > 0;
            if waits_for_pages
                || !flight.lets(program, record, &entry)
                || !engine.take(record, index)
            {
                return Ok(Taken::Nobody);
            }
            flight.taken.push(entry);
            return Ok(Taken::Accelerator);
        }
        entry.by = By::Core;
        if flight.core != Core::Nothing || !flight.lets(program, record, &entry) {
            return Ok(Taken::Nobody);
        }
        let taken = self.software.take(program, index, pager)?;
        if taken == Taken::Core {
            flight.core = Core::Own;
            flight.taken.push(entry);
        }
        Ok(taken)
    }

    fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8], now: u64) -> Step {
        let (Some(engine), Some(flight)) = (&mut self.engine, &mut self.flight) else {
            return self.software.step(arena, pager, staging, now);
        };
        let Some(first) = flight.taken.first().copied() else { return Step::Starved };
        engine.ring(arena);
        engine.nudge(pager.completed());
        match first.by {
            By::Finished => {
                flight.taken.pop();
                return Step::Done(None);
            }
            By::Substitute if flight.core == Core::Substitute => {}
            By::Accelerator | By::Substitute => {
                if let Some(step) = self.listen(arena, pager, staging) {
                    return step;
                }
            }
            By::Core => {}
        }
        self.work(arena, pager, staging, now)
    }

    fn abandon(&mut self) {
        self.software.abandon();
        self.flight = None;
        let Some(engine) = &mut self.engine else { return };
        if !engine.is_engaged() {
            return engine.rest();
        }
        log!(debug, "the accelerator is reset");
        if !engine.reset() {
            log!(error, "the accelerator has not come back from a reset");
            (self.engine, self.presence) = (None, Presence::Lost);
        }
    }
}

impl<A: Accelerator> Mmio<'_, A> {
    /// Hears what the accelerator says, if anything, of the command that was taken first.
    fn listen(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8]) -> Option<Step> {
        let (engine, flight) = (self.engine.as_mut()?, self.flight.as_mut()?);
        let step = match engine.poll() {
            Answer::Nothing => return None,
            Answer::Returned(receipt) => {
                let by = flight.taken.pop().map(|entry| entry.by);
                Step::Done(Some(receipt).filter(|_| by == Some(By::Accelerator)))
            }
            Answer::Yielded(asked) => self.serve(asked, arena, pager, staging)?,
            Answer::Failed(index, failure) => flight.failed(index, failure),
        };
        if let Some(flight) = &mut self.flight {
            flight.watch.forgive();
        }
        Some(step)
    }

    /// Does a step of what the core executes. Where that is nothing, or waits for pages, there is
    /// nothing to do before the accelerator gets on.
    fn work(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8], now: u64) -> Step {
        let (Some(engine), Some(flight)) = (&mut self.engine, &mut self.flight) else {
            return Step::Starved;
        };
        if flight.core != Core::Nothing {
            match self.software.step(arena, pager, staging, now) {
                Step::Done(_) => return flight.finish(engine),
                Step::Starved if !engine.is_engaged() => return Step::Starved,
                Step::Starved => {}
                step => return step,
            }
        }
        if pager.wanted() > 0 {
            // It may wait for the driver, which may take its time.
            flight.watch.forgive();
            return Step::Waiting(None);
        }
        match flight.watch.look(engine.progress(), now) {
            Some(end) => Step::Waiting(Some(end)),
            None => flight.failed(None, Failure::NoAnswer),
        }
    }
}

impl Flight {
    /// Whether a command may be under way together with those that the other side has not finished.
    fn lets(&self, program: &Program, record: &Record, entry: &Entry) -> bool {
        let other = if entry.by == By::Core { By::Accelerator } else { By::Core };
        self.taken.iter().filter(|earlier| earlier.by == other).all(|earlier| {
            let its = hazard::record(program, earlier.command);
            !(entry.streams && earlier.streams)
                && its.is_some_and(|its| !hazard::meet(program, its, record))
        })
    }

    /// The core has finished what it executed.
    fn finish<A: Accelerator>(&mut self, engine: &mut Engine<A>) -> Step {
        if core::mem::replace(&mut self.core, Core::Nothing) == Core::Substitute {
            engine.resume();
        } else if self.taken.first().is_some_and(|first| first.by == By::Core) {
            self.taken.pop();
            return Step::Done(None);
        } else if let Some(entry) = self.taken.iter_mut().find(|entry| entry.by == By::Core) {
            entry.by = By::Finished;
        }
        Step::Working(Work { phase: Phase::Offload, items: 0 })
    }

    /// The accelerator failed, at the command of this index if that is one that it has.
    fn failed(&self, index: Option<u16>, failure: Failure) -> Step {
        let has =
            |index| self.taken.iter().any(|it| it.by == By::Accelerator && it.command == index);
        let first = self.taken.first().map_or(0, |entry| entry.command);
        Step::Failed(index.filter(|&index| has(index)).unwrap_or(first), failure)
    }
}
