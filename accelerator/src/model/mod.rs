//! The accelerator as a machine: registers, queue, the command under way.
//!
//! Effects follow from what the registers hold and not from being written, so that a page of plain
//! memory can stand for them: writing the same value again changes nothing.

mod fault;
mod job;
mod operands;
mod queue;
mod registers;

use crate::instance::{Instance, Pace};
use crate::memory::Memory;
use job::{Doing, Job};
use queue::Descriptor;
use quintet_protocol::accelerator::Failure;
use quintet_protocol::accelerator::descriptor::DESCRIPTOR_WORDS;
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::registers::{
    EVENT_COMPLETED, EVENT_HALTED, EVENT_YIELDED, STATUS_BUSY, STATUS_HALTED, STATUS_READY,
    STATUS_STARVED, STATUS_YIELDED,
};
use registers::Registers;

/// Clocks in which [`at::PROGRESS`] counts up at least once.
const PROGRESS_CLOCKS: u64 = 1 << 20;

/// An accelerator.
pub struct Model {
    instance: Instance,
    registers: Registers,
    state: State,
    /// Commands taken up since power-on.
    taken: u32,
    /// Whether it does not hear of resets any more.
    deaf: bool,
}

/// What it is at.
enum State {
    Idle,
    Executing(Box<Job>),
    /// The core is to deal with a yield of the command.
    Yielded(Box<Job>),
    /// Executed, and to be given back so many clocks from now.
    Due {
        descriptor: Descriptor,
        words: [u32; DESCRIPTOR_WORDS],
        clocks: u64,
    },
    /// Misbehaving: it says nothing more.
    Silent,
    Halted,
}

/// What a step of the model did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It works; there is more to do at once.
    Working,
    /// The command at hand is computed, and completes so many clocks from now.
    Timed(u64),
    /// Nothing to do until a register is written, or a word of the arena that it waits for.
    Idle,
}

impl Model {
    /// An accelerator after power-on.
    pub fn new(instance: Instance) -> Self {
        let registers = Registers::new(&instance);
        Self { instance, registers, state: State::Idle, taken: 0, deaf: false }
    }

    /// What it was made of.
    pub fn instance(&self) -> &Instance {
        &self.instance
    }

    /// What the core reads at byte `offset` of the registers; zero where nothing is.
    pub fn read(&self, offset: u32) -> u32 {
        match offset {
            at::STATUS => self.status(),
            offset => self.registers.get(offset),
        }
    }

    /// The core writes a register; ignored where it may not. A reset is done when this returns.
    pub fn write(&mut self, offset: u32, value: u32) {
        self.registers.write_by_core(offset, value);
        if self.read(at::RESET) != self.read(at::RESET_DONE) && !self.deaf {
            self.reset();
        }
    }

    /// Whether the interrupt line is high.
    pub fn interrupts(&self) -> bool {
        self.read(at::EVENTS) != self.read(at::EVENT_ACKNOWLEDGED)
            && self.read(at::EVENT_ENABLE) != 0
    }

    /// Does a bounded piece of work: one step, as a core would take it, at most.
    pub fn step(&mut self, memory: &mut impl Memory) -> Progress {
        let (index, progress) = match std::mem::replace(&mut self.state, State::Idle) {
            State::Idle => match Descriptor::next(&self.registers, memory) {
                Ok(None) => return Progress::Idle,
                Ok(Some(descriptor)) => (descriptor.index(), self.take(descriptor, memory)),
                Err(failure) => (0, Err(failure)),
            },
            State::Yielded(job) if self.read(at::RESUMED) != self.read(at::YIELDS) => {
                self.state = State::Yielded(job);
                return Progress::Idle;
            }
            State::Executing(job) | State::Yielded(job) => {
                (job.descriptor().index(), self.execute(job, memory))
            }
            State::Due { descriptor, words, clocks } => {
                self.state = State::Due { descriptor, words, clocks };
                return Progress::Timed(clocks);
            }
            state @ (State::Silent | State::Halted) => {
                self.state = state;
                return Progress::Idle;
            }
        };
        progress.unwrap_or_else(|failure| {
            self.halt(failure.code(), index);
            Progress::Idle
        })
    }

    /// Lets so many clocks pass, no more than [`Progress::Timed`] has told. What they complete
    /// takes up the next command at the next step.
    pub fn pass(&mut self, clocks: u64, memory: &mut impl Memory) {
        self.registers.count_long(at::CLOCKS_LOW, clocks);
        let State::Due { descriptor, words, clocks: left } = &mut self.state else { return };
        let passed = clocks.min(*left);
        *left -= passed;
        let (descriptor, words, is_over) = (*descriptor, *words, *left == 0);
        self.registers.count_long(at::BUSY_LOW, passed);
        self.registers.count(at::PROGRESS, 1 + (passed / PROGRESS_CLOCKS) as u32);
        if is_over {
            self.state = State::Idle;
            if let Err(failure) = self.complete(&descriptor, &words, memory) {
                self.halt(failure.code(), descriptor.index());
            }
        }
    }

    fn status(&self) -> u32 {
        let doing = match &self.state {
            State::Idle => 0,
            State::Executing(job) if job.is_starved() => STATUS_BUSY | STATUS_STARVED,
            State::Yielded(_) if self.read(at::RESUMED) != self.read(at::YIELDS) => {
                STATUS_BUSY | STATUS_YIELDED
            }
            State::Halted => return STATUS_HALTED,
            _ => STATUS_BUSY,
        };
        STATUS_READY | doing
    }

    fn reset(&mut self) {
        self.state = State::Idle;
        let yielded = [at::YIELD_REASON, at::YIELD_0, at::YIELD_1, at::YIELD_2, at::YIELD_3];
        for offset in [at::HEAD, at::ERROR, at::YIELDS].into_iter().chain(yielded) {
            self.registers.set(offset, 0);
        }
        self.registers.set(at::RESET_DONE, self.read(at::RESET));
    }

    /// Takes up a command and does a step of it.
    fn take(
        &mut self,
        descriptor: Descriptor,
        memory: &mut impl Memory,
    ) -> Result<Progress, Failure> {
        self.taken = self.taken.wrapping_add(1);
        self.registers.count(at::PROGRESS, 1);
        if !descriptor.is_sound() {
            return Err(Failure::BadCommand);
        }
        if self.fails_at_once(&descriptor) {
            return Ok(Progress::Idle);
        }
        let job = Job::new(descriptor, &self.registers, memory)?;
        match self.false_yield() {
            Some(words) => self.yields(words, Box::new(job)),
            None => return self.execute(Box::new(job), memory),
        }
        Ok(Progress::Working)
    }

    /// Does a step of the command under way.
    fn execute(
        &mut self,
        mut job: Box<Job>,
        memory: &mut impl Memory,
    ) -> Result<Progress, Failure> {
        match job.step(&self.instance, &self.registers, memory)? {
            Doing::Starved => {
                self.state = State::Executing(job);
                return Ok(Progress::Idle);
            }
            Doing::Working => self.state = State::Executing(job),
            Doing::Yielded(reason) => self.yields(reason.to_words(), job),
            Doing::Finished(receipt) => {
                let words = job.descriptor().with_receipt(receipt);
                match self.instance.pace {
                    Pace::Clock if receipt.clocks > 0 => {
                        let (descriptor, clocks) = (*job.descriptor(), receipt.clocks);
                        self.state = State::Due { descriptor, words, clocks };
                        return Ok(Progress::Timed(clocks));
                    }
                    _ => {
                        self.registers.count_long(at::CLOCKS_LOW, receipt.clocks);
                        self.registers.count_long(at::BUSY_LOW, receipt.clocks);
                        self.complete(job.descriptor(), &words, memory)?;
                    }
                }
            }
        }
        self.registers.count(at::PROGRESS, 1);
        Ok(Progress::Working)
    }

    /// Asks the core for something. The reason is there before the number that announces it.
    fn yields(&mut self, words: [u32; 5], job: Box<Job>) {
        for (offset, word) in (at::YIELD_REASON..).step_by(4).zip(words) {
            self.registers.set(offset, word);
        }
        self.registers.count(at::YIELDS, 1);
        self.registers.event(EVENT_YIELDED);
        self.state = State::Yielded(job);
    }

    /// Gives a slot back.
    fn complete(
        &mut self,
        descriptor: &Descriptor,
        words: &[u32; DESCRIPTOR_WORDS],
        memory: &mut impl Memory,
    ) -> Result<(), Failure> {
        if self.completes_wrongly(descriptor, words, memory)? {
            return Ok(());
        }
        descriptor.give_back(words, memory)?;
        self.registers.count(at::HEAD, 1);
        if descriptor.notifies() {
            self.registers.event(EVENT_COMPLETED);
        }
        Ok(())
    }

    fn halt(&mut self, code: u16, index: u16) {
        self.registers.set(at::ERROR, u32::from(code) | u32::from(index) << 16);
        self.registers.event(EVENT_HALTED);
        self.state = State::Halted;
    }
}
