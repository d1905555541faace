//! Puts networks together, node by node.

use super::{Activation, Network, Node, Operation, Padding, Role, Shape, Tensor, Window};

/// A network that is being put together. Values are told by their node's number.
#[derive(Debug)]
pub struct Builder {
    network: Network,
}

impl Builder {
    /// A network whose input has this shape; its value is 0.
    #[must_use]
    pub fn new(input: Shape) -> Self {
        let network = Network { nodes: Vec::new(), tensors: Vec::new(), statistics: 0, ranges: 0 };
        let mut builder = Self { network };
        builder.push("input", Operation::Input, Vec::new(), input);
        builder
    }

    /// The network; its output is the value made last.
    #[must_use]
    pub fn finish(self) -> Network {
        self.network
    }

    /// The shape of a value.
    #[must_use]
    pub fn shape(&self, value: usize) -> Shape {
        self.network.nodes[value].shape
    }

    /// The value made last.
    #[must_use]
    pub fn last(&self) -> usize {
        self.network.nodes.len() - 1
    }

    /// A convolution.
    pub fn convolve(
        &mut self,
        name: &str,
        from: usize,
        channels: usize,
        (kernel, stride, padding): ([usize; 2], [usize; 2], Padding),
        bias: bool,
    ) -> usize {
        let input = self.shape(from);
        let window = Window::new(input.pixels(), kernel, stride, padding);
        let shape = vec![kernel[0], kernel[1], input.channels, channels];
        let weight = self.tensor(name, "weight", Role::Weight, shape);
        let bias = bias.then(|| self.tensor(name, "bias", Role::Bias, vec![channels]));
        let [height, width] = window.output;
        let shape = Shape { height, width, channels };
        self.push(name, Operation::Convolve { window, weight, bias }, vec![from], shape)
    }

    /// A depthwise convolution.
    pub fn depthwise(
        &mut self,
        name: &str,
        from: usize,
        (kernel, stride, padding): ([usize; 2], [usize; 2], Padding),
        bias: bool,
    ) -> usize {
        let input = self.shape(from);
        let window = Window::new(input.pixels(), kernel, stride, padding);
        let shape = vec![kernel[0], kernel[1], input.channels];
        let weight = self.tensor(name, "weight", Role::Weight, shape);
        let bias = bias.then(|| self.tensor(name, "bias", Role::Bias, vec![input.channels]));
        let [height, width] = window.output;
        let shape = Shape { height, width, channels: input.channels };
        self.push(name, Operation::Depthwise { window, weight, bias }, vec![from], shape)
    }

    /// A dense layer.
    pub fn dense(&mut self, name: &str, from: usize, channels: usize, bias: bool) -> usize {
        let inputs = self.shape(from).elements();
        let weight = self.tensor(name, "weight", Role::Weight, vec![inputs, channels]);
        let bias = bias.then(|| self.tensor(name, "bias", Role::Bias, vec![channels]));
        let shape = Shape::vector(channels);
        self.push(name, Operation::Dense { weight, bias }, vec![from], shape)
    }

    /// A batch normalisation with an activation.
    pub fn normalise(
        &mut self,
        name: &str,
        from: usize,
        activation: Activation,
        inserted: bool,
    ) -> usize {
        let shape = self.shape(from);
        let scale = self.tensor(name, "scale", Role::Scale, vec![shape.channels]);
        let shift = self.tensor(name, "shift", Role::Shift, vec![shape.channels]);
        let statistics = self.network.statistics;
        self.network.statistics += 2 * shape.channels;
        let tensors = [scale, shift];
        let operation = Operation::Normalise { tensors, statistics, activation, inserted };
        self.push(name, operation, vec![from], shape)
    }

    /// A convolution without bias, a normalisation, an activation.
    pub fn convolve_normalised(
        &mut self,
        name: &str,
        from: usize,
        channels: usize,
        window: ([usize; 2], [usize; 2], Padding),
        activation: Activation,
    ) -> usize {
        let value = self.convolve(name, from, channels, window, false);
        self.normalise(&format!("{name}/norm"), value, activation, false)
    }

    /// A depthwise convolution without bias, a normalisation, an activation.
    pub fn depthwise_normalised(
        &mut self,
        name: &str,
        from: usize,
        window: ([usize; 2], [usize; 2], Padding),
        activation: Activation,
    ) -> usize {
        let value = self.depthwise(name, from, window, false);
        self.normalise(&format!("{name}/norm"), value, activation, false)
    }

    /// An activation.
    pub fn activate(&mut self, name: &str, from: usize, activation: Activation) -> usize {
        let shape = self.shape(from);
        self.push(name, Operation::Activate(activation), vec![from], shape)
    }

    /// A sum.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn add(&mut self, name: &str, one: usize, other: usize) -> usize {
        let shape = self.shape(one);
        assert_eq!(shape, self.shape(other), "{name} adds values of one shape");
        self.push(name, Operation::Add, vec![one, other], shape)
    }

    /// An average pool over all pixels.
    pub fn average(&mut self, name: &str, from: usize) -> usize {
        let Shape { channels, .. } = self.shape(from);
        let window = Window::whole(self.shape(from).pixels());
        self.push(name, Operation::AveragePool(window), vec![from], Shape::vector(channels))
    }

    /// A rounding, with a range of its own.
    pub fn round(&mut self, name: &str, from: usize) -> usize {
        let shape = self.shape(from);
        let range = self.network.ranges;
        self.network.ranges += 1;
        self.push(name, Operation::Round { range }, vec![from], shape)
    }

    /// A node of another network, with tensors, statistics and range of its own.
    pub fn copy(&mut self, other: &Network, number: usize, inputs: Vec<usize>) -> usize {
        let node = &other.nodes[number];
        let mut tensor = |number: usize| {
            let tensor = &other.tensors[number];
            let offset = self.network.parameters();
            self.network.tensors.push(Tensor { offset, ..tensor.clone() });
            self.network.tensors.len() - 1
        };
        let operation = match node.operation.clone() {
            Operation::Convolve { window, weight, bias } => {
                Operation::Convolve { window, weight: tensor(weight), bias: bias.map(&mut tensor) }
            }
            Operation::Depthwise { window, weight, bias } => {
                Operation::Depthwise { window, weight: tensor(weight), bias: bias.map(&mut tensor) }
            }
            Operation::Dense { weight, bias } => {
                Operation::Dense { weight: tensor(weight), bias: bias.map(&mut tensor) }
            }
            Operation::Normalise { tensors, activation, inserted, .. } => {
                let tensors = tensors.map(&mut tensor);
                let statistics = self.network.statistics;
                self.network.statistics += 2 * node.shape.channels;
                Operation::Normalise { tensors, statistics, activation, inserted }
            }
            Operation::Round { .. } => {
                self.network.ranges += 1;
                Operation::Round { range: self.network.ranges - 1 }
            }
            plain => plain,
        };
        self.push(&node.name, operation, inputs, node.shape)
    }

    /// What there is so far.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// A node of any kind.
    pub(crate) fn push(
        &mut self,
        name: &str,
        operation: Operation,
        inputs: Vec<usize>,
        shape: Shape,
    ) -> usize {
        self.network.nodes.push(Node { name: name.to_owned(), operation, inputs, shape });
        self.last()
    }

    /// A tensor of a node's.
    pub(crate) fn tensor(&mut self, node: &str, own: &str, role: Role, shape: Vec<usize>) -> usize {
        let offset = self.network.parameters();
        let name = format!("{node}/{own}");
        self.network.tensors.push(Tensor { name, role, shape, offset });
        self.network.tensors.len() - 1
    }
}
