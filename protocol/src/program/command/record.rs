//! The encoding that all commands share: operator, mode, operands, parameters.

use super::super::{BufferId, Fault};
use super::{COMMAND_BYTES, Operator};
use crate::feature::Matrix;

/// No buffer.
pub(super) const NONE: u16 = 0xFFFF;

/// An encoded command under construction or inspection.
pub(super) struct Record {
    pub operands: [u16; 8],
    pub parameters: [u32; 11],
}

impl Record {
    /// Reads operator, mode and what they are about.
    pub fn parse(bytes: &[u8; COMMAND_BYTES]) -> Result<(Operator, u8, Self), Fault> {
        let operator = Operator::from_code(bytes[0]).ok_or(Fault::UnknownOperator)?;
        if bytes[2] != 0 || bytes[3] != 0 {
            return Err(Fault::UnknownOperator);
        }
        let mut record = Self { operands: [0; 8], parameters: [0; 11] };
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
        let mut record = Self { operands: [NONE; 8], parameters: [0; 11] };
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

    /// Columns of rows of halves: the stride and the first column are even, the first one within.
    pub fn matrix(&self, parameter: u8) -> Result<Matrix, Fault> {
        let matrix = self.column(parameter)?;
        match matrix.first % 2 {
            0 => Ok(matrix),
            _ => Err(Fault::OutOfRange { parameter }),
        }
    }

    /// As [`Record::matrix`], but for a single column, which may be any.
    pub fn column(&self, parameter: u8) -> Result<Matrix, Fault> {
        let [stride, first] = self.pair(usize::from(parameter));
        match stride % 2 == 0 && first < stride.max(1) {
            true => Ok(Matrix { stride, first }),
            false => Err(Fault::OutOfRange { parameter }),
        }
    }

    /// A parameter of one byte.
    pub fn byte(&self, parameter: u8) -> Result<u8, Fault> {
        let value = self.parameters[usize::from(parameter)];
        u8::try_from(value).map_err(|_| Fault::OutOfRange { parameter })
    }

    /// A parameter of two bytes.
    pub fn half(&self, parameter: u8) -> Result<u16, Fault> {
        let value = self.parameters[usize::from(parameter)];
        u16::try_from(value).map_err(|_| Fault::OutOfRange { parameter })
    }

    /// A parameter that is 0 or 1.
    pub fn flag(&self, parameter: u8) -> Result<bool, Fault> {
        match self.parameters[usize::from(parameter)] {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Fault::OutOfRange { parameter }),
        }
    }

    /// A parameter of one signed byte.
    pub fn signed_byte(&self, parameter: u8) -> Result<i8, Fault> {
        self.byte(parameter).map(|byte| byte as i8)
    }

    /// A parameter of two signed bytes, the low one first.
    pub fn byte_pair(&self, parameter: u8) -> Result<[i8; 2], Fault> {
        let [low, high] = self.half(parameter)?.to_le_bytes();
        Ok([low as i8, high as i8])
    }

    /// A parameter of two halves, the low one first.
    pub fn pair(&self, parameter: usize) -> [u16; 2] {
        let word = self.parameters[parameter];
        [(word & 0xFFFF) as u16, (word >> 16) as u16]
    }

    /// A parameter that is a colour.
    pub fn color(&self, parameter: u8) -> Result<[u8; 3], Fault> {
        match self.parameters[usize::from(parameter)].to_le_bytes() {
            [red, green, blue, 0] => Ok([red, green, blue]),
            _ => Err(Fault::OutOfRange { parameter }),
        }
    }
}

/// A flag of one byte of a parameter.
pub(super) fn flag(byte: u8, parameter: u8) -> Result<bool, Fault> {
    match byte {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Fault::OutOfRange { parameter }),
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
