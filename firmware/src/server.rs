//! Answers the driver's requests and owns what they are about: arena, program, run.

use crate::arena::Arena;
use crate::backend::Backend;
use crate::device::Identity;
use crate::pager::{self, Pager, Pages};
use crate::port::Clock;
use crate::run::{Progress, Run};
use crate::validate::{BUFFERS_MAX, range, validate};
use core::ops::Range;
use quintet_protocol::crc::crc32;
use quintet_protocol::message::{Description, Outcome, Refusal, Reply, Request, Status, Ticks};
use quintet_protocol::program::{BufferId, BufferKind, Operator, Program, ProgramError};

/// Most bytes that are checksummed at once: the link waits meanwhile, for some 5 instructions a byte.
const CHECKSUM_MAX: u32 = 1 << 20;
/// A link whose packets carry fewer bytes cannot bring a frame home.
const CARRIED_MIN: usize = 96;

/// The state behind the link.
pub struct Server<'a, B> {
    identity: Identity,
    ticks: Ticks,
    arena: Arena<'a>,
    backend: B,
    pager: Pager,
    /// Where the installed program lies, in bytes.
    program: Option<Range<u32>>,
    run: Option<Run>,
    aborting: bool,
    runs: u32,
}

impl<'a, B: Backend> Server<'a, B> {
    pub fn new(identity: Identity, ticks: Ticks, arena: Arena<'a>, backend: B) -> Self {
        Self {
            identity,
            ticks,
            arena,
            backend,
            pager: Pager::default(),
            program: None,
            run: None,
            aborting: false,
            runs: 0,
        }
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Drops the run: the driver that wanted it is gone.
    pub fn forget_run(&mut self) {
        self.run = None;
        self.aborting = false;
        self.pager.forget();
    }

    /// Carries out a request. `carried` is how many bytes an answer or an event can carry.
    pub fn answer(&mut self, request: &Request, carried: usize) -> Reply<'_> {
        match self.try_answer(request, carried) {
            Ok(reply) => reply,
            Err(refusal) => Reply::Refused(refusal),
        }
    }

    fn try_answer(&mut self, request: &Request, carried: usize) -> Result<Reply<'_>, Refusal> {
        match *request {
            Request::Describe => return Ok(Reply::Description(self.describe())),
            Request::Clear => {
                self.refuse_while_running()?;
                self.program = None;
            }
            Request::Write { offset, bytes } => {
                self.refuse_while_running()?;
                self.write(offset, bytes)?;
            }
            Request::Checksum { offset, length } => {
                let bytes = self.arena.bytes(offset, length)?;
                if length > CHECKSUM_MAX {
                    return Err(Refusal::TooLong { length });
                }
                return Ok(Reply::Checksum(crc32(bytes)));
            }
            Request::Read { offset, length } => {
                if length as usize > carried {
                    return Err(Refusal::TooLong { length });
                }
                return Ok(Reply::Bytes(self.arena.bytes(offset, length)?));
            }
            Request::Install { offset, length } => {
                self.refuse_while_running()?;
                self.install(offset, length)?;
            }
            Request::Run => {
                self.refuse_while_running()?;
                if self.program.is_none() {
                    return Err(Refusal::NoProgram);
                }
                if carried < CARRIED_MIN {
                    return Err(Refusal::TooLong { length: CARRIED_MIN as u32 });
                }
                self.run = Some(Run::new());
                self.aborting = false;
            }
            Request::Abort => self.aborting = self.run.is_some(),
            Request::Status => {
                return Ok(Reply::Status(Status {
                    installed: self.program.is_some(),
                    running: self.run.as_ref().map(Run::command),
                    runs: self.runs,
                    pages_wanted: self.pager.wanted() as u16,
                }));
            }
            Request::Supply { need, offset, bytes } => {
                self.pager.supply(&mut self.arena, need, offset, bytes)?;
            }
            _ => return Err(Refusal::Malformed),
        }
        Ok(Reply::Done)
    }

    fn describe(&self) -> Description<'static> {
        Description {
            board: self.identity.board,
            firmware: env!("CARGO_PKG_VERSION"),
            target: self.identity.target,
            arena_bytes: self.arena.len(),
            operators: self.backend.operators() | 1 << Operator::Control as u32,
            ticks: self.ticks,
        }
    }

    fn refuse_while_running(&self) -> Result<(), Refusal> {
        if self.run.is_some() { Err(Refusal::Busy) } else { Ok(()) }
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Refusal> {
        let length = bytes.len() as u32;
        if let Some(place) = &self.program {
            let program = Program::new(self.arena.bytes(place.start, place.end - place.start)?)
                .map_err(Refusal::Program)?;
            let is_input = (0..program.buffer_count() as u16)
                .filter_map(|number| program.buffer(BufferId(number)).ok())
                .filter(|buffer| buffer.kind == BufferKind::Input)
                .map(|buffer| range(&buffer))
                .any(|input| {
                    input.start <= offset
                        && u64::from(offset) + u64::from(length) <= input.end.into()
                });
            if !is_input {
                return Err(Refusal::NotAnInput { offset });
            }
        }
        self.arena.bytes_mut(offset, length)?.copy_from_slice(bytes);
        Ok(())
    }

    fn install(&mut self, offset: u32, length: u32) -> Result<(), Refusal> {
        let arena_bytes = self.arena.len();
        let bytes = self.arena.bytes(offset, length)?;
        let place = offset..offset + length;
        Program::new(bytes)
            .and_then(|program| validate(&program, &place, arena_bytes, &self.backend))
            .map_err(Refusal::Program)?;
        self.program = Some(place);
        self.empty_pages()
    }

    /// Makes the slots of the installed program's streamed buffers empty: they may hold anything.
    fn empty_pages(&mut self) -> Result<(), Refusal> {
        let Some(place) = &self.program else { return Ok(()) };
        let length = place.end - place.start;
        for number in 0..BUFFERS_MAX as u16 {
            let program =
                Program::new(self.arena.bytes(place.start, length)?).map_err(Refusal::Program)?;
            if usize::from(number) >= program.buffer_count() {
                break;
            }
            let id = BufferId(number);
            let pages = program.buffer(id).ok().and_then(|buffer| Pages::of(id, &buffer));
            if let Some(pages) = pages {
                pager::clear(self.arena.words(), pages.table);
            }
        }
        Ok(())
    }

    /// Does a step of the run.
    pub fn step(&mut self, staging: &mut [u8], clock: &mut impl Clock) -> Progress {
        let ended = if self.aborting { Ok(Some(Outcome::Aborted)) } else { self.prepare() };
        match ended {
            // A program that was validated can always be prepared.
            Err(_) => self.finish(Outcome::Aborted),
            Ok(Some(outcome)) => self.finish(outcome),
            Ok(None) => match &mut self.run {
                Some(run) => {
                    let Self { arena, pager, backend, .. } = self;
                    run.step(arena.words(), pager, staging, backend, clock)
                }
                None => Progress::Nothing,
            },
        }
    }

    /// Prepares the next command; the outcome if there is none.
    fn prepare(&mut self) -> Result<Option<Outcome>, ProgramError> {
        let (Some(run), Some(place)) = (&mut self.run, &self.program) else { return Ok(None) };
        let bytes = self.arena.bytes(place.start, place.end - place.start);
        let program = Program::new(bytes.map_err(|_| ProgramError::NotAProgram)?)?;
        let finished = run.prepare(&program, &self.arena, &mut self.backend)?;
        Ok(finished.then_some(Outcome::Completed))
    }

    fn finish(&mut self, outcome: Outcome) -> Progress {
        self.forget_run();
        self.runs = self.runs.wrapping_add(1);
        Progress::Finished(outcome)
    }
}
