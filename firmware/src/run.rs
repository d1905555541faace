//! A run: one execution of the installed program, in steps, with an account of what each part cost.

use crate::arena::Arena;
use crate::backend::{Backend, PixelRun, Step, TAKEN_MAX, Taken, Work};
use crate::pager::{Need, Pager};
use crate::port::Clock;
use quintet_protocol::accelerator::Failure;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::{Outcome, Phase};
use quintet_protocol::program::{Command, Operator, Program, ProgramError, Repeat};

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
    /// The command that the backend is to take next.
    next: u16,
    /// Those that it has taken: a ring.
    taken: [Account; TAKEN_MAX],
    /// Where in the ring the first one is.
    first: usize,
    /// How many there are.
    count: usize,
    /// What is told next of the first one, if it is finished.
    report: Option<usize>,
}

/// What a command cost so far.
#[derive(Clone, Copy)]
struct Account {
    command: u16,
    costs: [Option<Cost>; PHASES],
    receipt: Option<Receipt>,
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
    /// Nothing can be done before the accelerator gets on.
    Waiting,
    /// The cost of a part of a finished command.
    Cost(u16, Cost),
    /// What a finished command cost the accelerator.
    Accelerated(u16, Receipt),
    /// The accelerator failed at a command.
    Failed(u16, Failure),
    /// The run has ended.
    Finished(Outcome),
}

impl Account {
    const fn of(command: u16) -> Self {
        Self { command, costs: [None; PHASES], receipt: None }
    }

    fn add(&mut self, phase: Phase, items: u32, ticks: u64) {
        let is_its = |slot: &&mut Option<Cost>| slot.is_none_or(|cost| cost.phase == phase);
        let Some(slot) = self.costs.iter_mut().find(is_its) else { return };
        let cost = slot.get_or_insert(Cost { phase, ticks: 0, items: 0 });
        cost.ticks = cost.ticks.wrapping_add(ticks);
        cost.items = cost.items.wrapping_add(u64::from(items));
    }
}

impl Run {
    /// A run that has done nothing yet.
    pub fn new() -> Self {
        Self { next: 0, taken: [Account::of(0); TAKEN_MAX], first: 0, count: 0, report: None }
    }

    /// Index of the command being executed.
    pub fn command(&self) -> u16 {
        if self.count > 0 { self.taken[self.first].command } else { self.next }
    }

    /// Hands the backend the next command, if it takes one now; true when all are finished. The
    /// executor's own commands are carried out at once, when all before them are finished.
    ///
    /// # Errors
    /// What [`Backend::take`] finds; nothing in a program that was validated.
    pub fn prepare(
        &mut self,
        program: &Program,
        arena: &Arena,
        pager: &Pager,
        backend: &mut impl Backend,
        clock: &mut impl Clock,
    ) -> Result<bool, ProgramError> {
        let Some(record) = program.record(self.next) else { return Ok(self.count == 0) };
        if record[0] == Operator::Control as u8 {
            if self.count == 0
                && let Command::Repeat(repeat) = program.command(self.next)?
            {
                self.next =
                    if goes_on(&repeat, program, arena) { repeat.from } else { self.next + 1 };
            }
            return Ok(false);
        }
        if self.count == TAKEN_MAX {
            return Ok(false);
        }
        let before = clock.ticks();
        let taken = backend.take(program, self.next, pager)?;
        let ticks = clock.ticks().wrapping_sub(before);
        if taken == Taken::Nobody {
            return Ok(false);
        }
        let mut account = Account::of(self.next);
        if taken == Taken::Accelerator {
            account.add(Phase::Offload, 0, ticks);
        }
        self.taken[(self.first + self.count) % TAKEN_MAX] = account;
        self.count += 1;
        self.next += 1;
        Ok(false)
    }

    /// Does one step of what the backend has taken, or tells what a finished command cost.
    pub fn step(
        &mut self,
        arena: &mut [u32],
        pager: &mut Pager,
        staging: &mut [u8],
        backend: &mut impl Backend,
        clock: &mut impl Clock,
    ) -> Progress {
        if let Some(number) = self.report {
            return self.tell(number);
        }
        if self.count == 0 {
            return Progress::Nothing;
        }
        let now = clock.millis();
        let before = clock.ticks();
        let step = backend.step(arena, pager, staging, now);
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
            Step::Waiting => {
                self.account(Work { phase: Phase::Offload, items: 1 }, ticks);
                Progress::Waiting
            }
            Step::Done(receipt) => {
                let first = &mut self.taken[self.first];
                first.receipt = receipt;
                if receipt.is_some() {
                    first.add(Phase::Offload, 1, ticks);
                }
                self.report = Some(0);
                Progress::Nothing
            }
            Step::Failed(command, failure) => Progress::Failed(command, failure),
        }
    }

    /// Tells the next of what the first command cost; after the last, forgets it.
    fn tell(&mut self, number: usize) -> Progress {
        let account = &mut self.taken[self.first];
        let command = account.command;
        if let Some(cost) = account.costs.get_mut(number).and_then(Option::take) {
            self.report = Some(number + 1);
            return Progress::Cost(command, cost);
        }
        self.report = Some(PHASES);
        if let Some(receipt) = account.receipt.take() {
            return Progress::Accelerated(command, receipt);
        }
        self.report = None;
        self.first = (self.first + 1) % TAKEN_MAX;
        self.count -= 1;
        Progress::Nothing
    }

    fn account(&mut self, work: Work, ticks: u64) {
        let last = self.count.saturating_sub(1);
        let behind = if work.phase == Phase::Offload { 0 } else { last };
        self.taken[(self.first + behind) % TAKEN_MAX].add(work.phase, work.items, ticks);
    }
}

/// Whether a loop's condition holds.
fn goes_on(repeat: &Repeat, program: &Program, arena: &Arena) -> bool {
    let word = program.buffer(repeat.condition).ok();
    let word =
        word.and_then(|buffer| arena.bytes(buffer.offset + u32::from(repeat.word) * 4, 4).ok());
    word.is_some_and(|bytes| bytes.iter().any(|&byte| byte != 0))
}
