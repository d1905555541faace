//! The queue: descriptors are taken from its slots, and receipts put back into them.

use super::registers::Registers;
use crate::memory::Memory;
use quintet_protocol::accelerator::descriptor::{
    DESCRIPTOR_WORDS, NOTIFY, OWNED, Receipt, command, index,
};
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::accelerator::{ALIGNMENT, Failure, QUEUE_MAX, QUEUE_MIN};
use quintet_protocol::program::COMMAND_BYTES;

/// In a descriptor's first word: what is zero.
const RESERVED: u32 = 3 << 29;

/// A descriptor that was handed over.
#[derive(Clone, Copy)]
pub struct Descriptor {
    slot: u32,
    words: [u32; DESCRIPTOR_WORDS],
}

impl Descriptor {
    /// The next descriptor, if there is one.
    ///
    /// # Errors
    /// [`Failure::Bus`] where there is no queue that could hold one.
    pub fn next(registers: &Registers, memory: &mut impl Memory) -> Result<Option<Self>, Failure> {
        let head = registers.get(at::HEAD);
        let waiting = registers.get(at::TAIL).wrapping_sub(head);
        if waiting == 0 {
            return Ok(None);
        }
        if waiting > registers.get(at::QUEUE_SLOTS) {
            return Err(Failure::Bus);
        }
        let slot = slot(registers, head)?;
        memory.barrier();
        let mut words = [0; DESCRIPTOR_WORDS];
        for (word, address) in words.iter_mut().zip((slot..).step_by(4)) {
            *word = memory.read(address).ok_or(Failure::Bus)?;
        }
        Ok(Some(Self { slot, words }))
    }

    /// Whether the first word is that of a slot that was handed over.
    pub fn is_sound(&self) -> bool {
        self.words[0] & OWNED != 0 && self.words[0] & RESERVED == 0
    }

    /// The command's index in its program.
    pub fn index(&self) -> u16 {
        index(self.words[0])
    }

    /// The command.
    pub fn command(&self) -> [u8; COMMAND_BYTES] {
        command(&self.words)
    }

    /// Whether completing it is an event.
    pub fn notifies(&self) -> bool {
        self.words[0] & NOTIFY != 0
    }

    /// What is to be put into its slot.
    pub fn with_receipt(&self, receipt: Receipt) -> [u32; DESCRIPTOR_WORDS] {
        receipt.to_words(self.words[0])
    }

    /// Puts words into its slot, which is the core's then.
    ///
    /// # Errors
    /// [`Failure::Bus`].
    pub fn give_back(
        &self,
        words: &[u32; DESCRIPTOR_WORDS],
        memory: &mut impl Memory,
    ) -> Result<(), Failure> {
        let place = (self.slot..).step_by(4);
        for (&word, address) in words.iter().zip(place).skip(1) {
            put(memory, address, word)?;
        }
        // Results and receipt are to be seen before the bit that says so.
        memory.barrier();
        put(memory, self.slot, words[0])?;
        memory.barrier();
        Ok(())
    }

    /// As [`Descriptor::give_back`], of the slot behind it and with its first word alone.
    pub fn give_back_next(registers: &Registers, memory: &mut impl Memory) -> Result<(), Failure> {
        let next = slot(registers, registers.get(at::HEAD).wrapping_add(1))?;
        let word = memory.read(next).ok_or(Failure::Bus)?;
        put(memory, next, word & !OWNED)
    }
}

/// The address of the slot of a number.
fn slot(registers: &Registers, number: u32) -> Result<u32, Failure> {
    let (base, slots) = (registers.get(at::QUEUE_BASE), registers.get(at::QUEUE_SLOTS));
    let is_sound = slots.is_power_of_two()
        && (QUEUE_MIN..=QUEUE_MAX).contains(&slots)
        && base.is_multiple_of(ALIGNMENT);
    let end = base.checked_add(slots.saturating_mul(COMMAND_BYTES as u32));
    if !is_sound || end.is_none() {
        return Err(Failure::Bus);
    }
    Ok(base + number % slots * COMMAND_BYTES as u32)
}

fn put(memory: &mut impl Memory, address: u32, word: u32) -> Result<(), Failure> {
    if memory.write(address, word) { Ok(()) } else { Err(Failure::Bus) }
}
