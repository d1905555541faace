//! A command under way: the very kernels that a core runs execute it, step by step.

use super::operands::{OneCommand, Place};
use super::queue::Descriptor;
use super::registers::Registers;
use crate::instance::Instance;
use crate::memory::Memory;
use crate::timing;
use quintet_firmware::backend::{Backend, PixelRun, Step};
use quintet_firmware::pager::Pager;
use quintet_firmware::software::Software;
use quintet_protocol::accelerator::descriptor::{Receipt, Yield};
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::{ALIGNMENT, Failure, PIXELS_MIN};
use quintet_protocol::message::Phase;
use quintet_protocol::program::{Fault, ProgramError};

/// Most bytes of pixels at a time, however large the pixel buffer is.
const PIXELS_MAX: u32 = 1 << 14;

/// A command under way.
pub struct Job {
    descriptor: Descriptor,
    command: OneCommand,
    arena: Place,
    software: Software,
    /// The pages on their way. The core has a pager too, and the words of the tables in the arena
    /// tell either what the other has done.
    pager: Pager,
    pixels: Vec<u8>,
    work: Vec<(Phase, u64)>,
    stage: Stage,
    /// Whether it can go no further before a page has come.
    starved: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Stage {
    Begin,
    Execute,
    /// Done, but for pages that were asked for ahead and have not come.
    Settle,
    /// The core executes it.
    Declined,
}

/// What a step of a command came to.
pub enum Doing {
    /// Some was done; there is more.
    Working,
    /// It needs the core.
    Yielded(Yield),
    /// It can go no further before a page has come.
    Starved,
    /// It is executed.
    Finished(Receipt),
}

impl Job {
    /// Takes up a command: everything about it is checked before any of it is done.
    ///
    /// # Errors
    /// Why it cannot be executed.
    pub fn new(
        descriptor: Descriptor,
        registers: &Registers,
        memory: &mut impl Memory,
    ) -> Result<Self, Failure> {
        let command = descriptor.command();
        if !registers.capabilities().has_code(command[0], command[1]) {
            return Err(Failure::BadCommand);
        }
        let arena = Place::new(registers)?;
        let command = OneCommand::new(&command, registers, arena.words(memory)?)?;
        let (mut software, pager) = (Software::default(), Pager::default());
        software.take(&command.program()?, 0, &pager).map_err(failure)?;
        let pixels = registers.get(at::PIXELS_BYTES).clamp(PIXELS_MIN, PIXELS_MAX) / 4 * 4;
        Ok(Self {
            descriptor,
            command,
            arena,
            software,
            pager,
            pixels: vec![0; pixels as usize],
            work: Vec::new(),
            stage: Stage::Begin,
            starved: false,
        })
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// Whether it can go no further before a page has come.
    pub fn is_starved(&self) -> bool {
        self.starved
    }

    /// Does a step of it.
    ///
    /// # Errors
    /// [`Failure::Bus`].
    pub fn step(
        &mut self,
        instance: &Instance,
        registers: &Registers,
        memory: &mut impl Memory,
    ) -> Result<Doing, Failure> {
        if self.stage == Stage::Declined {
            return Ok(Doing::Finished(Receipt::default()));
        }
        if self.stage == Stage::Begin {
            let program = self.command.program()?;
            let command = program.command(0).map_err(failure)?;
            if instance.declines(&command) {
                self.stage = Stage::Declined;
                return Ok(Doing::Yielded(Yield::Declined));
            }
            self.stage = Stage::Execute;
        }
        let arena = self.arena.words(memory)?;
        let has_come = self.pager.settle(arena);
        if self.starved && !has_come {
            return Ok(Doing::Starved);
        }
        self.starved = false;
        if self.stage == Stage::Settle {
            return self.settle(instance, memory);
        }
        match self.software.step(arena, &mut self.pager, &mut self.pixels, 0) {
            Step::Working(work) => {
                self.account(work.phase, work.items);
                Ok(Doing::Working)
            }
            Step::Pixels(work, run) => {
                self.account(work.phase, work.items);
                self.put(&run, registers, memory)
            }
            Step::Need(need) => Ok(Doing::Yielded(Yield::Page {
                buffer: self.command.number(need.buffer),
                slot: self.pager.slot(need.need).unwrap_or(u16::MAX),
                page: need.page,
                bytes: need.length,
            })),
            Step::Starved => {
                self.starved = true;
                Ok(Doing::Starved)
            }
            Step::Done(_) => {
                self.stage = Stage::Settle;
                self.settle(instance, memory)
            }
            // What a core says of its accelerator.
            Step::Waiting(_) | Step::Declined | Step::Failed(..) => Err(Failure::Internal),
        }
    }

    /// Finishes it, if nothing is on its way: the core's pager and this one know of the same pages
    /// only while a command is under way.
    fn settle(&mut self, instance: &Instance, memory: &mut impl Memory) -> Result<Doing, Failure> {
        if self.pager.wanted() > 0 {
            self.starved = true;
            return Ok(Doing::Starved);
        }
        let program = self.command.program()?;
        let command = program.command(0).map_err(failure)?;
        let arena = self.arena.words(memory)?;
        Ok(Doing::Finished(timing::charge(instance, &program, &command, &self.work, arena)))
    }

    fn account(&mut self, phase: Phase, items: u32) {
        let items = u64::from(items);
        match self.work.iter_mut().find(|(its, _)| *its == phase) {
            Some((_, sum)) => *sum += items,
            None => self.work.push((phase, items)),
        }
    }

    /// Puts pixels where the core takes them.
    fn put(
        &self,
        run: &PixelRun,
        registers: &Registers,
        memory: &mut impl Memory,
    ) -> Result<Doing, Failure> {
        let (base, room) = (registers.get(at::PIXELS_BASE), registers.get(at::PIXELS_BYTES));
        let bytes = self.pixels.get(..run.bytes).ok_or(Failure::Internal)?;
        if !base.is_multiple_of(ALIGNMENT) || room < PIXELS_MIN {
            return Err(Failure::Bus);
        }
        for (number, chunk) in (0..).zip(bytes.chunks(4)) {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            let address = base.checked_add(number * 4).ok_or(Failure::Bus)?;
            if !memory.write(address, u32::from_le_bytes(word)) {
                return Err(Failure::Bus);
            }
        }
        memory.barrier();
        Ok(Doing::Yielded(Yield::Pixels {
            buffer: self.command.number(run.buffer),
            x: run.x,
            y: run.y,
            width: run.width,
            bytes: run.bytes as u32,
        }))
    }
}

/// What an error says of a command.
fn failure(error: ProgramError) -> Failure {
    match error {
        ProgramError::BadCommand { fault, .. } => match fault {
            Fault::NoBuffer { .. }
            | Fault::TooSmall { .. }
            | Fault::WrongKind { .. }
            | Fault::Overlap => Failure::BadOperand,
            _ => Failure::BadCommand,
        },
        _ => Failure::BadOperand,
    }
}
