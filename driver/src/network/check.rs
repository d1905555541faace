//! Proves a network whole: what the compiler relies on holds after it.
//!
//! - Tensors: lengths of axes are positive, and few enough bytes; constants have as many elements
//!   as their shape says; scales are finite and positive, zero points within a byte.
//! - Order: what an operator reads is constant, an input of the network or written before; each
//!   tensor is written once.
//! - Operators: types, shapes and quantisations of inputs and output fit (`rules`, `shape`).

use super::rules;
use super::shape::{MAX_AXES, Misfit, output_shape};
use super::{Data, Element, Network, NetworkError, Node, Problem, Tensor, TensorId};

/// Most elements of a tensor: far more than any device holds, and products of a few do not
/// overflow.
pub const MAX_ELEMENTS: usize = 1 << 28;

impl Network {
    /// Checks everything that the compiler relies on.
    ///
    /// # Errors
    ///
    /// The first thing that does not fit, with the operator and the tensor.
    ///
    /// # Panics
    ///
    /// If a [`TensorId`] is none of this network's, or a node has no inputs.
    pub fn check(&self) -> Result<(), NetworkError> {
        let mut order = Order::of(self)?;
        for (number, node) in self.nodes.iter().enumerate() {
            let fault = |tensor: Option<TensorId>, problem| self.fault(node, tensor, problem);
            let tensors = node.inputs.iter().copied().flatten().chain([node.output]);
            for id in tensors {
                check_tensor(self.tensor(id)).map_err(|problem| fault(Some(id), problem))?;
            }
            order.execute(number, node).map_err(|(id, problem)| fault(Some(id), problem))?;
            rules::check(self, node, &order.writers)?;
            self.check_shape(node)?;
        }
        for &id in &self.outputs {
            if order.writers[id.0].is_none() {
                let problem =
                    Problem::Role { found: "not computed", wanted: "an output of an operator" };
                return Err(self.about(id, problem));
            }
        }
        Ok(())
    }

    fn check_shape(&self, node: &Node) -> Result<(), NetworkError> {
        let ids: Vec<TensorId> = node.inputs.iter().copied().flatten().collect();
        let shapes: Vec<&[usize]> = ids.iter().map(|&id| &self.tensor(id).shape[..]).collect();
        let output = &self.tensor(node.output).shape;
        let expected =
            output_shape(&node.operator, &shapes, output).map_err(|Misfit { input, wanted }| {
                let found = shapes[input].to_vec();
                self.fault(node, Some(ids[input]), Problem::Shape { found, wanted })
            })?;
        if expected != *output {
            let wanted = format!("{expected:?} as its inputs give");
            let problem = Problem::Shape { found: output.clone(), wanted };
            return Err(self.fault(node, Some(node.output), problem));
        }
        Ok(())
    }

    /// An error at a node of this network.
    pub(crate) fn fault(
        &self,
        node: &Node,
        tensor: Option<TensorId>,
        problem: Problem,
    ) -> NetworkError {
        NetworkError {
            operator: Some((node.index, node.operator.name().into())),
            tensor: tensor.map(|id| self.tensor(id).name.clone()),
            problem,
        }
    }

    fn about(&self, id: TensorId, problem: Problem) -> NetworkError {
        NetworkError { operator: None, tensor: Some(self.tensor(id).name.clone()), problem }
    }
}

/// What is known while nodes are executed one by one.
struct Order<'a> {
    network: &'a Network,
    /// What can be read: constants, inputs and what was written.
    known: Vec<bool>,
    /// The nodes that wrote them.
    writers: Vec<Option<usize>>,
}

impl<'a> Order<'a> {
    fn of(network: &'a Network) -> Result<Self, NetworkError> {
        let mut known: Vec<bool> =
            network.tensors.iter().map(|tensor| tensor.data.is_some()).collect();
        for &id in &network.inputs {
            let tensor = network.tensor(id);
            check_tensor(tensor)
                .and_then(|()| check_input(tensor, known[id.0]))
                .map_err(|problem| network.about(id, problem))?;
            known[id.0] = true;
        }
        let writers = vec![None; network.tensors.len()];
        Ok(Order { network, known, writers })
    }

    fn execute(&mut self, number: usize, node: &Node) -> Result<(), (TensorId, Problem)> {
        for &id in node.inputs.iter().flatten() {
            if !self.known[id.0] {
                let wanted = "a constant, an input, or the output of an operator before";
                return Err((id, Problem::Role { found: "not yet computed", wanted }));
            }
        }
        let constant = |id: &TensorId| self.network.tensor(*id).data.is_some();
        if node.inputs.iter().flatten().all(constant) {
            let wanted = "an operator with an input that is not";
            return Err((node.output, Problem::Role { found: "computed from constants", wanted }));
        }
        if std::mem::replace(&mut self.known[node.output.0], true) {
            let wanted = "an output that nothing else writes";
            return Err((node.output, Problem::Role { found: "written before", wanted }));
        }
        self.writers[node.output.0] = Some(number);
        Ok(())
    }
}

/// What is given before a run: once, and bytes or floats.
fn check_input(tensor: &Tensor, known: bool) -> Result<(), Problem> {
    if known {
        let wanted = "an input that is given once";
        return Err(Problem::Role { found: "constant, or given twice", wanted });
    }
    match tensor.element {
        Element::Int8 if tensor.quantisation.is_some() => Ok(()),
        Element::Int8 => Err(Problem::Quantisation {
            found: "no scale".into(),
            wanted: "one scale and one zero point",
        }),
        Element::Float32 => Ok(()),
        found => {
            Err(Problem::Element { found: found.name().into(), wanted: "int8 at a network's edge" })
        }
    }
}

/// A tensor by itself.
fn check_tensor(tensor: &Tensor) -> Result<(), Problem> {
    let shape = &tensor.shape;
    let elements = shape.iter().try_fold(1usize, |elements, &length| elements.checked_mul(length));
    let many = elements.is_none_or(|elements| elements == 0 || elements > MAX_ELEMENTS);
    if many || shape.len() > MAX_AXES {
        let wanted = format!("one of 1 to {MAX_ELEMENTS} elements along at most {MAX_AXES} axes");
        return Err(Problem::Shape { found: shape.clone(), wanted });
    }
    if let Some(data) = &tensor.data {
        if data.element() != tensor.element {
            let found = data.element().name().into();
            return Err(Problem::Element { found, wanted: tensor.element.name() });
        }
        if Some(data.len()) != elements {
            let wanted = format!("one of its {} constant elements", data.len());
            return Err(Problem::Shape { found: shape.clone(), wanted });
        }
    }
    match &tensor.quantisation {
        Some(quantisation) => quantisation.check(shape),
        None => Ok(()),
    }
}

impl Data {
    fn len(&self) -> usize {
        match self {
            Data::Int8(elements) => elements.len(),
            Data::Int32(elements) => elements.len(),
            Data::Int64(elements) => elements.len(),
            Data::Float32(elements) => elements.len(),
        }
    }

    fn element(&self) -> Element {
        match self {
            Data::Int8(_) => Element::Int8,
            Data::Int32(_) => Element::Int32,
            Data::Int64(_) => Element::Int64,
            Data::Float32(_) => Element::Float32,
        }
    }
}

impl super::Quantisation {
    fn check(&self, shape: &[usize]) -> Result<(), Problem> {
        let counted = match self.scales.len() {
            1 => true,
            scales => shape.get(self.axis) == Some(&scales),
        };
        if !counted || self.zero_points.len() != self.scales.len() {
            let (scales, zeros) = (self.scales.len(), self.zero_points.len());
            return Err(Problem::Quantisation {
                found: format!("{scales} scales and {zeros} zero points on axis {}", self.axis),
                wanted: "one, or one for each index along the axis",
            });
        }
        if let Some(scale) = self.scales.iter().find(|scale| !(scale.is_normal() && **scale > 0.0))
        {
            let found = format!("a scale of {scale}");
            return Err(Problem::Quantisation { found, wanted: "a positive number" });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Activation, Operator, Quantisation};

    fn tensor(name: &str, shape: &[usize]) -> Tensor {
        let quantisation = Quantisation { scales: vec![0.1], zero_points: vec![0], axis: 0 };
        Tensor {
            name: name.into(),
            shape: shape.to_vec(),
            element: Element::Int8,
            quantisation: Some(quantisation),
            data: None,
        }
    }

    fn add(index: usize, inputs: [usize; 2], output: usize) -> Node {
        let inputs = inputs.map(|id| Some(TensorId(id))).to_vec();
        let output = TensorId(output);
        Node { index, operator: Operator::Add(Activation::None), inputs, output }
    }

    /// `sum = input + constant`, `twice = sum + sum`.
    fn network() -> Network {
        let constant = Tensor { data: Some(Data::Int8(vec![7; 3])), ..tensor("constant", &[3]) };
        let [input, sum, twice] = ["input", "sum", "twice"].map(|name| tensor(name, &[1, 2, 3]));
        Network {
            tensors: vec![input, constant, sum, twice],
            nodes: vec![add(4, [0, 1], 2), add(5, [2, 2], 3)],
            inputs: vec![TensorId(0)],
            outputs: vec![TensorId(3)],
            unsigned: Vec::new(),
        }
    }

    #[track_caller]
    fn refused(change: impl Fn(&mut Network), words: &[&str]) {
        let mut network = network();
        change(&mut network);
        let said = network.check().unwrap_err().to_string();
        assert!(words.iter().all(|word| said.contains(word)), "{said}");
    }

    #[test]
    fn a_whole_network_is_good() {
        assert_eq!(network().check(), Ok(()));
    }

    #[test]
    fn operators_come_in_the_order_of_execution() {
        refused(|it| it.nodes.reverse(), &["operator 5 (ADD), tensor \"sum\"", "not yet computed"]);
        refused(|it| it.nodes[1].output = TensorId(2), &["operator 5 (ADD)", "written before"]);
        refused(|it| it.nodes[0].output = TensorId(0), &["tensor \"input\": it is written before"]);
        refused(|it| it.outputs[0] = TensorId(0), &["tensor \"input\": it is not computed"]);
        refused(|it| it.inputs.push(TensorId(0)), &["given twice"]);
        refused(|it| it.nodes[0] = add(4, [1, 1], 2), &["computed from constants"]);
    }

    #[test]
    fn constants_have_the_elements_that_shape_and_type_say() {
        refused(
            |it| it.tensors[1].shape = vec![4],
            &["tensor \"constant\"", "3 constant elements"],
        );
        let floats = |it: &mut Network| it.tensors[1].data = Some(Data::Float32(vec![0.0; 3]));
        refused(floats, &["float32, not int8"]);
    }

    #[test]
    fn quantisations_are_numbers_that_kernels_can_use() {
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE / 2.0] {
            let change = |it: &mut Network| {
                it.tensors[2].quantisation.as_mut().unwrap().scales = vec![scale];
            };
            refused(change, &["operator 4 (ADD), tensor \"sum\"", "a scale of"]);
        }
        let zero =
            |it: &mut Network| it.tensors[2].quantisation.as_mut().unwrap().zero_points[0] = 128;
        refused(zero, &["a zero point of 128"]);
        let finer =
            |it: &mut Network| it.tensors[2].quantisation.as_mut().unwrap().scales[0] = 1e-7;
        refused(finer, &["2^19 times finer"]);
    }

    #[test]
    fn shapes_follow_from_those_before() {
        refused(|it| it.tensors[2].shape = vec![1, 2, 4], &["tensor \"sum\"", "not [1, 2, 3]"]);
        refused(|it| it.tensors[0].shape = vec![1, 2, 4], &["tensor \"input\"", "fits [3]"]);
        refused(|it| it.tensors[0].shape = vec![usize::MAX, 2], &["tensor \"input\"", "elements"]);
        refused(|it| it.tensors[0].shape = vec![1, 0, 3], &["tensor \"input\"", "elements"]);
    }

    #[test]
    fn sums_that_could_overflow_are_refused_unless_the_channel_is_steady() {
        let layer = |weight: i8, bias: i32, scale: f32| {
            let mut network = network();
            let quantised = |scale: f32| {
                Some(Quantisation { scales: vec![scale], zero_points: vec![0], axis: 0 })
            };
            network.tensors[1] = Tensor {
                data: Some(Data::Int8(vec![weight; 6])),
                quantisation: quantised(scale),
                ..tensor("weights", &[1, 6])
            };
            let bias = Data::Int32(vec![bias]);
            network.tensors[2] =
                Tensor { element: Element::Int32, data: Some(bias), ..tensor("bias", &[1]) };
            network.tensors[3].shape = vec![1, 1];
            let inputs = [0, 1, 2].map(|id| Some(TensorId(id))).to_vec();
            let operator = Operator::FullyConnected(Activation::None);
            network.nodes = vec![Node { index: 0, operator, inputs, output: TensorId(3) }];
            network.check()
        };
        assert_eq!(layer(127, 1 << 20, 0.1), Ok(()));
        assert_eq!(layer(1, 1 << 30, 1e-8), Ok(()));
        // Between two bytes.
        let error = layer(127, 1 << 30, 107.5 / (1 << 30) as f32).unwrap_err().to_string();
        assert!(error.contains("tensor \"weights\": a sum of up to 1073936134"), "{error}");
    }
}
