//! One operator of the graph as it is read: its inputs, its attributes, what may be wrong with
//! them.

use std::rc::Rc;

use super::build::{Builder, Bytes, NO_FLOATS, Pending, Place, Value};
use super::constant::Constant;
use super::proto;
use crate::import::error::Fault;
use crate::network::{Operator, Problem, TensorId};

/// An operator that is being read.
pub(super) struct Step<'a> {
    pub node: &'a proto::Node,
    pub place: Place,
    pub builder: &'a mut Builder,
}

impl<'a> Step<'a> {
    pub fn new(node: &'a proto::Node, index: usize, builder: &'a mut Builder) -> Self {
        let output = node.outputs.first().cloned().unwrap_or_default();
        let place = Place { index, operator: node.operator.clone(), output };
        Self { node, place, builder }
    }

    /// Name of input `i`; empty if it was left out.
    pub fn name(&self, i: usize) -> &'a str {
        self.node.inputs.get(i).map_or("", String::as_str)
    }

    /// A refusal because of input `i`.
    pub fn problem(&self, i: usize, problem: Problem) -> Fault {
        self.place.fault(Some(self.name(i)), problem)
    }

    /// A refusal of the way in which the operator is used.
    pub fn option(&self, what: impl Into<String>, supported: &'static str) -> Fault {
        self.place.fault(None, Problem::Option { what: what.into(), supported })
    }

    /// What input `i` is.
    pub fn value(&self, i: usize) -> Result<Value, Fault> {
        let value = self.builder.values.get(self.name(i)).cloned();
        value.ok_or_else(|| {
            let wanted = "a constant, an input, or the first output of an operator before";
            self.problem(i, Problem::Role { found: "not there", wanted })
        })
    }

    /// Input `i`, which has to be quantised. A mean that is not gets the steps of its input: it
    /// lies within the same range, and ONNX Runtime's quantiser leaves `ReduceMean` as it is.
    pub fn bytes(&mut self, i: usize) -> Result<Bytes, Fault> {
        match self.value(i)? {
            Value::Real(bytes) => Ok(bytes),
            Value::Pending(pending) if matches!(pending.operator, Operator::Mean { .. }) => {
                let steps = pending.inputs[0].map_or((1.0, 0), |id| self.builder.steps(id));
                let bytes = self.builder.settle(&pending, steps)?;
                let name = self.name(i).to_owned();
                self.builder.values.insert(name, Value::Real(bytes.clone()));
                Ok(bytes)
            }
            Value::Constant(_) => {
                let wanted = "computed";
                Err(self.problem(i, Problem::Role { found: "constant", wanted }))
            }
            Value::Quantised(..) => Err(self.problem(
                i,
                Problem::Option {
                    what: "arithmetic on integers outside DequantizeLinear".into(),
                    supported: NO_FLOATS,
                },
            )),
            Value::Floats(_) | Value::Pending(_) => Err(self.floats(i)),
        }
    }

    /// Shape of input `i`, which has to be quantised.
    pub fn shape(&mut self, i: usize) -> Result<Vec<usize>, Fault> {
        let bytes = self.bytes(i)?;
        Ok(self.builder.graph_shape(&bytes))
    }

    /// A refusal of floats as input `i`.
    pub fn floats(&self, i: usize) -> Fault {
        let what = "arithmetic on floats that are not quantised".into();
        self.problem(i, Problem::Option { what, supported: NO_FLOATS })
    }

    /// Input `i`, which has to be constant.
    pub fn constant(&self, i: usize) -> Result<Rc<Constant>, Fault> {
        match self.value(i)? {
            Value::Constant(constant) => Ok(constant),
            _ => Err(self.problem(i, Problem::Role { found: "computed", wanted: "a constant" })),
        }
    }

    /// Input `i`, which has to be constant if it is there.
    pub fn optional(&self, i: usize) -> Result<Option<Rc<Constant>>, Fault> {
        if self.name(i).is_empty() { Ok(None) } else { self.constant(i).map(Some) }
    }

    /// Input `i` as a list of integers, if it is there.
    pub fn list(&self, i: usize) -> Result<Option<Vec<i64>>, Fault> {
        let Some(constant) = self.optional(i)? else { return Ok(None) };
        match constant.integers() {
            Some(integers) => Ok(Some(integers.to_vec())),
            None => {
                let found = "floats".into();
                Err(self.problem(i, Problem::Element { found, wanted: "int64" }))
            }
        }
    }

    fn attribute(&self, name: &str) -> Option<&'a proto::Attribute> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// An attribute of one integer.
    pub fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).map_or(default, |attribute| attribute.int)
    }

    /// An attribute of one float.
    pub fn float(&self, name: &str, default: f32) -> f32 {
        self.attribute(name).map_or(default, |attribute| attribute.float)
    }

    /// An attribute of several integers.
    pub fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|attribute| &attribute.ints[..])
    }

    /// An attribute that is a word.
    pub fn text(&self, name: &str, default: &'static str) -> &'a str {
        let text = self.attribute(name).map(|attribute| std::str::from_utf8(&attribute.text));
        text.map_or(default, |text| text.unwrap_or_default())
    }

    /// An attribute that is a tensor.
    pub fn tensor(&self, name: &str) -> Option<&'a proto::Tensor> {
        self.attribute(name)?.tensor.as_ref()
    }

    /// An axis of a tensor with `rank` of them; negative ones count from the end.
    pub fn axis(&self, axis: i64, rank: usize) -> Result<usize, Fault> {
        let from_end = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
        let known = from_end.and_then(|axis| usize::try_from(axis).ok()).filter(|&it| it < rank);
        known.ok_or_else(|| {
            let what = format!("axis {axis} of a tensor with {rank}");
            self.option(what, "Supported axes: those that the tensor has.")
        })
    }

    /// What the operator gives.
    pub fn give(&mut self, value: Value) {
        if let Some(name) = self.node.outputs.first() {
            self.builder.values.insert(name.clone(), value);
        }
    }

    /// The operator gives floats that are what these bytes stand for.
    pub fn give_real(&mut self, id: TensorId, order: Vec<usize>) {
        self.give(Value::Real(Bytes { id, order }));
    }

    /// The operator waits for its output's quantisation.
    pub fn give_pending(
        &mut self,
        operator: Operator,
        inputs: Vec<Option<TensorId>>,
        shape: Vec<usize>,
        order: Vec<usize>,
    ) {
        let pending = Pending::new(&self.place, operator, inputs, shape, order);
        self.give(Value::Pending(Rc::new(pending)));
    }
}
