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
mod gaussians;
mod gemm;
mod record;
mod sliding;
mod sort;
mod vector;
mod windows;

use super::Fault;
pub use control::Repeat;
pub use gaussians::{ProjectGaussians, RasteriseGaussians};
pub use gemm::{ByteRange, Convolve, ConvolveDepthwise};
use postcard_schema::Schema;
use record::Record;
use serde::{Deserialize, Serialize};
pub use sliding::Sliding;
pub use sort::Sort;
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

/// A command with its operands. `CombinedGrid` and `DecomposedGrid` have their codes reserved and no
/// modes yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// `Geometry` mode 0.
    ProjectGaussians(ProjectGaussians),
    /// `Geometry` mode 1.
    RasteriseGaussians(RasteriseGaussians),
    /// `Geometry` mode 2.
    BoundChunks(BoundChunks),
    /// `Geometry` mode 3.
    ProjectWindow(ProjectWindow),
    /// `Geometry` mode 4.
    RasteriseWindow(RasteriseWindow),
    /// `Sort` mode 0.
    Sort(Sort),
    /// `Gemm` mode 0.
    Convolve(Convolve),
    /// `Gemm` mode 1.
    ConvolveDepthwise(ConvolveDepthwise),
    /// `Vector` mode 0.
    Add(Add),
    /// `Vector` mode 1.
    Multiply(Multiply),
    /// `Vector` mode 2.
    Pool(Pool),
    /// `Vector` mode 3.
    Reduce(Reduce),
    /// `Vector` mode 4.
    Softmax(Softmax),
    /// `Vector` mode 5.
    Lookup(Lookup),
    /// `Vector` mode 6.
    Copy(Copy),
    /// `Vector` mode 7.
    Fill(Fill),
    /// `Vector` mode 8.
    Resize(Resize),
    /// `Control` mode 0.
    Repeat(Repeat),
}

impl Command {
    /// The micro-operator that executes this command.
    pub fn operator(&self) -> Operator {
        self.code().0
    }

    /// The micro-operator and its mode.
    pub fn code(&self) -> (Operator, u8) {
        let record = self.record();
        (record.operator, record.mode)
    }

    #[inline(never)]
    pub(super) fn parse(bytes: &[u8; COMMAND_BYTES]) -> Result<Self, Fault> {
        let r = &Record::parse(bytes)?;
        match (r.operator, r.mode) {
            (Operator::Geometry, 0) => ProjectGaussians::parse(r).map(Self::ProjectGaussians),
            (Operator::Geometry, 1) => RasteriseGaussians::parse(r).map(Self::RasteriseGaussians),
            (Operator::Geometry, 2) => BoundChunks::parse(r).map(Self::BoundChunks),
            (Operator::Geometry, 3) => ProjectWindow::parse(r).map(Self::ProjectWindow),
            (Operator::Geometry, 4) => RasteriseWindow::parse(r).map(Self::RasteriseWindow),
            (Operator::Sort, 0) => Sort::parse(r).map(Self::Sort),
            (Operator::Gemm, 0) => Convolve::parse(r).map(Self::Convolve),
            (Operator::Gemm, 1) => ConvolveDepthwise::parse(r).map(Self::ConvolveDepthwise),
            (Operator::Vector, 0) => Add::parse(r).map(Self::Add),
            (Operator::Vector, 1) => Multiply::parse(r).map(Self::Multiply),
            (Operator::Vector, 2) => Pool::parse(r).map(Self::Pool),
            (Operator::Vector, 3) => Reduce::parse(r).map(Self::Reduce),
            (Operator::Vector, 4) => Softmax::parse(r).map(Self::Softmax),
            (Operator::Vector, 5) => Lookup::parse(r).map(Self::Lookup),
            (Operator::Vector, 6) => Copy::parse(r).map(Self::Copy),
            (Operator::Vector, 7) => Fill::parse(r).map(Self::Fill),
            (Operator::Vector, 8) => Resize::parse(r).map(Self::Resize),
            (Operator::Control, 0) => Repeat::parse(r).map(Self::Repeat),
            (operator, mode) => Err(Fault::UnknownMode { operator, mode }),
        }
    }

    pub(super) fn emit(&self) -> [u8; COMMAND_BYTES] {
        self.record().emit()
    }

    fn record(&self) -> Record {
        match self {
            Self::ProjectGaussians(c) => c.record(),
            Self::RasteriseGaussians(c) => c.record(),
            Self::BoundChunks(c) => c.record(),
            Self::ProjectWindow(c) => c.record(),
            Self::RasteriseWindow(c) => c.record(),
            Self::Sort(c) => c.record(),
            Self::Convolve(c) => c.record(),
            Self::ConvolveDepthwise(c) => c.record(),
            Self::Add(c) => c.record(),
            Self::Multiply(c) => c.record(),
            Self::Pool(c) => c.record(),
            Self::Reduce(c) => c.record(),
            Self::Softmax(c) => c.record(),
            Self::Lookup(c) => c.record(),
            Self::Copy(c) => c.record(),
            Self::Fill(c) => c.record(),
            Self::Resize(c) => c.record(),
            Self::Repeat(c) => c.record(),
        }
    }
}
