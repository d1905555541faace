//! Networks made at random in arenas that shrink word by word: the same bytes as with room for all.

use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use quintet_driver::compile::network::{PlanError, compile};
use quintet_driver::device::Connection;
use quintet_driver::infer::Inference;
use quintet_driver::network::{
    Activation, Data, Element, Network, Node, Operator, Quantisation, Tensor, TensorId, Window,
};
use quintet_driver::session::Limits;

/// Pictures are of so many rows and columns, so that any two of them can be added.
const SIDE: usize = 6;
/// What two sets of inputs are made of.
const SEEDS: [u32; 2] = [5, 77];

/// What is added to a network: which operator, on which of the tensors so far, and how.
#[derive(Clone, Copy, Debug)]
struct Choice {
    operator: u8,
    inputs: [usize; 2],
    channels: usize,
    kernel: usize,
    seed: u32,
    is_output: bool,
}

fn choice() -> impl Strategy<Value = Choice> {
    let inputs = [0usize..64, 0..64];
    let fields = (0u8..11, inputs, 1usize..24, 1usize..4, any::<u32>(), prop::bool::weighted(0.2));
    fields.prop_map(|(operator, inputs, channels, kernel, seed, is_output)| Choice {
        operator,
        inputs,
        channels,
        kernel,
        seed,
        is_output,
    })
}

/// Noise that is the same every time.
fn bytes(seed: u32, count: usize) -> Vec<i8> {
    let mut state = seed | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 16) as i8
    };
    (0..count).map(next).collect()
}

/// A network in the making. All its tensors but weights have one scale, so that any can be joined.
struct Builder {
    network: Network,
    /// Pictures that can be read.
    pictures: Vec<TensorId>,
}

impl Builder {
    fn new(inputs: usize) -> Self {
        let mut builder = Self { network: Network::default(), pictures: Vec::new() };
        for channels in 1..=inputs {
            let id = builder.tensor(vec![1, SIDE, SIDE, 2 * channels + 1], 0.05, None);
            builder.network.inputs.push(id);
            builder.pictures.push(id);
        }
        builder
    }

    fn tensor(&mut self, shape: Vec<usize>, scale: f32, data: Option<Data>) -> TensorId {
        let element = match data {
            Some(Data::Int32(_)) => Element::Int32,
            _ => Element::Int8,
        };
        let zero = if data.is_some() { 0 } else { -7 };
        let quantisation = Quantisation { scales: vec![scale], zero_points: vec![zero], axis: 0 };
        let quantisation = (element == Element::Int8).then_some(quantisation);
        let name = format!("t{}", self.network.tensors.len());
        self.network.tensors.push(Tensor { name, shape, element, quantisation, data });
        TensorId(self.network.tensors.len() - 1)
    }

    fn node(&mut self, operator: Operator, inputs: &[TensorId], shape: Vec<usize>) -> TensorId {
        let output = self.tensor(shape, 0.05, None);
        let inputs = inputs.iter().map(|&id| Some(id)).collect();
        let index = self.network.nodes.len();
        self.network.nodes.push(Node { index, operator, inputs, output });
        output
    }

    fn channels(&self, id: TensorId) -> usize {
        self.network.tensor(id).shape[3]
    }

    /// A convolution, depthwise or not, whose sums fill bytes.
    fn convolve(&mut self, choice: Choice, input: TensorId, is_depthwise: bool) -> TensorId {
        let (kernel, depth) = (choice.kernel, self.channels(input));
        let channels = if is_depthwise { depth } else { choice.channels };
        let shape = match is_depthwise {
            true => vec![1, kernel, kernel, channels],
            false => vec![channels, kernel, kernel, depth],
        };
        let weights = bytes(choice.seed, shape.iter().product());
        let products = weights.len() / channels;
        let scale = 1.0 / (64.0 * (products as f32).sqrt());
        let weights = self.tensor(shape, scale, Some(Data::Int8(weights)));
        let bias = bytes(!choice.seed, channels).into_iter().map(i32::from).collect();
        let bias = self.tensor(vec![channels], 1.0, Some(Data::Int32(bias)));
        let window = self.window(kernel);
        let operator = match is_depthwise {
            true => Operator::DepthwiseConv2d(window, Activation::None),
            false => Operator::Conv2d(window, Activation::Relu),
        };
        self.node(operator, &[input, weights, bias], vec![1, SIDE, SIDE, channels])
    }

    fn window(&self, kernel: usize) -> Window {
        let before = (kernel - 1) / 2;
        let pad = [[before, kernel - 1 - before]; 2];
        Window { kernel: [kernel; 2], stride: [1; 2], dilation: [1; 2], pad }
    }

    fn add(&mut self, choice: Choice) {
        let input = self.pictures[choice.inputs[0] % self.pictures.len()];
        let other = self.pictures[choice.inputs[1] % self.pictures.len()];
        let shape = self.network.tensor(input).shape.clone();
        let channels = self.channels(input);
        let same = if self.channels(other) == channels { other } else { input };
        let flat = vec![1, SIDE * SIDE, channels];
        let output = match choice.operator {
            0 | 1 => self.convolve(choice, input, false),
            2 => self.convolve(choice, input, true),
            3 => self.node(Operator::Add(Activation::None), &[input, same], shape),
            4 => self.node(Operator::Mul(Activation::None), &[same, input], shape),
            5 => self.node(Operator::Logistic, &[input], shape),
            6 => {
                let operator = Operator::MaxPool2d(self.window(choice.kernel), Activation::None);
                self.node(operator, &[input], shape)
            }
            7 => {
                let shape = vec![1, SIDE, SIDE, channels + self.channels(other)];
                self.node(Operator::Concatenation { axis: 3 }, &[input, other], shape)
            }
            8 => {
                let flat = self.node(Operator::Reshape, &[input], flat);
                self.node(Operator::Reshape, &[flat], shape)
            }
            9 => {
                let order = vec![0, 2, 1, 3];
                self.node(Operator::Transpose { order }, &[input], shape)
            }
            _ => {
                let (begin, strides) = (vec![0, SIDE - 1, 0, channels / 2], vec![1, -1, 1, 1]);
                let shape = vec![1, SIDE, SIDE, channels - channels / 2];
                self.node(Operator::StridedSlice { begin, strides }, &[input], shape)
            }
        };
        self.pictures.push(output);
        if choice.is_output {
            self.network.outputs.push(output);
        }
    }
}

fn network(inputs: usize, choices: &[Choice]) -> Network {
    let mut builder = Builder::new(inputs);
    choices.iter().for_each(|&choice| builder.add(choice));
    if let Some(&last) = builder.pictures.last()
        && !builder.network.outputs.contains(&last)
    {
        builder.network.outputs.push(last);
    }
    builder.network
}

fn open(arena: usize) -> Connection {
    let uri = format!("virtual:?arena={arena}").parse().unwrap();
    Connection::open(&uri, Limits::default()).unwrap()
}

/// Runs the network on each set of inputs in an arena of so many bytes.
fn run(network: &Network, arena: usize) -> [Vec<Vec<i8>>; 2] {
    let mut connection = open(arena);
    let mut inference = Inference::new(&mut connection, network, &mut |_, _| ()).unwrap();
    let inputs = inference.inputs().to_vec();
    SEEDS.map(|seed| {
        let given: Vec<_> = inputs.iter().map(|port| bytes(seed, port.len())).collect();
        let given: Vec<_> = given.iter().map(Vec::as_slice).collect();
        inference.run(&given).unwrap().outputs
    })
}

/// As `run`, but one operator at a time, so that nothing lies where something else was.
fn run_apart(network: &Network) -> [Vec<Vec<i8>>; 2] {
    let mut connection = open(1 << 20);
    let len = |id: TensorId| network.tensor(id).len();
    let mut values = SEEDS.map(|seed| -> HashMap<TensorId, Vec<i8>> {
        network.inputs.iter().map(|&id| (id, bytes(seed, len(id)))).collect()
    });
    for node in &network.nodes {
        let its = node.inputs.iter().copied().flatten();
        let inputs: BTreeSet<TensorId> = its.filter(|id| values[0].contains_key(id)).collect();
        let alone = Network {
            inputs: inputs.iter().copied().collect(),
            outputs: vec![node.output],
            nodes: vec![node.clone()],
            ..network.clone()
        };
        let mut inference = Inference::new(&mut connection, &alone, &mut |_, _| ()).unwrap();
        for values in &mut values {
            let given: Vec<_> = inputs.iter().map(|id| values[id].as_slice()).collect();
            let output = inference.run(&given).unwrap().outputs.remove(0);
            values.insert(node.output, output);
        }
    }
    values.map(|values| network.outputs.iter().map(|id| values[id].clone()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn shrinking_arenas_give_the_same_bytes_until_they_are_refused(
        inputs in 1usize..3,
        choices in prop::collection::vec(choice(), 1..14),
    ) {
        let network = network(inputs, &choices);
        let apart = run_apart(&network);
        let Err(PlanError::TooLarge { resident, streamed, .. }) = compile(&network, 0) else {
            panic!("no arena is too small");
        };
        prop_assert!(streamed <= resident);
        let between = (resident + streamed) / 8 * 4;
        for arena in [resident, resident - 4, between, streamed] {
            let arena = arena.max(streamed);
            prop_assert_eq!(&run(&network, arena), &apart, "in an arena of {}", arena);
        }
        let refused = compile(&network, streamed - 4);
        prop_assert!(matches!(refused, Err(PlanError::TooLarge { .. })), "{:?}", refused);
    }
}
