//! What each supported operator becomes.

use super::reading::Reading;
use super::schema::{
    ArithmeticOptions, ConcatenationOptions, FullyConnectedOptions, LeakyReluOptions,
    ResizeNearestOptions, SoftmaxOptions,
};
use super::{dilations, rearrange, reductions, shapes, slices, transposed, windows};
use crate::import::error::Fault;
use crate::network::{Activation, Data, Operator};

/// Reads an operator and adds the nodes that it becomes.
type Reader = fn(&mut Reading) -> Result<(), Fault>;

/// The supported operators, by name.
const READERS: [(&str, Reader); 40] = [
    ("ADD", |reading| arithmetic(reading, Operator::Add)),
    ("AVERAGE_POOL_2D", windows::average),
    ("BATCH_TO_SPACE_ND", dilations::batch_to_space),
    ("CONCATENATION", concatenation),
    ("CONV_2D", windows::convolution),
    ("DEPTHWISE_CONV_2D", windows::depthwise),
    ("DEPTH_TO_SPACE", rearrange::depth_to_space),
    ("DEQUANTIZE", |reading| reading.unary(Operator::Dequantize)),
    ("EXPAND_DIMS", expand),
    ("FULLY_CONNECTED", fully_connected),
    ("HARD_SWISH", |reading| reading.unary(Operator::HardSwish)),
    ("LEAKY_RELU", leaky_relu),
    ("LOG_SOFTMAX", |reading| reading.unary(Operator::LogSoftmax)),
    ("LOGISTIC", |reading| reading.unary(Operator::Logistic)),
    ("MAX_POOL_2D", windows::maximum),
    ("MEAN", reductions::mean),
    ("MUL", |reading| arithmetic(reading, Operator::Mul)),
    ("PACK", rearrange::pack),
    ("PAD", pad),
    ("PADV2", pad),
    ("QUANTIZE", |reading| reading.unary(Operator::Quantize)),
    ("REDUCE_MAX", reductions::maximum),
    ("RELU", |reading| reading.unary(Operator::Clamp(Activation::Relu))),
    ("RELU6", |reading| reading.unary(Operator::Clamp(Activation::Relu6))),
    ("RELU_N1_TO_1", |reading| reading.unary(Operator::Clamp(Activation::ReluN1To1))),
    ("RESHAPE", reshape),
    ("RESIZE_NEAREST_NEIGHBOR", resize_nearest),
    ("SLICE", slices::slice),
    ("SOFTMAX", softmax),
    ("SPACE_TO_BATCH_ND", dilations::space_to_batch),
    ("SPACE_TO_DEPTH", rearrange::space_to_depth),
    ("SPLIT", slices::split),
    ("SPLIT_V", slices::split_at),
    ("SQUEEZE", |reading| reading.unary(Operator::Reshape)),
    ("STRIDED_SLICE", slices::strided_slice),
    ("SUB", |reading| arithmetic(reading, Operator::Sub)),
    ("TANH", |reading| reading.unary(Operator::Tanh)),
    ("TRANSPOSE", transpose),
    ("TRANSPOSE_CONV", transposed::convolution),
    ("UNPACK", slices::unpack),
];

/// How to read the operator of that name.
pub(super) fn reader(name: &str) -> Option<Reader> {
    READERS.iter().find(|(known, _)| *known == name).map(|&(_, reader)| reader)
}

/// The supported operators' names.
pub(super) fn supported() -> String {
    READERS.map(|(name, _)| name).join(", ")
}

fn arithmetic(reading: &mut Reading, operator: fn(Activation) -> Operator) -> Result<(), Fault> {
    let code = match reading.options::<ArithmeticOptions>()? {
        Some(options) => options.activation()?,
        None => None,
    };
    let activation = reading.activation(code)?;
    let inputs = vec![Some(reading.input(0)?), Some(reading.input(1)?)];
    let output = reading.output(0)?;
    reading.push(operator(activation), inputs, output);
    Ok(())
}

fn fully_connected(reading: &mut Reading) -> Result<(), Fault> {
    let (mut activation, mut format) = (None, 0);
    if let Some(options) = reading.options::<FullyConnectedOptions>()? {
        activation = options.activation()?;
        format = options.weights_format()?.unwrap_or(0);
    }
    if format != 0 {
        return Err(reading.option("an order of its own of weights", "Weights are in row order."));
    }
    let operator = Operator::FullyConnected(reading.activation(activation)?);
    let inputs = vec![Some(reading.input(0)?), Some(reading.input(1)?), reading.optional(2)?];
    let output = reading.output(0)?;
    reading.push(operator, inputs, output);
    Ok(())
}

fn concatenation(reading: &mut Reading) -> Result<(), Fault> {
    let (mut axis, mut activation) = (0, None);
    if let Some(options) = reading.options::<ConcatenationOptions>()? {
        axis = options.axis()?.unwrap_or(0);
        activation = options.activation()?;
    }
    if reading.activation(activation)? != Activation::None {
        return Err(reading.option("a fused activation", "No activation is fused with it."));
    }
    let inputs = (0..reading.count()).map(|i| reading.input(i).map(Some));
    let inputs: Vec<_> = inputs.collect::<Result<_, _>>()?;
    let output = reading.output(0)?;
    let axis = slices::axis(reading, axis.into(), reading.tensor(output).shape.len())?;
    reading.push(Operator::Concatenation { axis }, inputs, output);
    Ok(())
}

fn leaky_relu(reading: &mut Reading) -> Result<(), Fault> {
    let alpha = match reading.options::<LeakyReluOptions>()? {
        Some(options) => options.alpha()?.unwrap_or(0.0),
        None => 0.0,
    };
    reading.unary(Operator::LeakyRelu { alpha })
}

fn softmax(reading: &mut Reading) -> Result<(), Fault> {
    let beta = match reading.options::<SoftmaxOptions>()? {
        Some(options) => options.beta()?.unwrap_or(0.0),
        None => 0.0,
    };
    reading.unary(Operator::Softmax { beta })
}

fn pad(reading: &mut Reading) -> Result<(), Fault> {
    let given = reading.integers(1)?;
    let size = |size: i64| {
        let size = u32::try_from(size).map(|size| size as usize);
        size.map_err(|_| reading.malformed("negative padding"))
    };
    let (pairs, _) = given.as_chunks::<2>();
    let amounts = pairs.iter().map(|&[before, after]| Ok([size(before)?, size(after)?]));
    let amounts = amounts.collect::<Result<_, Fault>>()?;
    let value = match reading.optional(2)? {
        None => None,
        Some(id) => {
            let output = reading.output(0)?;
            let value = reading.tensor(id);
            let Some(Data::Int8(elements)) = &value.data else {
                return Err(reading.option("a computed value", "The value is a constant byte."));
            };
            let [element] = elements[..] else {
                return Err(reading.malformed("other than one value"));
            };
            if value.quantisation != reading.tensor(output).quantisation {
                let problem = "a value with a scale of its own";
                return Err(reading.option(problem, "The value is quantised as the output is."));
            }
            Some(element)
        }
    };
    reading.unary(Operator::Pad { amounts, value })
}

fn resize_nearest(reading: &mut Reading) -> Result<(), Fault> {
    let (mut align_corners, mut half_pixel_centers) = (false, false);
    if let Some(options) = reading.options::<ResizeNearestOptions>()? {
        align_corners = options.align_corners()?.unwrap_or(false);
        half_pixel_centers = options.half_pixel_centers()?.unwrap_or(false);
    }
    let size = reading.integers(1)?;
    let output = reading.output(0)?;
    let shape = reading.tensor(output).shape.iter().map(|&length| length as i64);
    if !shape.skip(1).take(2).eq(size.iter().copied()) {
        return Err(reading.malformed(format!("a size of {size:?} other than the output's")));
    }
    reading.unary(Operator::ResizeNearest { align_corners, half_pixel_centers })
}

fn reshape(reading: &mut Reading) -> Result<(), Fault> {
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let elements = reading.tensor(input).shape.iter().product();
    if let Some(shape) = reading.known(1)?.and_then(|to| shapes::reshaped(elements, &to)) {
        reading.settle(output, &shape);
    }
    reading.unary(Operator::Reshape)
}

fn expand(reading: &mut Reading) -> Result<(), Fault> {
    let (input, output) = (reading.input(0)?, reading.output(0)?);
    let mut shape = reading.tensor(input).shape.clone();
    if let Some(&[axis]) = reading.known(1)?.as_deref() {
        shape.insert(slices::axis(reading, axis, shape.len() + 1)?, 1);
        reading.settle(output, &shape);
    }
    reading.unary(Operator::Reshape)
}

fn transpose(reading: &mut Reading) -> Result<(), Fault> {
    let input = reading.input(0)?;
    let count = reading.tensor(input).shape.len();
    let given = reading.integers(1)?;
    let order = given.into_iter().map(|axis| slices::axis(reading, axis, count));
    let order = order.collect::<Result<_, _>>()?;
    reading.unary(Operator::Transpose { order })
}
