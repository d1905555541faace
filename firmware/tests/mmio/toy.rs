//! A small accelerator, written from the contract and apart from the model. It does one step of a
//! command each time that it is lent the arena, and at one command what its script says.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use quintet_firmware::backend::{Backend, Step};
use quintet_firmware::mmio::{Accelerator, Shared};
use quintet_firmware::pager::Pager;
use quintet_firmware::software::Software;
use quintet_protocol::accelerator::descriptor::{NOTIFY, OWNED, Receipt, Yield, command, index};
use quintet_protocol::accelerator::registers::*;
use quintet_protocol::accelerator::{Capabilities, MAGIC, OPERATORS};
use quintet_protocol::program::{
    BUFFER_BYTES, COMMAND_WORDS, MAGIC as PROGRAM, Program, VERSION as LAYOUT,
};

/// What it is like.
#[derive(Clone, Copy, Debug)]
pub struct Script {
    pub identification: u32,
    pub version: u32,
    pub queue: u32,
    pub capabilities: Capabilities,
    /// Turns that pass before it begins with a command.
    pub turns: u32,
    /// Whether it works on by itself until it interrupts, as if the core slept meanwhile.
    pub works_on: bool,
    /// Whether it leaves every command to the core that it can leave.
    pub declines: bool,
    /// Number of a command, from power-on, and what becomes of that.
    pub fault: Option<(u32, Fault)>,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It stops.
    Silence,
    /// It stops, and resets are not carried out any more.
    Grave,
    /// Not even the first reset is carried out.
    NoReset,
    /// It halts with this code, and this in place of the command's index if there is one.
    Halts(u16, Option<u16>),
    /// It counts so many completions more.
    Counts(u32),
    /// The slot comes back with the index of another command.
    OtherIndex,
    /// The slot behind comes back in place of this one.
    OutOfOrder,
    /// The slot comes back twice: after the core may have written the next command into it.
    Again,
    /// The receipt is of ones only.
    Receipt,
    /// It asks for this.
    Asks([u32; 5]),
    /// It yields twice without waiting.
    YieldsTwice,
}

/// What it has seen and done.
#[derive(Default)]
pub struct Journal {
    /// Index of each command, and the arena after it.
    pub done: Vec<(u16, Vec<u32>)>,
    /// Times that the doorbell was rung.
    pub rung: u32,
    /// Times that it was reset.
    pub resets: u32,
    /// Most descriptors under way at a time.
    pub deepest: u32,
    /// Whether the interrupt line is high.
    pub is_high: bool,
    /// Whether it has nothing to do before the core does something.
    pub is_idle: bool,
}

pub struct Toy<'s> {
    script: Script,
    shared: &'s Shared,
    journal: Rc<RefCell<Journal>>,
    registers: Vec<u32>,
    job: Option<Job>,
    /// Commands begun since power-on.
    begun: u32,
    /// Whether it does nothing until it is reset.
    is_stuck: bool,
    /// Whether it never comes back.
    is_lost: bool,
}

/// A command under way.
struct Job {
    /// First word of its descriptor.
    header: u32,
    software: Software,
    pager: Pager,
    turns: u32,
    fault: Option<Fault>,
    is_declined: bool,
}

impl Script {
    /// One that executes everything and keeps the contract.
    pub fn honest() -> Self {
        Self {
            identification: MAGIC,
            version: quintet_protocol::accelerator::VERSION,
            queue: 8,
            capabilities: Capabilities([u32::MAX; OPERATORS]),
            turns: 0,
            works_on: false,
            declines: false,
            fault: None,
        }
    }

    /// One to which this happens at the command of that number.
    pub fn with_fault(at: u32, fault: Fault) -> Self {
        Self { fault: Some((at, fault)), ..Self::honest() }
    }
}

impl<'s> Toy<'s> {
    pub fn new(script: Script, shared: &'s Shared, journal: Rc<RefCell<Journal>>) -> Self {
        let mut toy = Self {
            script,
            shared,
            journal,
            registers: vec![0; SPAN_BYTES as usize / 4],
            job: None,
            begun: 0,
            is_stuck: false,
            is_lost: matches!(script.fault, Some((_, Fault::NoReset))),
        };
        toy.set(IDENTIFICATION, script.identification);
        toy.set(VERSION, script.version);
        toy.set(QUEUE_MAX, script.queue);
        toy.set(STATUS, STATUS_READY);
        for (number, modes) in script.capabilities.0.into_iter().enumerate() {
            toy.set(CAPABILITIES + 4 * number as u32, modes);
        }
        toy
    }

    fn get(&self, register: u32) -> u32 {
        self.registers[register as usize / 4]
    }

    fn set(&mut self, register: u32, value: u32) {
        self.registers[register as usize / 4] = value;
    }

    fn count(&mut self, register: u32) {
        self.set(register, self.get(register).wrapping_add(1));
    }

    fn event(&mut self, event: u32) {
        if self.get(EVENT_ENABLE) & event != 0 {
            self.count(EVENTS);
        }
        self.update_line();
    }

    fn update_line(&self) {
        let is_seen = self.get(EVENTS) == self.get(EVENT_ACKNOWLEDGED);
        self.journal.borrow_mut().is_high = self.get(EVENT_ENABLE) != 0 && !is_seen;
    }

    fn reset(&mut self, number: u32) {
        self.journal.borrow_mut().resets += 1;
        (self.job, self.is_stuck) = (None, false);
        for register in [HEAD, ERROR, YIELDS] {
            self.set(register, 0);
        }
        self.set(STATUS, STATUS_READY);
        self.set(RESET_DONE, number);
    }

    fn slot(&self, number: u32) -> &'s [std::sync::atomic::AtomicU32; COMMAND_WORDS] {
        &self.shared.queue[(number % self.get(QUEUE_SLOTS)) as usize]
    }

    /// Begins with the next command, if there is one.
    fn begin(&mut self, arena: &[u32]) -> Option<Job> {
        let (head, tail) = (self.get(HEAD), self.get(TAIL));
        if head == tail {
            return None;
        }
        {
            let mut journal = self.journal.borrow_mut();
            journal.deepest = journal.deepest.max(tail.wrapping_sub(head));
        }
        let slot = self.slot(head);
        let mut words = [0; COMMAND_WORDS];
        words[0] = slot[0].load(Ordering::Acquire);
        if words[0] & OWNED == 0 {
            assert!(matches!(self.script.fault, Some((_, Fault::Again))), "the slot is the core's");
            self.halt(1, index(words[0]));
            return None;
        }
        for (word, from) in words.iter_mut().zip(slot).skip(1) {
            *word = from.load(Ordering::Relaxed);
        }
        let program = self.program(arena, &words);
        let (mut software, pager) = (Software::default(), Pager::default());
        software.take(&Program::new(&program).unwrap(), 0, &pager).unwrap();
        let fault = self.script.fault.filter(|&(at, _)| at == self.begun).map(|(_, fault)| fault);
        self.begun += 1;
        let (header, turns) = (words[0], self.script.turns);
        Some(Job { header, software, pager, turns, fault, is_declined: false })
    }

    /// A program of the command of a descriptor alone.
    fn program(&self, arena: &[u32], words: &[u32; COMMAND_WORDS]) -> Vec<u8> {
        let (table, count) = (self.get(TABLE_OFFSET) as usize, self.get(TABLE_COUNT));
        let arena: Vec<u8> = arena.iter().flat_map(|word| word.to_le_bytes()).collect();
        let mut program = PROGRAM.to_le_bytes().to_vec();
        program.extend([LAYOUT, count as u16, 1, 0].map(u16::to_le_bytes).as_flattened());
        program.extend(&arena[table..table + count as usize * BUFFER_BYTES]);
        program.extend(command(words));
        program
    }

    /// Whether the command goes wrong now.
    fn fails(&mut self, job: &mut Job) -> bool {
        match job.fault {
            Some(Fault::Silence) => self.is_stuck = true,
            Some(Fault::Grave) => (self.is_stuck, self.is_lost) = (true, true),
            Some(Fault::Halts(code, other)) => {
                self.halt(code, other.unwrap_or(index(job.header)));
            }
            Some(Fault::OutOfOrder) => {
                let behind = self.slot(self.get(HEAD).wrapping_add(1));
                behind[0].fetch_and(!OWNED, Ordering::Release);
                self.count(HEAD);
                self.is_stuck = true;
            }
            Some(Fault::Asks(words)) => {
                self.ask(words);
                // A core that takes this for sense may go on.
                job.fault = None;
            }
            Some(Fault::YieldsTwice) => {
                self.count(YIELDS);
                self.ask(Yield::Declined.to_words());
                job.fault = None;
            }
            _ => return false,
        }
        true
    }

    fn halt(&mut self, code: u16, index: u16) {
        self.set(ERROR, u32::from(code) | u32::from(index) << 16);
        self.set(STATUS, STATUS_READY | STATUS_HALTED);
        self.event(EVENT_HALTED);
        self.is_stuck = true;
    }

    fn ask(&mut self, words: [u32; 5]) {
        for (number, word) in words.into_iter().enumerate() {
            self.set(YIELD_REASON + 4 * number as u32, word);
        }
        self.count(YIELDS);
        self.event(EVENT_YIELDED);
    }

    /// Does a step of a command; true when it is finished.
    fn step(&mut self, job: &mut Job, arena: &mut [u32]) -> bool {
        let mut staging = vec![0; self.get(PIXELS_BYTES) as usize];
        match job.software.step(arena, &mut job.pager, &mut staging, 0) {
            Step::Working(_) => self.count(PROGRESS),
            Step::Pixels(_, run) => {
                for (word, bytes) in self.shared.pixels.iter().zip(staging[..run.bytes].chunks(4)) {
                    let mut whole = [0; 4];
                    whole[..bytes.len()].copy_from_slice(bytes);
                    word.store(u32::from_le_bytes(whole), Ordering::Relaxed);
                }
                let (x, y, bytes) = (run.x, run.y, run.bytes as u32);
                let (buffer, width) = (run.buffer, run.width);
                self.ask(Yield::Pixels { buffer, x, y, width, bytes }.to_words());
            }
            Step::Need(need) => {
                let slot = job.pager.slot(need.need).unwrap();
                let (buffer, page, bytes) = (need.buffer, need.page, need.length);
                self.ask(Yield::Page { buffer, slot, page, bytes }.to_words());
            }
            Step::Starved => {
                job.pager.settle(arena);
            }
            Step::Done(_) => return true,
            other => panic!("{other:?}"),
        }
        false
    }

    /// Does something, if there is anything to do.
    fn turn(&mut self, arena: &mut [u32]) -> bool {
        let is_waiting = self.is_stuck || self.get(YIELDS) != self.get(RESUMED);
        let job = if is_waiting { None } else { self.job.take().or_else(|| self.begin(arena)) };
        self.journal.borrow_mut().is_idle = job.is_none();
        let Some(mut job) = job else { return false };
        if job.turns > 0 {
            job.turns -= 1;
            self.count(PROGRESS);
        } else if self.fails(&mut job) {
            // What is left of the command waits for the core, or for a reset.
        } else if self.script.declines && !job.is_declined {
            job.is_declined = true;
            self.ask(Yield::Declined.to_words());
        } else if job.is_declined || self.step(&mut job, arena) {
            job.pager.settle(arena);
            if job.pager.wanted() == 0 {
                self.complete(&job, arena);
                return true;
            }
        }
        self.job = Some(job);
        true
    }

    fn complete(&mut self, job: &Job, arena: &[u32]) {
        self.journal.borrow_mut().done.push((index(job.header), arena.to_vec()));
        let head = self.get(HEAD);
        let slot = self.slot(head);
        let receipt = Receipt { clocks: 100 + u64::from(index(job.header)), ..Receipt::default() };
        let mut words = receipt.to_words(job.header);
        match job.fault {
            Some(Fault::OtherIndex) => words[0] ^= 1 << 16,
            Some(Fault::Receipt) => words[1..].fill(u32::MAX),
            Some(Fault::Again) => {
                // The one before this is returned once more, with what it said then.
                self.slot(head.wrapping_sub(1))[0].fetch_and(!OWNED, Ordering::Release);
            }
            _ => {}
        }
        for (word, value) in slot.iter().zip(words).skip(1) {
            word.store(value, Ordering::Relaxed);
        }
        slot[0].store(words[0], Ordering::Release);
        let more = if let Some(Fault::Counts(more)) = job.fault { more } else { 0 };
        self.set(HEAD, head.wrapping_add(1).wrapping_add(more));
        if job.header & NOTIFY != 0 {
            self.event(EVENT_COMPLETED);
        }
    }
}

impl Accelerator for Toy<'_> {
    fn read(&mut self, offset: u32) -> u32 {
        self.get(offset)
    }

    fn write(&mut self, offset: u32, value: u32) {
        let is_cores = REGISTERS.iter().any(|it| it.1 == offset && it.2 == Writer::Core);
        assert!(is_cores, "the core writes {value:#x} to {offset:#x}, which is not its");
        self.set(offset, value);
        self.update_line();
        match offset {
            RESET if value != self.get(RESET_DONE) && !self.is_lost => self.reset(value),
            TAIL if value != 0 => self.journal.borrow_mut().rung += 1,
            _ => {}
        }
    }

    fn barrier(&mut self) {}

    fn lend(&mut self, arena: &mut [u32]) {
        while self.turn(arena) && self.script.works_on && !self.journal.borrow().is_high {}
    }
}
