//! A run: one execution of the installed program, in steps, with an account of what each part cost.

use crate::arena::Arena;
use crate::backend::{Backend, PixelRun, Step, TAKEN_MAX, Taken, Work};
use crate::fifo::Fifo;
use crate::pager::{Need, Pager};
use crate::port::Clock;
use crate::validate::repeat;
use quintet_protocol::accelerator::Failure;
use quintet_protocol::accelerator::descriptor::Receipt;
use quintet_protocol::message::{Outcome, Phase};
use quintet_protocol::program::{Program, ProgramError, Repeat};

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
    /// Those that it has taken.
    taken: Fifo<Account, TAKEN_MAX>,
    /// Whether it did not take one that it was offered.
    is_refused: bool,
    /// What is told next of the first one, if it is finished.
    report: Option<usize>,
}

/// What a command cost so far.
#[derive(Clone, Copy)]
struct Account {
    command: u16,
    /// Whether the core executes it, and no other one since.
    is_core: bool,
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
    /// Nothing can be done before the accelerator gets on, or the clock shows this.
    Waiting(Option<u64>),
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
        Self { command, is_core: false, costs: [None; PHASES], receipt: None }
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
        Self { next: 0, taken: Fifo::new(), is_refused: false, report: None }
    }

    /// Index of the command being executed.
    pub fn command(&self) -> u16 {
        self.taken.first().map_or(self.next, |first| first.command)
    }

    /// Hands the backend the next commands, as many as it takes now; true when all are finished.
    /// The executor's own commands are carried out one at a time, when all before them are
    /// finished.
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
        self.is_refused = false;
        while !self.taken.is_full() {
            if usize::from(self.next) >= program.command_count() {
                return Ok(self.taken.is_empty());
            }
            if let Some(repeat) = repeat(program, self.next)? {
                if self.taken.is_empty() {
                    self.next =
                        if goes_on(&repeat, program, arena) { repeat.from } else { self.next + 1 };
                }
                break;
            }
            let before = clock.ticks();
            let taken = backend.take(program, self.next, pager)?;
            let ticks = clock.ticks().wrapping_sub(before);
            if taken == Taken::Nobody {
                self.is_refused = true;
                break;
            }
            let mut account = Account::of(self.next);
            if taken == Taken::Accelerator {
                account.add(Phase::Offload, 0, ticks);
            }
            self.taken.push(account);
            self.next += 1;
            if taken == Taken::Core {
                let last = self.taken.len() - 1;
                self.give_to_core(last);
                break;
            }
        }
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
        if self.taken.is_empty() {
            // With nothing under way, all that a command can have to wait for is pages.
            return if self.is_refused { Progress::Starved } else { Progress::Nothing };
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
            Step::Waiting(until) => {
                self.account(Work { phase: Phase::Offload, items: 1 }, ticks);
                Progress::Waiting(until)
            }
            Step::Declined => {
                self.account(Work { phase: Phase::Offload, items: 1 }, ticks);
                self.give_to_core(0);
                Progress::Nothing
            }
            Step::Done(receipt) => {
                if let Some(first) = self.taken.first_mut() {
                    first.receipt = receipt;
                    if receipt.is_some() {
                        first.add(Phase::Offload, 1, ticks);
                    }
                }
                self.report = Some(0);
                Progress::Nothing
            }
            Step::Failed(command, failure) => Progress::Failed(command, failure),
        }
    }

    /// Tells the next of what the first command cost; after the last, forgets it.
    fn tell(&mut self, number: usize) -> Progress {
        let Some(account) = self.taken.first_mut() else { return Progress::Nothing };
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
        self.taken.pop();
        Progress::Nothing
    }

    /// From now on the core executes this one of those that were taken.
    fn give_to_core(&mut self, number: usize) {
        for (its, account) in self.taken.iter_mut().enumerate() {
            account.is_core = its == number;
        }
    }

    fn account(&mut self, work: Work, ticks: u64) {
        let account = match work.phase {
            Phase::Offload => self.taken.first_mut(),
            _ => self.taken.iter_mut().find(|account| account.is_core),
        };
        if let Some(account) = account {
            account.add(work.phase, work.items, ticks);
        }
    }
}

/// Whether a loop's condition holds.
fn goes_on(repeat: &Repeat, program: &Program, arena: &Arena) -> bool {
    let word = program.buffer(repeat.condition).ok();
    let word =
        word.and_then(|buffer| arena.bytes(buffer.offset + u32::from(repeat.word) * 4, 4).ok());
    word.is_some_and(|bytes| bytes.iter().any(|&byte| byte != 0))
}
