//! Commands: one micro-operator with its operands, in 64 bytes.
//!
//! ```text
//! byte 0  u8   operator: 0 Geometry, 1 CombinedGrid, 2 DecomposedGrid, 3 Sort, 4 Gemm, 5 Vector
//!      1  u8   mode, by operator
//!      2  u16  zero
//!      4  8 x u16  operands: buffer numbers, 0xFFFF where there is none
//!     20  11 x u32 parameters, by mode; unused ones are zero
//! ```

use super::{BufferId, Fault};
use postcard_schema::Schema;
use serde::{Deserialize, Serialize};

/// Bytes of an encoded [`Command`].
pub const COMMAND_BYTES: usize = 64;
/// 32-bit words of an encoded [`Command`].
pub const COMMAND_WORDS: usize = COMMAND_BYTES / 4;

/// No buffer.
const NONE: u16 = 0xFFFF;

/// The micro-operators, and the vector commands that run beside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Schema)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Operator {
    /// Index: primitive x pixel tile. Reduce: nearest depth or alpha blend.
    Geometry = 0,
    /// Index: one joint address (texture, dense or hash grid). Reduce: weighted sum of corners.
    CombinedGrid = 1,
    /// Index: one address per factor (planes and lines). Reduce: product or sum of factors.
    DecomposedGrid = 2,
    /// Index: keys. Reduce: order.
    Sort = 3,
    /// Index: rows x columns. Reduce: sum, requantise, activate.
    Gemm = 4,
    /// Element-wise operations, pooling, softmax, look-up tables, compositing.
    Vector = 5,
}

impl Operator {
    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Geometry,
            1 => Self::CombinedGrid,
            2 => Self::DecomposedGrid,
            3 => Self::Sort,
            4 => Self::Gemm,
            5 => Self::Vector,
            _ => return None,
        })
    }
}

/// A command with its operands. The modes of `CombinedGrid`, `DecomposedGrid`, `Gemm` and `Vector`
/// have their codes reserved and none defined yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `Geometry` mode 0.
    ProjectGaussians(ProjectGaussians),
    /// `Geometry` mode 1.
    RasteriseGaussians(RasteriseGaussians),
    /// `Sort` mode 0.
    Sort(Sort),
}

/// Projects Gaussians to screen-space splats (EWA, INRIA kernel), front of the camera only, and
/// evaluates their colours. Layouts: [`crate::gaussian`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProjectGaussians {
    /// Chunk headers, constant.
    pub chunks: BufferId,
    /// Gaussians, constant.
    pub gaussians: BufferId,
    /// Spherical-harmonic coefficients, constant; none for degree 0.
    pub harmonics: Option<BufferId>,
    /// The camera, input.
    pub camera: BufferId,
    /// Splats, written: room for every Gaussian.
    pub splats: BufferId,
    /// Depth keys of the splats, written: a word each.
    pub keys: BufferId,
    /// Number of splats, written: one word.
    pub count: BufferId,
    /// Parameter 0: number of chunks.
    pub chunk_count: u32,
    /// Parameter 1: number of Gaussians in all chunks.
    pub gaussian_count: u32,
    /// Parameter 2: degree of the spherical harmonics, 0..=3.
    pub degree: u8,
    /// Parameter 3, low half: columns of the frame, 1..=4096.
    pub width: u16,
    /// Parameter 3, high half: rows of the frame, 1..=4096.
    pub height: u16,
}

/// Orders the numbers `0..count` by ascending key, equal keys in ascending number (LSD radix).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// Keys, a word each.
    pub keys: BufferId,
    /// One word: how many keys there are.
    pub count: BufferId,
    /// The order, written: a word each.
    pub order: BufferId,
    /// As large as `order`.
    pub scratch: BufferId,
    /// `2 << digit_bits` words.
    pub histogram: BufferId,
    /// Parameter 0: most keys there can be.
    pub capacity: u32,
    /// Parameter 1: bits a digit, 4..=12; a key has two digits, higher bits are ignored.
    pub digit_bits: u8,
}

/// Blends splats in the given order into a frame, tile by tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RasteriseGaussians {
    /// Splats as [`ProjectGaussians`] writes them.
    pub splats: BufferId,
    /// Numbers of splats, front to back, a word each.
    pub order: BufferId,
    /// One word: how many numbers there are.
    pub count: BufferId,
    /// Splat numbers by tile: room for at least `capacity` words. More room, fewer passes.
    pub bins: BufferId,
    /// One word a tile, and one more.
    pub tiles: BufferId,
    /// Accumulators of one tile: 4 words a pixel.
    pub accumulators: BufferId,
    /// The picture, a frame.
    pub frame: BufferId,
    /// Parameter 0: most splats there can be.
    pub capacity: u32,
    /// Parameter 1, low half: columns of a tile, 1..=width and at most 2048.
    pub tile_width: u16,
    /// Parameter 1, high half: rows of a tile, 1..=height and at most 2048.
    pub tile_height: u16,
    /// Parameter 2: background colour behind everything, `r | g << 8 | b << 16`.
    pub background: [u8; 3],
}

/// An encoded command under construction or inspection.
struct Record {
    operator: Operator,
    mode: u8,
    operands: [u16; 8],
    parameters: [u32; 11],
}

impl Record {
    fn parse(bytes: &[u8; COMMAND_BYTES]) -> Result<Self, Fault> {
        let operator = Operator::from_code(bytes[0]).ok_or(Fault::UnknownOperator)?;
        if bytes[2] != 0 || bytes[3] != 0 {
            return Err(Fault::UnknownOperator);
        }
        let mut record = Self { operator, mode: bytes[1], operands: [0; 8], parameters: [0; 11] };
        for (operand, pair) in record.operands.iter_mut().zip(bytes[4..20].as_chunks().0) {
            *operand = u16::from_le_bytes(*pair);
        }
        for (parameter, word) in record.parameters.iter_mut().zip(bytes[20..].as_chunks().0) {
            *parameter = u32::from_le_bytes(*word);
        }
        Ok(record)
    }

    fn emit(&self) -> [u8; COMMAND_BYTES] {
        let mut bytes = [0; COMMAND_BYTES];
        bytes[0] = self.operator as u8;
        bytes[1] = self.mode;
        for (pair, operand) in bytes[4..20].as_chunks_mut().0.iter_mut().zip(self.operands) {
            *pair = operand.to_le_bytes();
        }
        for (word, parameter) in bytes[20..].as_chunks_mut().0.iter_mut().zip(self.parameters) {
            *word = parameter.to_le_bytes();
        }
        bytes
    }

    fn buffer(&self, operand: usize) -> BufferId {
        BufferId(self.operands[operand])
    }
}

fn low(word: u32) -> u16 {
    (word & 0xFFFF) as u16
}

fn high(word: u32) -> u16 {
    (word >> 16) as u16
}

fn pack(low: u16, high: u16) -> u32 {
    u32::from(low) | u32::from(high) << 16
}

/// Operand list of a record: the ids given, then none.
fn operands<const N: usize>(ids: [BufferId; N]) -> [u16; 8] {
    let mut operands = [NONE; 8];
    for (operand, id) in operands.iter_mut().zip(ids) {
        *operand = id.0;
    }
    operands
}

/// Parameter list of a record: the values given, then zeros.
fn parameters<const N: usize>(values: [u32; N]) -> [u32; 11] {
    let mut parameters = [0; 11];
    parameters[..N].copy_from_slice(&values);
    parameters
}

impl Command {
    /// The micro-operator that executes this command.
    pub fn operator(&self) -> Operator {
        match self {
            Self::ProjectGaussians(_) | Self::RasteriseGaussians(_) => Operator::Geometry,
            Self::Sort(_) => Operator::Sort,
        }
    }

    pub(super) fn parse(bytes: &[u8; COMMAND_BYTES]) -> Result<Self, Fault> {
        let r = Record::parse(bytes)?;
        let p = &r.parameters;
        match (r.operator, r.mode) {
            (Operator::Geometry, 0) => Ok(Self::ProjectGaussians(ProjectGaussians {
                chunks: r.buffer(0),
                gaussians: r.buffer(1),
                camera: r.buffer(2),
                splats: r.buffer(3),
                keys: r.buffer(4),
                count: r.buffer(5),
                harmonics: (r.operands[6] != NONE).then(|| r.buffer(6)),
                chunk_count: p[0],
                gaussian_count: p[1],
                degree: u8::try_from(p[2]).map_err(|_| Fault::OutOfRange { parameter: 2 })?,
                width: low(p[3]),
                height: high(p[3]),
            })),
            (Operator::Geometry, 1) => Ok(Self::RasteriseGaussians(RasteriseGaussians {
                splats: r.buffer(0),
                order: r.buffer(1),
                count: r.buffer(2),
                bins: r.buffer(3),
                tiles: r.buffer(4),
                accumulators: r.buffer(5),
                frame: r.buffer(6),
                capacity: p[0],
                tile_width: low(p[1]),
                tile_height: high(p[1]),
                background: match p[2].to_le_bytes() {
                    [red, green, blue, 0] => [red, green, blue],
                    _ => return Err(Fault::OutOfRange { parameter: 2 }),
                },
            })),
            (Operator::Sort, 0) => Ok(Self::Sort(Sort {
                keys: r.buffer(0),
                count: r.buffer(1),
                order: r.buffer(2),
                scratch: r.buffer(3),
                histogram: r.buffer(4),
                capacity: p[0],
                digit_bits: u8::try_from(p[1]).map_err(|_| Fault::OutOfRange { parameter: 1 })?,
            })),
            (operator, mode) => Err(Fault::UnknownMode { operator, mode }),
        }
    }

    pub(super) fn emit(&self) -> [u8; COMMAND_BYTES] {
        self.record().emit()
    }

    fn record(&self) -> Record {
        let operator = self.operator();
        match self {
            Self::ProjectGaussians(c) => Record {
                operator,
                mode: 0,
                operands: operands([
                    c.chunks,
                    c.gaussians,
                    c.camera,
                    c.splats,
                    c.keys,
                    c.count,
                    c.harmonics.unwrap_or(BufferId(NONE)),
                ]),
                parameters: parameters([
                    c.chunk_count,
                    c.gaussian_count,
                    u32::from(c.degree),
                    pack(c.width, c.height),
                ]),
            },
            Self::RasteriseGaussians(c) => Record {
                operator,
                mode: 1,
                operands: operands([
                    c.splats,
                    c.order,
                    c.count,
                    c.bins,
                    c.tiles,
                    c.accumulators,
                    c.frame,
                ]),
                parameters: parameters([
                    c.capacity,
                    pack(c.tile_width, c.tile_height),
                    u32::from_le_bytes([c.background[0], c.background[1], c.background[2], 0]),
                ]),
            },
            Self::Sort(c) => Record {
                operator,
                mode: 0,
                operands: operands([c.keys, c.count, c.order, c.scratch, c.histogram]),
                parameters: parameters([c.capacity, u32::from(c.digit_bits)]),
            },
        }
    }
}
