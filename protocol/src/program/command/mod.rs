//! Commands: one micro-operator with its operands, in 64 bytes.
//!
//! ```text
//! byte 0  u8   operator: 0 Geometry, 1 CombinedGrid, 2 DecomposedGrid, 3 Sort, 4 Gemm, 5 Vector,
//!             6 Control
//!      1  u8   mode, by operator
//!      2  u16  zero
//!      4  8 x u16  operands: buffer numbers, 0xFFFF where there is none
//!     20  11 x u32 parameters, by mode; unused ones are zero
//! ```

mod control;
mod features;
mod gaussians;
mod gemm;
mod grids;
mod perceptron;
mod rays;
mod record;
mod shade;
mod sliding;
mod sort;
mod tiles;
mod triangles;
mod vector;
mod windows;

use super::Fault;
pub use control::Repeat;
pub use features::{Dense, Gather, Harmonics, Waves};
pub use gaussians::{ProjectGaussians, RasteriseGaussians};
pub use gemm::{ByteRange, Convolve, ConvolveDepthwise};
pub use grids::{Corners, FactorReduce, Factors, GridEntry, Interpolate};
pub use perceptron::{Perceptron, PerceptronGrid};
use postcard_schema::Schema;
pub use rays::{CastRays, Composite, Focus, March};
use record::Record;
use serde::{Deserialize, Serialize};
pub use shade::Shade;
pub use sliding::Sliding;
pub use sort::Sort;
pub use tiles::{BlendSurface, NextTile, ResolveTile};
pub use triangles::{BlendGaussians, RasteriseTriangles, TransformVertices};
pub use vector::{Add, Copy, Fill, Lookup, Multiply, Pool, Reduce, Resize, Softmax};
pub use windows::{BoundChunks, ProjectWindow, RasteriseWindow, RegionGrid};

/// Bytes of an encoded [`Command`].
pub const COMMAND_BYTES: usize = 64;
/// 32-bit words of an encoded [`Command`].
pub const COMMAND_WORDS: usize = COMMAND_BYTES / 4;

/// The micro-operators, the vector commands that run beside them, and what binds commands together.
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
    /// Which command comes next; the executor's own.
    Control = 6,
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
            6 => Self::Control,
            _ => return None,
        })
    }
}

/// Makes [`Command`] of a table of all commands with their operators and modes.
macro_rules! commands {
    ($($name:ident = $operator:ident $mode:literal,)*) => {
        /// A command with its operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Command {
            $(
                #[doc = concat!("[`Operator::", stringify!($operator), "`], mode ", $mode, ".")]
                $name($name),
            )*
        }

        /// What a [`Command`] is, without its operands.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum CommandKind {
            $(
                #[doc = concat!("[`Command::", stringify!($name), "`].")]
                $name,
            )*
        }

        /// Every command: its name, its micro-operator and mode.
        pub const COMMANDS: &[(&str, Operator, u8)] =
            &[$((stringify!($name), Operator::$operator, $mode),)*];

        impl Command {
            /// The micro-operator and its mode.
            pub const fn code(&self) -> (Operator, u8) {
                match self {
                    $(Self::$name(_) => (Operator::$operator, $mode),)*
                }
            }

            /// Its name, as [`COMMANDS`] has it.
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($name),)*
                }
            }

            /// Reads a command of a kind that is `known`: to the others it is as if there were
            /// no such mode. Where that is known when it is compiled, their code is left out.
            #[inline(never)]
            pub(super) fn parse(
                bytes: &[u8; COMMAND_BYTES],
                known: impl Fn(CommandKind) -> bool,
            ) -> Result<Self, Fault> {
                let (operator, mode, record) = Record::parse(bytes)?;
                // Built where it is returned: moving one is code.
                let mut command = match (operator, mode) {
                    $((Operator::$operator, $mode) if known(CommandKind::$name) => {
                        Ok(Self::$name($name::parse(&record)))
                    })*
                    (operator, mode) => return Err(Fault::UnknownMode { operator, mode }),
                };
                if let Some(fault) = record.fault() {
                    command = Err(fault);
                }
                command
            }

            pub(super) fn emit(&self) -> [u8; COMMAND_BYTES] {
                let record = match self {
                    $(Self::$name(command) => command.record(),)*
                };
                record.emit(self.code())
            }
        }
    };
}

commands! {
    ProjectGaussians = Geometry 0,
    RasteriseGaussians = Geometry 1,
    BoundChunks = Geometry 2,
    ProjectWindow = Geometry 3,
    RasteriseWindow = Geometry 4,
    NextTile = Geometry 5,
    ResolveTile = Geometry 6,
    TransformVertices = Geometry 7,
    RasteriseTriangles = Geometry 8,
    BlendGaussians = Geometry 9,
    BlendSurface = Geometry 10,
    CastRays = Geometry 11,
    Interpolate = CombinedGrid 0,
    March = CombinedGrid 1,
    Factors = DecomposedGrid 0,
    Sort = Sort 0,
    Convolve = Gemm 0,
    ConvolveDepthwise = Gemm 1,
    Dense = Gemm 2,
    Perceptron = Gemm 3,
    Add = Vector 0,
    Multiply = Vector 1,
    Pool = Vector 2,
    Reduce = Vector 3,
    Softmax = Vector 4,
    Lookup = Vector 5,
    Copy = Vector 6,
    Fill = Vector 7,
    Resize = Vector 8,
    Waves = Vector 9,
    Harmonics = Vector 10,
    Gather = Vector 11,
    Composite = Vector 12,
    Focus = Vector 13,
    Shade = Vector 14,
    Repeat = Control 0,
}

impl Command {
    /// The micro-operator that executes this command.
    pub const fn operator(&self) -> Operator {
        self.code().0
    }
}
