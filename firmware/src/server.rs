//! Answers the driver's requests and owns what they are about: arena, program, run.

use crate::arena::Arena;
use crate::backend::Backend;
use crate::device::Identity;
use crate::log::log;
use crate::pager::{self, Pager, Pages};
use crate::port::Clock;
use crate::run::{Progress, Run};
use crate::validate::{BUFFERS_MAX, range, validate};
use core::ops::Range;
use quintet_protocol::copy;
use quintet_protocol::digest::{DIGEST_BYTES, digest};
use quintet_protocol::message::{
    DIGESTED_MAX, Description, Outcome, Refusal, Reply, Request, RunRecord, Status, Ticks,
};
use quintet_protocol::program::{BufferId, BufferKind, Operator, Program, ProgramError};

/// A link whose packets carry fewer bytes cannot bring a frame home.
const CARRIED_MIN: usize = 96;

/// The state behind the link.
pub struct Server<'a, B> {
    identity: Identity,
    ticks: Ticks,
    arena: Arena<'a>,
    backend: B,
    /// Whose the arena is.
    claim: Option<u32>,
    pager: Pager,
    /// Where the installed program lies, in bytes.
    program: Option<Range<u32>>,
    run: Option<Run>,
    aborting: bool,
    runs: u32,
    last_run: Option<RunRecord>,
}

impl<'a, B: Backend> Server<'a, B> {
    pub fn new(identity: Identity, ticks: Ticks, arena: Arena<'a>, backend: B) -> Self {
        Self {
            identity,
            ticks,
            arena,
            backend,
            claim: None,
            pager: Pager::default(),
            program: None,
            run: None,
            aborting: false,
            runs: 0,
            last_run: None,
        }
    }

    /// Whether a run is under way.
    pub fn is_running(&self) -> bool {
        self.run.is_some()
    }

    /// Aborts the run, if any: the driver that wanted it is gone, and nobody is to be told.
    pub fn forget_run(&mut self) {
        if self.run.is_some() {
            log!(warn, "the driver of run {=u32} is gone", self.runs);
            self.finish(Outcome::Aborted);
        }
    }

    /// Carries out a request. `staging` is as long as what an answer or an event can carry.
    pub fn answer<'s>(&'s mut self, request: &Request, staging: &'s mut [u8]) -> Reply<'s> {
        match self.try_answer(request, staging) {
            Ok(reply) => reply,
            Err(refusal) => {
                log!(warn, "request refused: {}", refusal);
                Reply::Refused(refusal)
            }
        }
    }

    fn try_answer<'s>(
        &'s mut self,
        request: &Request,
        staging: &'s mut [u8],
    ) -> Result<Reply<'s>, Refusal> {
        match *request {
            Request::Describe => return Ok(Reply::Description(self.describe())),
            Request::Clear { claim } => {
                self.refuse_while_running()?;
                self.program = None;
                self.claim = Some(claim);
            }
            Request::Write { offset, bytes } => {
                self.refuse_while_running()?;
                self.write(offset, bytes)?;
            }
            Request::Digest { offset, length, block } => {
                let bytes = self.arena.bytes(offset, length)?;
                return digests(bytes, block, staging).map(Reply::Digests);
            }
            Request::Read { offset, length } => {
                if length as usize > staging.len() {
                    return Err(Refusal::TooLong { length });
                }
                return Ok(Reply::Bytes(self.arena.bytes(offset, length)?));
            }
            Request::Install { offset, length } => {
                self.refuse_while_running()?;
                self.install(offset, length)?;
            }
            Request::Run { ticket } => self.start(ticket, staging.len())?,
            Request::Abort => self.aborting = self.run.is_some(),
            // The device has heard this one by itself.
            Request::Log => {}
            Request::Status => {
                return Ok(Reply::Status(Status {
                    claim: self.claim,
                    installed: self.program.is_some(),
                    running: self.run.as_ref().map(Run::command),
                    runs: self.runs,
                    last_run: self.last_run,
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
            accelerator: self.backend.presence(),
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
        copy(bytes, self.arena.bytes_mut(offset, length)?);
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
        log!(info, "program installed: {=u32} bytes at {=u32}", length, offset);
        self.empty_pages()
    }

    /// Starts a run, unless its ticket is that of the last one. `carried` is how many bytes an
    /// event can carry.
    fn start(&mut self, ticket: u32, carried: usize) -> Result<(), Refusal> {
        if let Some(RunRecord { outcome, .. }) = self.last_run.filter(|run| run.ticket == ticket) {
            return Err(Refusal::AlreadyRun { outcome });
        }
        self.refuse_while_running()?;
        if self.program.is_none() {
            return Err(Refusal::NoProgram);
        }
        if carried < CARRIED_MIN {
            return Err(Refusal::TooLong { length: CARRIED_MIN as u32 });
        }
        log!(debug, "run {=u32} started", self.runs);
        if let Some(place) = &self.program {
            let bytes = self.arena.bytes(place.start, place.end - place.start)?;
            let program = Program::new(bytes).map_err(Refusal::Program)?;
            self.backend.begin(self.arena.all(), &program, place.start, carried);
        }
        self.run = Some(Run::new());
        self.last_run = Some(RunRecord { ticket, outcome: None });
        Ok(())
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
        let ended = if self.aborting { Ok(Some(Outcome::Aborted)) } else { self.prepare(clock) };
        match ended {
            // A program that was validated can always be prepared.
            Err(_) => self.finish(Outcome::Aborted),
            Ok(Some(outcome)) => self.finish(outcome),
            Ok(None) => match &mut self.run {
                Some(run) => {
                    let Self { arena, pager, backend, .. } = self;
                    match run.step(arena.words(), pager, staging, backend, clock) {
                        Progress::Failed(command, failure) => {
                            self.finish(Outcome::Failed { command, failure })
                        }
                        progress => progress,
                    }
                }
                None => Progress::Nothing,
            },
        }
    }

    /// Prepares the next command; the outcome if there is none.
    fn prepare(&mut self, clock: &mut impl Clock) -> Result<Option<Outcome>, ProgramError> {
        let (Some(run), Some(place)) = (&mut self.run, &self.program) else { return Ok(None) };
        let bytes = self.arena.bytes(place.start, place.end - place.start);
        let program = Program::new(bytes.map_err(|_| ProgramError::NotAProgram)?)?;
        let finished = run.prepare(&program, &self.arena, &self.pager, &mut self.backend, clock)?;
        Ok(finished.then_some(Outcome::Completed))
    }

    fn finish(&mut self, outcome: Outcome) -> Progress {
        log!(info, "run {=u32} ended: {}", self.runs, outcome);
        self.backend.abandon();
        (self.run, self.aborting) = (None, false);
        self.pager.forget();
        self.runs = self.runs.wrapping_add(1);
        if let Some(record) = &mut self.last_run {
            record.outcome = Some(outcome);
        }
        Progress::Finished(outcome)
    }
}

/// Puts the digest of each block into `staging`.
fn digests<'s>(bytes: &[u8], block: u32, staging: &'s mut [u8]) -> Result<&'s [u8], Refusal> {
    let length = bytes.len() as u32;
    if block == 0 || length > DIGESTED_MAX {
        return Err(Refusal::TooLong { length });
    }
    let count = length.div_ceil(block) as usize;
    let room = staging.get_mut(..count * DIGEST_BYTES);
    let digests = room.ok_or(Refusal::TooLong { length })?;
    for (block, to) in bytes.chunks(block as usize).zip(digests.as_chunks_mut::<DIGEST_BYTES>().0) {
        *to = digest(block).to_le_bytes();
    }
    Ok(digests)
}
