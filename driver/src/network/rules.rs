//! What operators demand of their tensors beside shapes: how many, types, quantisations, constants.
//!
//! The demands are those of TFLite's reference kernels (`Prepare` in `tensorflow/lite/kernels`,
//! version 2.14), where a network that breaks them is refused or stops the program.

use super::scale::scale_of;
use super::steady::steady_byte;
use super::{Data, Element, Network, NetworkError, Node, Operator, Problem, Tensor, TensorId};

/// Floats other than where they enter or leave the network.
const INNER_FLOATS: Problem = Problem::Float { weights_quantised: false };

/// Sums must stay below this, so that twice a sum is a word.
const MAX_SUM: i64 = 1 << 30;

/// Checks a node's inputs and output; their tensors are good by themselves. `writers` are the nodes
/// that wrote the network's tensors so far.
pub(super) fn check(
    network: &Network,
    node: &Node,
    writers: &[Option<usize>],
) -> Result<(), NetworkError> {
    Rules { network, node, writers }.check()
}

struct Rules<'a> {
    network: &'a Network,
    node: &'a Node,
    writers: &'a [Option<usize>],
}

impl Rules<'_> {
    fn check(&self) -> Result<(), NetworkError> {
        self.check_count()?;
        match &self.node.operator {
            Operator::Quantize => {
                self.output()?;
                match self.tensor(0).element {
                    Element::Float32 if self.writer(0).is_none() => Ok(()),
                    Element::Float32 => Err(self.problem(Some(self.id(0)), INNER_FLOATS)),
                    _ => self.activation(0).map(drop),
                }
            }
            Operator::Dequantize => {
                self.activation(0)?;
                self.floats(self.node.output)
            }
            Operator::LogSoftmax => {
                self.floats(self.id(0))?;
                self.floats(self.node.output)?;
                match self.writer(0).map(|writer| &writer.operator) {
                    Some(Operator::Dequantize) => Ok(()),
                    _ => Err(self.problem(Some(self.id(0)), INNER_FLOATS)),
                }
            }
            Operator::Conv2d(..) | Operator::FullyConnected(_) => self.weighted(0),
            Operator::DepthwiseConv2d(..) => self.weighted(3),
            Operator::Add(_) | Operator::Sub(_) => self.sum(),
            Operator::Concatenation { .. } => {
                let output = self.output()?;
                (0..self.node.inputs.len()).try_for_each(|i| match self.activation(i)? == output {
                    true => Ok(()),
                    false => Err(self.rescaled(i)),
                })
            }
            Operator::Pad { .. } => match self.activation(0)? == self.output()? {
                true => Ok(()),
                false => Err(self.rescaled(0)),
            },
            Operator::Softmax { beta } if !(*beta > 0.0 && beta.is_finite()) => {
                let what = format!("a beta of {beta}");
                Err(self.problem(None, option(what, "Beta is a positive number.")))
            }
            Operator::LeakyRelu { alpha } if !alpha.is_finite() => {
                let what = format!("a slope of {alpha}");
                Err(self.problem(None, option(what, "The slope is a finite number.")))
            }
            Operator::Softmax { .. } => self.softmax(),
            _ => {
                self.output()?;
                (0..self.node.inputs.len()).try_for_each(|i| self.activation(i).map(drop))
            }
        }
    }

    fn check_count(&self) -> Result<(), NetworkError> {
        let inputs = &self.node.inputs;
        let (least, most, wanted) = match self.node.operator {
            Operator::Conv2d(..) | Operator::DepthwiseConv2d(..) | Operator::FullyConnected(_) => {
                (2, 3, "an input, weights and perhaps a bias")
            }
            Operator::Add(_) | Operator::Sub(_) | Operator::Mul(_) => (2, 2, "two"),
            Operator::Concatenation { .. } => (1, usize::MAX, "one or more"),
            _ => (1, 1, "one"),
        };
        let given = inputs.iter().take(least).all(Option::is_some);
        let optional = inputs.iter().skip(least).all(Option::is_some) || most == 3;
        if !(least..=most).contains(&inputs.len()) || !given || !optional {
            let found = inputs.iter().flatten().count();
            return Err(self.problem(None, Problem::Inputs { found, wanted }));
        }
        Ok(())
    }

    /// Scale and zero point of input `i`, which is of bytes.
    fn activation(&self, i: usize) -> Result<(f32, i32), NetworkError> {
        self.of_bytes(self.id(i))
    }

    /// Scale and zero point of the output, which is of bytes.
    fn output(&self) -> Result<(f32, i32), NetworkError> {
        self.of_bytes(self.node.output)
    }

    fn of_bytes(&self, id: TensorId) -> Result<(f32, i32), NetworkError> {
        let tensor = self.network.tensor(id);
        if tensor.element != Element::Int8 {
            return Err(self.problem(Some(id), element(tensor, "int8")));
        }
        let quantisation = tensor.quantisation.as_ref().and_then(|it| it.of_tensor());
        match quantisation {
            Some((scale, zero)) if i8::try_from(zero).is_ok() => Ok((scale, zero)),
            _ => {
                let found = match &tensor.quantisation {
                    None => "no scale".into(),
                    Some(it) if it.scales.len() > 1 => format!("{} scales", it.scales.len()),
                    Some(it) => format!("a zero point of {}", it.zero_points[0]),
                };
                let wanted = "one scale, and one zero point from -128 to 127";
                Err(self.problem(Some(id), Problem::Quantisation { found, wanted }))
            }
        }
    }

    fn floats(&self, id: TensorId) -> Result<(), NetworkError> {
        match self.network.tensor(id) {
            Tensor { element: Element::Float32, .. } => Ok(()),
            tensor => Err(self.problem(Some(id), element(tensor, "float32"))),
        }
    }

    /// The node that wrote input `i`.
    fn writer(&self, i: usize) -> Option<&Node> {
        self.writers[self.id(i).0].map(|writer| &self.network.nodes[writer])
    }

    /// Its kernel gives bytes of one scale only, which files have to within 0.1 %.
    fn softmax(&self) -> Result<(), NetworkError> {
        self.activation(0)?;
        let (scale, zero) = self.output()?;
        if (scale * 256.0 - 1.0).abs() > 1e-3 || zero != i32::from(i8::MIN) {
            let found = format!("a scale of {scale} and a zero point of {zero}");
            let problem = Problem::Quantisation { found, wanted: "of 1/256 and -128" };
            return Err(self.problem(Some(self.node.output), problem));
        }
        Ok(())
    }

    /// Sums are of inputs at twice the greater scale, and a scale to the output below one.
    fn sum(&self) -> Result<(), NetworkError> {
        const LEFT_SHIFT: i32 = 20;
        let ((a, _), (b, _), (output, _)) =
            (self.activation(0)?, self.activation(1)?, self.output()?);
        let twice = 2.0 * f64::from(a.max(b));
        if twice >= f64::from(1 << LEFT_SHIFT) * f64::from(output) {
            let found = format!("scales of {a} and {b} for one of {output}");
            let problem =
                Problem::Quantisation { found, wanted: "an output less than 2^19 times finer" };
            return Err(self.problem(Some(self.node.output), problem));
        }
        Ok(())
    }

    /// Weights with a scale for each index along `axis`, and a bias.
    fn weighted(&self, axis: usize) -> Result<(), NetworkError> {
        let (input, output) = (self.activation(0)?, self.output()?);
        let weights = self.weights(axis)?;
        let tensor = self.tensor(1);
        let outputs = tensor.shape.get(axis).copied().unwrap_or(0);
        let bias = self.bias(outputs)?;
        let scales = tensor.quantisation.iter().flat_map(|it| it.scales.iter().copied().cycle());
        for (number, scale) in (0..outputs).zip(scales) {
            let bias = bias.map_or(0, |bias| bias[number]);
            let of_output = || channel(weights, &tensor.shape, axis, number);
            let weights: i64 = of_output().map(|weight| i64::from(weight).abs()).sum();
            let sum = weights * 255 + i64::from(bias).abs();
            let real = f64::from(input.0) * f64::from(scale) / f64::from(output.0);
            let [zero_in, zero_out] = [input.1, output.1].map(|zero| zero as i8);
            if sum >= MAX_SUM
                && steady_byte(of_output(), bias, zero_in, scale_of(real), zero_out).is_none()
            {
                let what = format!("a sum of up to {sum} at output {number}");
                let problem = option(what, "Sums of weights, and biases, are less than 2^30.");
                return Err(self.problem(Some(self.id(1)), problem));
            }
        }
        Ok(())
    }

    fn weights(&self, axis: usize) -> Result<&[i8], NetworkError> {
        let (id, tensor) = (self.id(1), self.tensor(1));
        let weights = match &tensor.data {
            Some(Data::Int8(weights)) => weights,
            Some(_) => return Err(self.problem(Some(id), element(tensor, "int8"))),
            None => return Err(self.computed(id)),
        };
        let quantisation = match &tensor.quantisation {
            Some(it) if it.scales.len() == 1 || it.axis == axis => it,
            _ => {
                let problem = Problem::Quantisation {
                    found: "no scales, or ones along another axis".into(),
                    wanted: "one scale, or one for each output channel",
                };
                return Err(self.problem(Some(id), problem));
            }
        };
        if let Some(zero) = quantisation.zero_points.iter().find(|&&zero| zero != 0) {
            let found = format!("a zero point of {zero}");
            let wanted = "0 (128 in unsigned bytes)";
            return Err(self.problem(Some(id), Problem::Quantisation { found, wanted }));
        }
        Ok(weights)
    }

    fn bias(&self, outputs: usize) -> Result<Option<&[i32]>, NetworkError> {
        let Some(id) = self.node.inputs.get(2).copied().flatten() else { return Ok(None) };
        let tensor = self.network.tensor(id);
        match &tensor.data {
            Some(Data::Int32(bias)) if bias.len() == outputs => Ok(Some(bias)),
            Some(Data::Int32(_)) => {
                let wanted = format!("[{outputs}]");
                let problem = Problem::Shape { found: tensor.shape.clone(), wanted };
                Err(self.problem(Some(id), problem))
            }
            Some(_) => Err(self.problem(Some(id), element(tensor, "int32"))),
            None => Err(self.computed(id)),
        }
    }

    fn id(&self, i: usize) -> TensorId {
        self.node.inputs[i].expect("check_count() found it")
    }

    fn tensor(&self, i: usize) -> &Tensor {
        self.network.tensor(self.id(i))
    }

    fn problem(&self, tensor: Option<TensorId>, problem: Problem) -> NetworkError {
        self.network.fault(self.node, tensor, problem)
    }

    fn computed(&self, id: TensorId) -> NetworkError {
        let problem = Problem::Role { found: "computed", wanted: "a constant" };
        self.problem(Some(id), problem)
    }

    fn rescaled(&self, i: usize) -> NetworkError {
        let problem = Problem::Quantisation {
            found: "a scale or zero point other than the output's".into(),
            wanted: "the same, by a QUANTIZE before it",
        };
        self.problem(Some(self.id(i)), problem)
    }
}

fn option(what: String, supported: &'static str) -> Problem {
    Problem::Option { what, supported }
}

fn element(tensor: &Tensor, wanted: &'static str) -> Problem {
    Problem::Element { found: tensor.element.name().into(), wanted }
}

/// The weights with index `output` along `axis`.
fn channel(
    weights: &[i8],
    shape: &[usize],
    axis: usize,
    output: usize,
) -> impl Iterator<Item = i8> {
    let inner: usize = shape[axis + 1..].iter().product();
    let step = inner * shape[axis];
    let starts = (output * inner..weights.len()).step_by(step);
    starts.flat_map(move |start| weights[start..start + inner].iter().copied())
}
