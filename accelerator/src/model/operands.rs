//! The command at hand with the buffers that it names: a program of one command.
//!
//! An accelerator reads the records of a command's operands and no others, however long the table
//! is. They are numbered by their place in the command here, and by their place in the table
//! outside.

use super::registers::Registers;
use crate::memory::Memory;
use quintet_protocol::accelerator::Failure;
use quintet_protocol::accelerator::registers as at;
use quintet_protocol::program::{
    BUFFER_BYTES, COMMAND_BYTES, HEADER_BYTES, MAGIC, Program, VERSION,
};

/// Operands of a command.
const OPERANDS: usize = 8;
/// Where they are in a command.
const OPERANDS_AT: usize = 4;
/// No buffer.
const NONE: u16 = 0xFFFF;
/// The record of a buffer that cannot be used: there is no such kind.
const UNUSABLE: [u8; BUFFER_BYTES] = [0xFF; BUFFER_BYTES];
/// The kind of a frame, which has no place in the arena.
const FRAME: u8 = 4;
/// Bytes of a program of one command.
const LENGTH: usize = Program::encoded_len(OPERANDS, 1);

/// The arena as the registers had it when the command was taken.
#[derive(Clone, Copy)]
pub struct Place {
    base: u32,
    bytes: u32,
}

impl Place {
    /// The arena of the registers.
    ///
    /// # Errors
    /// [`Failure::Bus`] if it is not one of whole words.
    pub fn new(registers: &Registers) -> Result<Self, Failure> {
        let (base, bytes) = (registers.get(at::ARENA_BASE), registers.get(at::ARENA_BYTES));
        let is_sound = base.is_multiple_of(4) && bytes.is_multiple_of(4);
        if is_sound { Ok(Self { base, bytes }) } else { Err(Failure::Bus) }
    }

    /// Its words.
    ///
    /// # Errors
    /// [`Failure::Bus`] where there is no such memory.
    pub fn words<'m>(&self, memory: &'m mut impl Memory) -> Result<&'m mut [u32], Failure> {
        memory.words(self.base, self.bytes as usize / 4).ok_or(Failure::Bus)
    }
}

/// A command and the buffers that it names.
pub struct OneCommand {
    program: [u8; LENGTH],
    /// The numbers of its operands in the table.
    numbers: [u16; OPERANDS],
}

impl OneCommand {
    /// Reads the records of a command's operands from the table.
    ///
    /// # Errors
    /// [`Failure::Bus`] where the table has no place in the arena.
    pub fn new(
        command: &[u8; COMMAND_BYTES],
        registers: &Registers,
        arena: &[u32],
    ) -> Result<Self, Failure> {
        let mut one = Self { program: [0; LENGTH], numbers: [NONE; OPERANDS] };
        let (header, rest) = one.program.split_at_mut(HEADER_BYTES);
        let (records, its) = rest.split_at_mut(OPERANDS * BUFFER_BYTES);
        header[..4].copy_from_slice(&MAGIC.to_le_bytes());
        header[4..6].copy_from_slice(&VERSION.to_le_bytes());
        header[6..8].copy_from_slice(&(OPERANDS as u16).to_le_bytes());
        header[8..10].copy_from_slice(&1u16.to_le_bytes());
        its.copy_from_slice(command);
        let operands = its[OPERANDS_AT..].as_chunks_mut::<2>().0;
        let records = records.as_chunks_mut::<BUFFER_BYTES>().0;
        for (place, (operand, record)) in operands.iter_mut().zip(records).enumerate() {
            let number = u16::from_le_bytes(*operand);
            *record = UNUSABLE;
            if number != NONE {
                *operand = (place as u16).to_le_bytes();
                *record = find(number, registers, arena)?;
                one.numbers[place] = number;
            }
        }
        Ok(one)
    }

    /// The program.
    ///
    /// # Errors
    /// None in fact: it was made as one.
    pub fn program(&self) -> Result<Program<'_>, Failure> {
        Program::new(&self.program).map_err(|_| Failure::Internal)
    }

    /// The number in the table of the buffer that is `id` here.
    pub fn number(&self, id: u16) -> u16 {
        self.numbers.get(usize::from(id)).copied().unwrap_or(NONE)
    }
}

/// The record of a buffer, if that lies within the arena.
fn find(number: u16, registers: &Registers, arena: &[u32]) -> Result<[u8; BUFFER_BYTES], Failure> {
    if u32::from(number) >= registers.get(at::TABLE_COUNT) {
        return Ok(UNUSABLE);
    }
    let table = registers.get(at::TABLE_OFFSET);
    let first = table as usize / 4 + usize::from(number) * (BUFFER_BYTES / 4);
    let record = arena.get(first..).and_then(|rest| rest.first_chunk());
    let Some([offset, length, kind]) = record.filter(|_| table.is_multiple_of(4)) else {
        return Err(Failure::Bus);
    };
    let end = offset.checked_add(*length).filter(|end| (offset | end) % 4 == 0);
    let is_inside = end.is_some_and(|end| end as usize <= arena.len() * 4);
    let mut bytes = [0; BUFFER_BYTES];
    for (to, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip([offset, length, kind]) {
        *to = word.to_le_bytes();
    }
    let is_frame = bytes[8] == FRAME;
    Ok(if is_inside || is_frame { bytes } else { UNUSABLE })
}
