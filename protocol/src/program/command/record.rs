//! The encoding that all commands share: operator, mode, operands, parameters.

use core::cell::Cell;

use super::super::{BufferId, Fault};
use super::{COMMAND_BYTES, Operator};
use crate::feature::Matrix;

/// No buffer.
pub(super) const NONE: u16 = 0xFFFF;

/// An encoded command under construction or inspection.
///
/// Inspecting keeps the first parameter that is out of range, so that a command reads all of them and
/// only at the end it is asked whether all were well: until then, what is read of a bad one is zero.
pub(super) struct Record {
    pub operands: [u16; 8],
    pub parameters: [u32; 11],
    bad: Cell<Option<u8>>,
}

impl Record {
    /// Reads operator, mode and what they are about.
    pub fn parse(bytes: &[u8; COMMAND_BYTES]) -> Result<(Operator, u8, Self), Fault> {
        let operator = Operator::from_code(bytes[0]).ok_or(Fault::UnknownOperator)?;
        if bytes[2] != 0 || bytes[3] != 0 {
            return Err(Fault::UnknownOperator);
        }
        let mut record = Self { operands: [0; 8], parameters: [0; 11], bad: Cell::new(None) };
        for (operand, pair) in record.operands.iter_mut().zip(bytes[4..20].as_chunks().0) {
            *operand = u16::from_le_bytes(*pair);
        }
        for (parameter, word) in record.parameters.iter_mut().zip(bytes[20..].as_chunks().0) {
            *parameter = u32::from_le_bytes(*word);
        }
        Ok((operator, bytes[1], record))
    }

    pub fn emit(&self, (operator, mode): (Operator, u8)) -> [u8; COMMAND_BYTES] {
        let mut bytes = [0; COMMAND_BYTES];
        bytes[0] = operator as u8;
        bytes[1] = mode;
        for (pair, operand) in bytes[4..20].as_chunks_mut().0.iter_mut().zip(self.operands) {
            *pair = operand.to_le_bytes();
        }
        for (word, parameter) in bytes[20..].as_chunks_mut().0.iter_mut().zip(self.parameters) {
            *word = parameter.to_le_bytes();
        }
        bytes
    }

    /// A record of the operands and parameters given; the rest are none and zeros.
    pub fn new<const N: usize, const M: usize>(ids: [BufferId; N], values: [u32; M]) -> Self {
        let mut record = Self { operands: [NONE; 8], parameters: [0; 11], bad: Cell::new(None) };
        for (operand, id) in record.operands.iter_mut().zip(ids) {
            *operand = id.0;
        }
        record.parameters[..M].copy_from_slice(&values);
        record
    }

    /// The buffer of an operand.
    pub fn buffer(&self, operand: usize) -> BufferId {
        BufferId(self.operands[operand])
    }

    /// The buffer of an operand that may be left out.
    pub fn optional(&self, operand: usize) -> Option<BufferId> {
        Some(self.buffer(operand)).filter(|id| id.0 != NONE)
    }

    /// The number of a buffer that may be left out.
    pub fn or_none(id: Option<BufferId>) -> BufferId {
        id.unwrap_or(BufferId(NONE))
    }

    /// The first parameter that was found to be out of range, as a fault.
    pub fn fault(&self) -> Option<Fault> {
        self.bad.get().map(|parameter| Fault::OutOfRange { parameter })
    }

    /// Finds a parameter out of range unless this holds of it.
    #[inline(never)]
    pub fn require(&self, parameter: u8, holds: bool) {
        if !holds {
            self.bad.set(self.bad.get().or(Some(parameter)));
        }
    }

    /// What a parameter stands for; something else where it stands for nothing.
    pub fn known<T>(&self, parameter: u8, known: Option<T>, otherwise: T) -> T {
        self.require(parameter, known.is_some());
        known.unwrap_or(otherwise)
    }

    /// Finds parameters out of range that are zero.
    #[inline(never)]
    pub fn not_zero(&self, values: &[(u8, u32)]) {
        for &(parameter, value) in values {
            self.require(parameter, value != 0);
        }
    }

    /// Columns of rows of halves: the stride and the first column are even, the first one within.
    #[inline(never)]
    pub fn matrix(&self, parameter: u8) -> Matrix {
        let matrix = self.column(parameter);
        self.require(parameter, matrix.first.is_multiple_of(2));
        matrix
    }

    /// As [`Record::matrix`], but for a single column, which may be any.
    #[inline(never)]
    pub fn column(&self, parameter: u8) -> Matrix {
        let [stride, first] = self.pair(usize::from(parameter));
        self.require(parameter, stride % 2 == 0 && first < stride.max(1));
        Matrix { stride, first }
    }

    /// A parameter of one byte.
    #[inline(never)]
    pub fn byte(&self, parameter: u8) -> u8 {
        self.narrow(parameter, self.value(parameter))
    }

    /// A parameter of two bytes.
    #[inline(never)]
    pub fn half(&self, parameter: u8) -> u16 {
        let value = self.value(parameter);
        self.require(parameter, value >> 16 == 0);
        value as u16
    }

    /// A parameter that is 0 or 1.
    pub fn flag(&self, parameter: u8) -> bool {
        self.flag_in(parameter, self.byte(parameter))
    }

    /// A flag of one byte of a parameter.
    #[inline(never)]
    pub fn flag_in(&self, parameter: u8, byte: u8) -> bool {
        self.require(parameter, byte <= 1);
        byte == 1
    }

    /// A part of a parameter that is held to one byte.
    pub fn narrow(&self, parameter: u8, value: u32) -> u8 {
        self.require(parameter, value >> 8 == 0);
        value as u8
    }

    /// A parameter of one signed byte.
    pub fn signed_byte(&self, parameter: u8) -> i8 {
        self.byte(parameter) as i8
    }

    /// A parameter of two signed bytes, the low one first.
    pub fn byte_pair(&self, parameter: u8) -> [i8; 2] {
        self.half(parameter).to_le_bytes().map(|byte| byte as i8)
    }

    /// A parameter of two halves, the low one first.
    pub fn pair(&self, parameter: usize) -> [u16; 2] {
        let word = self.parameters[parameter];
        [(word & 0xFFFF) as u16, (word >> 16) as u16]
    }

    /// A parameter that is a colour.
    pub fn color(&self, parameter: u8) -> [u8; 3] {
        let [red, green, blue, zero] = self.value(parameter).to_le_bytes();
        self.require(parameter, zero == 0);
        [red, green, blue]
    }

    /// A parameter by its number; all numbers are of this folder.
    fn value(&self, parameter: u8) -> u32 {
        self.parameters.get(usize::from(parameter)).copied().unwrap_or_default()
    }
}

/// Two halves in a word.
pub(super) fn pack([low, high]: [u16; 2]) -> u32 {
    u32::from(low) | u32::from(high) << 16
}

/// A colour in a word.
pub(super) fn pack_color([red, green, blue]: [u8; 3]) -> u32 {
    u32::from_le_bytes([red, green, blue, 0])
}

impl Matrix {
    /// The matrix as a parameter.
    pub(super) fn parameter(self) -> u32 {
        pack([self.stride, self.first])
    }
}
