//! What a network is: nodes in the order of their execution over numbered values, and the tensors
//! of their parameters in one vector.
//!
//! Pictures are NHWC. The weights of a convolution are kernel height x kernel width x inputs x
//! outputs, those of a depthwise one kernel height x kernel width x channels, those of a dense
//! layer inputs x outputs: the output's channels are always last.

mod build;
mod initialise;
mod window;

use serde::{Deserialize, Serialize};

pub use build::Builder;
pub use window::{Padding, Window};

/// Pixels and channels of a sample's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Channels of a pixel.
    pub channels: usize,
}

impl Shape {
    /// A vector: one pixel.
    #[must_use]
    pub fn vector(channels: usize) -> Self {
        Self { height: 1, width: 1, channels }
    }

    /// Numbers in it.
    #[must_use]
    pub fn elements(self) -> usize {
        self.height * self.width * self.channels
    }

    /// Height and width.
    #[must_use]
    pub fn pixels(self) -> [usize; 2] {
        [self.height, self.width]
    }
}

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Multiplies a layer's input; the only one that decays.
    Weight,
    /// Is added to a layer's output.
    Bias,
    /// A normalisation's factor (gamma).
    Scale,
    /// A normalisation's summand (beta).
    Shift,
}

/// One tensor among a network's parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Its node's name and its own.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its extents; the output's channels are the last.
    pub shape: Vec<usize>,
    /// Where it begins in the vector of all parameters.
    pub offset: usize,
}

impl Tensor {
    /// Numbers in it.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Where it is in the vector of all parameters.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.offset..self.offset + self.elements()
    }
}

/// A non-linearity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// None.
    Linear,
    /// `max(x, 0)`.
    Relu,
    /// `min(max(x, 0), 6)`.
    Relu6,
}

/// What a node does. Tensors are given by their number.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// The network's input.
    Input,
    /// A convolution over all channels.
    Convolve {
        /// Where its kernel lies.
        window: Window,
        /// Its weights.
        weight: usize,
        /// What is added to each output channel.
        bias: Option<usize>,
    },
    /// A convolution of each channel by itself.
    Depthwise {
        /// Where its kernel lies.
        window: Window,
        /// Its weights.
        weight: usize,
        /// What is added to each channel.
        bias: Option<usize>,
    },
    /// All inputs to each output. The input is taken as a vector, whatever its shape.
    Dense {
        /// Its weights.
        weight: usize,
        /// What is added to each output.
        bias: Option<usize>,
    },
    /// Batch normalisation and the activation behind it.
    Normalise {
        /// Factor and summand of each channel.
        tensors: [usize; 2],
        /// Where its channels' means begin in [`State::statistics`]; their variances follow.
        statistics: usize,
        /// What follows.
        activation: Activation,
        /// Whether NetBooster put the activation there, to take it away again.
        inserted: bool,
    },
    /// An activation by itself.
    Activate(Activation),
    /// The sum of two values of the same shape.
    Add,
    /// The mean of the pixels under each place of a window.
    AveragePool(Window),
    /// Rounds to the 256 numbers that int8 has between a least and a greatest: quantisation-aware
    /// training. The range is the number of one in [`State::ranges`].
    Round {
        /// Its number.
        range: usize,
    },
}

/// A step of a network: what is done to which earlier nodes' values.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, by which tensors are found again.
    pub name: String,
    /// What it does.
    pub operation: Operation,
    /// The nodes whose values it takes.
    pub inputs: Vec<usize>,
    /// Its own value's shape.
    pub shape: Shape,
}

impl Node {
    /// The tensors of weights and bias, of a layer that has both.
    #[must_use]
    pub fn layer_tensors(&self) -> Option<(usize, usize)> {
        match self.operation {
            Operation::Convolve { weight, bias: Some(bias), .. }
            | Operation::Depthwise { weight, bias: Some(bias), .. }
            | Operation::Dense { weight, bias: Some(bias) } => Some((weight, bias)),
            _ => None,
        }
    }
}

/// A network's structure. The last node's value is its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// In the order of execution; the first is the input.
    pub nodes: Vec<Node>,
    /// Of the parameters, in the order of their offsets.
    pub tensors: Vec<Tensor>,
    /// Numbers in [`State::statistics`].
    pub statistics: usize,
    /// Pairs in [`State::ranges`].
    pub ranges: usize,
}

/// All numbers of a network that are learnt or measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The tensors' numbers.
    pub parameters: Vec<f32>,
    /// Running means and variances of normalisations.
    pub statistics: Vec<f32>,
    /// Least and greatest number of rounded values.
    pub ranges: Vec<[f32; 2]>,
}

impl Network {
    /// The output's shape.
    #[must_use]
    pub fn output(&self) -> Shape {
        self.nodes.last().map_or(Shape::vector(0), |node| node.shape)
    }

    /// The input's shape.
    #[must_use]
    pub fn input(&self) -> Shape {
        self.nodes.first().map_or(Shape::vector(0), |node| node.shape)
    }

    /// Numbers in [`State::parameters`].
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.tensors.iter().map(Tensor::elements).sum()
    }

    /// Parameters once normalisations are folded into the convolutions before them: what an int8
    /// network stores.
    #[must_use]
    pub fn folded_parameters(&self) -> usize {
        let weights = self.tensors.iter().filter(|it| !matches!(it.role, Role::Scale));
        weights.map(Tensor::elements).sum()
    }

    /// Multiplications for one sample, those of normalisations and pools not counted.
    #[must_use]
    pub fn multiplications(&self) -> u64 {
        let of = |node: &Node| {
            let count = match &node.operation {
                Operation::Convolve { window, weight, .. }
                | Operation::Depthwise { window, weight, .. } => {
                    window.pixels() * self.tensors[*weight].elements()
                }
                Operation::Dense { weight, .. } => self.tensors[*weight].elements(),
                _ => 0,
            };
            count as u64
        };
        self.nodes.iter().map(of).sum()
    }

    /// How many inputs of nodes a value is.
    #[must_use]
    pub fn readers(&self, value: usize) -> usize {
        self.nodes.iter().flat_map(|node| &node.inputs).filter(|input| **input == value).count()
    }

    /// The activation that becomes a part of a layer or a sum: one that alone reads its value.
    #[must_use]
    pub fn fused_activation(&self, value: usize) -> Option<usize> {
        let can_fuse = self.nodes[value].layer_tensors().is_some()
            || self.nodes[value].operation == Operation::Add;
        if !can_fuse || self.readers(value) != 1 {
            return None;
        }
        self.nodes.iter().position(|node| {
            matches!(node.operation, Operation::Activate(_)) && node.inputs == [value]
        })
    }

    /// The tensor of a name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.iter().find(|tensor| tensor.name == name)
    }
}
