//! One operator while it is read: its tensors, its options, and what it becomes.

use planus::{TableRead, Vector};

use super::operators;
use super::schema::Operator as Record;
use super::shapes;
use super::tensors::{Tensors, Unreadable};
use crate::import::error::Fault;
use crate::network::{
    Activation, NetworkError, Node, Operator, Problem, Tensor, TensorId, inferred_shape,
};

/// Most bytes of the name of an operator.
pub(super) const MAX_NAME: usize = 64;

/// An operator, the tensors of its graph, and the nodes so far.
pub(super) struct Reading<'a, 'b> {
    record: Record<'a>,
    index: usize,
    /// As the schema names it.
    pub name: String,
    /// Indices of tensors; -1 is one that is left out.
    inputs: Vec<i32>,
    outputs: Vec<i32>,
    tensors: &'b mut Tensors<'a>,
    nodes: &'b mut Vec<Node>,
}

impl<'a, 'b> Reading<'a, 'b> {
    pub(super) fn new(
        record: Record<'a>,
        index: usize,
        name: String,
        tensors: &'b mut Tensors<'a>,
        nodes: &'b mut Vec<Node>,
    ) -> Result<Self, Fault> {
        let mut list = |indices: Option<Vector<i32>>| -> Result<Vec<i32>, Fault> {
            let Some(indices) = indices else { return Ok(Vec::new()) };
            tensors.budget().spend(indices.len() * size_of::<[TensorId; 4]>())?;
            Ok(indices.iter().collect())
        };
        let (inputs, outputs) = (list(record.inputs()?)?, list(record.outputs()?)?);
        tensors.budget().spend(size_of::<Node>())?;
        Ok(Reading { record, index, name, inputs, outputs, tensors, nodes })
    }

    /// Reads the operator, and adds what it becomes.
    pub(super) fn read(mut self) -> Result<(), Fault> {
        if let Some(compute) = self.computing()? {
            if let (Some(elements), Some(&output)) = (compute(&mut self)?, self.outputs.first()) {
                self.tensors.know(output, elements)?;
            }
            return Ok(());
        }
        let Some(read) = operators::reader(&self.name) else {
            let supported = operators::supported();
            return Err(self.problem(None, Problem::Operator { supported }));
        };
        self.refuse_floats()?;
        read(&mut self)
    }

    /// How the operator computes a shape, if it does.
    fn computing(&self) -> Result<Option<shapes::Compute>, Fault> {
        let index = |&index: &i32| usize::try_from(index).ok();
        let glances = self.outputs.iter().filter_map(index).map(|it| self.tensors.glance(it));
        let elements = glances.map(|glance| Ok(glance?.element));
        let elements = elements.collect::<Result<Vec<&str>, Fault>>()?;
        Ok(shapes::computing(&self.name, &elements))
    }

    /// Floats other than at the edges of a network.
    fn refuse_floats(&self) -> Result<(), Fault> {
        const FLOATS: [&str; 3] = ["float32", "float16", "float64"];
        let (mut first, mut weights_quantised, mut constant) = (None, false, false);
        let all = self.inputs.iter().chain(&self.outputs);
        for index in all.filter_map(|&index| usize::try_from(index).ok()) {
            let glance = self.tensors.glance(index)?;
            if FLOATS.contains(&glance.element) {
                first = first.or(Some(index));
                constant |= glance.constant;
            } else {
                weights_quantised |= glance.constant && glance.element.starts_with("int");
            }
        }
        let edges = ["QUANTIZE", "DEQUANTIZE", "LOG_SOFTMAX"];
        let edge = edges.contains(&&self.name[..]) && !constant;
        match first {
            Some(index) if !edge => {
                Err(self.problem(Some(index), Problem::Float { weights_quantised }))
            }
            _ => Ok(()),
        }
    }

    /// The operator's options; none if the file leaves them out, which stands for all defaults.
    pub(super) fn options<T: TableRead<'a>>(&self) -> Result<Option<T>, Fault> {
        Ok(self.record.options()?)
    }

    /// How many inputs there are, with those left out.
    pub(super) fn count(&self) -> usize {
        self.inputs.len()
    }

    /// How many outputs there are.
    pub(super) fn outputs(&self) -> usize {
        self.outputs.len()
    }

    /// Input `i`, if it is not left out.
    pub(super) fn optional(&mut self, i: usize) -> Result<Option<TensorId>, Fault> {
        let Some(index) = self.inputs.get(i).and_then(|&it| usize::try_from(it).ok()) else {
            return Ok(None);
        };
        let id = self.tensors.id(index);
        id.map(Some).map_err(|why| self.unreadable(index, why))
    }

    /// Input `i`.
    pub(super) fn input(&mut self, i: usize) -> Result<TensorId, Fault> {
        let id = self.optional(i)?;
        id.ok_or_else(|| self.malformed(format!("input {i} is missing")))
    }

    /// Output `i`.
    pub(super) fn output(&mut self, i: usize) -> Result<TensorId, Fault> {
        let Some(index) = self.outputs.get(i).and_then(|&it| usize::try_from(it).ok()) else {
            return Err(self.malformed(format!("output {i} is missing")));
        };
        let id = self.tensors.id(index);
        id.map_err(|why| self.unreadable(index, why))
    }

    /// Input `i`, constant integers such as axes.
    pub(super) fn integers(&mut self, i: usize) -> Result<Vec<i64>, Fault> {
        let Some(index) = self.inputs.get(i).and_then(|&it| usize::try_from(it).ok()) else {
            return Err(self.malformed(format!("input {i} is missing")));
        };
        let integers = self.tensors.integers(index);
        integers.map_err(|why| self.unreadable(index, why))
    }

    /// Input `i`, integers that are constant or follow from shapes; none if they do not.
    pub(super) fn known(&mut self, i: usize) -> Result<Option<Vec<i64>>, Fault> {
        let Some(index) = self.inputs.get(i).and_then(|&it| usize::try_from(it).ok()) else {
            return Ok(None);
        };
        match self.tensors.integers(index) {
            Ok(integers) => Ok(Some(integers)),
            Err(Unreadable::Fault(fault)) => Err(fault),
            Err(Unreadable::Problem(_)) => Ok(None),
        }
    }

    /// Whether the file leaves the shape of a tensor open.
    pub(super) fn is_open(&self, id: TensorId) -> bool {
        self.tensors.is_open(id)
    }

    /// Gives an output its shape where the file leaves that open.
    pub(super) fn settle(&mut self, output: TensorId, shape: &[usize]) {
        self.tensors.settle(output, shape);
    }

    /// A tensor that was read.
    pub(super) fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors.read[id.0]
    }

    /// Adds a tensor of another shape, computed, with what is like another one in every other way.
    pub(super) fn like(&mut self, like: TensorId, shape: Vec<usize>) -> Result<TensorId, Fault> {
        let like = self.tensor(like);
        let (name, quantisation) = (like.name.clone(), like.quantisation.clone());
        let (element, data) = (like.element, None);
        self.add(Tensor { name, shape, element, quantisation, data })
    }

    /// Adds a tensor that is not in the file.
    pub(super) fn add(&mut self, tensor: Tensor) -> Result<TensorId, Fault> {
        let constant = tensor.data.as_ref().map_or(0, |_| tensor.len());
        self.tensors.budget().spend(size_of::<Tensor>() + tensor.name.len() + constant)?;
        Ok(self.tensors.add(tensor))
    }

    /// Adds a node that gives a tensor another shape.
    pub(super) fn reshape(&mut self, from: TensorId, shape: Vec<usize>) -> Result<TensorId, Fault> {
        let output = self.like(from, shape)?;
        self.push(Operator::Reshape, vec![Some(from)], output);
        Ok(output)
    }

    /// Adds a node on the first input and with the first output.
    pub(super) fn unary(&mut self, operator: Operator) -> Result<(), Fault> {
        let input = self.input(0)?;
        let output = self.output(0)?;
        self.push(operator, vec![Some(input)], output);
        Ok(())
    }

    /// Adds a node. Its output gets the shape that follows, where the file leaves it open.
    pub(super) fn push(
        &mut self,
        operator: Operator,
        inputs: Vec<Option<TensorId>>,
        output: TensorId,
    ) {
        let shapes = inputs.iter().flatten().map(|&id| &self.tensor(id).shape[..]);
        let given = &self.tensor(output).shape;
        if let Some(shape) = inferred_shape(&operator, &shapes.collect::<Vec<_>>(), given) {
            self.tensors.settle(output, &shape);
        }
        self.nodes.push(Node { index: self.index, operator, inputs, output });
    }

    /// A code of `ActivationFunctionType` in `schema.fbs`.
    pub(super) fn activation(&self, code: Option<i8>) -> Result<Activation, Fault> {
        match code.unwrap_or(0) {
            0 => Ok(Activation::None),
            1 => Ok(Activation::Relu),
            2 => Ok(Activation::ReluN1To1),
            3 => Ok(Activation::Relu6),
            4 => Err(self.option("a fused TANH", ACTIVATIONS)),
            5 => Err(self.option("a fused SIGN_BIT", ACTIVATIONS)),
            code => Err(self.malformed(format!("activation {code}"))),
        }
    }

    /// An option that contradicts the format.
    pub(super) fn malformed(&self, reason: impl Into<String>) -> Fault {
        Fault::malformed(format!("operator {} ({})", self.index, self.name), reason)
    }

    /// An option that is left out.
    pub(super) fn option(&self, what: impl Into<String>, supported: &'static str) -> Fault {
        self.problem(None, Problem::Option { what: what.into(), supported })
    }

    fn unreadable(&self, index: usize, why: Unreadable) -> Fault {
        match why {
            Unreadable::Fault(fault) => fault,
            Unreadable::Problem(problem) => self.problem(Some(index), problem),
        }
    }

    /// A problem with this operator, at a tensor of the file if it is about one.
    fn problem(&self, tensor: Option<usize>, problem: Problem) -> Fault {
        let glance = tensor.and_then(|index| self.tensors.glance(index).ok());
        let operator = Some((self.index, self.name.clone()));
        NetworkError { operator, tensor: glance.map(|it| it.name), problem }.into()
    }
}

const ACTIVATIONS: &str = "Supported fused activations: RELU, RELU6, RELU_N1_TO_1.";

/// A problem with a tensor at the edge of a graph.
pub(super) fn about_tensor(tensors: &Tensors, index: usize, problem: Problem) -> Fault {
    let name = tensors.glance(index).ok().map(|glance| glance.name);
    NetworkError { operator: None, tensor: name, problem }.into()
}
