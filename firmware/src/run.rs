//! A run: one execution of the installed program, in steps, with an account of what each part cost.

use crate::arena::Arena;
use crate::backend::{Backend, PixelRun, Step, Work};
use crate::pager::{Need, Pager};
use crate::port::Clock;
use quintet_protocol::message::{Outcome, Phase};
use quintet_protocol::program::{Command, Program, ProgramError, Repeat};

/// Most phases that one command has.
const PHASES: usize = 4;

/// What one phase of a command cost so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The part of the command.
    pub phase: Phase,
    /// In the clock's ticks.
    pub ticks: u64,
    /// Work items.
    pub items: u64,
}

/// A run under way.
pub struct Run {
    command: u16,
    costs: [Option<Cost>; PHASES],
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The command is not started yet.
    Start,
    /// The backend is executing it.
    Execute,
    /// It is finished; the cost of this number is told next.
    Report(usize),
}

/// What a step of a run gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to tell.
    Nothing,
    /// Finished pixels lie in the staging buffer.
    Pixels(PixelRun),
    /// A page is needed.
    Need(Need),
    /// Nothing can be done before a page comes.
    Starved,
    /// The cost of a part of a finished command.
    Cost(u16, Cost),
    /// The run has ended.
    Finished(Outcome),
}

impl Run {
    /// A run that has done nothing yet.
    pub fn new() -> Self {
        Self { command: 0, costs: [None; PHASES], stage: Stage::Start }
    }

    /// Index of the command being executed.
    pub fn command(&self) -> u16 {
        self.command
    }

    /// Makes the backend ready for the next command, if it is time; true when none is left. The
    /// executor's own commands are carried out at once.
    ///
    /// # Errors
    /// What [`Backend::start`] finds; nothing in a program that was validated.
    pub fn prepare(
        &mut self,
        program: &Program,
        arena: &Arena,
        backend: &mut impl Backend,
    ) -> Result<bool, ProgramError> {
        if self.stage != Stage::Start {
            return Ok(false);
        }
        if usize::from(self.command) >= program.command_count() {
            return Ok(true);
        }
        let command = program.command(self.command)?;
        if let Command::Repeat(repeat) = command {
            self.command =
                if goes_on(&repeat, program, arena) { repeat.from } else { self.command + 1 };
            return Ok(false);
        }
        backend.start(program, self.command, &command)?;
        self.stage = Stage::Execute;
        Ok(false)
    }

    /// Does one step of the prepared command, or tells what a finished one cost.
    pub fn step(
        &mut self,
        arena: &mut [u32],
        pager: &mut Pager,
        staging: &mut [u8],
        backend: &mut impl Backend,
        clock: &mut impl Clock,
    ) -> Progress {
        match self.stage {
            Stage::Start => return Progress::Nothing,
            Stage::Execute => {}
            Stage::Report(number) => return self.report(number),
        }
        let before = clock.ticks();
        let step = backend.step(arena, pager, staging);
        let ticks = clock.ticks().wrapping_sub(before);
        match step {
            Step::Working(work) => {
                self.account(work, ticks);
                Progress::Nothing
            }
            Step::Pixels(work, run) => {
                self.account(work, ticks);
                Progress::Pixels(run)
            }
            // What was done to find that out is lost in what asking costs, and waiting is no cost.
            Step::Need(need) => Progress::Need(need),
            Step::Starved => Progress::Starved,
            Step::Done => {
                self.stage = Stage::Report(0);
                Progress::Nothing
            }
        }
    }

    fn report(&mut self, number: usize) -> Progress {
        match self.costs.get_mut(number).and_then(Option::take) {
            Some(cost) => {
                self.stage = Stage::Report(number + 1);
                Progress::Cost(self.command, cost)
            }
            None => {
                self.stage = Stage::Start;
                self.command += 1;
                Progress::Nothing
            }
        }
    }

    fn account(&mut self, work: Work, ticks: u64) {
        let is_its = |slot: &&mut Option<Cost>| slot.is_none_or(|cost| cost.phase == work.phase);
        let Some(slot) = self.costs.iter_mut().find(is_its) else { return };
        let cost = slot.get_or_insert(Cost { phase: work.phase, ticks: 0, items: 0 });
        cost.ticks = cost.ticks.wrapping_add(ticks);
        cost.items = cost.items.wrapping_add(u64::from(work.items));
    }
}

/// Whether a loop's condition holds.
fn goes_on(repeat: &Repeat, program: &Program, arena: &Arena) -> bool {
    let word = program.buffer(repeat.condition).ok();
    let word =
        word.and_then(|buffer| arena.bytes(buffer.offset + u32::from(repeat.word) * 4, 4).ok());
    word.is_some_and(|bytes| bytes.iter().any(|&byte| byte != 0))
}
