//! The network as it grows: what the graph's names stand for, and the tensors and nodes made of
//! them.
//!
//! Floats of an ONNX graph exist here only as what they are quantised from and to: a
//! [`Value::Real`] is bytes after `DequantizeLinear`, and an operator on floats waits as
//! [`Pending`] until `QuantizeLinear` says what its output's bytes stand for.
//!
//! ONNX has channels before rows and columns, the device has them last. So a tensor here has its
//! axes in an order of its own ([`Bytes::order`]), and is transposed only where an operator wants
//! another order than its input happens to have. `Transpose` itself merely renames axes.

use std::collections::HashMap;
use std::rc::Rc;

use super::constant::{Constant, Kind};
use crate::import::error::Fault;
use crate::network::{
    Activation, Data, Element, MAX_AXES, MAX_ELEMENTS, Network, NetworkError, Node, Operator,
    Problem, Quantisation, Tensor, TensorId,
};

/// Most elements of all constants that are made: 32 Mi, several for each of a file's own.
const CONSTANTS_MAX: usize = 1 << 25;
/// Most characters of a name, for messages.
const NAME_MAX: usize = 128;

/// Floats between operators.
pub(super) const NO_FLOATS: &str = "Quantise it fully after training: in Python, \
    `onnxruntime.quantization.quantize_static` with `quant_format=QuantFormat.QDQ` and \
    `activation_type=weight_type=QuantType.QInt8` puts QuantizeLinear and DequantizeLinear around \
    every operator.";

/// What a name of the graph stands for.
#[derive(Clone)]
pub(super) enum Value {
    /// Never changes.
    Constant(Rc<Constant>),
    /// Floats that are given before a run.
    Floats(TensorId),
    /// Integers that `QuantizeLinear` gives, or that are given before a run; their type in the
    /// graph.
    Quantised(Bytes, Kind),
    /// Floats that `DequantizeLinear` makes of these.
    Real(Bytes),
    /// Floats that an operator gives, not quantised yet.
    Pending(Rc<Pending>),
}

/// A tensor of bytes, and how its axes lie.
#[derive(Clone, Debug)]
pub(super) struct Bytes {
    pub id: TensorId,
    /// Axis `i` of the tensor is axis `order[i]` in the graph.
    pub order: Vec<usize>,
}

/// An operator that waits for its output's quantisation.
#[derive(Clone)]
pub(super) struct Pending {
    pub place: Place,
    pub operator: Operator,
    pub inputs: Vec<Option<TensorId>>,
    /// Shape of the output, its axes in `order`.
    pub shape: Vec<usize>,
    pub order: Vec<usize>,
    /// What the output is clamped to.
    pub clamp: [f32; 2],
    /// Of a `FullyConnected` without a bias: what a step of each output's bias stands for.
    pub bias_steps: Vec<f64>,
}

impl Pending {
    /// An operator that clamps nothing.
    pub fn new(
        place: &Place,
        operator: Operator,
        inputs: Vec<Option<TensorId>>,
        shape: Vec<usize>,
        order: Vec<usize>,
    ) -> Self {
        let clamp = [f32::NEG_INFINITY, f32::INFINITY];
        let place = place.clone();
        Self { place, operator, inputs, shape, order, clamp, bias_steps: Vec::new() }
    }
}

/// Where in the graph something is, for messages.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    pub index: usize,
    pub operator: String,
    /// Name of the output.
    pub output: String,
}

impl Place {
    /// A refusal of the operator there, because of a tensor if there is one.
    pub fn fault(&self, tensor: Option<&str>, problem: Problem) -> Fault {
        let operator = Some((self.index, short(&self.operator)));
        NetworkError { operator, tensor: tensor.map(short), problem }.into()
    }
}

/// A name as messages have it.
pub(super) fn short(name: &str) -> String {
    name.chars().take(NAME_MAX).collect()
}

/// Scale and zero point.
pub(super) type Steps = (f32, i32);

/// A network under construction.
#[derive(Default)]
pub(super) struct Builder {
    pub network: Network,
    pub values: HashMap<String, Value>,
    /// Version of the operators' set.
    pub opset: i64,
    /// Whether there were unsigned bytes.
    pub unsigned: bool,
    /// Tensors that exist in another order as well.
    turned: HashMap<(TensorId, Vec<usize>), TensorId>,
    constants: usize,
}

impl Builder {
    /// An empty network, for operators of that version of their set.
    pub fn new(opset: i64) -> Self {
        Self { opset, ..Self::default() }
    }

    /// Shape of a tensor in its own order.
    pub fn shape(&self, id: TensorId) -> &[usize] {
        &self.network.tensor(id).shape
    }

    /// Shape as the graph has it.
    pub fn graph_shape(&self, bytes: &Bytes) -> Vec<usize> {
        let mut shape = vec![1; bytes.order.len()];
        for (&axis, &length) in bytes.order.iter().zip(self.shape(bytes.id)) {
            shape[axis] = length;
        }
        shape
    }

    /// Scale and zero point of bytes; (1, 0) for those whose `DequantizeLinear` is still to come.
    pub fn steps(&self, id: TensorId) -> Steps {
        let quantisation = self.network.tensor(id).quantisation.as_ref();
        quantisation.and_then(|it| it.of_tensor()).unwrap_or((1.0, 0))
    }

    /// A new tensor that is no constant.
    pub fn tensor(
        &mut self,
        place: &Place,
        element: Element,
        shape: Vec<usize>,
        steps: Option<Steps>,
    ) -> Result<TensorId, Fault> {
        let count = shape.iter().try_fold(1usize, |count, &length| count.checked_mul(length));
        let good = count.is_some_and(|count| (1..=MAX_ELEMENTS).contains(&count));
        if !good || shape.len() > MAX_AXES {
            let wanted = format!("1 to {MAX_ELEMENTS} elements along at most {MAX_AXES} axes");
            return Err(place.fault(Some(&place.output), Problem::Shape { found: shape, wanted }));
        }
        Ok(self.push(Tensor {
            name: short(&place.output),
            shape,
            element,
            quantisation: steps.map(of_tensor),
            data: None,
        }))
    }

    /// Counts elements of constants that are made from others: a file can name one often.
    pub fn charge(&mut self, elements: usize) -> Result<(), Fault> {
        self.constants = self.constants.saturating_add(elements);
        if self.constants > CONSTANTS_MAX {
            let what = format!("a network with more than {CONSTANTS_MAX} constant elements");
            return Err(Fault::unsupported(what, "Choose a smaller network."));
        }
        Ok(())
    }

    /// A new constant.
    pub fn constant(&mut self, name: &str, tensor: Tensor) -> Result<TensorId, Fault> {
        self.charge(tensor.len())?;
        Ok(self.push(Tensor { name: short(name), ..tensor }))
    }

    /// A constant of bytes.
    pub fn constant_bytes(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        bytes: Vec<i8>,
        quantisation: Quantisation,
    ) -> Result<TensorId, Fault> {
        let (data, quantisation) = (Some(Data::Int8(bytes)), Some(quantisation));
        let (name_later, element) = (String::new(), Element::Int8);
        self.constant(name, Tensor { name: name_later, shape, element, quantisation, data })
    }

    fn push(&mut self, tensor: Tensor) -> TensorId {
        self.network.tensors.push(tensor);
        TensorId(self.network.tensors.len() - 1)
    }

    /// A new node with an output of bytes.
    pub fn emit(
        &mut self,
        place: &Place,
        operator: Operator,
        inputs: Vec<Option<TensorId>>,
        shape: Vec<usize>,
        steps: Steps,
    ) -> Result<TensorId, Fault> {
        let output = self.tensor(place, Element::Int8, shape, Some(steps))?;
        self.network.nodes.push(Node { index: place.index, operator, inputs, output });
        Ok(output)
    }

    /// A new node with one input, which it neither rescales nor reshapes by itself.
    pub fn move_bytes(
        &mut self,
        place: &Place,
        operator: Operator,
        input: TensorId,
        shape: Vec<usize>,
    ) -> Result<TensorId, Fault> {
        let steps = self.steps(input);
        self.emit(place, operator, vec![Some(input)], shape, steps)
    }

    /// The same bytes with their axes in another order.
    pub fn arranged(
        &mut self,
        place: &Place,
        bytes: &Bytes,
        order: &[usize],
    ) -> Result<Bytes, Fault> {
        let turned = |id| Bytes { id, order: order.to_vec() };
        if bytes.order == order {
            return Ok(bytes.clone());
        }
        if let Some(&id) = self.turned.get(&(bytes.id, order.to_vec())) {
            return Ok(turned(id));
        }
        let graph_shape = self.graph_shape(bytes);
        let shape: Vec<_> = order.iter().map(|&axis| graph_shape[axis]).collect();
        let long = |order: &[usize]| -> Vec<_> {
            order.iter().copied().filter(|&it| graph_shape[it] > 1).collect()
        };
        let operator = if long(order) == long(&bytes.order) {
            Operator::Reshape
        } else {
            let from = |axis: &usize| bytes.order.iter().position(|it| it == axis).unwrap_or(0);
            Operator::Transpose { order: order.iter().map(from).collect() }
        };
        let id = self.move_bytes(place, operator, bytes.id, shape)?;
        self.turned.insert((bytes.id, order.to_vec()), id);
        Ok(turned(id))
    }

    /// The same bytes in the graph's order; axes of length 1 may lie anywhere.
    pub fn flat(&mut self, place: &Place, bytes: &Bytes) -> Result<TensorId, Fault> {
        let long = bytes.order.iter().zip(self.shape(bytes.id)).filter(|(_, length)| **length > 1);
        if long.map(|(&axis, _)| axis).is_sorted() {
            return Ok(bytes.id);
        }
        let plain: Vec<_> = (0..bytes.order.len()).collect();
        Ok(self.arranged(place, bytes, &plain)?.id)
    }

    /// Bytes that stand for the same with other steps.
    pub fn rescaled(
        &mut self,
        place: &Place,
        id: TensorId,
        steps: Steps,
    ) -> Result<TensorId, Fault> {
        if self.steps(id) == steps {
            return Ok(id);
        }
        let shape = self.shape(id).to_vec();
        self.emit(place, Operator::Quantize, vec![Some(id)], shape, steps)
    }

    /// Executes an operator that has waited, now that its output's steps are known.
    pub fn settle(&mut self, pending: &Pending, steps: Steps) -> Result<Bytes, Fault> {
        let place = &pending.place;
        let activation = activation(pending.clamp, steps).ok_or_else(|| {
            let [low, high] = pending.clamp;
            let what = format!("a clamp to {low}..{high}");
            let supported = "Supported clamps: from 0, 0..6, -1..1, and those that the output's scale \
                             and zero point do by themselves.";
            place.fault(None, Problem::Option { what, supported })
        })?;
        let mut inputs = pending.inputs.clone();
        if let Operator::Concatenation { .. } = pending.operator {
            for input in inputs.iter_mut().flatten() {
                *input = self.rescaled(place, *input, steps)?;
            }
        }
        let (operator, clamped) = with_activation(pending.operator.clone(), activation);
        let mut id = self.emit(place, operator, inputs, pending.shape.clone(), steps)?;
        if !clamped {
            id = self.move_bytes(place, Operator::Clamp(activation), id, pending.shape.clone())?;
        }
        Ok(Bytes { id, order: pending.order.clone() })
    }
}

/// One scale and zero point.
pub(super) fn of_tensor((scale, zero_point): Steps) -> Quantisation {
    Quantisation { scales: vec![scale], zero_points: vec![zero_point], axis: 0 }
}

/// The operator with the activation, and whether it does it.
fn with_activation(operator: Operator, activation: Activation) -> (Operator, bool) {
    let clamped = match operator {
        Operator::Conv2d(window, _) => Operator::Conv2d(window, activation),
        Operator::DepthwiseConv2d(window, _) => Operator::DepthwiseConv2d(window, activation),
        Operator::FullyConnected(_) => Operator::FullyConnected(activation),
        Operator::Add(_) => Operator::Add(activation),
        Operator::Sub(_) => Operator::Sub(activation),
        Operator::Mul(_) => Operator::Mul(activation),
        Operator::Quantize if activation != Activation::None => Operator::Clamp(activation),
        other => return (other, activation == Activation::None),
    };
    (clamped, true)
}

/// The activation that does to bytes of these steps what the clamp does; both ends to half a step.
fn activation(clamp: [f32; 2], (scale, zero): Steps) -> Option<Activation> {
    let real = |byte: i32| scale * (byte - zero) as f32;
    let range = [real(i8::MIN.into()), real(i8::MAX.into())];
    let within = |[low, high]: [f32; 2]| [low.max(range[0]), high.min(range[1])];
    let wanted = within(clamp);
    let choices = [
        (Activation::None, [f32::NEG_INFINITY, f32::INFINITY]),
        (Activation::Relu, [0.0, f32::INFINITY]),
        (Activation::Relu6, [0.0, 6.0]),
        (Activation::ReluN1To1, [-1.0, 1.0]),
    ];
    let same = |a: [f32; 2]| a.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= scale / 2.0);
    choices.into_iter().find(|(_, clamp)| same(within(*clamp))).map(|(activation, _)| activation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clamp_is_an_activation_or_what_the_range_does_anyway() {
        let relu = [0.0, f32::INFINITY];
        assert_eq!(activation(relu, (0.1, -128)), Some(Activation::None));
        assert_eq!(activation(relu, (0.1, 0)), Some(Activation::Relu));
        assert_eq!(activation([0.0, 6.0], (6.0 / 255.0, -128)), Some(Activation::None));
        assert_eq!(activation([0.0, 6.0], (0.1, 0)), Some(Activation::Relu6));
        assert_eq!(activation([-1.0, 1.0], (0.1, 0)), Some(Activation::ReluN1To1));
        assert_eq!(activation([0.5, 3.0], (0.1, 0)), None);
    }

    #[test]
    fn constants_are_limited_in_all() {
        let mut builder = Builder::default();
        assert!((0..4).all(|_| builder.charge(CONSTANTS_MAX / 4).is_ok()));
        assert!(builder.charge(1).is_err());
        assert!(builder.charge(usize::MAX).is_err());
    }

    #[test]
    fn axes_of_length_one_need_no_transposition() {
        let mut builder = Builder::default();
        let place = Place::default();
        let id = builder.tensor(&place, Element::Int8, vec![1, 1, 1, 8], Some((1.0, 0))).unwrap();
        let bytes = Bytes { id, order: vec![0, 2, 3, 1] };
        assert_eq!(builder.graph_shape(&bytes), [1, 8, 1, 1]);
        assert_eq!(builder.flat(&place, &bytes).unwrap(), id);
        let plain = builder.arranged(&place, &bytes, &[0, 1, 2, 3]).unwrap();
        assert_eq!(builder.shape(plain.id), [1, 8, 1, 1]);
        assert_eq!(builder.network.nodes[0].operator, Operator::Reshape);
        let again = builder.arranged(&place, &bytes, &[0, 1, 2, 3]).unwrap();
        assert_eq!((again.id, builder.network.nodes.len()), (plain.id, 1));
    }
}
