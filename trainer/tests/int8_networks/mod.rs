//! Networks of all kinds with numbers drawn at random, and data for them: nothing has to be
//! trained.

use quintet_trainer::data::Dataset;
use quintet_trainer::models::mobilenet_v2::{MobileNetV2, Stage};
use quintet_trainer::network::{
    Activation, Builder, Network, Operation, Padding, Role, Shape, State,
};
use quintet_trainer::random::Random;

/// Networks and their names.
pub fn all() -> Vec<(&'static str, Network)> {
    vec![("mobilenet", mobilenet()), ("resnet", resnet()), ("ds_cnn", ds_cnn()), ("mlp", mlp())]
}

/// Inverted residuals with and without a sum.
pub fn mobilenet() -> Network {
    let stage = |expansion, channels, blocks, stride| Stage { expansion, channels, blocks, stride };
    let stages = vec![stage(1, 8, 1, 1), stage(3, 8, 2, 2), stage(3, 12, 2, 2)];
    let sizes = MobileNetV2 { width: 1.0, stem: 8, stem_stride: 2, stages, head: 20, round_to: 4 };
    sizes.build(Shape { height: 15, width: 16, channels: 3 }, 5, 1.0)
}

/// Residual blocks with an activation behind the sum, and a shortcut that is a convolution.
pub fn resnet() -> Network {
    let mut builder = Builder::new(Shape { height: 12, width: 12, channels: 3 });
    let square = |kernel, stride| ([kernel, kernel], [stride, stride], Padding::Same);
    let mut value = builder.convolve("stem", 0, 8, square(3, 1), false);
    value = builder.normalise("stem/norm", value, Activation::Relu, false);
    for (block, (channels, stride)) in [(8, 1), (12, 2)].into_iter().enumerate() {
        let name = |part: &str| format!("block{block}/{part}");
        let from = value;
        value = builder.convolve(&name("one"), value, channels, square(3, stride), false);
        value = builder.normalise(&name("one/norm"), value, Activation::Relu, false);
        value = builder.convolve(&name("two"), value, channels, square(3, 1), false);
        value = builder.normalise(&name("two/norm"), value, Activation::Linear, false);
        let shortcut = match stride {
            1 => from,
            _ => builder.convolve(&name("shortcut"), from, channels, square(1, stride), true),
        };
        value = builder.add(&name("add"), value, shortcut);
        value = builder.activate(&name("add/relu"), value, Activation::Relu);
    }
    value = builder.average("pool", value);
    builder.dense("classes", value, 7, true);
    builder.finish()
}

/// A spectrogram through a wide kernel and depthwise blocks; the last picture is flattened whole.
pub fn ds_cnn() -> Network {
    let mut builder = Builder::new(Shape { height: 25, width: 10, channels: 1 });
    let mut value = builder.convolve("stem", 0, 16, ([10, 4], [2, 2], Padding::Same), false);
    value = builder.normalise("stem/norm", value, Activation::Relu, false);
    for block in 0..2 {
        let name = |part: &str| format!("block{block}/{part}");
        value =
            builder.depthwise(&name("depthwise"), value, ([3, 3], [1, 1], Padding::Same), false);
        value = builder.normalise(&name("depthwise/norm"), value, Activation::Relu, false);
        value =
            builder.convolve(&name("point"), value, 16, ([1, 1], [1, 1], Padding::Valid), false);
        value = builder.normalise(&name("point/norm"), value, Activation::Relu6, false);
    }
    value = builder.depthwise("last", value, ([3, 3], [2, 2], Padding::Valid), true);
    builder.dense("classes", value, 6, true);
    builder.finish()
}

/// An autoencoder: as many outputs as inputs.
pub fn mlp() -> Network {
    let mut builder = Builder::new(Shape::vector(64));
    let mut value = 0;
    for (layer, channels) in [24, 8, 24].into_iter().enumerate() {
        value = builder.dense(&format!("dense{layer}"), value, channels, false);
        value = builder.normalise(&format!("dense{layer}/norm"), value, Activation::Relu, false);
    }
    builder.dense("last", value, 64, true);
    builder.finish()
}

/// Numbers of a network that has seen data: means, variances, scales, shifts and biases that are
/// neither zero nor one. The first normalisation has a channel that is dead.
pub fn state(network: &Network, seed: u64) -> State {
    let mut state = network.initialise(seed);
    let mut random = Random::new(&[seed, 1]);
    for tensor in network.tensors.iter().filter(|it| it.role != Role::Weight) {
        for value in &mut state.parameters[tensor.range()] {
            *value += 0.3 * random.normal();
        }
    }
    let mut normalisations = network.nodes.iter().filter_map(|node| match node.operation {
        Operation::Normalise { tensors, statistics, .. } => {
            Some((tensors, statistics, node.shape.channels))
        }
        _ => None,
    });
    let first = normalisations.clone().next();
    normalisations.by_ref().for_each(|(_, at, channels)| {
        for channel in 0..channels {
            state.statistics[at + channel] = 0.5 * random.normal();
            state.statistics[at + channels + channel] = 0.2 + 1.5 * random.uniform();
        }
    });
    if let Some(([scale, shift], ..)) = first {
        state.parameters[network.tensors[scale].offset] = 0.0;
        state.parameters[network.tensors[shift].offset] = 0.7;
    }
    state
}

/// Samples of noise, smooth along each row.
pub fn data(shape: Shape, classes: u16, samples: usize) -> Dataset {
    let mut bytes = Vec::new();
    let mut labels = Vec::new();
    for sample in 0..samples {
        let mut random = Random::new(&[77, sample as u64]);
        let mut level = 128.0;
        for _ in 0..shape.elements() {
            level = 0.8 * level + 0.2 * 128.0 + 25.0 * random.normal();
            bytes.push(level.clamp(0.0, 255.0) as u8);
        }
        labels.push(random.below(usize::from(classes)) as u16);
    }
    let classes = (0..classes).map(|class| format!("class {class}")).collect();
    Dataset { shape, bytes, labels, classes }
}
