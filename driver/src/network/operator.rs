//! What operators of a network do, in TFLite's terms.

/// What an operator does. Its inputs come in the order given.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Operator {
    /// Input; weights `[channels out, rows, columns, channels in]`; bias, which may be left out.
    Conv2d(Window, Activation),
    /// Input; weights `[1, rows, columns, channels out]`; bias, which may be left out. Each input
    /// channel has as many output channels as the quotient says.
    DepthwiseConv2d(Window, Activation),
    /// Input, whose axes but the first may be flattened; weights `[outputs, inputs]`; bias, which
    /// may be left out.
    FullyConnected(Activation),
    /// Two inputs; the shorter one is repeated as in NumPy.
    Add(Activation),
    /// As `Add`: the first less the second.
    Sub(Activation),
    /// As `Add`.
    Mul(Activation),
    /// Input. Padding does not count.
    AveragePool2d(Window, Activation),
    /// Input.
    MaxPool2d(Window, Activation),
    /// Input. Over these axes, ascending; a kept axis has length 1 then.
    Mean {
        /// Axes that are averaged.
        axes: Vec<usize>,
        /// Whether they are kept.
        keep: bool,
    },
    /// Input. Over the last axis.
    Softmax {
        /// What differences are multiplied by.
        beta: f32,
    },
    /// Input.
    Logistic,
    /// Input.
    Tanh,
    /// Input. Clamps; not [`Activation::None`].
    Clamp(Activation),
    /// Input.
    LeakyRelu {
        /// Slope below zero.
        alpha: f32,
    },
    /// Input.
    HardSwish,
    /// Input.
    Reshape,
    /// Input.
    Pad {
        /// Elements before and after, for each axis.
        amounts: Vec<[usize; 2]>,
        /// The element to put there; `None` is the one that stands for zero.
        value: Option<i8>,
    },
    /// Any number of inputs.
    Concatenation {
        /// Along this axis.
        axis: usize,
    },
    /// Input.
    StridedSlice {
        /// First index along each axis.
        begin: Vec<usize>,
        /// From one index to the next along each axis, not zero; negative ones go back.
        strides: Vec<isize>,
    },
    /// Input.
    Transpose {
        /// Axis `i` of the output is axis `order[i]` of the input.
        order: Vec<usize>,
    },
    /// Input.
    ResizeNearest {
        /// Whether the centres of the corner pixels stay where they are.
        align_corners: bool,
        /// Whether pixels are sampled at their centres.
        half_pixel_centers: bool,
    },
    /// Input: a float, or a byte that stands for something else.
    Quantize,
    /// Input.
    Dequantize,
    /// Input: floats that [`Operator::Dequantize`] gives. Over the last axis. Nothing reads its
    /// output, so that the host may do it.
    LogSoftmax,
}

/// A window that slides over rows and columns, in this order in all arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Size.
    pub kernel: [usize; 2],
    /// From one output to the next.
    pub stride: [usize; 2],
    /// From one element of the window to the next.
    pub dilation: [usize; 2],
    /// Padding before the first and after the last.
    pub pad: [[usize; 2]; 2],
}

/// What an operator's output is clamped to, in real numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Activation {
    /// Nothing.
    None,
    /// From 0.
    Relu,
    /// 0 to 6.
    Relu6,
    /// -1 to 1.
    ReluN1To1,
}

impl Operator {
    /// The operator's name in TFLite's schema.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Conv2d(..) => "CONV_2D",
            Self::DepthwiseConv2d(..) => "DEPTHWISE_CONV_2D",
            Self::FullyConnected(_) => "FULLY_CONNECTED",
            Self::Add(_) => "ADD",
            Self::Sub(_) => "SUB",
            Self::Mul(_) => "MUL",
            Self::AveragePool2d(..) => "AVERAGE_POOL_2D",
            Self::MaxPool2d(..) => "MAX_POOL_2D",
            Self::Mean { .. } => "MEAN",
            Self::Softmax { .. } => "SOFTMAX",
            Self::Logistic => "LOGISTIC",
            Self::Tanh => "TANH",
            Self::Clamp(Activation::Relu6) => "RELU6",
            Self::Clamp(Activation::ReluN1To1) => "RELU_N1_TO_1",
            Self::Clamp(_) => "RELU",
            Self::LeakyRelu { .. } => "LEAKY_RELU",
            Self::HardSwish => "HARD_SWISH",
            Self::Reshape => "RESHAPE",
            Self::Pad { .. } => "PAD",
            Self::Concatenation { .. } => "CONCATENATION",
            Self::StridedSlice { .. } => "STRIDED_SLICE",
            Self::Transpose { .. } => "TRANSPOSE",
            Self::ResizeNearest { .. } => "RESIZE_NEAREST_NEIGHBOR",
            Self::Quantize => "QUANTIZE",
            Self::Dequantize => "DEQUANTIZE",
            Self::LogSoftmax => "LOG_SOFTMAX",
        }
    }
}
