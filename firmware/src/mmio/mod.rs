//! The mmio backend: an accelerator behind registers executes what it can, the core all the rest.
//!
//! The contract with the accelerator is [`quintet_protocol::accelerator`], in words
//! `docs/accelerator.md`.

mod shared;

use crate::backend::{Backend, Step, Taken};
use crate::pager::Pager;
use crate::software::Software;
use quintet_protocol::accelerator::Presence;
use quintet_protocol::program::{Command, Program, ProgramError};
pub use shared::{QUEUE_SLOTS, Shared, Word};

/// An accelerator as a board reaches it.
pub trait Accelerator {
    /// Reads the register at byte `offset`.
    fn read(&mut self, offset: u32) -> u32;

    /// Writes the register at byte `offset`.
    fn write(&mut self, offset: u32, value: u32);

    /// Lets nothing that this core does to memory or registers before this be seen after what it does
    /// behind it, by the accelerator: `dsb` on Arm, `fence iorw, iorw` on RISC-V.
    fn barrier(&mut self);

    /// The address by which the accelerator knows this memory. It is the core's own where both see one
    /// address space.
    fn address<T>(&self, memory: &[T]) -> u32 {
        memory.as_ptr().addr() as u32
    }

    /// Lends the arena to an accelerator that is part of this process, so that it can work. One of
    /// hardware has its own way to memory.
    fn lend(&mut self, arena: &mut [u32]) {
        let _ = arena;
    }
}

/// Executes commands by an accelerator, and by the core what that does not.
pub struct Mmio<'m, A> {
    accelerator: Option<A>,
    shared: &'m Shared,
    software: Software,
}

impl<'m, A: Accelerator> Mmio<'m, A> {
    /// A backend with the accelerator that a board has found, if any, and the memory that it shares
    /// with it. The accelerator is reset.
    pub fn new(accelerator: Option<A>, shared: &'m Shared) -> Self {
        Self { accelerator, shared, software: Software::default() }
    }
}

impl<A: Accelerator> Backend for Mmio<'_, A> {
    fn operators(&self) -> u32 {
        self.software.operators()
    }

    fn presence(&self) -> Presence {
        let _ = (&self.accelerator, self.shared);
        Presence::Absent
    }

    fn check(&self, program: &Program, index: u16, command: &Command) -> Result<(), ProgramError> {
        self.software.check(program, index, command)
    }

    fn take(
        &mut self,
        program: &Program,
        index: u16,
        pager: &Pager,
    ) -> Result<Taken, ProgramError> {
        self.software.take(program, index, pager)
    }

    fn step(&mut self, arena: &mut [u32], pager: &mut Pager, staging: &mut [u8], now: u64) -> Step {
        self.software.step(arena, pager, staging, now)
    }

    fn abandon(&mut self) {
        self.software.abandon();
    }
}
