//! Operators of a network to commands of a device.
//!
//! What needs no command gets none: a reshaped tensor is the tensor itself, padding is part of the
//! window that slides over it, a clamp that of the operator before it, and what is concatenated is
//! written where it belongs wherever bytes allow.

mod absorb;
mod convolution;
mod elements;
mod movement;
mod reduction;
mod window;

use std::collections::HashMap;

use quintet_protocol::program::{BufferId, ByteRange, Command};

use super::PlanError;
use super::draft::{Content, Draft, Step};
use super::edges;
use super::graph::Graph;
use crate::network::tables::activation_range;
use crate::network::{Activation, Data, Network, Node, Operator, Problem, TensorId};
use absorb::Absorbed;

/// What devices do not do.
const LIMITS: &str = "A device takes pictures of up to 65 535 rows, columns and channels, strides and \
                      dilations of up to 255, windows of up to 65 536 bytes, and moves bytes along few \
                      axes at a time.";

/// A draft, and the buffers of what the network takes and gives.
pub struct Lowered {
    /// The commands.
    pub draft: Draft,
    /// A buffer for each of the tensors given.
    pub inputs: Vec<BufferId>,
    /// A buffer for each of the tensors wanted.
    pub outputs: Vec<BufferId>,
}

/// Lowers what gives `outputs`, without the operators that compute `inputs`.
///
/// # Errors
/// [`PlanError::Network`] and [`PlanError::TooLong`].
pub fn lower(
    network: &Network,
    inputs: &[TensorId],
    outputs: &[TensorId],
) -> Result<Lowered, PlanError> {
    let graph = Graph::new(network, inputs, outputs);
    let absorbed = Absorbed::find(network, &graph);
    let mut lowering = Lowering {
        network,
        graph,
        absorbed,
        draft: Draft::default(),
        values: HashMap::new(),
        done: vec![false; network.nodes.len()],
    };
    let inputs = inputs.iter().map(|&id| lowering.input(id)).collect();
    for number in 0..network.nodes.len() {
        if lowering.graph.is_wanted(number) && !lowering.done[number] {
            lowering.node(number)?;
        }
    }
    let outputs = outputs.iter().map(|&id| lowering.output(id)).collect::<Result<_, _>>()?;
    let (buffers, commands) = (lowering.draft.buffers.len(), lowering.draft.steps.len());
    if buffers > usize::from(u16::MAX) {
        return Err(PlanError::TooLong { buffers, commands });
    }
    Ok(Lowered { draft: lowering.draft, inputs, outputs })
}

/// The state of lowering.
struct Lowering<'n> {
    network: &'n Network,
    graph: Graph,
    absorbed: Absorbed,
    draft: Draft,
    /// Where tensors are.
    values: HashMap<TensorId, BufferId>,
    /// Nodes that are part of an earlier one.
    done: Vec<bool>,
}

/// A node as it is lowered.
#[derive(Clone, Copy)]
struct At<'n> {
    number: usize,
    node: &'n Node,
}

impl<'n> Lowering<'n> {
    fn node(&mut self, number: usize) -> Result<(), PlanError> {
        let at = At { number, node: &self.network.nodes[number] };
        match &at.node.operator {
            Operator::Conv2d(window, activation) => self.convolve(at, window, *activation),
            Operator::DepthwiseConv2d(window, activation) => {
                self.convolve_depthwise(at, window, *activation)
            }
            Operator::FullyConnected(activation) => self.fully_connected(at, *activation),
            Operator::Add(activation) => self.add(at, *activation, false),
            Operator::Sub(activation) => self.add(at, *activation, true),
            Operator::Mul(activation) => self.multiply(at, *activation),
            Operator::AveragePool2d(window, activation) => {
                self.pool(at, window, *activation, false)
            }
            Operator::MaxPool2d(window, activation) => self.pool(at, window, *activation, true),
            Operator::Mean { axes, .. } => self.mean(at, axes),
            Operator::Softmax { beta } => self.softmax(at, *beta),
            Operator::Logistic
            | Operator::Tanh
            | Operator::Clamp(_)
            | Operator::LeakyRelu { .. }
            | Operator::HardSwish
            | Operator::Quantize => self.lookup(at),
            Operator::Reshape => self.reshape(at),
            Operator::Pad { amounts, value } => self.pad(at, amounts, *value),
            Operator::Concatenation { axis } => self.concatenate(at, *axis),
            Operator::StridedSlice { begin, strides } => self.slice(at, begin, strides),
            Operator::Transpose { order } => self.transpose(at, order),
            Operator::ResizeNearest { align_corners, half_pixel_centers } => {
                self.resize(at, *align_corners, *half_pixel_centers)
            }
            // Only at the edges, which are the driver's.
            Operator::Dequantize | Operator::LogSoftmax => {
                Err(self.refuse(at, at.node.output, "what calculates in floats"))
            }
        }
    }

    /// The refusal of an operator, because of one of its tensors.
    fn refuse(&self, at: At, tensor: TensorId, what: impl Into<String>) -> PlanError {
        let problem = Problem::Option { what: what.into(), supported: LIMITS };
        self.network.fault(at.node, Some(tensor), problem).into()
    }

    /// Input number `which` of a node.
    fn operand(&self, at: At, which: usize) -> Result<TensorId, PlanError> {
        let missing = || self.refuse(at, at.node.output, format!("a missing input {which}"));
        at.node.inputs.get(which).copied().flatten().ok_or_else(missing)
    }

    /// The shape of a tensor.
    fn shape(&self, tensor: TensorId) -> &'n [usize] {
        &self.network.tensor(tensor).shape
    }

    /// Scale and zero point of a tensor that has one of each.
    fn quantisation(&self, at: At, tensor: TensorId) -> Result<(f32, i8), PlanError> {
        let quantisation = self.network.tensor(tensor).quantisation.as_ref();
        let of_tensor = quantisation
            .and_then(|it| it.of_tensor())
            .and_then(|(scale, zero)| Some((scale, i8::try_from(zero).ok()?)));
        of_tensor.ok_or_else(|| {
            self.refuse(at, tensor, "other than one scale and one zero point of a byte")
        })
    }

    /// The buffer where a tensor is.
    fn value(&mut self, at: At, tensor: TensorId) -> Result<BufferId, PlanError> {
        if let Some(&buffer) = self.values.get(&tensor) {
            return Ok(buffer);
        }
        let it = self.network.tensor(tensor);
        let Some(Data::Int8(bytes)) = &it.data else {
            return Err(self.refuse(at, tensor, "what is neither computed nor constant bytes"));
        };
        let buffer = self.draft.constant_bytes(&it.name, bytes);
        self.values.insert(tensor, buffer);
        Ok(buffer)
    }

    /// The buffer that a tensor is written to.
    fn create(&mut self, tensor: TensorId) -> BufferId {
        if let Some(&buffer) = self.values.get(&tensor) {
            return buffer;
        }
        let it = self.network.tensor(tensor);
        let buffer = match self.absorbed.part(tensor) {
            Some((whole, offset)) => {
                let whole = self.create(whole);
                self.draft.part(&it.name, it.len(), (whole, offset))
            }
            None => self.draft.buffer(&it.name, Content::Value, it.len()),
        };
        self.values.insert(tensor, buffer);
        buffer
    }

    fn input(&mut self, tensor: TensorId) -> BufferId {
        let it = self.network.tensor(tensor);
        let buffer = self.draft.buffer(&it.name, Content::Input, it.len());
        self.values.insert(tensor, buffer);
        buffer
    }

    /// The buffer of an output of the network. One that no command writes is copied.
    fn output(&mut self, tensor: TensorId) -> Result<BufferId, PlanError> {
        let it = self.network.tensor(tensor);
        let made = self.values.get(&tensor).copied();
        if let Some(buffer) = made {
            let at = self.draft.at_mut(buffer);
            if matches!(at.content, Content::Value | Content::Output) {
                at.content = Content::Output;
                return Ok(buffer);
            }
        }
        let from = match (made, &it.data) {
            (Some(buffer), _) => buffer,
            (None, Some(Data::Int8(bytes))) => self.draft.constant_bytes(&it.name, bytes),
            _ => return Err(edges::refuse(it, "not computed", "a computed output")),
        };
        let to = self.draft.buffer(&it.name, Content::Output, it.len());
        let copy = movement::dense_copy(from, to, it.len());
        let number = self.network.nodes.len().saturating_sub(1);
        self.draft.steps.push(Step { command: copy, node: number, macs: 0, weight_bytes: 0 });
        Ok(to)
    }

    /// Adds a command.
    fn step(&mut self, at: At, command: Command) {
        self.work(at, command, (0, 0));
    }

    /// Adds a command with so many multiplications, and bytes of weights.
    fn work(&mut self, at: At, command: Command, (macs, weight_bytes): (u64, usize)) {
        self.draft.steps.push(Step { command, node: at.number, macs, weight_bytes });
    }

    /// The tensor that a node gives and the bytes that it is clamped to, with the clamps that
    /// follow as part of it: those of the same quantisation, which change nothing else.
    fn clamped(
        &mut self,
        at: At,
        activation: Activation,
    ) -> Result<(TensorId, ByteRange), PlanError> {
        let mut output = at.node.output;
        let (scale, zero_out) = self.quantisation(at, output)?;
        let quantisation = (scale, i32::from(zero_out));
        let (mut least, mut greatest) = activation_range(activation, quantisation);
        while let Some(number) = self.graph.only_user(output) {
            let next = &self.network.nodes[number];
            let same = |tensor| self.network.tensor(tensor).quantisation.as_ref();
            let Operator::Clamp(activation) = next.operator else { break };
            if same(next.output) != same(output) {
                break;
            }
            let (low, high) = activation_range(activation, quantisation);
            (least, greatest) = (least.clamp(low, high), greatest.clamp(low, high));
            self.done[number] = true;
            output = next.output;
        }
        Ok((output, ByteRange { zero_in: 0, zero_out, least, greatest }))
    }
}
