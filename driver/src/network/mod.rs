//! A network as its file has it: quantised tensors and the operators between them, in TFLite's
//! terms.
//!
//! Importers make it and check it ([`Network::check`]), the compiler turns it into a program.

mod check;
mod error;
mod operator;
pub mod pack;
pub mod pack_depthwise;
mod rules;
pub mod scale;
mod shape;
mod steady;
pub mod tables;

use serde::{Deserialize, Serialize};

pub use check::MAX_ELEMENTS;
pub use error::{NetworkError, Problem};
pub use operator::{Activation, Operator, Window};
pub use shape::MAX_AXES;
pub(crate) use shape::inferred_shape;

/// Number of a tensor in its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub usize);

/// A network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// In an order in which they can be executed.
    pub nodes: Vec<Node>,
    /// What is given before a run.
    pub inputs: Vec<TensorId>,
    /// What is wanted after it.
    pub outputs: Vec<TensorId>,
    /// The tensors whose bytes are unsigned in the file: there they are greater by 128.
    pub unsigned: Vec<TensorId>,
}

/// A tensor: its shape, what its elements stand for and, if it is constant, what they are.
///
/// Pictures are `[batch, rows, columns, channels]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// As in the file.
    pub name: String,
    /// Length of each axis, the outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// What its elements are.
    pub element: Element,
    /// What its elements stand for, where they are quantised.
    pub quantisation: Option<Quantisation>,
    /// The elements, if they never change.
    pub data: Option<Data>,
}

/// Types of elements. Importers turn unsigned bytes into signed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Element {
    /// Signed byte.
    Int8,
    /// Signed 32-bit integer.
    Int32,
    /// Signed 64-bit integer: shapes and axes of some writers.
    Int64,
    /// Float: only at the edges of a network.
    Float32,
    /// Unsigned byte: only what a user sees of an edge.
    Uint8,
}

/// Elements of a constant tensor, the last axis innermost.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// Of [`Element::Int8`].
    Int8(Vec<i8>),
    /// Of [`Element::Int32`].
    Int32(Vec<i32>),
    /// Of [`Element::Int64`].
    Int64(Vec<i64>),
    /// Of [`Element::Float32`].
    Float32(Vec<f32>),
}

/// What quantised elements stand for: `scale * (element - zero_point)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantisation {
    /// One for the whole tensor, or one for each index along `axis`. Finite and positive.
    pub scales: Vec<f32>,
    /// As many as scales.
    pub zero_points: Vec<i32>,
    /// The axis that scales go along, if there is more than one.
    pub axis: usize,
}

/// An operator with its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Index of the operator in its file, for messages.
    pub index: usize,
    /// What it does.
    pub operator: Operator,
    /// What it reads: see [`Operator`] for their order. One that may be left out is `None` then.
    pub inputs: Vec<Option<TensorId>>,
    /// What it writes.
    pub output: TensorId,
}

impl Element {
    /// As TFLite's schema names it.
    pub fn name(self) -> &'static str {
        match self {
            Element::Int8 => "int8",
            Element::Int32 => "int32",
            Element::Int64 => "int64",
            Element::Float32 => "float32",
            Element::Uint8 => "uint8",
        }
    }
}

impl Network {
    /// The tensor of that number.
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }
}

impl Tensor {
    /// Number of elements.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Quantisation {
    /// Scale and zero point of a tensor that has one of each.
    pub fn of_tensor(&self) -> Option<(f32, i32)> {
        match (&self.scales[..], &self.zero_points[..]) {
            (&[scale], &[zero_point]) => Some((scale, zero_point)),
            _ => None,
        }
    }
}
